"""What a plan makes of the order list: rows that are found, kept back, doubtful, or of a batch sent from elsewhere."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from batcher import keys
from batcher.errors import UsageError
from batcher.evidence import Evidence, Found, Stray
from batcher.model import Distribution, Order, Payout, Speaker
from batcher.planning import Choices, Plan, Standing, choices_of, confirmation, make_plan, sheet_of
from batcher.planning.plan import PlanLine
from batcher.policy import KEY_LIFE, Finding
from batcher.records import AttemptRecord, BatchRecord, Kin, SendRecord
from batcher.resending import SETTLE_AFTER
from batcher.states import State
from tests.payouts import (
    BATCH,
    COLUMNS,
    ENVIRONMENT,
    NOW,
    SPEAKER,
    WINDOW_DAYS,
    Unreadable,
    attempt,
    payout,
    planned,
    record_of,
    sheet,
)
from tests.reconcile.case import Case
from tests.reconcile.test_matching import many

JO = payout("R1")
ANN = payout("R2", email="ann@example.com")
NAMELESS = payout(None, email="cy@example.com")
NOBODY = BatchRecord(environment=ENVIRONMENT, name=BATCH)
COMPLETE: dict[str, Any] = {"complete": True, "why_incomplete": ""}
OLD = NOW - KEY_LIFE - timedelta(minutes=1)


class Forgetful:
    """Implements `batcher.ports.Memory`: nothing was ever paid in another batch."""

    def kin(self, *_: object, **__: object) -> list[Kin]:
        return []


def plan_of(
    record: BatchRecord,
    *payouts: Payout | Unreadable,
    told: Evidence | None = None,
    speaker: Speaker | None = None,
    settle_after: timedelta = SETTLE_AFTER,
    **choices: Any,
) -> Plan:
    return make_plan(
        sheet(*payouts),
        record,
        Forgetful(),
        choices=Choices(**choices),
        now=NOW,
        window_days=WINDOW_DAYS,
        evidence=told,
        speaker=speaker,
        settle_after=settle_after,
    )


def line_of(record: BatchRecord, paid: Payout, told: Evidence | None = None, **said: Any) -> PlanLine:
    (line,) = plan_of(record, paid, told=told, **said).lines
    return line


def told(*found: Found, **fields: Any) -> Evidence:
    return Evidence(**(COMPLETE | {"found": found} | fields))


def found(paid: Payout, order_id: str = "O-9", *, number: int = 1, status: str = "COMPLETED") -> Found:
    order = planned(paid, number=number)
    return Found(identity=order.identity, number=number, key=order.key, order_id=order_id, status=status)


def send(cause: str = "no_answer", finding: Finding = Finding.UNUSABLE, **fields: Any) -> SendRecord:
    usual: dict[str, Any] = {"sent_at": NOW - timedelta(hours=1), "speaker": SPEAKER, "answered_at": NOW}
    return SendRecord(finding=finding, cause=cause, **(usual | fields))


DOOR: dict[str, Any] = {"cause": "forbidden", "finding": Finding.TURNED_AWAY}


def problems(plan: Plan) -> list[str]:
    return [problem.kind for problem in plan.problems]


# Found


@pytest.mark.parametrize("paid", [JO, NAMELESS])
@pytest.mark.parametrize("number", [1, 3, 32])
@pytest.mark.parametrize("status", ["PROCESSING", "COMPLETED", "FAILED"])
def test_a_row_that_this_ledger_never_had_and_the_list_has_is_found_under_the_attempt_that_made_it(
    paid: Payout, number: int, status: str
) -> None:
    plan = plan_of(NOBODY, paid, told=told(found(paid, number=number, status=status)))
    (line,) = plan.lines
    assert (line.standing, line.why, line.withdraws) == (Standing.FOUND, "order O-9", None)
    assert line.order == planned(paid, number=number)
    assert (plan.to_send, plan.problems) == ((), ())
    assert plan.needs_look
    assert not plan.nothing_to_do


def test_without_having_asked_nothing_is_found() -> None:
    assert line_of(NOBODY, JO).standing is Standing.NEW


def test_of_several_orders_the_first_that_did_not_fail_is_the_rows() -> None:
    orders = (found(JO, "O-1", status="FAILED"), found(JO, "O-2", number=2), found(JO, "O-3", number=3))
    line = line_of(NOBODY, JO, told(*orders))
    assert (line.why, line.order) == ("order O-2", planned(JO, number=2))


def test_of_several_orders_that_failed_the_last_is_the_rows() -> None:
    orders = (found(JO, "O-1", status="FAILED"), found(JO, "O-2", number=2, status="FAILED"))
    assert line_of(NOBODY, JO, told(*orders)).order == planned(JO, number=2)


@pytest.mark.parametrize(
    "state",
    [State.PLANNED, State.HELD, State.WITHDRAWN, State.SENT, State.UNKNOWN, State.REJECTED, State.ABSENT, State.FAILED],
)
def test_a_row_whose_attempt_has_its_order_in_the_list_alone_is_found_and_nothing_is_planned(state: State) -> None:
    line = line_of(record_of(attempt(state, JO)), JO, told(found(JO)))
    assert (line.standing, line.order, line.withdraws) == (Standing.FOUND, None, None)


@pytest.mark.parametrize("state", [State.ACCEPTED, State.COMPLETED, State.MISMATCH])
def test_a_row_that_has_an_order_is_not_found_again(state: State) -> None:
    line = line_of(record_of(attempt(state, JO, order_id="O-1")), JO, told(found(JO, "O-1"), found(JO, "O-9")))
    assert line.standing in (Standing.PROCESSING, Standing.PAID, Standing.STUCK)


def test_the_order_that_an_attempt_has_is_not_found_elsewhere() -> None:
    line = line_of(record_of(attempt(State.FAILED, JO, order_id="O-1")), JO, told(found(JO, "O-1")))
    assert line.standing is Standing.RETRY


def test_an_order_that_failed_does_not_stop_what_the_ledger_knows() -> None:
    line = line_of(record_of(attempt(State.PLANNED, JO)), JO, told(found(JO, status="FAILED")))
    assert line.standing is Standing.UNSENT


@pytest.mark.parametrize("state", [State.PLANNED, State.HELD])
def test_a_later_attempt_that_the_list_has_is_planned_in_the_place_of_one_that_waits(state: State) -> None:
    line = line_of(record_of(attempt(state, JO)), JO, told(found(JO, number=2)))
    assert (line.standing, line.order, line.withdraws) == (Standing.FOUND, planned(JO, number=2), 1)


@pytest.mark.parametrize("state", [State.REJECTED, State.FAILED, State.ABSENT, State.WITHDRAWN])
def test_a_later_attempt_that_the_list_has_is_planned_after_one_that_is_spent(state: State) -> None:
    line = line_of(record_of(attempt(state, JO)), JO, told(found(JO, number=3)))
    assert (line.standing, line.order, line.withdraws) == (Standing.FOUND, planned(JO, number=3), None)


@pytest.mark.parametrize("state", [State.SENT, State.UNKNOWN])
def test_a_later_attempt_that_the_list_has_beside_one_that_is_unknown_needs_a_person(state: State) -> None:
    line = line_of(record_of(attempt(state, JO)), JO, told(found(JO, number=2)))
    assert (line.standing, line.order) == (Standing.STUCK, None)
    assert line.why == "order O-9 is a later attempt of it"


def test_what_is_found_is_planned_confirmed_taken_over_and_paid_without_an_order(case: Case) -> None:
    order_id = case.order_elsewhere(JO, number=2)
    case.wait(60)
    case.read()
    file = sheet(JO, ANN)
    plan = case.book.plan(file, evidence=case.evidence([JO, ANN]))
    assert [line.standing for line in plan.lines] == [Standing.FOUND, Standing.NEW]
    case.book.ledger.confirm(confirmation(plan, confirmed_by="jo"), fingerprint=SPEAKER.fingerprint, now=case.book.now)
    assert case.settle().taken_over == {"R1": order_id}
    latest = case.book.row("R1").latest
    assert (latest.state, latest.order_id, latest.order.number) == (State.ACCEPTED, order_id, 2)
    assert len(case.live_orders_of(JO)) == 1


# Kept back


@pytest.mark.parametrize(
    ("sends", "why"),
    [
        ([send("idempotency_validation_error")], "Runa has its key with another body"),
        ([send("order_of_another_row")], "Runa answered with the order of another row"),
        ([send(sent_at=OLD)], "its key was first sent over 29 days ago"),
        ([send(server_at=OLD)], "its key was first sent over 29 days ago"),
        (
            [send("http_500", answered_at=NOW - timedelta(minutes=minutes)) for minutes in (30, 20, 10)],
            "Runa repeats the same error (http_500) for its key",
        ),
        (
            [send(), send("insufficient_funds", Finding.REFUSED)],
            "Runa keeps its refusal (insufficient_funds) under its key, whether an order exists or not",
        ),
    ],
)
def test_an_unknown_row_whose_key_is_not_sent_again_is_kept(sends: list[SendRecord], why: str) -> None:
    record = record_of(attempt(State.UNKNOWN, JO, sends=tuple(sends)))
    line = line_of(record, JO)
    assert (line.standing, line.order) == (Standing.KEPT, None)
    assert line.why.startswith(why)
    assert plan_of(record, JO).needs_look


def test_an_unknown_row_is_kept_where_the_run_would_speak_as_somebody_else() -> None:
    record = record_of(attempt(State.UNKNOWN, JO, sends=(send(),)))
    other = replace(SPEAKER, fingerprint="0" * 16)
    assert line_of(record, JO, speaker=SPEAKER).standing is Standing.UNKNOWN
    assert line_of(record, JO).standing is Standing.UNKNOWN
    kept = line_of(record, JO, speaker=other)
    assert (kept.standing, kept.why) == (Standing.KEPT, "it was first sent under another API key")


def test_how_long_equal_errors_must_go_on_is_for_the_settings_to_say() -> None:
    errors = tuple(send("http_500", answered_at=NOW - timedelta(minutes=minutes)) for minutes in (30, 20, 10))
    record = record_of(attempt(State.UNKNOWN, JO, sends=errors))
    assert line_of(record, JO, settle_after=timedelta(minutes=20)).standing is Standing.KEPT
    assert line_of(record, JO, settle_after=timedelta(minutes=21)).standing is Standing.UNKNOWN


def test_an_unknown_row_that_was_edited_is_refused_before_anything_else() -> None:
    record = record_of(attempt(State.UNKNOWN, JO, sends=(send("idempotency_validation_error"),)))
    assert line_of(record, replace(JO, amount=Decimal("11.00"))).standing is Standing.EDITED


# Turned away, long ago


def old(state: State = State.HELD, *, number: int = 1) -> AttemptRecord:
    return attempt(state, JO, number=number, sends=(send(sent_at=OLD, **DOOR),))


def test_a_row_that_was_turned_away_over_29_days_ago_gets_another_key() -> None:
    line = line_of(record_of(old()), JO)
    assert (line.standing, line.order, line.withdraws) == (Standing.RETRY, planned(JO, number=2), 1)
    assert line.why == "turned away before, and its key is over 29 days old"


def test_an_old_row_that_was_withdrawn_gets_another_key_as_well() -> None:
    line = line_of(record_of(old(State.WITHDRAWN)), JO)
    assert (line.standing, line.order, line.withdraws) == (Standing.RETRY, planned(JO, number=2), None)


def test_a_row_that_was_turned_away_lately_keeps_its_key() -> None:
    young = attempt(State.HELD, JO, sends=(send(**DOOR),))
    assert line_of(record_of(young), JO).standing is Standing.UNSENT


def test_a_row_that_was_planned_long_ago_and_never_sent_keeps_its_key() -> None:
    planned_long_ago = replace(attempt(State.PLANNED, JO), planned_at=OLD)
    assert line_of(record_of(planned_long_ago), JO).standing is Standing.UNSENT


def test_no_old_row_gets_another_key_where_no_new_attempts_are_wanted() -> None:
    line = line_of(record_of(old()), JO, retry=False)
    assert (line.standing, line.order, line.withdraws) == (Standing.LEFT, None, None)


def test_an_old_row_is_left_after_its_last_attempt() -> None:
    line = line_of(record_of(old(number=keys.MAX_ATTEMPTS)), JO)
    assert (line.standing, line.why) == (Standing.LEFT, "all 32 attempts are used")


@pytest.mark.parametrize("first", [State.REJECTED, State.FAILED, State.ABSENT])
def test_a_new_attempt_does_not_go_back_to_a_key_that_was_turned_away_long_ago(first: State) -> None:
    record = record_of(attempt(first, JO), old(State.WITHDRAWN, number=2))
    assert line_of(record, JO).order == planned(JO, number=3)
    young = record_of(attempt(first, JO), attempt(State.WITHDRAWN, JO, number=2))
    assert line_of(young, JO).order == planned(JO, number=2)


def test_an_old_row_whose_order_is_found_is_found() -> None:
    assert line_of(record_of(old()), JO, told(found(JO))).standing is Standing.FOUND


# Orders that fit no row


def stray(**fields: Any) -> Stray:
    """An order for somebody who is not in the file."""
    usual: dict[str, Any] = {"order_id": "O-9", "status": "COMPLETED", "reference": "R9"}
    usual["order"] = Order(order_id="O-9", status="COMPLETED", email="gone@example.com")
    return Stray(**(usual | fields))


def test_an_order_that_could_not_be_read_stops_the_run_whatever_was_said() -> None:
    unread = told(strays=(stray(order=None),))
    assert problems(plan_of(NOBODY, JO, told=unread)) == ["order_without_row"]
    assert problems(plan_of(NOBODY, JO, told=unread, accept_missing=True)) == ["order_without_row"]
    gone_on_without = replace(NOBODY, accepted_orders=frozenset({"O-9"}))
    assert problems(plan_of(gone_on_without, JO, told=unread)) == []


def test_an_order_of_the_batch_that_fits_no_row_stops_the_run() -> None:
    plan = plan_of(NOBODY, JO, told=told(strays=(stray(),)))
    (problem,) = plan.problems
    assert problem.kind == "order_without_row"
    assert problem.message == (
        "Order O-9 with reference R9 in Runa's list was made for this batch, and no row of the file fits it."
    )
    assert "--accept-missing" in problem.fix


def test_an_order_that_fits_no_row_may_be_accepted_as_missing() -> None:
    plan = plan_of(NOBODY, JO, told=told(strays=(stray(),)), accept_missing=True)
    assert (problems(plan), len(plan.to_send)) == ([], 1)


def test_the_orders_that_somebody_goes_on_without_are_noted_with_the_plan() -> None:
    strays = (
        stray(),
        stray(order_id="O-8", reference="R1", identity="reference:R1"),
        stray(order_id="O-7", status="FAILED"),
    )
    assert plan_of(NOBODY, JO, told=told(strays=strays)).accepted_orders == ()
    assert plan_of(NOBODY, JO, told=told(strays=strays), accept_missing=True).accepted_orders == ("O-9",)
    meant = plan_of(NOBODY, JO, told=told(strays=strays), pay_again=frozenset({"R1"}))
    assert meant.accepted_orders == ("O-8",)
    assert plan_of(NOBODY, JO, accept_missing=True).accepted_orders == ()


def test_an_order_that_somebody_went_on_without_is_no_problem_again_and_a_new_one_is() -> None:
    record = replace(NOBODY, accepted_orders=frozenset({"O-9"}))
    assert problems(plan_of(record, JO, told=told(strays=(stray(),)))) == []
    (problem,) = plan_of(record, JO, told=told(strays=(stray(), stray(order_id="O-8")))).problems
    assert (problem.kind, "Order O-8 " in problem.message) == ("order_without_row", True)


def test_what_somebody_went_on_without_stays_known_over_all_plans_of_the_batch(case: Case) -> None:
    def confirmed(*strays: Stray, **choices: Any) -> frozenset[str]:
        plan = case.book.plan(sheet(JO), evidence=told(strays=strays), **choices)
        assert plan.problems == ()
        case.book.ledger.confirm(confirmation(plan, confirmed_by="jo"), fingerprint=SPEAKER.fingerprint, now=NOW)
        return case.batch().accepted_orders

    other = stray(order_id="O-8", reference="R1", identity="reference:R1")
    assert confirmed() == frozenset()
    assert confirmed(stray(), accept_missing=True) == {"O-9"}
    assert confirmed(stray()) == {"O-9"}
    assert confirmed(stray(), other, pay_again=frozenset({"R1"})) == {"O-8", "O-9"}
    case.book.bring("R1", State.COMPLETED)
    assert confirmed(stray(), other) == {"O-8", "O-9"}


def test_an_order_that_failed_and_fits_no_row_stops_nothing() -> None:
    strays = (stray(status="FAILED"), stray(status="FAILED", identity="reference:R1"))
    plan = plan_of(NOBODY, JO, told=told(strays=strays))
    assert (problems(plan), len(plan.to_send)) == ([], 1)


STANDINGS: list[tuple[BatchRecord, Standing]] = [
    (NOBODY, Standing.NEW),
    (record_of(attempt(State.REJECTED, JO)), Standing.RETRY),
    (record_of(attempt(State.PLANNED, JO)), Standing.UNSENT),
    (record_of(attempt(State.UNKNOWN, JO, sends=(send(),))), Standing.UNKNOWN),
]


@pytest.mark.parametrize(("record", "standing"), STANDINGS)
def test_a_row_whose_reference_is_in_the_list_under_another_key_is_doubtful(
    record: BatchRecord, standing: Standing
) -> None:
    evidence = told(strays=(stray(reference="R1", identity="reference:R1"),))
    assert line_of(record, JO).standing is standing
    plan = plan_of(record, JO, told=evidence)
    assert [line.standing for line in plan.lines] == [Standing.DOUBTFUL]
    assert problems(plan) == ["doubtful"]
    assert "order O-9 in Runa's list carries this batch and reference, under another key" in plan.problems[0].message
    meant = line_of(record, JO, evidence, pay_again=frozenset({"R1"}))
    assert meant.standing is standing
    assert meant.why.startswith("meant as a further payment, although order O-9")


def test_a_row_that_is_paid_is_not_doubtful_for_another_order_with_its_reference() -> None:
    record = record_of(attempt(State.COMPLETED, JO, order_id="O-1"))
    evidence = told(strays=(stray(identity="reference:R1"),))
    assert line_of(record, JO, evidence).standing is Standing.PAID


LINK = Payout(
    reference="R1",
    amount=Decimal("10.00"),
    currency="GBP",
    products=("AMZ-GB",),
    distribution=Distribution.PAYOUT_LINK,
    email=None,
    recipient_reference=None,
    template=None,
)


@pytest.mark.parametrize(
    ("paid", "order", "doubtful"),
    [
        (JO, {"email": "JO@example.com"}, True),
        (JO, {"email": "ann@example.com", "amount": Decimal("10.00")}, False),
        (JO, {"recipient_reference": "x"}, False),
        (replace(JO, recipient_reference="x-1"), {"recipient_reference": "X-1"}, True),
        (LINK, {"distribution": "PAYOUT_LINK", "amount": Decimal("10.00"), "currency": "GBP"}, True),
        (LINK, {"distribution": "PAYOUT_LINK", "amount": Decimal("10.00"), "currency": "EUR"}, False),
        (LINK, {"distribution": "PAYOUT_LINK", "amount": Decimal("11.00"), "currency": "GBP"}, False),
        (LINK, {"distribution": "EMAIL", "email": "jo@example.com", "amount": Decimal("10.00")}, False),
        (LINK, {"amount": Decimal("10.00")}, True),
        (LINK, {}, False),
    ],
)
def test_an_order_that_fits_no_row_makes_the_row_doubtful_whose_person_it_may_have_paid(
    paid: Payout, order: dict[str, Any], doubtful: bool
) -> None:
    read = Order(order_id="O-9", status="COMPLETED", **order)
    plan = plan_of(NOBODY, paid, told=told(strays=(stray(order=read),)), accept_missing=True)
    (line,) = plan.lines
    assert (line.standing is Standing.DOUBTFUL) is doubtful
    if doubtful:
        assert "carries this batch, fits no row, and may have paid the same person" in line.why


def test_an_unknown_row_is_asked_about_although_somebody_elses_order_went_to_the_same_person() -> None:
    record = record_of(attempt(State.UNKNOWN, JO, sends=(send(),)))
    read = Order(order_id="O-9", status="COMPLETED", email=JO.email)
    assert line_of(record, JO, told(strays=(stray(order=read),)), accept_missing=True).standing is Standing.UNKNOWN


# A batch that may have been sent from elsewhere


BROKEN: dict[str, Any] = {"complete": False, "why_incomplete": "there was no answer"}


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        (NOBODY, "never_sent"),
        (record_of(attempt(State.PLANNED, JO)), "never_sent"),
        (replace(record_of(attempt(State.HELD, JO, sends=(send(**DOOR),))), first_confirmed_at=OLD), "old_plan"),
        (replace(record_of(attempt(State.PLANNED, JO)), first_confirmed_at=OLD), "old_plan"),
    ],
)
def test_a_batch_that_may_have_been_sent_from_elsewhere_is_not_sent_where_the_list_was_not_read(
    record: BatchRecord, kind: str
) -> None:
    plan = plan_of(record, JO, told=told(**BROKEN))
    assert problems(plan) == [kind]
    assert "would send 1 order, and" in plan.problems[0].message
    assert "cannot be told: there was no answer." in plan.problems[0].message
    assert "--never-sent" in plan.problems[0].fix
    assert problems(plan_of(record, JO, told=told(**BROKEN), never_sent=True)) == []
    assert problems(plan_of(record, JO, told=told())) == []
    assert problems(plan_of(record, JO)) == [], "the list was not asked yet"


def test_a_batch_that_was_sent_from_here_lately_goes_on_without_the_list() -> None:
    held = attempt(State.HELD, JO, sends=(send(**DOOR),))
    record = replace(record_of(held), first_confirmed_at=NOW - timedelta(days=28))
    assert problems(plan_of(record, JO, told=told(**BROKEN))) == []


def test_a_batch_that_sends_nothing_needs_no_list() -> None:
    record = replace(record_of(attempt(State.COMPLETED, JO, order_id="O-1")), first_confirmed_at=OLD)
    assert problems(plan_of(record, JO, told=told(**BROKEN))) == []


# What is left of the last plan


def test_the_last_confirmed_file_comes_back_from_the_ledger(case: Case) -> None:
    file = sheet(JO, Unreadable("R7"), ANN, NAMELESS)
    case.book.confirm(file, skip_invalid=True)
    again = sheet_of(case.batch())
    assert [(row.line, row.cells, row.payout, row.reference) for row in again.rows] == [
        (row.line, row.cells, row.payout, row.reference) for row in file.rows
    ]
    assert [row.problems for row in again.rows] == [row.problems for row in file.rows]
    assert (again.name, again.columns) == ("nov.csv", COLUMNS)


def test_a_plan_made_of_it_is_the_plan_that_was_confirmed_and_confirms_as_it(case: Case) -> None:
    case.book.confirm(sheet(JO, Unreadable("R7"), ANN, NAMELESS), skip_invalid=True)
    before = case.batch()
    said = choices_of(before)
    plan = case.book.plan(sheet_of(before), **{name: getattr(said, name) for name in Choices.__dataclass_fields__})
    assert [line.standing for line in plan.lines] == [
        Standing.UNSENT,
        Standing.INVALID,
        Standing.UNSENT,
        Standing.UNSENT,
    ]
    assert (plan.problems, [line.order for line in plan.lines if line.order]) == ((), [])


def test_what_was_gone_from_the_last_file_stays_gone(case: Case) -> None:
    case.confirm(JO, ANN)
    case.book.bring("R2", State.COMPLETED)
    case.confirm(JO, accept_missing=True)
    assert [row.reference for row in sheet_of(case.batch()).rows] == ["R1"]


def test_a_batch_that_was_never_confirmed_has_nothing_left() -> None:
    with pytest.raises(UsageError, match="There is no batch nov"):
        sheet_of(NOBODY)


def test_the_flags_of_the_last_plan_come_back_and_no_new_attempt_is_made() -> None:
    said = Choices(
        accept_missing=False,
        pay_again=frozenset({"R1", "R2"}),
        repeats="oct",
        reason="twice on purpose",
        retry=True,
        skip_invalid=False,
        never_sent=True,
    )
    again = choices_of(replace(NOBODY, choices=said.as_json()))
    kept = replace(said, retry=False, skip_invalid=True, never_sent=False, orders_known=frozenset())
    assert again == kept, "a copy would say it for ever"
    assert choices_of(replace(NOBODY, choices={"accept_missing": True})).accept_missing
    assert choices_of(NOBODY) == Choices(retry=False, skip_invalid=True, orders_known=frozenset())


def test_what_was_said_then_speaks_of_no_order_that_was_found_since() -> None:
    confirmed = replace(NOBODY, last_confirmed_at=NOW, accepted_orders=frozenset({"O-1"}))
    again = choices_of(confirmed)
    assert (again.said_at, again.orders_known) == (NOW, frozenset({"O-1"}))
    nobodys, under_another_key = told(strays=(stray(),)), told(strays=(stray(identity="reference:R1"),))
    for known, of_file, of_row in ((None, [], []), ({"O-9"}, [], []), ({"O-1"}, ["order_without_row"], ["doubtful"])):
        said: dict[str, Any] = {"orders_known": None if known is None else frozenset(known)}
        assert problems(plan_of(NOBODY, JO, told=nobodys, accept_missing=True, **said)) == of_file
        assert problems(plan_of(NOBODY, JO, told=under_another_key, pay_again=frozenset({"R1"}), **said)) == of_row


@pytest.mark.parametrize("state", [State.REJECTED, State.FAILED, State.ABSENT])
def test_what_was_refused_or_failed_is_left_when_a_batch_is_resumed(state: State) -> None:
    record = replace(record_of(attempt(state, JO)), last_confirmed_at=NOW)
    said = choices_of(record)
    assert line_of(record, JO, retry=said.retry).standing is Standing.LEFT


# Many


def test_thousands_of_rows_are_planned_beside_as_many_orders() -> None:
    _, payouts = many(2_000)
    half = [found(paid, f"O-{nth}") for nth, paid in enumerate(payouts) if nth % 2]
    strays = tuple(stray(order_id=f"S-{nth}", reference=f"X{nth}") for nth in range(2_000))
    evidence = told(*half, strays=strays)
    plan = plan_of(NOBODY, *payouts, told=evidence)
    assert (len(plan.of(Standing.FOUND)), len(plan.of(Standing.NEW))) == (1_000, 1_000)


def unfinished_beside(*found: Found, **more: Any) -> Evidence:
    return Evidence(found=found, open_orders=frozenset({"O-X"}), unfinished=frozenset({"O-X"}), **COMPLETE, **more)


def test_new_rows_wait_for_unfinished_orders_where_another_ledger_has_sent_the_batch() -> None:
    """One of them may be that of a row that has another name now: its tag shows only once it is finished."""
    told = unfinished_beside(found_of(JO))
    plan = plan_of(NOBODY, JO, ANN, told=told)
    assert [one.kind for one in plan.problems] == ["orders_unfinished"]
    assert "may be that of 'R2' under another name" in plan.problems[0].message
    assert plan_of(NOBODY, JO, ANN, told=told, never_sent=True).problems == ()
    assert plan_of(NOBODY, JO, told=told).problems == ()
    assert plan_of(NOBODY, JO, ANN, told=replace(told, unfinished=frozenset())).problems == ()


def test_new_rows_wait_for_unfinished_orders_where_the_ledger_is_new() -> None:
    told = unfinished_beside(ledger_is_new=True)
    assert [one.kind for one in plan_of(NOBODY, JO, told=told).problems] == ["orders_unfinished"]
    assert plan_of(NOBODY, JO, told=told, never_sent=True).problems == ()
    sent = record_of(attempt(State.UNKNOWN, JO, sends=(send(),)))
    assert plan_of(sent, JO, ANN, told=told).problems == ()


def test_unfinished_orders_of_others_stop_nothing_where_only_this_ledger_has_sent_the_batch() -> None:
    assert plan_of(NOBODY, JO, ANN, told=unfinished_beside()).problems == ()
    sent = record_of(attempt(State.ACCEPTED, JO, sends=(send(),)))
    assert plan_of(sent, JO, ANN, told=unfinished_beside(found_of(JO))).problems == ()


def found_of(payout_: Payout) -> Found:
    order = planned(payout_)
    return Found(identity=order.identity, number=1, key=order.key, order_id="O-1", status="COMPLETED")
