"""What a ledger knows of being a copy of another: a mark that every back-up carries.

A copy that was put back does not know what was paid since it was made, and nothing else in it shows that. So a back-up
has the moment at which it was made, in minutes since 1970, in SQLite's `user_version`, which nothing else uses. Where a
schedule first looks at it, that becomes the moment of the look, with a minus. It stays for as long as the ledger does.
"""

import math
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from batcher.ledger.place import write_failed, writing_on


def mark_of(now: datetime) -> int:
    """The mark of a copy that is made now."""
    return math.ceil(now.timestamp() / 60)


def knows_until(connection: Connection) -> datetime | None:
    """Until when a copy knows what happened, at the best; `None` where the ledger is no copy."""
    mark = _mark(connection)
    return datetime.fromtimestamp(abs(mark) * 60, UTC) if mark else None


def put_back_at(engine: Engine, now: datetime) -> datetime | None:
    """When a schedule first looked at this copy, now at the latest; `None` where the ledger is no copy.

    Raises `OwnFault` where that cannot be noted.
    """
    with engine.connect() as connection:
        is_new = _mark(connection) > 0
    if is_new:
        try:
            with writing_on(engine) as connection:
                if _mark(connection) > 0:
                    connection.exec_driver_sql(f"PRAGMA user_version={-mark_of(now)}")
        except SQLAlchemyError as error:
            raise write_failed(error) from error
    with engine.connect() as connection:
        return knows_until(connection)


def _mark(connection: Connection) -> int:
    return int(connection.exec_driver_sql("PRAGMA user_version").scalar() or 0)
