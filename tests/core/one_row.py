"""One row's life, as it may go: the real planning, issuing, following and ledger, an API that does as it is told,
and the laws that hold after every event.

Everything of one life is written in one transaction that is taken back at its end, so that no disk is waited for.
"""

import random  # noqa: TID251 - chance is an argument here, and seeded
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, select

from batcher import keys
from batcher.ledger import SqlJournal, confirming, reading, writing
from batcher.ledger.grouping import GroupedWriter
from batcher.ledger.tables import attempts, journal
from batcher.lifecycle import Follower, Halt, Issuer, Polls, Retries
from batcher.model import Environment, Fault, Instant, Order, Payout, Problem, Reply, Sheet, SheetRow, Speaker
from batcher.planning import Choices, confirmation, make_plan
from batcher.policy import ANSWERS, Finding, judge
from batcher.records import AttemptRecord, BatchRecord, Kin, RowRecord
from batcher.states import LIVE, PAID_OR_OPEN, SPENT, TRANSITIONS, UNSENT, State
from tests.core.payouts import ANN
from tests.virtual_time import run

T = TypeVar("T")

BATCH = "2026-03"
ENVIRONMENT = Environment(base_url="https://api.example/v2", account="main")
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FORGOTTEN_AFTER = timedelta(days=30)


class Row(Enum):
    """What a file says of the row."""

    AS_BEFORE = 0
    EDITED = 1
    SENT_ELSEWHERE = 2
    UNREADABLE = 3
    MISSING = 4


class Crash(Exception):
    """The process ends while it waits for an answer."""


@dataclass(frozen=True)
class Answer:
    """What the API does with one create, and what of that arrives."""

    reply: Reply | None
    """What comes back; `None` where the process ends before anything does. One that accepts gets its order's id."""
    creates: bool = False
    """Whether there is an order in the end, where the reply leaves that open."""


ACCEPTED = Answer(Reply(http_status=202, order=Order(order_id="", status="PROCESSING")))
PAID_AT_ONCE = Answer(Reply(http_status=200, order=Order(order_id="", status="COMPLETED")))
LOST = Answer(Reply(fault=Fault.NO_ANSWER))
LOST_BUT_MADE = Answer(Reply(fault=Fault.NO_ANSWER), creates=True)
NO_CONNECTION = Answer(Reply(fault=Fault.NOT_SENT))
TOO_MANY = Answer(Reply(http_status=429))
CRASHED = Answer(None)
CRASHED_BUT_MADE = Answer(None, creates=True)
OTHER_BODY = Reply(http_status=400, error_type="idempotency_validation_error")

ANSWERS_BY_NAME = {
    "accepted": ACCEPTED,
    "paid at once": PAID_AT_ONCE,
    "lost": LOST,
    "lost, but made": LOST_BUT_MADE,
    "no connection": NO_CONNECTION,
    "too many requests": TOO_MANY,
    "crashed": CRASHED,
    "crashed, but made": CRASHED_BUT_MADE,
}
for _status, _kind in ANSWERS:
    ANSWERS_BY_NAME[f"{_status} {_kind}"] = Answer(Reply(http_status=_status, error_type=_kind))
for _name, _reply in {
    "500": Reply(http_status=500, error_type="internal_server_error"),
    "504": Reply(http_status=504, error_type="timeout"),
    "a page with 502": Reply(http_status=502, fault=Fault.UNREADABLE),
    "a page with 200": Reply(http_status=200, fault=Fault.UNREADABLE),
    "a page with 403": Reply(http_status=403, fault=Fault.UNREADABLE),
    "202 without an id": Reply(http_status=202),
    "a new type": Reply(http_status=400, error_type="a_new_word"),
    "404": Reply(http_status=404, error_type="not_found"),
    "in progress": Reply(http_status=400, error_type="idempotency_in_progress"),
}.items():
    ANSWERS_BY_NAME[_name] = Answer(_reply)
    ANSWERS_BY_NAME[f"{_name}, but made"] = Answer(_reply, creates=True)
"""Every kind of answer, by a short name."""


@dataclass
class Made:
    """An order as the API has it."""

    key: str
    body: bytes
    at: datetime
    status: str = "PROCESSING"
    contradicts: bool = False


class Runa:
    """The API: it keeps keys for thirty days, and does and says what it is told."""

    def __init__(self, life: "OneRow") -> None:
        self._life = life
        self.orders: dict[str, Made] = {}
        self.answers: Iterator[Answer] = iter(())
        self.reads = True
        """Whether orders can be read."""

    @property
    def live(self) -> list[str]:
        """The orders that paid or may pay."""
        return [order_id for order_id, made in self.orders.items() if made.status != "FAILED"]

    def under(self, key: str) -> str | None:
        """The order that the API remembers under a key."""
        now = self._life.now
        for order_id, made in self.orders.items():
            if made.key == key and now - made.at < FORGOTTEN_AFTER:
                return order_id
        return None

    async def create(self, *, key: str, body: bytes) -> Reply:
        """Do as the next answer says, as far as an honest API could."""
        self._life.about_to_send(key, body)
        answer = next(self.answers, CRASHED)
        order_id = self.under(key)
        reply = answer.reply
        if order_id is not None and self.orders[order_id].body != body and reply is not None:
            reply = OTHER_BODY if judge(reply).finding in (Finding.ACCEPTED, Finding.REFUSED) else reply
        accepted = reply is not None and judge(reply).finding is Finding.ACCEPTED
        if order_id is None and (accepted or answer.creates):
            order_id = f"O-{len(self.orders) + 1}"
            self.orders[order_id] = Made(key, body, self._life.now)
        self._life.was_sent(key, body, reply)
        if reply is None:
            raise Crash
        if accepted and reply.order is not None and order_id is not None:
            made = self.orders[order_id]
            if reply.order.status == "COMPLETED" and made.status == "PROCESSING":
                made.status = "COMPLETED"
            return replace(reply, order=self._order(order_id))
        return reply

    async def read(self, order_id: str) -> Reply:
        """The order as it stands."""
        if not self.reads:
            return Reply(fault=Fault.NO_ANSWER)
        return Reply(http_status=200, order=self._order(order_id))

    async def ping(self) -> Reply:
        """Here."""
        return Reply(http_status=200)

    def _order(self, order_id: str) -> Order:
        made = self.orders[order_id]
        return Order(
            order_id=order_id,
            status=made.status,
            key=made.key,
            amount=Decimal(1) if made.contradicts else None,
            redemption_url="https://links.example/1" if made.status == "COMPLETED" else None,
        )


class OneRow:
    """A row, its ledger, and the API that it is paid through. Every event is followed by `check_laws`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._transaction = connection.begin()
        self._journal = _Journal(self)
        self._record: BatchRecord | None = None
        self._known: dict[int, AttemptRecord] = {}
        self._taken: dict[str, tuple[bytes, Speaker]] = {}
        """What may have been taken in under each key, and from whom."""
        self.now = START
        self.runa = Runa(self)
        self.speaker = Speaker(base_url=ENVIRONMENT.base_url, api_version="2024-02-05", fingerprint="0" * 16)
        self.others_passed = False

    def end(self) -> None:
        """Take everything back, having looked at the whole of it once more."""
        try:
            self.check_journal()
        finally:
            self._transaction.rollback()

    # What may happen

    def run(
        self,
        says: Row,
        answers: Sequence[str] = (),
        *,
        others_passed: bool = False,
        reads: bool = True,
        **flags: Any,
    ) -> None:
        """`batcher run`: plan, confirm where nothing is refused, recover, issue or follow."""
        if not self._confirmed(says, Choices(skip_invalid=True, **flags)):
            return
        self.others_passed, self.runa.reads = others_passed, reads
        self.runa.answers = iter([ANSWERS_BY_NAME[name] for name in answers])
        self._recover()
        for row in self.record.rows:
            self._take_on(row)

    def plan_alone(self, says: Row, **flags: Any) -> None:
        """A run that ends right after it was confirmed."""
        self._confirmed(says, Choices(skip_invalid=True, **flags))

    def wait(self, span: timedelta) -> None:
        """Time passes."""
        self.now += span

    def key_changes(self) -> None:
        """Somebody sets the other one of two API keys."""
        other = "1" if self.speaker.fingerprint.startswith("0") else "0"
        self.speaker = replace(self.speaker, fingerprint=other * 16)

    def order_comes_to(self, status: str, *, contradicts: bool = False) -> None:
        """The API finishes what it is processing."""
        for made in self.runa.orders.values():
            if made.status == "PROCESSING":
                made.status, made.contradicts = status, contradicts

    def failed_order_lives(self, status: str) -> None:
        """An order that had failed no longer has; nothing can help where another one is already on its way."""
        failed = [made for made in self.runa.orders.values() if made.status == "FAILED"]
        if failed and not self.runa.live and self._stands_at not in (State.SENT, State.UNKNOWN):
            failed[0].status = status

    def evidence(self) -> None:
        """What is unknown is settled as the order list shows it."""
        for row in self.record.rows:
            latest = row.latest
            if latest.state is not State.UNKNOWN:
                continue
            found = next((id_ for id_, made in self.runa.orders.items() if made.key == latest.order.key), None)
            to = State.ABSENT if found is None else State.ACCEPTED
            values: dict[str, object] = {} if found is None else {"order_id": found, "accepted_at": self.now}
            self.write(partial(_settle, latest.id, to, self.now, values))

    def order_of_a_lost_ledger(self, age: timedelta) -> None:
        """Before anything of this ledger: another one sent the same row with another amount, and was lost."""
        identity = keys.identity(ANN)
        key = keys.idempotency_key(account=ENVIRONMENT.account, batch=BATCH, identity=identity, attempt=1)
        body = keys.body(key=key, batch=BATCH, payout=replace(ANN, amount=Decimal("99.00")))
        self.runa.orders["O-lost"] = Made(key, body, self.now - age, "COMPLETED")

    # What holds

    @property
    def record(self) -> BatchRecord:
        """The batch as the ledger has it, read again after every change."""
        if self._record is None:
            self._record = reading.batch(self._connection, ENVIRONMENT, BATCH)
        return self._record

    def check_laws(self) -> None:
        """The laws that hold between any two events."""
        assert len(self.runa.live) <= 1, f"{len(self.runa.live)} orders pay one row"
        rows = self.record.rows
        for row in rows:
            self._check_attempts(row)
            self._check_standing(row)
        self._known = {attempt.id: attempt for row in rows for attempt in row.attempts}

    def check_journal(self) -> None:
        """Every step that was ever made is one of the table, and the steps of an attempt make one way."""
        at: dict[int, str | None] = {}
        steps = select(journal).where(journal.c.to_state.is_not(None)).order_by(journal.c.id)
        for step in self._connection.execute(steps):
            assert step.from_state == at.get(step.attempt_id)
            if step.from_state is None:
                assert step.to_state == State.PLANNED
            else:
                assert State(step.to_state) in TRANSITIONS[State(step.from_state)]
            at[step.attempt_id] = step.to_state
        states = self._connection.execute(select(attempts.c.id, attempts.c.state)).all()
        assert at == {attempt.id: attempt.state for attempt in states}

    def about_to_send(self, key: str, body: bytes) -> None:
        """Nothing leaves before the ledger says so, and nothing else than it says."""
        (attempt,) = (one for row in self.record.rows for one in row.attempts if one.order.key == key)
        assert attempt.state is State.SENT
        assert attempt.order.body == body
        assert attempt.sends
        assert attempt.sends[-1].answered_at is None
        assert attempt.sends[-1].speaker == self.speaker
        if key in self._taken:
            assert (body, self.speaker) == self._taken[key], "what may have been taken in is repeated differently"
        others = [one.state for row in self.record.rows for one in row.attempts if one.id != attempt.id]
        assert not set(others) & LIVE

    def was_sent(self, key: str, body: bytes, reply: Reply | None) -> None:
        """Remember what may have been taken in."""
        if reply is None or judge(reply).finding is not Finding.TURNED_AWAY:
            self._taken.setdefault(key, (body, self.speaker))

    def _check_attempts(self, row: RowRecord) -> None:
        live = [attempt for attempt in row.attempts if attempt.state in LIVE]
        assert len(live) <= 1, f"two attempts live: {[(one.order.number, one.state.value) for one in live]}"
        assert [attempt.order.number for attempt in row.attempts] == list(range(1, len(row.attempts) + 1))
        assert len({attempt.order.key for attempt in row.attempts}) == len(row.attempts)
        for attempt in row.attempts:
            before = self._known.get(attempt.id)
            if before is not None:
                self._check_way(before, attempt)
            elif len(row.attempts) > 1:
                earlier = [(self._known[one.id].state, one.state) for one in row.attempts if one.id in self._known]
                # One that was turned away at every send, too long ago, is withdrawn by the plan that makes the next.
                for then, now in earlier:
                    assert then in SPENT | {State.WITHDRAWN} or (then in UNSENT and now is State.WITHDRAWN)

    def _check_way(self, before: AttemptRecord, after: AttemptRecord) -> None:
        """From one look to the next an attempt went a way that the table has; ends are ends."""
        assert after.state in _reachable(before.state)
        if before.state in (State.COMPLETED, State.REJECTED, State.ABSENT, State.MISMATCH):
            assert after == before
        if before.state is State.FAILED:
            assert after.state in (State.FAILED, State.ACCEPTED, State.COMPLETED, State.MISMATCH)
        if after.order.key in self._taken:
            assert after.order.body == self._taken[after.order.key][0]
        if before.order_id is not None:
            assert after.order_id == before.order_id

    def _check_standing(self, row: RowRecord) -> None:
        """The ledger never takes money that is out for money that is not."""
        for attempt in row.attempts:
            if attempt.state in LIVE:
                assert row.latest == attempt
            if attempt.state is State.COMPLETED:
                assert attempt.order_id is not None
                assert self.runa.orders[attempt.order_id].status == "COMPLETED"
                assert attempt.redemption_url is not None
            else:
                assert attempt.redemption_url is None
        for order_id in self.runa.live:
            made = self.runa.orders[order_id]
            payer = next((one for one in row.attempts if one.order.key == made.key), None)
            if payer is not None and made.key in self._taken:
                assert payer.state in PAID_OR_OPEN | {State.FAILED}

    # How it happens

    @property
    def _stands_at(self) -> State | None:
        return next((row.latest.state for row in self.record.rows), None)

    def _confirmed(self, says: Row, choices: Choices) -> bool:
        self.now += timedelta(minutes=1)
        plan = make_plan(_file(says), self.record, self, choices=choices, now=self.now, window_days=20)
        if plan.problems:
            return False
        confirmed = confirmation(plan, confirmed_by="ann")
        self.write(lambda connection: confirming.confirm(connection, confirmed, self.now))
        return True

    def kin(self, environment: Environment, **_: object) -> list[Kin]:
        """There are no other batches."""
        return []

    def _recover(self) -> None:
        stranded = [row.latest.id for row in self.record.rows if row.latest.state is State.SENT]
        if stranded:
            self.write(lambda connection: writing.recover(connection, stranded, self.now))

    def _take_on(self, row: RowRecord) -> None:
        state = row.latest.state
        try:
            if state is State.ACCEPTED:
                run(self._follower().follow(row.latest, at_once=True))
            elif row.in_file and state in (State.PLANNED, State.HELD, State.UNKNOWN):
                run(self._issuer().issue(row))
        except Crash:
            pass

    def _issuer(self) -> Issuer:
        return Issuer(
            api=self.runa,
            journal=self._journal,
            throttle=_Throttle(),
            clock=_Clock(self),
            rng=random.Random(1),  # noqa: S311 - spreads waits, and nothing waits here
            speaker=self.speaker,
            retries=Retries(attempts=3, min_wait_s=1, max_wait_s=60),
            halt=Halt(base_url=ENVIRONMENT.base_url),
            newest_moment=reading.newest_moment(self._connection),
        )

    def _follower(self) -> Follower:
        polls = Polls(first_s=1, max_s=1, give_up_after_s=0, rate_limited_wait_s=5)
        return Follower(
            api=self.runa,
            journal=self._journal,
            clock=_Clock(self),
            polls=polls,
            halt=Halt(base_url="https://a.example"),
        )

    def write(self, change: Callable[[Connection], T]) -> T:
        """Change the ledger."""
        self._record = None
        return change(self._connection)


def _settle(attempt_id: int, to: State, now: datetime, values: dict[str, Any], connection: Connection) -> None:
    writing.move(connection, attempt_id, to, now, "the order list says so", **values)


def _file(says: Row) -> Sheet:
    wanted: dict[Row, Payout] = {
        Row.AS_BEFORE: ANN,
        Row.EDITED: replace(ANN, amount=Decimal("25.00")),
        Row.SENT_ELSEWHERE: replace(ANN, email="anne@example.com"),
    }
    rows: list[SheetRow] = []
    if says in wanted:
        rows.append(SheetRow(line=2, cells=("A-1",), payout=wanted[says], reference="A-1"))
    elif says is Row.UNREADABLE:
        problem = Problem(line=2, column="amount", value="x", message="No amount.", fix="Mend it.", kind="amount")
        rows.append(SheetRow(line=2, cells=("A-1",), payout=None, problems=(problem,), reference="A-1"))
    return Sheet(
        name="pay.csv", digest=says.name, encoding="utf-8", delimiter=",", columns=("reference",), rows=tuple(rows)
    )


def _reachable(state: State) -> set[State]:
    found, further = {state}, [state]
    while further:
        fresh = TRANSITIONS[further.pop()] - found
        found |= fresh
        further += fresh
    return found


class _InPlace(GroupedWriter):
    """Writes at once, in the one transaction of this life."""

    def __init__(self, life: OneRow) -> None:
        self._life = life

    async def write(self, write: Callable[[Connection], T]) -> T:
        return self._life.write(write)

    async def drain(self) -> None:
        """Nothing ever waits."""


class _Journal(SqlJournal):
    """The real one; only what other rows came to is told to it."""

    def __init__(self, life: OneRow) -> None:
        super().__init__(_InPlace(life))
        self._life = life

    async def others_passed(self, attempt_id: int, since: datetime) -> bool:
        return self._life.others_passed


@dataclass
class _Clock:
    """Stands still but for sleeping."""

    life: OneRow = field(repr=False)

    def instant(self) -> Instant:
        return Instant(at=self.life.now, monotonic_s=(self.life.now - START).total_seconds(), boot="boot-1")

    async def sleep(self, seconds: float) -> None:
        self.life.now += timedelta(seconds=max(0.0, seconds))


class _Lease:
    def answered(self) -> None:
        """Nothing is limited here."""


class _Throttle:
    async def lease(self, *, resend: bool) -> _Lease:
        return _Lease()

    def refused(self, retry_after_s: float | None) -> None:
        """Nothing is limited here."""
