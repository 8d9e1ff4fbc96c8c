"""Rows of a batch and everything around them, on virtual time: a journal in memory, an API that plays a script, and the
real throttle. What happens is noted in one list, in the order in which it happened.
"""

import asyncio
import random  # noqa: TID251 - seeded: the waits of a test are always the same
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from batcher import keys
from batcher.engine import Canaries, Progress, run_rows
from batcher.errors import OwnFault
from batcher.lifecycle import Breaker, Follower, Halt, Hints, Issuer, Polls, Retries
from batcher.model import Distribution, Fault, Instant, Order, Payout, PlannedOrder, Reply, Speaker
from batcher.policy import Finding, Verdict
from batcher.ports import Api
from batcher.records import AttemptRecord, RowRecord, SendRecord
from batcher.states import State, step
from batcher.throttle import LeasedThrottle
from tests.virtual_time import START, VirtualClock, run

T = TypeVar("T")

BASE_URL = "https://playground.runa.io/v2"
SPEAKER = Speaker(base_url=BASE_URL, api_version="2024-02-05", fingerprint="0123456789abcdef")
RETRIES = Retries(attempts=5, min_wait_s=1, max_wait_s=4)
POLLS = Polls(first_s=1, max_s=60, give_up_after_s=900, rate_limited_wait_s=5)
BATCH, ACCOUNT = "march", "acme"
TOO_LONG_S = 1e6
"""When a run counts as one that would never end, in virtual seconds."""

NO_ANSWER = Reply(fault=Fault.NO_ANSWER)
NOT_SENT = Reply(fault=Fault.NOT_SENT)
TOO_MANY = Reply(http_status=429, message="rate exceeded")


def refused(status: int, error_type: str) -> Reply:
    return Reply(http_status=status, error_type=error_type, message="no")


def accepted(order_id: str) -> Reply:
    return Reply(http_status=202, order=Order(order_id=order_id, status="PROCESSING"))


def read_as(order_id: str, status: str, **fields: object) -> Reply:
    known: dict[str, object] = {"redemption_url": f"https://spend.example/{order_id}"} if status == "COMPLETED" else {}
    return Reply(http_status=200, order=Order(order_id=order_id, status=status, **(known | fields)))  # type: ignore[arg-type]


def send(
    finding: Finding | None = Finding.UNUSABLE,
    cause: str = "no_answer",
    *,
    at: datetime = START - timedelta(hours=1),
    speaker: Speaker = SPEAKER,
) -> SendRecord:
    """A send of an earlier run."""
    return SendRecord(sent_at=at, speaker=speaker, answered_at=at, finding=finding, cause=cause)


_ids = iter(range(1, 1_000_000))


def attempt(
    reference: str = "R1", state: State = State.PLANNED, *, number: int = 1, currency: str = "GBP", **fields: object
) -> AttemptRecord:
    """One attempt of a row, with the key and the bytes that it would really have."""
    payout = Payout(
        reference=reference,
        amount=Decimal("10.00"),
        currency=currency,
        products=("AMZ-GB" if currency == "GBP" else "AMZ-FR",),
        distribution=Distribution.EMAIL,
        email=f"{reference.lower()}@example.com",
        recipient_reference=None,
        template=None,
    )
    key = keys.idempotency_key(account=ACCOUNT, batch=BATCH, identity=keys.identity(payout), attempt=number)
    order = PlannedOrder(
        identity=keys.identity(payout),
        number=number,
        key=key,
        body=keys.body(key=key, batch=BATCH, payout=payout),
        payout=payout,
    )
    known: dict[str, object] = {"planned_at": START - timedelta(days=1)}
    return AttemptRecord(id=next(_ids), order=order, state=state, **(known | fields))  # type: ignore[arg-type]


def row_of(*attempts: AttemptRecord, in_file: bool = True) -> RowRecord:
    """A row with these attempts, oldest first."""
    return RowRecord(
        id=next(_ids),
        identity=attempts[0].order.identity,
        line=2,
        in_file=in_file,
        columns=(),
        cells=(),
        attempts=attempts,
    )


def row(reference: str = "R1", state: State = State.PLANNED, **fields: object) -> RowRecord:
    """A row with one attempt."""
    return row_of(attempt(reference, state, **fields))  # type: ignore[arg-type]


def retried(reference: str = "R1", state: State = State.PLANNED, **fields: object) -> RowRecord:
    """A row whose first order `O-old` failed, and which waits for a second attempt."""
    first = attempt(reference, State.FAILED, order_id="O-old", sends=(send(Finding.ACCEPTED, "accepted"),))
    return row_of(first, attempt(reference, state, number=2, **fields))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that happened."""

    what: str
    """`sending` `answered` `settled` `withdraw` `reopened` in the journal; `create` `replied` `read` at the API."""
    who: str
    """The key; for `read` the order's id."""
    at_s: float
    said: object = None
    """The body of a create, the reply, or the state that was written."""


class MemoryJournal:
    """Implements `batcher.ports.Journal` in memory. A step that the states do not allow is an error, as it is on disk.

    Like the ledger's, a write that was asked for is not taken back when its caller is cancelled.
    """

    def __init__(self, clock: VirtualClock, notes: list[Note], rows: Sequence[RowRecord], *, write_s: float) -> None:
        self.attempts = {one.id: one for each in rows for one in each.attempts}
        self.states = {one.id: one.state for one in self.attempts.values()}
        self.order_ids = {one.id: one.order_id for one in self.attempts.values() if one.order_id is not None}
        self.links: dict[int, str | None] = {}
        self.sends = {one.id: one.sends for one in self.attempts.values()}
        self.verdicts: list[tuple[int, Verdict, datetime]] = []
        self.fails: Callable[[str, str], bool] = lambda what, key: False
        """Which writes, by what they say and of which key, the disk refuses."""
        self._rows = tuple(rows)
        self._clock = clock
        self._notes = notes
        self._write_s = write_s
        self._under_way: set[asyncio.Task[object]] = set()

    async def sending(
        self, attempt_id: int, speaker: Speaker, at: Instant, *, server_at: datetime | None = None
    ) -> int:
        unanswered = SendRecord(sent_at=at.at, speaker=speaker, server_at=server_at)

        def work() -> None:
            self.sends[attempt_id] = (*self.sends[attempt_id], unanswered)

        await self._write("sending", attempt_id, State.SENT, work)
        return len(self.sends[attempt_id])

    async def answered(
        self, send_id: int, attempt_id: int, *, reply: Reply, verdict: Verdict, to: State, at: Instant
    ) -> None:
        def work() -> None:
            *before, last = self.sends[attempt_id]
            last = replace(last, answered_at=at.at, finding=verdict.finding, cause=verdict.cause)
            self.sends[attempt_id] = (*before, last)
            self.verdicts.append((attempt_id, verdict, at.at))
            if to is State.ACCEPTED and reply.order is not None:
                self.order_ids[attempt_id] = reply.order.order_id

        await self._write("answered", attempt_id, to, work)

    async def settled(self, attempt_id: int, *, order: Order, to: State, why: str, at: Instant) -> None:
        def work() -> None:
            self.links[attempt_id] = order.redemption_url if to is State.COMPLETED else None

        await self._write("settled", attempt_id, to, work)

    async def withdraw(self, attempt_id: int, *, why: str, at: Instant) -> None:
        await self._write("withdraw", attempt_id, State.WITHDRAWN)

    async def reopened(self, failed_id: int, withdrawn_id: int, *, why: str, at: Instant) -> None:
        def work() -> None:
            self.states[withdrawn_id] = step(self.states[withdrawn_id], State.WITHDRAWN)

        await self._write("reopened", failed_id, State.ACCEPTED, work)

    async def claim_order(self, attempt_id: int, order_id: str) -> int | None:
        await self._clock.sleep(self._write_s)
        return next((one for one, held in self.order_ids.items() if held == order_id and one != attempt_id), None)

    async def claim_link(self, attempt_id: int, redemption_url: str) -> int | None:
        await self._clock.sleep(self._write_s)
        return next((one for one, link in self.links.items() if link == redemption_url and one != attempt_id), None)

    async def others_passed(self, attempt_id: int, since: datetime) -> bool:
        await self._clock.sleep(self._write_s)
        return any(
            one != attempt_id and at >= since and verdict.finding in (Finding.ACCEPTED, Finding.REFUSED)
            for one, verdict, at in self.verdicts
        )

    def rows_now(self) -> list[RowRecord]:
        """The rows as the next process finds them: what was being sent when this one ended is unknown."""
        return [replace(each, attempts=tuple(map(self._attempt_now, each.attempts))) for each in self._rows]

    def _attempt_now(self, one: AttemptRecord) -> AttemptRecord:
        state = self.states[one.id]
        return replace(
            one,
            state=State.UNKNOWN if state is State.SENT else state,
            sends=self.sends[one.id],
            order_id=self.order_ids.get(one.id),
        )

    async def drain(self) -> None:
        """Wait until all that was asked for is written."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def _write(self, what: str, attempt_id: int, to: State, work: Callable[[], None] = lambda: None) -> None:
        key = self.attempts[attempt_id].order.key
        if self.fails(what, key):
            raise OwnFault("The ledger could not be written (disk full).")

        async def commit() -> None:
            await self._clock.sleep(self._write_s)
            self.states[attempt_id] = step(self.states[attempt_id], to)
            work()
            self._notes.append(Note(what, key, self._clock.now_s, to))

        task: asyncio.Task[object] = asyncio.ensure_future(commit())
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        await asyncio.shield(task)


Script = Reply | Sequence[Reply]
"""The replies to the sends of one key, or to the reads of one order; the last one is repeated for ever."""


class ScriptedApi:
    """Implements `batcher.ports.Api`: what it says to whom is written down beforehand."""

    def __init__(
        self,
        clock: VirtualClock,
        notes: list[Note],
        creates: Mapping[str, Script],
        reads: Mapping[str, Script],
        *,
        answer_s: float,
    ) -> None:
        """`creates` are by key. Where nothing is written down, each key gets an order `O-<key>` that is completed."""
        self.answer_s: Callable[[str], float] = lambda who: answer_s
        """How long the answer about a key or an order takes."""
        self._clock = clock
        self._notes = notes
        self._creates = creates
        self._reads = reads
        self._asked: Counter[str] = Counter()

    async def create(self, *, key: str, body: bytes) -> Reply:
        self._notes.append(Note("create", key, self._clock.now_s, body))
        await self._clock.sleep(self.answer_s(key))
        reply = self._next(key, self._creates, accepted(f"O-{key}"))
        self._notes.append(Note("replied", key, self._clock.now_s, reply))
        return reply

    async def read(self, order_id: str) -> Reply:
        self._notes.append(Note("read", order_id, self._clock.now_s))
        await self._clock.sleep(self.answer_s(order_id))
        return self._next(order_id, self._reads, read_as(order_id, "COMPLETED"))

    async def ping(self) -> Reply:
        self._notes.append(Note("ping", "", self._clock.now_s))
        return self._next("ping", self._reads, Reply(http_status=200))

    def _next(self, who: str, scripts: Mapping[str, Script], unwritten: Reply) -> Reply:
        script = scripts.get(who, unwritten)
        replies = [script] if isinstance(script, Reply) else script
        self._asked[who] += 1
        return replies[min(self._asked[who], len(replies)) - 1]


@dataclass
class Bench:
    """A run of these rows, as `batcher.assembly` wires one."""

    rows: Sequence[RowRecord]
    creates: Mapping[str, Script] = field(default_factory=dict)
    """Replies by reference."""
    reads: Mapping[str, Script] = field(default_factory=dict)
    """Replies by order."""
    retries: Retries = RETRIES
    polls: Polls = POLLS
    speaker: Speaker = SPEAKER
    per_minute: int = 6000
    newest_moment: datetime | None = None
    write_s: float = 0.0
    answer_s: float = 0.1
    seed: int = 7
    consecutive: int = 5
    """The breaker's limit."""
    canaries: Canaries | None = None
    """Unless a test is about them, every kind counts as proven."""
    other_api: Callable[[VirtualClock, list[Note]], Api] | None = None
    """Something else to speak to than the script."""
    start_s: float = 0.0
    """When it begins: a run that goes on where another ended begins at its end."""

    def __post_init__(self) -> None:
        self.clock = VirtualClock()
        self.notes: list[Note] = []
        self.halt = Halt(base_url=BASE_URL)
        self.hints = Hints()
        self.journal = MemoryJournal(self.clock, self.notes, self.rows, write_s=self.write_s)
        by_key = {one.latest.order.key: self.creates[one.name] for one in self.rows if one.name in self.creates}
        self.api = ScriptedApi(self.clock, self.notes, by_key, self.reads, answer_s=self.answer_s)
        spoken_to = self.other_api(self.clock, self.notes) if self.other_api else self.api
        self.throttle = LeasedThrottle(self.clock, self.per_minute)
        self.issuer = Issuer(
            api=spoken_to,
            journal=self.journal,
            throttle=self.throttle,
            clock=self.clock,
            rng=random.Random(self.seed),  # noqa: S311 - it spreads waits
            speaker=self.speaker,
            retries=self.retries,
            halt=self.halt,
            newest_moment=self.newest_moment,
        )
        self.follower = Follower(
            api=spoken_to,
            journal=self.journal,
            clock=self.clock,
            polls=self.polls,
            halt=self.halt,
            hints=self.hints,
        )
        self.progress = Progress(self.rows, sends_last_minute=lambda: 0, seconds_for=float)
        self.seen: list[tuple[int, int, int]] = []

    def changed(self, progress: Progress) -> None:
        """Watch the run: rows paid, waiting and unknown."""
        self.seen.append((progress.counts.paid, progress.counts.waiting, progress.counts.unknown))

    async def go(self) -> None:
        """Run the rows to their end."""
        try:
            await run_rows(
                self.rows,
                issuer=self.issuer,
                follower=self.follower,
                halt=self.halt,
                breaker=Breaker(self.consecutive, self.halt),
                canaries=self.canaries,
                progress=self.progress,
                observer=self,
            )
        finally:
            self.ended_s = self.clock.now_s
            await self.journal.drain()

    def run(self, *beside: Callable[[], Awaitable[object]]) -> "Bench":
        """Run the rows to their end on virtual time, with these beside them."""

        async def story() -> None:
            others = [asyncio.ensure_future(each()) for each in beside]
            try:
                async with asyncio.timeout(TOO_LONG_S):
                    await self.go()
            finally:
                for other in others:
                    other.cancel()

        run(story(), start_s=self.start_s)
        return self

    def issue(self, number: int = 0) -> AttemptRecord:
        """Issue one row alone."""
        return run(self.issuer.issue(self.rows[number]))

    def follow(self, number: int = 0, *, at_once: bool = False) -> AttemptRecord:
        """Follow one row's order alone."""
        return run(self.follower.follow(self.rows[number].latest, at_once=at_once))

    async def at(self, seconds: float, do: Callable[[], object]) -> None:
        """Do something at a moment."""
        await self.clock.sleep(seconds - self.clock.now_s)
        do()

    def of(self, *whats: str, who: str | None = None) -> list[Note]:
        """What happened of these kinds, in order."""
        return [note for note in self.notes if note.what in whats and who in (None, note.who)]

    def times(self, what: str, who: str | None = None) -> list[float]:
        """When it happened."""
        return [note.at_s for note in self.of(what, who=who)]

    def sent(self) -> list[str]:
        """The names of the rows that were sent, in order and as often."""
        names = {each.latest.order.key: each.name for each in self.rows}
        return [names[note.who] for note in self.of("create")]

    def states(self) -> dict[str, State]:
        """Where the journal has each row's latest attempt."""
        return {each.name: self.journal.states[each.latest.id] for each in self.rows}

    def state(self, number: int = 0) -> State:
        """Where the journal has the latest attempt of one row."""
        return self.journal.states[self.rows[number].latest.id]
