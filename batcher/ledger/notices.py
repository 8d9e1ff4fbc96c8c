"""Notices on their way: written down, delivered, tried again, given up. No payment hangs on these lines."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, Update, insert, select, update

from batcher.ledger.place import writing_on
from batcher.ledger.tables import environments, notices
from batcher.ledger.whose import is_of
from batcher.ledger.writing import environment_id
from batcher.model import Environment
from batcher.notices import Event, KeptNotice, Notice


class KeptNotices:
    """The notices of one ledger."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, environment: Environment, notice: Notice, outlets: Iterable[str], now: datetime) -> None:
        """Write a notice down for each of these outlets; it is due at once."""
        content = {"title": notice.title, "body": notice.body, "figures": dict(notice.figures)}
        with writing_on(self._engine) as connection:
            here = environment_id(connection, environment)
            for outlet in outlets:
                connection.execute(
                    insert(notices).values(
                        environment_id=here,
                        batch=notice.batch,
                        event=notice.event,
                        outlet=outlet,
                        content=content,
                        made_at=now,
                        due_at=now,
                        tries=0,
                        last_error="",
                    )
                )

    def due(self, environment: Environment, now: datetime) -> list[KeptNotice]:
        """What is to be tried now, oldest first."""
        return self._read(environment, notices.c.due_at <= now)

    def undelivered(self, environment: Environment) -> list[KeptNotice]:
        """What has not arrived, oldest first: it is tried again, or was given up."""
        return self._read(environment, notices.c.delivered_at.is_(None))

    def delivered(self, notice_id: int, now: datetime) -> None:
        """Note that it has arrived."""
        self._write(update(notices).values(delivered_at=now, due_at=None, tries=notices.c.tries + 1), notice_id)

    def failed(self, notice_id: int, why: str, due_at: datetime | None) -> None:
        """Note that it was not taken, and when it is tried again; `None` gives it up."""
        self._write(update(notices).values(due_at=due_at, tries=notices.c.tries + 1, last_error=why), notice_id)

    def _write(self, statement: Update, notice_id: int) -> None:
        with writing_on(self._engine) as connection:
            # One that another process delivered meanwhile stays delivered.
            connection.execute(statement.where(notices.c.id == notice_id, notices.c.delivered_at.is_(None)))

    def _read(self, environment: Environment, condition: Any) -> list[KeptNotice]:
        query = (
            select(notices)
            .join(environments, notices.c.environment_id == environments.c.id)
            .where(is_of(environment), condition)
            .order_by(notices.c.id)
        )
        with self._engine.connect() as connection:
            return [_kept(line) for line in connection.execute(query)]


def _kept(line: Row[Any]) -> KeptNotice:
    content = line.content
    return KeptNotice(
        id=line.id,
        notice=Notice(
            event=Event(line.event),
            batch=line.batch,
            title=content["title"],
            body=content["body"],
            figures=content["figures"],
        ),
        outlet=line.outlet,
        made_at=line.made_at,
        tries=line.tries,
        last_error=line.last_error,
        given_up=line.due_at is None,
    )
