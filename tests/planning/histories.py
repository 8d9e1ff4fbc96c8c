"""Histories of one batch: whatever may be done to it, in whatever order."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hypothesis import strategies as st

from batcher.errors import BatcherError
from batcher.model import Payout, Sheet
from batcher.planning import finished
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
    """One of `FILES`."""
    return sheet(*FILES[name], reading=reading)


def remember(book: Book, file: Sheet) -> Finished | None:
    """What a run does at its end."""
    found = finished(book.plan(file), agreements=("All agree.",), list_reading=0)
    if found is not None:
        book.ledger.finish(book.environment, BATCH, found, book.now)
    return found


Act = Callable[[Book], object]


def acts() -> st.SearchStrategy[tuple[str, Act]]:
    """Anything, with a word for it."""
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
        st.tuples(st.just("links seen"), st.sampled_from([True, False]).map(_see)),
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


def _see(all_of_them: bool) -> Act:
    return lambda book: see_links(book, all_of_them=all_of_them)


def see_links(book: Book, *, all_of_them: bool = True, batch: str = BATCH) -> None:
    """Somebody sees links on the page: all at once, or row by row."""
    rows = None if all_of_them else [row.id for row in book.batch(batch).rows]
    book.ledger.note_seen(book.environment, batch, rows, by="zoë", now=book.now)


@contextmanager
def fresh() -> Iterator[Book]:
    """A book of its own."""
    with tempfile.TemporaryDirectory() as folder, Book(Path(folder)) as book:
        yield book


def happens(book: Book, act: Act) -> None:
    """Do it; what cannot happen in this state does not, and what it has begun counts."""
    with suppress(BatcherError, IllegalTransition, AssertionError, ValueError, StopIteration):
        act(book)


BEGINNING: list[tuple[str, Act]] = [("confirm", _confirm("whole")), ("pay", _pay_all)]
"""A file that was paid whole."""
