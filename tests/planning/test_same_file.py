"""The same file again, and files that differ from it: what is sent, what is withdrawn, what is confirmed."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from batcher import keys
from batcher.errors import OwnFault
from batcher.evidence import Evidence
from batcher.keys import content_digest
from batcher.model import Distribution, Payout
from batcher.planning import Choices, Standing, confirmation, make_plan
from batcher.policy import KEY_LIFE
from batcher.records import InvalidLine, RowEntry
from batcher.states import State
from tests.payouts import BATCH, COLUMNS, ENVIRONMENT, Book, Unreadable, payout, planned, problem, sheet

JO = payout("R1")
ANN = payout("R2", email="ann@example.com")
BO = payout("R3", email="bo@example.com")
NAMELESS = payout(None, email="cy@example.com")
ALL = (JO, ANN, BO, NAMELESS)
NAMELESS_NAME = keys.row_name(keys.identity(NAMELESS))


@pytest.fixture
def paid(book: Book) -> Book:
    """A book in which all four rows are paid."""
    book.confirm(sheet(*ALL))
    for row in book.batch().rows:
        book.bring(row.name, State.COMPLETED)
    return book


def test_the_same_file_sends_nothing(paid: Book) -> None:
    plan = paid.plan(sheet(*ALL))
    assert (plan.to_send, plan.problems) == ((), ())
    assert {line.standing for line in plan.lines} == {Standing.PAID}
    assert plan.nothing_to_do


def test_the_file_renamed_reordered_and_saved_by_another_program_sends_nothing(paid: Book) -> None:
    again = sheet(*reversed(ALL), name="copy of nov (2).csv", first_line=5, encoding="cp1252", delimiter=";")
    plan = paid.plan(again)
    assert (plan.to_send, plan.problems) == ((), ())
    assert [line.name for line in plan.lines] == [NAMELESS_NAME, "R3", "R2", "R1"]


def test_a_row_added_is_one_order(paid: Book) -> None:
    added = payout("R9", email="new@example.com")
    plan = paid.plan(sheet(JO, added, ANN, BO, NAMELESS))
    assert [line.order for line in plan.to_send] == [planned(added)]
    assert plan.problems == ()


def test_a_second_batch_of_the_same_name_is_no_second_payment_after_a_restart(paid: Book) -> None:
    with Book(paid.path.parent) as restarted:
        assert restarted.plan(sheet(*ALL)).to_send == ()


@pytest.mark.parametrize("state", [State.REJECTED, State.FAILED])
def test_a_row_that_was_refused_and_is_mended_gets_a_new_attempt_with_the_mended_body(book: Book, state: State) -> None:
    book.confirm(sheet(JO, ANN))
    book.bring("R1", state)
    mended = payout("R1", "11.00")
    plan = book.confirm(sheet(mended, ANN))
    assert plan.lines[0].standing is Standing.RETRY
    first, second = book.row("R1").attempts
    assert (first.state, first.order) == (state, planned(JO))
    assert (second.state, second.order) == (State.PLANNED, planned(mended, number=2))
    assert first.order.key != second.order.key


def test_a_retry_is_one_attempt_in_a_run_however_often_it_is_planned(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.REJECTED)
    book.confirm(sheet(JO))
    book.confirm(sheet(JO))
    assert [attempt.order.number for attempt in book.row("R1").attempts] == [1, 2]


def test_an_unsent_row_that_was_edited_keeps_its_key_and_gets_its_new_body(book: Book) -> None:
    book.confirm(sheet(JO))
    before = book.row("R1").latest
    plan = book.confirm(sheet(payout("R1", "12.00")))
    (line,) = plan.lines
    assert (line.standing, line.why, line.withdraws) == (Standing.NEW, "changed before it was sent", before.id)
    (after,) = book.row("R1").attempts
    assert (after.id, after.order.key, after.state) == (before.id, before.order.key, State.PLANNED)
    assert after.order == planned(payout("R1", "12.00"))


def test_a_withdrawn_row_that_is_added_again_gets_the_same_key(book: Book) -> None:
    book.confirm(sheet(JO, ANN))
    book.confirm(sheet(ANN))
    assert book.row("R1").latest.state is State.WITHDRAWN
    plan = book.confirm(sheet(payout("R1", "12.00"), ANN))
    assert plan.lines[0].standing is Standing.NEW
    (only,) = book.row("R1").attempts
    assert (only.state, only.order) == (State.PLANNED, planned(payout("R1", "12.00")))


def test_a_retry_that_was_withdrawn_is_planned_again_under_its_own_number(book: Book) -> None:
    book.confirm(sheet(JO, ANN))
    book.bring("R1", State.REJECTED)
    book.confirm(sheet(JO, ANN))
    book.confirm(sheet(ANN))
    plan = book.confirm(sheet(JO, ANN))
    assert (plan.lines[0].standing, plan.lines[0].order) == (Standing.RETRY, planned(JO, number=2))
    assert [one.state for one in book.row("R1").attempts] == [State.REJECTED, State.PLANNED]


def test_a_plan_changes_nothing_in_the_ledger(book: Book) -> None:
    book.confirm(sheet(JO, ANN, BO))
    book.bring("R1", State.COMPLETED)
    book.bring("R2", State.REJECTED)
    before = book.batch()
    book.plan(sheet(ANN, payout("R9"), Unreadable("R3")), skip_invalid=True, accept_missing=True)
    assert book.batch() == before


def test_an_unreadable_line_of_a_paid_row_is_refused_even_where_invalid_ones_are_skipped(paid: Book) -> None:
    """Nobody knows whether the line still means the same payment, or that of somebody else."""
    plan = paid.plan(sheet(Unreadable("R1"), ANN, BO, NAMELESS), skip_invalid=True)
    assert [line.standing for line in plan.lines] == [Standing.EDITED, *[Standing.PAID] * 3]
    assert [(one.line, one.kind) for one in plan.problems] == [(2, "edited")]
    assert plan.lines[0].why == ("paid GBP 10.00 to jo@example.com on 2026-11-03; its line can no longer be read")


def test_an_unreadable_line_of_a_refused_row_leaves_it_until_it_is_mended(book: Book) -> None:
    book.confirm(sheet(JO, ANN))
    book.bring("R1", State.REJECTED)
    book.confirm(sheet(Unreadable("R1"), ANN), skip_invalid=True)
    assert not book.row("R1").in_file
    assert book.plan(sheet(JO, ANN)).lines[0].order == planned(JO, number=2)


def test_an_unreadable_line_of_an_unsent_row_withdraws_it_until_it_is_mended(book: Book) -> None:
    book.confirm(sheet(JO, ANN))
    plan = book.confirm(sheet(Unreadable("R1"), ANN), skip_invalid=True)
    assert [(line.name, line.standing) for line in plan.lines] == [
        ("R1", Standing.INVALID),
        ("R2", Standing.UNSENT),
        ("R1", Standing.WITHDRAWN),
    ]
    assert book.row("R1").latest.state is State.WITHDRAWN
    mended = book.confirm(sheet(JO, ANN))
    assert [line.order for line in mended.to_send] == [planned(JO), None]


OLD = KEY_LIFE.days + 1
UNREAD = Evidence(why_incomplete="the list is longer than 40 pages")
"""Runa's order list could not be read to its end."""


def test_rows_confirmed_so_long_ago_need_the_word_that_they_were_never_sent(book: Book) -> None:
    book.confirm(sheet(JO, ANN))
    book.pass_days(OLD)
    plan = book.plan(sheet(JO, ANN), evidence=UNREAD)
    assert [(one.kind, str(one)) for one in plan.problems] == [
        (
            "old_plan",
            (
                "File: Batch nov was first confirmed over 29 days ago and would send 2 orders, and whether it was sent "
                "from elsewhere cannot be told: the list is longer than 40 pages. Try again in some minutes, or say "
                "--never-sent if no other machine or copy of the ledger sent it."
            ),
        )
    ]
    assert book.plan(sheet(JO, ANN), evidence=UNREAD, never_sent=True).problems == ()


def test_an_order_list_that_was_read_to_its_end_is_as_good_as_that_word(book: Book) -> None:
    book.confirm(sheet(JO, ANN))
    book.pass_days(OLD)
    assert book.plan(sheet(JO, ANN), evidence=Evidence(complete=True, why_incomplete="")).problems == ()


def test_a_batch_that_was_never_sent_from_here_needs_the_word_where_no_list_tells(book: Book) -> None:
    assert [one.kind for one in book.plan(sheet(JO), evidence=UNREAD).problems] == ["never_sent"]
    assert book.plan(sheet(JO), evidence=UNREAD, never_sent=True).problems == ()
    book.confirm(sheet(JO))
    book.bring("R1", State.COMPLETED)
    assert book.plan(sheet(JO, ANN), evidence=UNREAD).problems == ()


def test_rows_confirmed_just_within_a_keys_life_need_no_such_word(book: Book) -> None:
    book.confirm(sheet(JO, ANN))
    book.bring("R1", State.COMPLETED)
    book.pass_days(KEY_LIFE.days)
    assert book.plan(sheet(JO, ANN), evidence=UNREAD).problems == ()


@pytest.mark.parametrize("between", [(ANN,), (payout("R1", "12.00"), ANN)])
def test_an_old_plan_is_no_younger_for_rows_that_were_changed_or_withdrawn(
    book: Book, between: tuple[Payout, ...]
) -> None:
    """The key is the same: under another ledger it may have paid, and been forgotten."""
    book.confirm(sheet(JO, ANN))
    book.bring("R2", State.COMPLETED)
    if JO.reference not in [one.reference for one in between]:
        book.confirm(sheet(*between))
    book.pass_days(OLD)
    changed = sheet(payout("R1", "12.00"), ANN)
    assert [one.kind for one in book.plan(changed, evidence=UNREAD).problems] == ["old_plan"]
    assert book.plan(changed, evidence=UNREAD, never_sent=True).problems == ()


@pytest.mark.parametrize("more", [(JO, ANN), (JO,)], ids=["a row is added", "a row was refused"])
def test_an_old_batch_needs_the_word_for_whatever_it_would_send(book: Book, more: tuple[Payout, ...]) -> None:
    """The ledger may be a copy from before: under keys that it would make now, it may have paid since."""
    book.confirm(sheet(JO))
    book.bring("R1", State.COMPLETED if len(more) > 1 else State.REJECTED)
    book.pass_days(OLD)
    assert [one.kind for one in book.plan(sheet(*more), evidence=UNREAD).problems] == ["old_plan"]
    assert book.plan(sheet(*more), evidence=UNREAD, never_sent=True).problems == ()


def test_a_batch_that_was_confirmed_again_and_again_is_as_old_as_its_first_plan(book: Book) -> None:
    book.confirm(sheet(JO, ANN))
    book.pass_days(20)
    book.confirm(sheet(ANN))
    book.confirm(sheet(JO, ANN))
    book.pass_days(10)
    assert [one.kind for one in book.plan(sheet(JO, ANN), evidence=UNREAD).problems] == ["old_plan"]


def test_an_old_batch_with_nothing_to_send_needs_no_word(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.UNKNOWN)
    book.pass_days(OLD)
    assert book.plan(sheet(JO)).problems == ()


def test_a_link_row_that_is_for_somebody_else_now_is_planned_anew_before_it_is_sent(book: Book) -> None:
    link = payout("R1", distribution=Distribution.PAYOUT_LINK, email="bob@example.com")
    book.confirm(sheet(link))
    plan = book.confirm(sheet(replace(link, email="ann@example.com")))
    assert [line.standing for line in plan.lines] == [Standing.NEW]
    assert "ann@example.com" in book.row("R1").latest.cells


def test_what_is_not_sent_yet_takes_its_cells_from_the_newest_file(book: Book) -> None:
    first = sheet(JO)
    book.confirm(first)
    cells = (*first.rows[0].cells[:-1], "for Ann, not for Bob")
    book.confirm(replace(first, rows=(replace(first.rows[0], cells=cells),)))
    assert book.row("R1").latest.cells == cells


def test_an_order_that_failed_in_another_batch_could_still_come_through(book: Book) -> None:
    book.confirm(sheet(JO), "oct")
    book.bring("R1", State.ACCEPTED, State.FAILED, batch="oct")
    assert [line.standing for line in book.plan(sheet(JO)).lines] == [Standing.DOUBTFUL]


def test_the_window_for_twins_is_counted_from_the_earliest_clock_and_age_from_the_latest(book: Book) -> None:
    book.confirm(sheet(JO), "oct")
    book.bring("R1", State.COMPLETED, batch="oct")
    ahead = book.now + timedelta(days=60)
    plan = make_plan(sheet(JO), book.batch(), book.ledger, choices=Choices(), now=ahead, today=book.now, window_days=20)
    assert [line.standing for line in plan.lines] == [Standing.DOUBTFUL]


def test_a_name_that_last_paid_a_week_ago_and_has_nothing_to_send_is_stale(paid: Book) -> None:
    plan = paid.plan(sheet(*ALL))
    assert not plan.is_stale(paid.now)
    paid.pass_days(7)
    assert not plan.is_stale(paid.now)
    paid.pass_days(0.001)
    assert plan.is_stale(paid.now)
    assert not paid.plan(sheet(*ALL, payout("R9"))).is_stale(paid.now)


def test_totals_are_told_by_currency(book: Book) -> None:
    plan = book.plan(sheet(JO, ANN, payout("R9", "7.50", currency="EUR")))
    assert {currency: str(total) for currency, total in plan.sends_total.items()} == {"EUR": "7.50", "GBP": "20.00"}


def test_a_confirmation_holds_everything_that_a_plan_would_change(book: Book) -> None:
    book.confirm(sheet(JO, ANN, BO, NAMELESS))
    book.bring("R1", State.COMPLETED)
    book.bring("R2", State.REJECTED)
    unsent = book.row("R3").latest.id
    gone = book.row(NAMELESS_NAME).latest.id
    new = payout("R9", email="new@example.com")
    file = sheet(JO, ANN, payout("R3", "5.00", email="bo@example.com"), new, Unreadable("R8"))
    plan = book.plan(file, skip_invalid=True, pay_again=frozenset({"b", "a"}))

    written = confirmation(plan, confirmed_by="jo")
    assert (written.environment, written.batch, written.recipe) == (ENVIRONMENT, BATCH, keys.RECIPE)
    assert (written.file_name, written.file_digest, written.columns) == ("nov.csv", file.digest, COLUMNS)
    assert written.confirmed_by == "jo"
    assert written.choices == {
        "accept_missing": False,
        "pay_again": ["a", "b"],
        "repeats": None,
        "reason": None,
        "retry": True,
        "skip_invalid": True,
        "never_sent": False,
    }
    assert written.entries == tuple(
        RowEntry(
            identity=f"reference:{row.reference}", line=row.line, cells=row.cells, wanted=content_digest(row.payout)
        )
        for row in file.rows[:4]
        if row.payout is not None
    )
    assert written.invalid == (
        InvalidLine(line=6, columns=COLUMNS, cells=file.rows[4].cells, reference="R8", problems=(problem(6),)),
    )
    assert written.orders == (
        planned(ANN, number=2),
        planned(payout("R3", "5.00", email="bo@example.com")),
        planned(new),
    )
    assert sorted(written.withdrawn) == sorted([unsent, gone])


def test_a_plan_with_problems_is_never_confirmed(book: Book) -> None:
    plan = book.plan(sheet(Unreadable("R1")))
    with pytest.raises(OwnFault, match="A plan with problems"):
        confirmation(plan, confirmed_by="jo")


def test_the_digest_of_a_sheet_is_kept(book: Book) -> None:
    """`sheet` of these tests makes one of its rows; two files that differ have two."""
    assert sheet(JO).digest != sheet(ANN).digest
    assert len(sheet(JO).digest) == len(hashlib.sha256().hexdigest())
