"""The door of the room: one object that reads, confirms, and gives each run its journal."""

import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from batcher.errors import OwnFault, UsageError
from batcher.ledger import (
    asking,
    catalogues,
    confirming,
    finishing,
    purging,
    reading,
    register_chain,
    restored,
    revealing,
    verifying,
    writing,
)
from batcher.ledger.asking import AskedRuns
from batcher.ledger.chain import Salts
from batcher.ledger.gauges import Gauges, gauges
from batcher.ledger.grouping import GroupedWriter
from batcher.ledger.history import History
from batcher.ledger.inbox_files import InboxFiles
from batcher.ledger.journal import SqlJournal
from batcher.ledger.notices import KeptNotices
from batcher.ledger.place import open_engine, sqlite_path, write_failed, writing_on
from batcher.ledger.register import ApprovedPlan, Desk, Register
from batcher.ledger.scheduled import ScheduledPeriods
from batcher.ledger.shelf import Shelf
from batcher.ledger.tables import sends
from batcher.model import Distribution, Environment, Instant, Product
from batcher.ports import Blocking
from batcher.records import (
    BatchRecord,
    BatchSummary,
    Catalogue,
    Confirmation,
    Finished,
    JournalReading,
    Kin,
    PersonalData,
)

LARGE = 10_000
"""Rows from which on a batch is remembered."""


class Ledger:
    """A ledger that is open. Reading needs no lock; whoever confirms or sends holds `LedgerLock`."""

    def __init__(self, url: str, *, salts: Salts = secrets.token_bytes) -> None:
        """Open it, and make or migrate it first where needed. Raises `UsageError` or `OwnFault`.

        `salts` gives bytes that nobody can guess: with them the journal tells of personal fields without telling them.
        """
        self.path: Path = sqlite_path(url)
        self._engine = open_engine(url, salts)
        self._held: BatchRecord | None = None
        self.shelf = Shelf(self._engine)
        """What was read of Runa's order list and balances."""
        self.register = Register(self._engine)
        """Users, sessions and approvals."""
        self.runs = AskedRuns(self._engine)
        """What was asked for on the page."""
        self.notices = KeptNotices(self._engine)
        """What people are told, on its way to them."""
        self.scheduled = ScheduledPeriods(self._engine)
        """Schedules and their periods."""
        self.inbox_files = InboxFiles(self._engine)
        """What was taken from inboxes."""
        self.history = History(self._engine)
        """Figures, stories and searches, for whoever looks on."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.dispose()

    @contextmanager
    def _snapshot(self) -> Iterator[Connection]:
        """A connection for several reads of one moment, whatever another process writes meanwhile."""
        with self._engine.connect() as connection:
            # The driver begins a transaction only before it writes.
            connection.exec_driver_sql("BEGIN")
            yield connection
            connection.rollback()

    def file_digests(self) -> frozenset[str]:
        """The digests of all files that a plan was confirmed of, in any environment."""
        with self._snapshot() as connection:
            return reading.file_digests(connection)

    def batch(self, environment: Environment, name: str) -> BatchRecord:
        """The batch of that name; one without rows where there is none.

        A large one is remembered, and only what has happened to it since is read again.
        """
        held, self._held = self._held, None
        with self._snapshot() as connection:
            found = None
            if held is not None and (held.environment, held.name) == (environment, name):
                found = reading.renewed(connection, held)
            if found is None:
                # Two of them at once are more than some machines have room for.
                del held
                found = reading.batch(connection, environment, name)
        self._held = found if len(found.rows) >= LARGE else None
        return found

    def batch_before(self, environment: Environment, name: str) -> BatchRecord | None:
        """The batch to compare `name` with: the last one confirmed before it of the same kind, else of any kind.

        Of the same kind are names that are equal without digits; `None` where the environment has no earlier batch.
        """
        with self._snapshot() as connection:
            return reading.batch_before(connection, environment, name)

    def asked_before(self, environment: Environment, names: Iterable[str], wanted: Mapping[str, str]) -> str | None:
        """The first of these batches whose last confirmed file asked for exactly this; `None` where none did.

        `wanted` has the content digest of each row by its identity.
        """
        with self._snapshot() as connection:
            return reading.asked_before(connection, environment, names, wanted)

    def catalogue(self, environment: Environment) -> Catalogue | None:
        """Runa's catalogue as it was read last; `None` where it never was."""
        with self._engine.connect() as connection:
            return catalogues.kept(connection, environment)

    def keep_catalogue(self, environment: Environment, products: Iterable[Product], now: datetime) -> None:
        """Keep what was read of Runa's catalogue, in the place of what was kept. Raises `OwnFault`."""
        try:
            with writing_on(self._engine) as connection:
                catalogues.keep(connection, environment, products, now)
        except SQLAlchemyError as error:
            raise write_failed(error) from error

    def summaries(self) -> list[BatchSummary]:
        """All batches, the last confirmed first."""
        with self._snapshot() as connection:
            return reading.summaries(connection)

    def kin(
        self, environment: Environment, *, besides: str, twin_digests: Sequence[str], paid_since: datetime
    ) -> list[Kin]:
        """Paid and open attempts of other batches that pay the same."""
        with self._engine.connect() as connection:
            return reading.kin(
                connection, environment, besides=besides, twin_digests=twin_digests, paid_since=paid_since
            )

    def owner_of_key(self, environment: Environment, key: str) -> tuple[str, str] | None:
        """The batch and the name of the row whose attempt has this key, if one has it."""
        with self._engine.connect() as connection:
            return reading.owner_of_key(connection, environment, key)

    def proven_kinds(self, environment: Environment) -> set[tuple[tuple[str, ...], Distribution]]:
        """What was paid before in this environment: products, as they were written, and delivery."""
        with self._engine.connect() as connection:
            return reading.proven_kinds(connection, environment)

    def newest_moment(self) -> datetime | None:
        """The newest time it has seen on any clock."""
        with self._engine.connect() as connection:
            return reading.newest_moment(connection)

    def knows_until(self) -> datetime | None:
        """Until when it knows what happened, at the best, where it is a copy; `None` where it is none."""
        with self._engine.connect() as connection:
            return restored.knows_until(connection)

    def check_account(self, environment: Environment, fingerprint: str) -> None:
        """Raises `UsageError` where this API key is known under another account: all keys would be new ones."""
        with self._engine.connect() as connection:
            known = reading.account_of(connection, base_url=environment.base_url, fingerprint=fingerprint)
        if known is not None and known != environment.account:
            raise UsageError(
                f"This API key was used under the account name {known!r}; the config now says {environment.account!r}.",
                f"Set [api] account = {known!r} again: under another name every row would count as never paid.",
            )

    def confirm(
        self,
        confirmation: Confirmation,
        *,
        fingerprint: str,
        now: datetime,
        approved: ApprovedPlan | None = None,
        run_id: int | None = None,
    ) -> None:
        """Write a confirmed plan, whole or not at all. Raises `OwnFault` where it cannot be written.

        `approved` is there where it needs an approval, which is used up with it; raises `NotApproved` without one.
        `run_id` is the run that carries it out, where that was asked for.
        """
        try:
            with writing_on(self._engine) as connection:
                writing.remember_api_key(connection, confirmation.environment, fingerprint, now)
                if approved is not None:
                    confirmation = Desk(connection).carry_out(approved, confirmation, now)
                confirming.confirm(connection, confirmation, now)
                if run_id is not None:
                    asking.confirmed(connection, run_id, confirmation.environment, confirmation.batch)
        except SQLAlchemyError as error:
            raise write_failed(error) from error

    def finish(self, environment: Environment, name: str, finished: Finished, now: datetime) -> None:
        """Note that every row of the batch's file is paid, at the end of its journal. Raises `OwnFault`."""
        try:
            with writing_on(self._engine) as connection:
                finishing.note(connection, environment, name, finished, now)
        except SQLAlchemyError as error:
            raise write_failed(error) from error

    def finished(self, environment: Environment, name: str) -> Finished | None:
        """What was noted so, where nothing has happened to the batch since."""
        with self._snapshot() as connection:
            return finishing.known(connection, environment, name)

    def newest_reading(self, environment: Environment) -> int:
        """The newest reading of the order list, or 0."""
        with self._engine.connect() as connection:
            return finishing.newest_reading(connection, environment)

    def read_journal(
        self, environment: Environment, name: str, *, with_batch: bool = True
    ) -> tuple[JournalReading, BatchRecord | None]:
        """The batch's journal computed again, and the batch at that moment; no batch where its tables cannot be read.

        The whole batch takes more memory than all else, so whoever has no use for it says so. Raises `OwnFault` where
        the file itself is damaged.
        """
        try:
            with self._snapshot() as connection:
                batch_id = reading.batch_id(connection, environment, name)
                if batch_id is None:
                    return JournalReading(digests=(), discrepancies=()), None
                found = verifying.read_journal(connection, batch_id)
                # A changed byte may be one that no amount or state has.
                sound = with_batch and found.digests and not found.discrepancies
                return found, reading.batch(connection, environment, name) if sound else None
        except SQLAlchemyError as error:
            raise self._damaged(error) from error

    def _damaged(self, error: SQLAlchemyError) -> OwnFault:
        return OwnFault(
            f"The ledger {self.path} cannot be read ({getattr(error, 'orig', error)}).",
            "The file itself is damaged: restore it from a back-up, or ask for help with the file at hand.",
        )

    def read_register(self, environment: Environment, name: str) -> JournalReading:
        """The chain of users and approvals computed again, and held against what the ledger and this batch say.

        Raises `OwnFault` where the file itself is damaged.
        """
        try:
            with self._snapshot() as connection:
                return register_chain.read(connection, reading.batch_id(connection, environment, name))
        except SQLAlchemyError as error:
            raise self._damaged(error) from error

    def personal_data(self, environment: Environment, name: str) -> PersonalData:
        """What the batch still holds about people, and what stands against removing it."""
        with self._snapshot() as connection:
            batch_id = reading.batch_id(connection, environment, name)
            if batch_id is None:
                return PersonalData(unsettled={}, last_touched_at=None, held=0)
            return purging.personal_data(connection, batch_id)

    def purge(self, environment: Environment, name: str, *, by: str, now: datetime) -> int:
        """Remove names, addresses and links from a batch, and their bytes from the ledger's files.

        The caller holds the lock and has looked at `personal_data`. Gives how many rows and lines had some. Raises
        `OwnFault`; where only the bytes could not be removed, the same call does that.
        """
        try:
            with writing_on(self._engine) as connection:
                batch_id = reading.batch_id(connection, environment, name)
                count = 0 if batch_id is None else purging.purge(connection, batch_id, by=by, now=now)
        except SQLAlchemyError as error:
            raise write_failed(error) from error
        purging.sweep(self._engine)
        return count

    def note_seen(
        self, environment: Environment, name: str, row_ids: Collection[int] | None, *, by: str, now: datetime
    ) -> None:
        """Note in the batch's journal that `by` is about to see links: of these rows, or of all. Raises `OwnFault`."""
        try:
            with writing_on(self._engine) as connection:
                batch_id = reading.batch_id(connection, environment, name)
                if batch_id is not None:
                    revealing.note(connection, batch_id, row_ids, by=by, now=now)
        except SQLAlchemyError as error:
            raise write_failed(error) from error

    def recover(self, attempt_ids: Sequence[int], now: datetime) -> None:
        """Mark what was being sent when the last process ended as unknown."""
        try:
            with writing_on(self._engine) as connection:
                writing.recover(connection, attempt_ids, now)
        except SQLAlchemyError as error:
            raise write_failed(error) from error

    def last_sends(self, count: int) -> list[tuple[Instant, Instant | None]]:
        """When the newest `count` sends of any batch left and were answered, in the order in which they left."""
        with self._engine.connect() as connection:
            found = connection.execute(select(sends).order_by(sends.c.id.desc()).limit(count)).all()
        return [
            (
                Instant(at=send.sent_at, monotonic_s=send.sent_monotonic_s, boot=send.boot),
                None
                if send.answered_at is None
                else Instant(at=send.answered_at, monotonic_s=send.answered_monotonic_s, boot=send.boot),
            )
            for send in reversed(found)
        ]

    def gauges(self, environment: Environment, now: datetime) -> Gauges:
        """Figures for whoever watches from outside."""
        return gauges(self._engine, environment, now)

    def journal(self, blocking: Blocking) -> SqlJournal:
        """The journal of one run; `blocking` takes its commits off the event loop."""
        return SqlJournal(GroupedWriter(self._engine, blocking))
