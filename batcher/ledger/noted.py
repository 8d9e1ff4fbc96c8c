"""Lines that are taken from state to state, and of which people are told: periods of schedules, and files of inboxes.

Each step is a transaction of its own, and of two processes that have read the same line one takes it.
"""

from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Engine, Table, select, update
from sqlalchemy.exc import SQLAlchemyError

from batcher.ledger.place import write_failed, writing_on
from batcher.ledger.tables import moment_text
from batcher.model import without_links


class Line(Protocol):
    """A line as it was read."""

    @property
    def id(self) -> int:
        """Its own."""
        ...

    @property
    def state(self) -> str:
        """Where it stood."""
        ...

    @property
    def changed_at(self) -> datetime:
        """When it came into that state."""
        ...


def step(engine: Engine, table: Table, line: Line, state: str, now: datetime, values: dict[str, Any]) -> bool:
    """Take a line to another state; false where it is no longer as it was read, and then nothing is changed."""
    if "why" in values:
        values = {**values, "why": without_links(values["why"])}
    as_read = (table.c.id == line.id, table.c.state == line.state, table.c.changed_at == line.changed_at)
    query = update(table).where(*as_read).values(state=state, changed_at=now, **values)
    try:
        with writing_on(engine) as connection:
            return connection.execute(query).rowcount == 1
    except SQLAlchemyError as error:
        raise write_failed(error) from error


def report(engine: Engine, table: Table, line_id: int, kind: str, message: str, now: datetime) -> bool:
    """Note that somebody is told this of a line; false where they were told before."""
    try:
        with writing_on(engine) as connection:
            reported = connection.scalar(select(table.c.reported).where(table.c.id == line_id))
            if reported is None or kind in reported:
                return False
            told = {**reported, kind: f"{moment_text(now)} {without_links(message)}"}
            connection.execute(update(table).where(table.c.id == line_id).values(reported=told))
            return True
    except SQLAlchemyError as error:
        raise write_failed(error) from error
