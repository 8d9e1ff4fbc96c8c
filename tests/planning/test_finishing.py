"""A file that is known to be paid whole: what is remembered of it is what a plan of it says, or nothing."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.errors import BatcherError
from batcher.model import Payout, Sheet
from batcher.planning import Plan, Standing, finished
from batcher.planning.plan import STALE_AFTER
from batcher.records import Finished
from batcher.states import IllegalTransition, State
from tests.payouts import BATCH, Book, Unreadable, payout, sheet

ROWS = (payout("R1"), payout("R2", "5.00", email="ann@example.com"), payout(None, "7.00", email="bo@example.com"))
EDITED = payout("R1", "99.00")
FILES: dict[str, tuple[Payout | Unreadable, ...]] = {
    "whole": ROWS,
    "edited": (EDITED, *ROWS[1:]),
    "a row gone": ROWS[:2],
    "a row more": (*ROWS, payout("R4", "3.00", email="cy@example.com")),
    "an invalid line": (*ROWS, Unreadable("R9")),
    "the last unreadable": (*ROWS[:2], Unreadable("R3")),
    "a twin": (*ROWS, payout("R5")),
    "shuffled": ROWS[::-1],
}


def file_of(name: str, reading: str = "as it is") -> Sheet:
    return sheet(*FILES[name], reading=reading)


def remember(book: Book, file: Sheet) -> Finished | None:
    """What a run does at its end."""
    found = finished(book.plan(file), agreements=("All agree.",), list_reading=0)
    if found is not None:
        book.ledger.finish(book.environment, BATCH, found, book.now)
    return found


def known(book: Book, file: Sheet) -> Finished | None:
    """What a run asks at its beginning."""
    found = book.ledger.finished(book.environment, BATCH)
    fits = found is not None and (found.file_digest, found.reading) == (file.digest, file.reading)
    return found if fits else None


def pay(book: Book, file: Sheet) -> None:
    book.confirm(file)
    for line in book.plan(file).of(Standing.UNSENT):
        book.bring(line.name, State.COMPLETED)


def test_a_file_that_was_paid_whole_is_known_again(book: Book) -> None:
    file = file_of("whole")
    pay(book, file)
    noted = remember(book, file)
    assert noted is not None
    found = known(book, file)
    assert found is not None
    assert found == replace(noted, journal=book.batch().journal, proven=True)
    reading, _ = book.ledger.read_journal(book.environment, BATCH)
    assert reading.discrepancies == ()


@pytest.mark.parametrize("name", [name for name in FILES if name != "whole"])
def test_no_other_file_is_known(book: Book, name: str) -> None:
    pay(book, file_of("whole"))
    remember(book, file_of("whole"))
    assert known(book, file_of(name)) is None
    assert known(book, file_of("whole", "with a decimal comma")) is None


def test_whatever_happens_to_the_batch_ends_it(book: Book) -> None:
    file = file_of("whole")
    pay(book, file)
    remember(book, file)
    book.confirm(file)
    assert known(book, file) is None


def test_what_happens_elsewhere_leaves_the_plan_and_ends_the_proof(book: Book) -> None:
    file = file_of("whole")
    pay(book, file)
    remember(book, file)
    book.confirm(sheet(payout("X1", "1.00", email="x@example.com")), "another")
    found = known(book, file)
    assert found is not None
    assert not found.proven


@pytest.mark.parametrize("name", ["edited", "a row gone", "a row more", "an invalid line", "a twin"])
def test_what_is_not_paid_whole_is_not_noted(book: Book, name: str) -> None:
    pay(book, file_of("whole"))
    assert remember(book, file_of(name)) is None
    assert remember(book, sheet(*ROWS)) is None, "nobody has said how it was read"


# Whatever happens, in whatever order: what is remembered is what the plan says.

Act = Callable[[Book], object]


def acts() -> st.SearchStrategy[tuple[str, Act]]:
    names = st.sampled_from(["R1", "R2", "R4", ROWS[2].email or ""])
    files = st.sampled_from(sorted(FILES))
    ends = st.sampled_from([State.COMPLETED, State.COMPLETED, State.FAILED, State.REJECTED, State.UNKNOWN, State.HELD])
    return st.one_of(
        st.tuples(st.just("confirm"), files.map(_confirm)),
        st.tuples(st.just("pay"), st.just(_pay_all)),
        st.tuples(st.just("pay"), st.just(_pay_all)),
        st.tuples(st.just("bring"), st.builds(_bring, names, ends)),
        st.tuples(st.just("reopen"), names.map(lambda name: lambda book: book.reopen(name))),
        st.tuples(st.just("wait"), st.sampled_from([1, 8, 40]).map(lambda days: lambda book: book.pass_days(days))),
        st.tuples(st.just("another"), st.just(_another)),
        st.tuples(st.just("remember"), files.map(lambda name: lambda book: remember(book, file_of(name)))),
        st.tuples(st.just("purge"), st.just(_purge)),
    )


def _confirm(name: str) -> Act:
    return lambda book: book.confirm(file_of(name), accept_missing=True, skip_invalid=True, pay_again=frozenset({"R5"}))


def _bring(name: str, to: State) -> Act:
    return lambda book: book.bring(name, to)


def _pay_all(book: Book) -> None:
    for row in book.batch().rows:
        if row.in_file and row.latest.state in (State.PLANNED, State.HELD, State.ACCEPTED):
            book.bring(row.name, State.COMPLETED)
    for name in FILES:
        remember(book, file_of(name))


def _another(book: Book) -> None:
    book.confirm(sheet(payout(f"X{book.now:%d}", "1.00", email="x@example.com")), "another")


def _purge(book: Book) -> None:
    book.ledger.purge(book.environment, BATCH, by="jo", now=book.now)


@contextmanager
def fresh() -> Iterator[Book]:
    with tempfile.TemporaryDirectory() as folder, Book(Path(folder)) as book:
        yield book


@settings(deadline=None, max_examples=60)
@given(st.lists(acts(), max_size=8))
def test_what_is_remembered_is_what_the_plan_says(history: list[tuple[str, Act]]) -> None:
    with fresh() as book:
        for _, act in [("confirm", _confirm("whole")), ("pay", _pay_all), *history]:
            # What cannot happen in this state does not; what it has begun counts.
            with suppress(BatcherError, IllegalTransition, AssertionError, ValueError, StopIteration):
                act(book)
            for name in FILES:
                file = file_of(name)
                if (found := known(book, file)) is not None:
                    agrees(found, book.plan(file), book)


def agrees(found: Finished, plan: Plan, book: Book) -> None:
    assert {line.standing for line in plan.lines} == {Standing.PAID}
    assert (plan.problems, plan.nothing_to_do, len(plan.lines)) == ((), True, found.rows)
    assert plan.total(Standing.PAID) == found.totals
    assert plan.last_payment_at() == found.last_payment_at
    for days in (0, 6, 8):
        now = book.now + timedelta(days=days)
        assert plan.is_stale(now) == (now - found.last_payment_at > STALE_AFTER)
