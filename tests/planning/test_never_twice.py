"""Whatever files come in whatever order, and whatever becomes of what was sent: no row is paid beside itself."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations, count
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from batcher import keys
from batcher.model import Environment, Payout
from batcher.planning import Plan, Standing, confirmation
from batcher.records import AttemptRecord, RowRecord, same_payment
from batcher.states import LIVE, PAID_OR_OPEN, SPENT, UNSENT, State
from tests.payouts import SPEAKER, Book, Unreadable, payout, sheet

ROWS: list[Payout | Unreadable] = [
    Unreadable("R1"),
    *(
        payout(reference, amount, email=email)
        for reference in ("R1", "R2", None)
        for amount, email in (("10.00", "jo@example.com"), ("20.00", "jo@example.com"), ("10.00", "ann@example.com"))
    ),
]

ENDS = (State.SENT, State.UNKNOWN, State.ACCEPTED, State.COMPLETED, State.FAILED, State.REJECTED, State.HELD)
FOLLOWING: dict[State, tuple[State, ...]] = {
    State.PLANNED: ENDS,
    State.HELD: ENDS,
    State.UNKNOWN: (State.UNKNOWN, State.COMPLETED),
    State.ACCEPTED: (State.COMPLETED, State.FAILED),
}
"""What may become of an attempt within one run, as far as these stories go."""

_places = count()


def _who(entry: Payout | Unreadable) -> str | Unreadable:
    """No file has a row twice: the reader refuses that."""
    if isinstance(entry, Payout):
        return keys.identity(entry)
    return f"reference:{entry.reference}"


@dataclass(frozen=True)
class Run:
    """One run: a file under a batch's name, and what becomes of its rows in turn; `None` leaves a row as it is."""

    batch: str
    entries: list[Payout | Unreadable]
    fates: list[State | None]
    reopens: bool
    retry: bool


@st.composite
def stories(draw: st.DrawFn) -> list[Run]:
    """Some runs of files over a few rows, so that the same row comes again and again."""
    few = draw(st.lists(st.sampled_from(ROWS), min_size=2, max_size=4, unique=True))
    run = st.builds(
        Run,
        batch=st.sampled_from(["nov", "dec"]),
        entries=st.lists(st.sampled_from(few), min_size=1, max_size=3, unique_by=_who),
        fates=st.lists(st.sampled_from([None, None, State.COMPLETED, *ENDS]), min_size=3, max_size=3),
        reopens=st.booleans(),
        retry=st.sampled_from([True, True, False]),
    )
    return draw(st.lists(run, min_size=3, max_size=6))


@dataclass
class World:
    """A book, and what was ever asked of it or taken in by the API."""

    book: Book
    taken_in: dict[int, tuple[str, bytes]] = field(default_factory=dict)
    """Key and body of every attempt that may have reached the API."""
    asked: dict[str, Counter[str]] = field(default_factory=dict)
    """For each batch: the most rows of one file that paid, or had paid, the same."""
    refused: int = 0
    came_through: set[int] = field(default_factory=set)
    """Attempts that had failed and came through after the file had changed their rows: no plan pays those."""

    def take(self, run: Run) -> None:
        """Plan the file as a person would who accepts what is gone and nothing else; confirm, send, follow."""
        file = sheet(*run.entries)
        choices: dict[str, Any] = {"skip_invalid": True, "accept_missing": True, "retry": run.retry}
        before = self.book.batch(run.batch)
        plan = self.book.plan(file, run.batch, **choices)
        assert self.book.batch(run.batch) == before
        if plan.problems:
            self.refused += 1
            return
        self.note(plan)
        self.book.ledger.confirm(
            confirmation(plan, confirmed_by="jo"), fingerprint=SPEAKER.fingerprint, now=self.book.now
        )
        self.nothing_is_lost(plan)
        self.send(run)

    def note(self, plan: Plan) -> None:
        same = Counter(keys.twin_digest(paid) for _, paid in plan.sheet.payouts)
        self.asked[plan.batch] = self.asked.get(plan.batch, Counter()) | same

    def nothing_is_lost(self, plan: Plan) -> None:
        """Every readable row of the file waits to be sent, is paid or open, or was left as it is."""
        rows = {row.identity: row for row in self.book.batch(plan.batch).rows}
        for line in plan.lines:
            if line.line is not None and line.payout is not None:
                row = rows[keys.identity(line.payout)]
                assert row.in_file
                left = SPENT if line.standing is Standing.LEFT else frozenset[State]()
                assert row.latest.state in LIVE | left

    def send(self, run: Run) -> None:
        for row, fate in zip(self.book.batch(run.batch).rows, run.fates * 4, strict=False):
            failed = any(one.state is State.FAILED for one in row.attempts)
            if run.reopens and failed and row.latest.state is State.PLANNED and not row.latest.sends:
                was = next(one for one in row.attempts if one.state is State.FAILED)
                if not same_payment(was.order.payout, row.latest.order.payout):
                    self.came_through.add(was.id)
                self.book.reopen(row.name, run.batch)
            elif row.latest.state is State.SENT:
                self.book.ledger.recover([row.latest.id], self.book.now)
            elif fate in FOLLOWING.get(row.latest.state, ()) and (row.in_file or row.latest.state is State.ACCEPTED):
                self.book.bring(row.name, fate, batch=run.batch)

    def rows(self) -> Iterator[tuple[str, RowRecord]]:
        for batch in ("nov", "dec"):
            yield from ((batch, row) for row in self.book.batch(batch).rows)

    def attempts(self) -> Iterator[AttemptRecord]:
        for _, row in self.rows():
            yield from row.attempts

    def no_row_has_two_live_attempts(self) -> None:
        for _, row in self.rows():
            live = [one.state for one in row.attempts if one.state in LIVE]
            assert len(live) <= 1, live
            assert not live or row.latest.state is live[0]

    def what_was_taken_in_is_as_it_was(self) -> None:
        now = {one.id: (one.order.key, one.order.body) for one in self.attempts()}
        assert self.taken_in.items() <= now.items()
        self.taken_in |= {
            one.id: now[one.id] for one in self.attempts() if one.sends and one.state not in {*UNSENT, State.WITHDRAWN}
        }

    def nothing_is_paid_more_often_than_one_file_asked_for(self) -> None:
        for batch in ("nov", "dec"):
            paid = Counter(
                keys.twin_digest(one.order.payout)
                for row in self.book.batch(batch).rows
                for one in row.attempts
                if one.state in PAID_OR_OPEN and one.id not in self.came_through
            )
            assert paid <= self.asked.get(batch, Counter())

    def two_batches_pay_the_same_only_under_two_references(self) -> None:
        paid = [
            (batch, keys.twin_digest(one.order.payout), one.order.payout.reference)
            for batch, row in self.rows()
            for one in row.attempts
            if one.state in PAID_OR_OPEN
        ]
        for (batch, twin, ours), (other, theirs_twin, theirs) in combinations(paid, 2):
            if batch != other and twin == theirs_twin:
                assert None not in (ours, theirs)
                assert ours != theirs


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    """One ledger for all stories: each has an environment of its own in it."""
    with Book(tmp_path_factory.mktemp("never-twice")) as book:
        yield book


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(story=stories())
@example(
    story=[
        Run("nov", [payout("R2", "20.00")], [State.FAILED], reopens=False, retry=True),
        Run("nov", [payout("R2"), payout("R1", "20.00")], [None, State.COMPLETED], reopens=False, retry=True),
        Run("nov", [payout("R2")], [None], reopens=True, retry=True),
    ]
)
def test_whatever_files_come(shared: Book, story: list[Run]) -> None:
    shared.environment = Environment(base_url=f"https://place-{next(_places)}.example", account="main")
    world = World(shared)
    for run in story:
        world.take(run)
        world.no_row_has_two_live_attempts()
        world.what_was_taken_in_is_as_it_was()
        world.nothing_is_paid_more_often_than_one_file_asked_for()
        world.two_batches_pay_the_same_only_under_two_references()
