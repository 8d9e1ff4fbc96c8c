"""A file that is known to be paid whole: what is remembered of it is what a plan of it says, or nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.ledger.revealing import SEEN
from batcher.model import Sheet
from batcher.planning import Plan, Standing
from batcher.planning.plan import STALE_AFTER
from batcher.records import Finished
from batcher.states import State
from tests.payouts import BATCH, Book, payout, sheet
from tests.planning.histories import BEGINNING, FILES, ROWS, Act, acts, file_of, fresh, happens, remember, see_links
from tests.virtual_time import run


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


@pytest.mark.parametrize("all_of_them", [True, False])
def test_who_has_seen_links_since_changes_nothing(book: Book, all_of_them: bool) -> None:
    file = file_of("whole")
    pay(book, file)
    book.confirm(sheet(payout("X1", "1.00", email="x@example.com")), "another")
    book.bring("X1", State.COMPLETED, batch="another")
    remember(book, file)
    noted = book.batch()
    see_links(book, all_of_them=all_of_them)
    see_links(book, all_of_them=all_of_them, batch="another")
    found = known(book, file)
    assert found is not None
    assert (found.proven, found.journal) == (True, noted.journal)
    assert book.batch().journal != noted.journal, "it is an event all the same"


def test_a_decision_in_the_words_of_that_event_is_one(book: Book) -> None:
    book.confirm(sheet(*ROWS))
    book.bring("R1", State.UNKNOWN)
    before = book.batch()
    run(book.journal().taken_over(before.rows[0].latest.id, "O-9", why=SEEN, at=book.at, by="jo"))
    assert book.batch().last_change == book.batch().journal != before.last_change


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


@settings(deadline=None, max_examples=60)
@given(st.lists(acts(), max_size=8))
def test_what_is_remembered_is_what_the_plan_says(history: list[tuple[str, Act]]) -> None:
    with fresh() as book:
        for _, act in [*BEGINNING, *history]:
            happens(book, act)
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
