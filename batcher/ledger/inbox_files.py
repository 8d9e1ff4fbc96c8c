"""Files of inboxes: taken once, and taken from state to state; each step is a transaction of its own."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from batcher.inboxes import ENDED, OPEN, UNPAID, FileState, InboxFile, Listed, judged
from batcher.inboxes.names import first_free, shown
from batcher.ledger import noted
from batcher.ledger.place import write_failed, writing_on
from batcher.ledger.tables import batches, environments, inbox_files, inbox_troubles
from batcher.ledger.whose import is_in, is_of
from batcher.ledger.writing import environment_id
from batcher.model import Environment, without_links


class InboxFiles:
    """What was taken from the inboxes of one ledger."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take(
        self,
        environment: Environment,
        inbox: str,
        listed: Listed,
        *,
        digest: str,
        batch: str | None,
        schedule: str,
        now: datetime,
        refused: str = "",
    ) -> InboxFile | None:
        """Note a file that was fetched whole, to be paid or to be put aside; `None` where it was noted before.

        `refused` says why it is put aside, whatever else is known of it.
        It is decided by what is read in the same transaction: of two processes, one takes it.
        """
        try:
            with writing_on(self._engine) as connection:
                here = environment_id(connection, environment)
                earlier = _read(connection, environment)
                used_by = "" if batch is None or schedule else _used_by(connection, environment, batch)
                found = judged(
                    inbox=inbox,
                    name=listed.name,
                    digest=digest,
                    schedule=schedule,
                    batch=batch,
                    earlier=earlier,
                    batch_used_by=used_by,
                    refused=refused,
                )
                if found is None:
                    return None
                values = {
                    "environment_id": here,
                    "inbox": inbox,
                    "name": listed.name,
                    "size": listed.size,
                    "mark": listed.mark,
                    "digest": digest,
                    "schedule": schedule,
                    "batch": batch or "",
                    "kept_as": first_free(
                        listed.name, (line.kept_as for line in earlier if line.inbox == inbox), now, digest
                    ),
                    "state": found.state,
                    "open_name": listed.name,
                    "exit_code": 5 if found.state is FileState.REFUSED else None,
                    "why": without_links(found.why),
                    "noted_at": now,
                    "changed_at": now,
                    "reported": {},
                }
                added = connection.execute(insert(inbox_files).values(values)).inserted_primary_key
                (line,) = _read(connection, environment, inbox_files.c.id == (added or (0,))[0])
                return line
        except SQLAlchemyError as error:
            raise write_failed(error) from error

    def of(self, environment: Environment, inbox: str) -> list[InboxFile]:
        """Everything that was ever taken from an inbox, oldest first."""
        with self._engine.connect() as connection:
            return _read(connection, environment, inbox_files.c.inbox == inbox)

    def in_state(self, environment: Environment, states: Collection[FileState]) -> list[InboxFile]:
        """The files of all inboxes that stand so, oldest first."""
        with self._engine.connect() as connection:
            return _read(connection, environment, inbox_files.c.state.in_(states))

    def last_ended(self, environment: Environment, inbox: str, *, most: int) -> list[InboxFile]:
        """The files of an inbox that came to their end last, the last first."""
        mine = (is_in(inbox_files, environment), inbox_files.c.inbox == inbox, inbox_files.c.state.in_(ENDED))
        query = select(inbox_files).where(*mine).order_by(inbox_files.c.changed_at.desc(), inbox_files.c.id.desc())
        with self._engine.connect() as connection:
            return [_file(found) for found in connection.execute(query.limit(most))]

    def one(self, file_id: int) -> InboxFile | None:
        """The file of this id."""
        with self._engine.connect() as connection:
            found = connection.execute(select(inbox_files).where(inbox_files.c.id == file_id)).first()
        return None if found is None else _file(found)

    def step(self, line: InboxFile, state: FileState, now: datetime, **values: Any) -> bool:
        """Take a file to another state; false where it is no longer as it was read, and then nothing is changed."""
        if state not in OPEN:
            values["open_name"] = None
        return noted.step(self._engine, inbox_files, line, state, now, values)

    def keep_as(self, line: InboxFile, kept_as: str) -> InboxFile:
        """Note that a file is to have another name at its end; gives the line with it."""
        self._write(update(inbox_files).where(inbox_files.c.id == line.id).values(kept_as=kept_as))
        return replace(line, kept_as=kept_as)

    def report(self, file_id: int, kind: str, message: str, now: datetime) -> bool:
        """Note that somebody is told this of a file; false where they were told before."""
        return noted.report(self._engine, inbox_files, file_id, kind, message, now)

    def trouble(self, environment: Environment, inbox: str) -> str:
        """Why an inbox could not be reached when it was tried last; empty where it could."""
        query = select(inbox_troubles.c.why).where(_is_trouble(environment, inbox))
        with self._engine.connect() as connection:
            return connection.scalar(query) or ""

    def in_trouble(self, environment: Environment, inbox: str, why: str, now: datetime) -> bool:
        """Note that an inbox cannot be reached; false where that is known."""
        try:
            with writing_on(self._engine) as connection:
                here = environment_id(connection, environment)
                if connection.scalar(select(inbox_troubles.c.id).where(_is_trouble(environment, inbox))) is not None:
                    return False
                values = {"environment_id": here, "inbox": inbox, "why": without_links(why), "since": now}
                connection.execute(insert(inbox_troubles).values(values))
                return True
        except SQLAlchemyError as error:
            raise write_failed(error) from error

    def reached(self, environment: Environment, inbox: str) -> None:
        """Note that an inbox can be reached."""
        if self.trouble(environment, inbox):
            self._write(delete(inbox_troubles).where(_is_trouble(environment, inbox)))

    def _write(self, statement: Any) -> None:
        try:
            with writing_on(self._engine) as connection:
                connection.execute(statement)
        except SQLAlchemyError as error:
            raise write_failed(error) from error


def _is_trouble(environment: Environment, inbox: str) -> Any:
    return is_in(inbox_troubles, environment) & (inbox_troubles.c.inbox == inbox)


def _used_by(connection: Connection, environment: Environment, batch: str) -> str:
    """What a batch was used for before, as the end of a sentence; empty where it was not."""
    for line in _read(connection, environment, inbox_files.c.batch == batch):
        if line.state not in UNPAID:
            return f"that is the batch of {shown(line.name)} in inbox {line.inbox}, taken on {line.noted_at:%Y-%m-%d}"
    query = select(batches.c.id).where(is_in(batches, environment), batches.c.name == batch)
    return "" if connection.scalar(query) is None else "a plan of that batch was confirmed before"


def _read(connection: Connection, environment: Environment, *conditions: Any) -> list[InboxFile]:
    query = select(inbox_files).join(environments).where(is_of(environment), *conditions).order_by(inbox_files.c.id)
    return [_file(found) for found in connection.execute(query)]


def _file(found: Row[Any]) -> InboxFile:
    return InboxFile(
        id=found.id,
        inbox=found.inbox,
        name=found.name,
        size=found.size,
        mark=found.mark,
        digest=found.digest,
        schedule=found.schedule,
        batch=found.batch,
        kept_as=found.kept_as,
        state=FileState(found.state),
        noted_at=found.noted_at,
        changed_at=found.changed_at,
        run_id=found.run_id,
        exit_code=found.exit_code,
        why=found.why,
        reported=found.reported,
    )
