"""What a run would do with each row, one test for each standing, and the sentence that goes with it."""

from typing import Any

import pytest

from batcher import keys
from batcher.model import Distribution, Sheet
from batcher.planning import Choices, Plan, PlanLine, Standing, make_plan
from batcher.planning.planner import describe
from batcher.records import BatchRecord, RowRecord
from batcher.states import PAID_OR_OPEN, SPENT, State
from tests.payouts import NOW, Book, Unreadable, attempt, payout, planned, record_of, sheet

JO = payout("R1")


class NothingElsewhere:
    """Implements `batcher.ports.Memory`: no other batch paid anything."""

    def kin(self, *_: object, **__: object) -> tuple[()]:
        return ()


def plan_of(file: Sheet, record: BatchRecord) -> Plan:
    """A plan from records alone, for what no run can bring about today."""
    return make_plan(file, record, NothingElsewhere(), choices=Choices(), now=NOW, window_days=20)


def only_line(plan: Plan) -> PlanLine:
    (line,) = plan.lines
    return line


def told(plan: Plan) -> list[tuple[int | None, str, str]]:
    """Line, kind and words of every problem."""
    return [(one.line, one.kind, f"{one.message} {one.fix}") for one in plan.problems]


def test_a_row_that_nobody_knows_is_new_and_gets_its_first_key(book: Book) -> None:
    line = only_line(book.plan(sheet(JO)))
    assert (line.standing, line.name, line.line, line.why) == (Standing.NEW, "R1", 2, "")
    assert line.order == planned(JO)
    assert line.withdraws is None


@pytest.mark.parametrize("state", [State.REJECTED, State.FAILED])
def test_a_row_that_was_refused_or_failed_is_retried_under_the_next_key(book: Book, state: State) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", state)
    line = only_line(book.plan(sheet(JO)))
    assert line.standing is Standing.RETRY
    assert line.order == planned(JO, number=2)
    assert (
        line.why
        == {
            State.REJECTED: "rejected: validation_error",
            State.FAILED: "failed: order_failed",
        }[state]
    )


def test_a_row_that_is_proven_absent_is_retried_under_the_next_key() -> None:
    line = only_line(plan_of(sheet(JO), record_of(attempt(State.ABSENT, JO))))
    assert (line.standing, line.why) == (Standing.RETRY, "its order was never made")
    assert line.order == planned(JO, number=2)


@pytest.mark.parametrize("states", [[], [State.HELD]])
def test_a_row_that_was_confirmed_and_not_taken_in_keeps_its_attempt(book: Book, states: list[State]) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", *states)
    line = only_line(book.plan(sheet(JO)))
    assert (line.standing, line.order, line.withdraws) == (Standing.UNSENT, None, None)


@pytest.mark.parametrize(
    ("state", "standing"),
    [
        (State.SENT, Standing.UNKNOWN),
        (State.UNKNOWN, Standing.UNKNOWN),
        (State.ACCEPTED, Standing.PROCESSING),
        (State.COMPLETED, Standing.PAID),
        (State.MISMATCH, Standing.STUCK),
    ],
)
def test_a_row_that_is_paid_or_may_be_gets_no_order(book: Book, state: State, standing: Standing) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", state)
    plan = book.plan(sheet(JO))
    assert (only_line(plan).standing, only_line(plan).order) == (standing, None)
    assert plan.problems == ()
    assert plan.to_send == ()


def test_every_state_has_its_standing() -> None:
    """None is forgotten: the lists above, `SPENT`, and what was never taken in."""
    assert {State.SENT, State.UNKNOWN, State.ACCEPTED, State.COMPLETED, State.MISMATCH} == PAID_OR_OPEN
    assert {State.REJECTED, State.FAILED, State.ABSENT} == SPENT
    assert set(State) == PAID_OR_OPEN | SPENT | {State.PLANNED, State.HELD, State.WITHDRAWN}


def test_an_order_that_contradicts_its_row_says_so(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.MISMATCH)
    assert only_line(book.plan(sheet(JO))).why == "The order contradicts the row: read."


def test_a_row_is_stuck_while_an_earlier_attempt_is_not_settled() -> None:
    """A ledger that no run leaves behind: were there one, it would get no third order."""
    record = record_of(attempt(State.PLANNED, JO), attempt(State.REJECTED, JO, number=2))
    line = only_line(plan_of(sheet(JO), record))
    assert (line.standing, line.order) == (Standing.STUCK, None)
    assert line.why == "an earlier attempt is not settled"


def test_without_retry_a_refused_row_is_left_as_it_is(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.REJECTED)
    line = only_line(book.plan(sheet(JO), retry=False))
    assert (line.standing, line.order, line.why) == (Standing.LEFT, None, "rejected: validation_error")


def test_a_row_whose_attempts_are_used_up_is_left_and_says_so() -> None:
    attempts = [attempt(State.REJECTED, JO, number=number) for number in range(1, keys.MAX_ATTEMPTS + 1)]
    line = only_line(plan_of(sheet(JO), record_of(*attempts)))
    assert (line.standing, line.order) == (Standing.LEFT, None)
    assert line.why == "rejected: no reason given; all 32 attempts are used"
    last_but_one = only_line(plan_of(sheet(JO), record_of(*attempts[:-1])))
    assert last_but_one.order == planned(JO, number=32)


def test_an_unreadable_line_is_invalid_and_stops_all(book: Book) -> None:
    plan = book.plan(sheet(payout("R2"), Unreadable("R1"), Unreadable()))
    assert [(line.standing, line.name, line.line) for line in plan.lines] == [
        (Standing.NEW, "R2", 2),
        (Standing.INVALID, "R1", 3),
        (Standing.INVALID, "line 4", 4),
    ]
    assert plan.lines[1].why == "Line 3, amount 'ten': This is no amount. Write digits."
    assert [(one.line, one.kind) for one in plan.problems] == [(3, "amount_not_a_number"), (4, "amount_not_a_number")]


def test_told_to_skip_what_is_invalid_the_others_are_sent(book: Book) -> None:
    plan = book.plan(sheet(payout("R2"), Unreadable("R1")), skip_invalid=True)
    assert plan.problems == ()
    assert [line.name for line in plan.to_send] == ["R2"]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.COMPLETED, "paid GBP 10.00 to jo@example.com on 2026-11-03"),
        (State.ACCEPTED, "being paid GBP 10.00 to jo@example.com on 2026-11-03"),
        (State.UNKNOWN, "perhaps paid GBP 10.00 to jo@example.com on 2026-11-03"),
        (State.MISMATCH, "perhaps paid GBP 10.00 to jo@example.com on 2026-11-03"),
    ],
)
def test_a_paid_or_open_row_that_was_edited_is_named_and_refused(book: Book, state: State, words: str) -> None:
    book.confirm(sheet(payout("R0"), JO))
    book.bring("R1", state)
    plan = book.plan(sheet(payout("R1", "12.00", email="ann@example.com"), payout("R0")))
    assert (plan.lines[0].standing, plan.lines[0].order) == (Standing.EDITED, None)
    changes = "amount 10.00 is now 12.00, email jo@example.com is now ann@example.com"
    assert told(plan) == [
        (
            2,
            "edited",
            (
                f"'R1' of batch nov was {words}; {changes}. Put the row back as it was; if the difference is to be "
                "paid as well, add a row for it with a reference of its own."
            ),
        )
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"products": ("AIRBNB-GB", "AMZ-GB")}, "products AMZ-GB is now AIRBNB-GB|AMZ-GB"),
        ({"template": "T-1"}, "template empty is now T-1"),
        ({"currency": "EUR"}, "currency GBP is now EUR"),
    ],
)
def test_whatever_was_edited_is_named(book: Book, changes: dict[str, Any], words: str) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.COMPLETED)
    line = only_line(book.plan(sheet(payout("R1", **changes))))
    assert line.standing is Standing.EDITED
    assert line.why.endswith(f"; {words}")


def test_a_link_that_was_paid_to_nobody_in_particular_is_described_so(book: Book) -> None:
    link = payout("R1", distribution=Distribution.PAYOUT_LINK, email=None)
    book.confirm(sheet(link))
    assert describe(book.bring("R1", State.COMPLETED)) == "paid GBP 10.00 to a link on 2026-11-03"


def test_the_same_address_in_other_letters_is_no_edit(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.COMPLETED)
    assert only_line(book.plan(sheet(payout("R1", email="Jo@example.com")))).standing is Standing.PAID


def test_a_paid_row_that_is_gone_is_missing_and_refused(book: Book) -> None:
    book.confirm(sheet(JO, payout("R2", email="ann@example.com")))
    book.bring("R2", State.COMPLETED)
    plan = book.plan(sheet(JO))
    assert (plan.lines[1].standing, plan.lines[1].line) == (Standing.MISSING, None)
    assert told(plan) == [
        (
            None,
            "missing",
            (
                "'R2' (line 3 when it was confirmed) of batch nov was paid GBP 10.00 to ann@example.com on 2026-11-03, "
                "and the file no longer has it. Put the row back, or run again with --accept-missing if it is gone on "
                "purpose."
            ),
        )
    ]


def test_a_row_accepted_as_gone_is_not_asked_about_again(book: Book) -> None:
    book.confirm(sheet(JO, payout("R2", email="ann@example.com")))
    book.bring("R2", State.COMPLETED)
    plan = book.confirm(sheet(JO), accept_missing=True)
    assert plan.lines[1].standing is Standing.GONE
    again = book.plan(sheet(JO))
    assert again.problems == ()
    assert (again.lines[1].standing, again.lines[1].name) == (Standing.GONE, "R2")


def test_a_row_that_came_back_and_is_gone_again_is_asked_about_again(book: Book) -> None:
    both = sheet(JO, payout("R2", email="ann@example.com"))
    book.confirm(both)
    book.bring("R2", State.COMPLETED)
    book.confirm(sheet(JO), accept_missing=True)
    book.confirm(both)
    assert [one.kind for one in book.plan(sheet(JO)).problems] == ["missing"]


def test_an_unsent_row_that_is_gone_is_withdrawn(book: Book) -> None:
    book.confirm(sheet(JO, payout("R2")))
    plan = book.plan(sheet(JO))
    assert plan.problems == ()
    assert (plan.lines[1].standing, plan.lines[1].withdraws) == (Standing.WITHDRAWN, book.row("R2").latest.id)


@pytest.mark.parametrize("state", [State.REJECTED, State.FAILED])
def test_a_row_that_paid_nothing_and_is_gone_is_only_listed(book: Book, state: State) -> None:
    book.confirm(sheet(JO, payout("R2", email="ann@example.com")))
    book.bring("R2", state)
    plan = book.plan(sheet(JO))
    assert plan.problems == ()
    assert (plan.lines[1].standing, plan.lines[1].why) == (Standing.GONE, state.value)


def test_an_order_that_no_longer_failed_is_where_the_row_stands(book: Book) -> None:
    """Whatever was refused after it: the older order may pay, so nothing newer may be made."""
    book.confirm(sheet(JO))
    book.bring("R1", State.FAILED)
    book.confirm(sheet(JO))
    book.bring("R1", State.REJECTED)
    book.confirm(sheet(JO))
    book.reopen("R1")
    assert only_line(book.plan(sheet(JO))).standing is Standing.PROCESSING
    book.bring("R1", State.COMPLETED)
    assert only_line(book.plan(sheet(JO))).standing is Standing.PAID
    renamed = book.plan(sheet(payout("R1-again")))
    assert [line.standing for line in renamed.lines] == [Standing.DOUBTFUL, Standing.MISSING]


def test_the_row_that_stands_nowhere_else_stands_with_its_last_withdrawn_attempt() -> None:
    record = record_of(attempt(State.WITHDRAWN, JO), attempt(State.WITHDRAWN, JO, number=2))
    row: RowRecord = record.rows[0]
    assert row.latest.order.number == 2
