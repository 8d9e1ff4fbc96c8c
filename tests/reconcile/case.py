"""A sandbox, a real ledger, and the order list read between them, all in virtual time.

with Case(tmp_path, error_unmade_stored=[1]) as case:
    case.confirm(payout("R1"))
    case.send("R1")
    case.read()
    assert case.evidence().of("reference:R1") == ()
"""

import random  # noqa: TID251 - seeded: the waits of a test are always the same
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import create_engine, select

from batcher import keys, policy
from batcher.evidence import Evidence, KeptOrder, ListReading
from batcher.ledger.tables import journal
from batcher.lifecycle import Retries
from batcher.model import Payout
from batcher.ports import OrderList
from batcher.reconcile import Knowledge, ListReader, ReadBounds, Settlement, evidence, settle_by_evidence
from batcher.reconcile.listing import Told
from batcher.records import AttemptRecord, BatchRecord, RowRecord, SendRecord
from batcher.sandbox import Api as Sandbox
from batcher.sandbox import Switches
from tests.engine.sandbox_port import SandboxPort
from tests.lifecycle.bench import Note
from tests.payouts import BATCH, ENVIRONMENT, NOW, SPEAKER, Book, planned, sheet
from tests.virtual_time import VirtualClock, run

T = TypeVar("T")

SETTLE_AFTER = timedelta(minutes=15)
BOUNDS = ReadBounds(max_pages=40, retries=Retries(attempts=4, min_wait_s=1, max_wait_s=8), rate_limited_wait_s=5)


def reader(
    api: OrderList, clock: VirtualClock, *, told: Told = lambda pages, orders: None, **bounds: Any
) -> ListReader:
    """One reading of a list."""
    rng = random.Random(1)  # noqa: S311 - spreads waits
    return ListReader(api, clock=clock, rng=rng, bounds=replace(BOUNDS, **bounds), told=told)


class Case:
    """One account at the sandbox, and a ledger of ours."""

    def __init__(self, folder: Path, *, page_size: int = 500, **switches: object) -> None:
        self.book = Book(folder)
        self.clock = VirtualClock(NOW)
        """Ours; a test may make it jump."""
        self._theirs = VirtualClock(NOW)
        self.notes: list[Note] = []
        self.sandbox = Sandbox(
            Switches.from_mapping({"rate": "none", "error_statuses": [500], "error_html": 0, **switches})
        )
        self.port = SandboxPort(self.sandbox, self._theirs, self.notes, page_size=page_size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.book.__exit__(kind, error, trace)

    def do(self, story: Coroutine[Any, Any, T]) -> T:
        """Go on in virtual time where the last story ended."""

        async def told() -> T:
            try:
                return await story
            finally:
                # A clock that no loop runs shows the last moment that it was asked for.
                assert self.clock.now_s == self._theirs.now_s

        result = run(told(), start_s=self.clock.now_s)
        self.book.now = self.clock.instant().at
        return result

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.do(self.clock.sleep(seconds))

    @property
    def now_s(self) -> float:
        """Seconds since 1970, as the sandbox counts."""
        return self._theirs.instant().at.timestamp()

    # The ledger

    def confirm(self, *payouts: Payout, **choices: Any) -> None:
        """Plan a file with these rows and say yes."""
        self.book.confirm(sheet(*payouts), **choices)

    def send(self, name: str) -> RowRecord:
        """Send the row's attempt once, and note what comes back."""
        self.do(self._send(self.book.row(name).latest))
        return self.book.row(name)

    async def _send(self, attempt: AttemptRecord) -> None:
        writes = self.book.journal()
        send_id = await writes.sending(attempt.id, SPEAKER, self.clock.instant())
        reply = await self.port.create(key=attempt.order.key, body=attempt.order.body)
        verdict = policy.judge(reply)
        send = SendRecord(sent_at=self.book.now, speaker=SPEAKER, finding=verdict.finding, cause=verdict.cause)
        state = policy.state_after([one.verdict for one in (*attempt.sends, send)])
        at = self.clock.instant()
        await writes.answered(send_id, attempt.id, reply=reply, verdict=verdict, to=state, at=at)

    def ask_until_stored(self, name: str) -> RowRecord:
        """Send it three times over a little more than the time after which an error counts as stored."""
        for _ in range(3):
            self.send(name)
            self.wait(SETTLE_AFTER.total_seconds() * 0.55)
        return self.book.row(name)

    def batch(self) -> BatchRecord:
        """The batch as the ledger has it."""
        return self.book.batch()

    def journal(self, name: str) -> list[tuple[str, str, str | None]]:
        """Where each step of the row's attempts led, why, and who decided it; oldest first."""
        ids = [attempt.id for attempt in self.book.row(name).attempts]
        engine = create_engine(f"sqlite:///{self.book.path}")
        with engine.connect() as connection:
            query = select(journal).where(journal.c.attempt_id.in_(ids)).order_by(journal.c.id)
            found = connection.execute(query).all()
        engine.dispose()
        return [(entry.to_state, entry.why, entry.by) for entry in found]

    # The other side

    def order_elsewhere(self, paid: Payout, *, number: int = 1, batch: str = BATCH, **account: str) -> str:
        """Somebody with another ledger makes the row's order; gives its id."""
        return self.do(self._made(planned(paid, number=number, batch=batch, **account).key, paid, batch))

    async def _made(self, key: str, paid: Payout, batch: str) -> str:
        reply = await self.port.create(key=key, body=keys.body(key=key, batch=batch, payout=paid))
        assert reply.order is not None
        return reply.order.order_id

    def foreign(self, **said: object) -> list[str]:
        """Somebody makes orders by hand."""
        return self.sandbox.make_foreign(said, self.now_s)

    def live_orders_of(self, paid: Payout) -> list[str]:
        """The orders that the row really has at Runa, under whatever key, and that did not fail."""
        said = self.sandbox.dump(self.now_s)["orders"]
        assert isinstance(said, list)
        return [
            order["id"]
            for order in said
            if order["metadata"].get("reference") == paid.reference and order["status"] != "FAILED"
        ]

    # The evidence

    def read(self, *, whole: bool = True, api: OrderList | None = None, **bounds: Any) -> ListReading:
        """Read the order list and keep what it shows."""
        shelf = self.book.ledger.shelf
        last_send_id, known = shelf.last_send_id(), shelf.known_orders(ENVIRONMENT)
        walk = self.do(
            reader(api or self.port, self.clock, **bounds).read(
                kept=shelf.orders(ENVIRONMENT),
                known=known,
                frontier=None if whole else shelf.frontier(ENVIRONMENT),
            )
        )
        return shelf.keep(ENVIRONMENT, walk, known=known, last_send_id=last_send_id)

    def read_twice(self, *, apart_s: float = 1000) -> None:
        """Two whole readings, far enough from each other unless the test says otherwise."""
        self.read()
        self.wait(apart_s)
        self.read()

    @property
    def kept(self) -> dict[str, KeptOrder]:
        """Every order that any reading has shown."""
        return self.book.ledger.shelf.orders(ENVIRONMENT)

    def evidence(self, file: Sequence[Payout] = ()) -> Evidence:
        """What the readings say of the batch and the rows of a file."""
        shelf = self.book.ledger.shelf
        readings = shelf.readings(ENVIRONMENT)
        return evidence(
            self.batch(),
            [keys.identity(each) for each in file],
            self.kept,
            reading=readings[-1] if readings else None,
            known=shelf.known_orders(ENVIRONMENT),
        )

    def knowledge(self, **known: Any) -> Knowledge:
        """Everything by which the batch may be settled, but for what the test says."""
        usual = Knowledge(
            evidence=self.evidence(),
            readings=self.book.ledger.shelf.readings(ENVIRONMENT),
            kept=self.kept,
            now=policy.latest([self.clock.instant().at, self.book.ledger.newest_moment()]),
            settle_after=SETTLE_AFTER,
        )
        return replace(usual, **known)

    def settle(self, **known: Any) -> Settlement:
        """Settle what can be."""
        knowledge = self.knowledge(**known)
        return self.do(settle_by_evidence(self.batch(), knowledge, docket=self.book.journal(), at=self.clock.instant()))

    def pages_read(self) -> int:
        """Pages asked for so far."""
        return sum(note.what == "page" for note in self.notes)

    def reads_by_id(self) -> list[str]:
        """Orders read by their ids so far."""
        return [note.who for note in self.notes if note.what == "read"]
