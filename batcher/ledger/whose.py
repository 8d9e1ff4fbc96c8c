"""Of which environment something in the ledger is."""

from typing import Any

from sqlalchemy import ColumnElement, and_, select

from batcher.ledger.tables import environments
from batcher.model import Environment


def is_of(environment: Environment) -> ColumnElement[bool]:
    """For a query that has joined the environments: only what is of this one."""
    return and_(environments.c.base_url == environment.base_url, environments.c.account == environment.account)


def is_in(table: Any, environment: Environment) -> ColumnElement[bool]:
    """For a table that has an `environment_id`: only what is of this environment."""
    condition: ColumnElement[bool] = (
        table.c.environment_id == select(environments.c.id).where(is_of(environment)).scalar_subquery()
    )
    return condition
