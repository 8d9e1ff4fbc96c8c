"""What a person decides: the order is the row's, or the row was never paid. The journal knows who said so, and why."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from batcher.errors import StoppedEarly, UsageError
from batcher.evidence import Evidence, Found
from batcher.ledger.tables import attempts
from batcher.lifecycle import settle
from batcher.model import Distribution, Payout
from batcher.reconcile import accept_order, declare_never_created
from batcher.records import AttemptRecord
from batcher.states import RESULT_WORDS, State
from tests.payouts import payout, planned
from tests.reconcile.case import Case
from tests.reconcile.conftest import Opening

JO = payout("R1")
ANN = payout("R2", email="ann@example.com")


def accept(case: Case, order_id: str, name: str = "R1", reason: str = "seen in the portal") -> AttemptRecord:
    writes = case.book.journal()
    return case.do(
        accept_order(
            case.book.row(name),
            order_id,
            api=case.port,
            docket=writes,
            journal=writes,
            at=case.clock.instant(),
            by="jo",
            reason=reason,
            owner_of=lambda key: owner_in(case, key),
        )
    )


def owner_in(case: Case, key: str) -> str | None:
    """The row of the batch that has this key."""
    names = [row.name for row in case.batch().rows if key in {one.order.key for one in row.attempts}]
    return f"'{names[0]}'" if names else None


def declare(case: Case, name: str = "R1", **told: Any) -> AttemptRecord:
    return case.do(
        declare_never_created(
            case.book.row(name),
            Evidence(**told) if told else case.evidence(),
            docket=case.book.journal(),
            at=case.clock.instant(),
            by="jo",
            reason="Runa's support says so",
        )
    )


@pytest.fixture
def unknown(opening: Opening) -> Case:
    """R1 was sent and its answer lost; its order is there. R2 waits."""
    case = opening(lost_reply={"overall": [1]})
    case.confirm(JO, ANN)
    case.send("R1")
    case.wait(60)
    return case


def order_of(case: Case, paid: Payout) -> str:
    (order_id,) = case.live_orders_of(paid)
    return order_id


def test_an_unknown_row_is_paid_by_the_order_that_a_person_names(unknown: Case) -> None:
    order_id = order_of(unknown, JO)
    assert accept(unknown, order_id).state is State.COMPLETED
    latest = unknown.book.row("R1").latest
    assert (latest.state, latest.order_id) == (State.COMPLETED, order_id)
    assert latest.price == Decimal("9.80")


def test_the_journal_has_the_person_the_time_and_the_reason(unknown: Case) -> None:
    order_id = order_of(unknown, JO)
    accept(unknown, order_id)
    steps = unknown.journal("R1")
    assert (
        "ACCEPTED",
        f"decided that order {order_id} is this row's: seen in the portal",
        "jo",
    ) in steps
    assert steps[-1][0] == "COMPLETED"


def test_an_order_that_is_not_finished_is_taken_and_followed_later(opening: Opening) -> None:
    case = opening(lost_reply={"overall": [1]})
    slow = payout("R1", email="stuck@example.com")
    case.confirm(slow)
    case.send("R1")
    assert accept(case, order_of(case, slow)).state is State.ACCEPTED
    assert case.book.row("R1").latest.state is State.ACCEPTED


def test_an_order_that_failed_leaves_the_row_failed(opening: Opening) -> None:
    case = opening(lost_reply={"overall": [1]})
    failing = payout("R1", email="fail-full@example.com")
    case.confirm(failing)
    case.send("R1")
    case.wait(60)
    said = case.sandbox.dump(case.now_s)["orders"]
    assert isinstance(said, list)
    assert accept(case, said[0]["id"]).state is State.FAILED


def test_an_order_that_is_not_the_rows_is_free_again_once_the_row_was_declared_never_created(unknown: Case) -> None:
    (somebodys,) = unknown.foreign(email="somebody@example.com", description="Christmas")
    unknown.wait(60)
    assert accept(unknown, somebodys).state is State.MISMATCH
    declare(unknown)
    latest = unknown.book.row("R1").latest
    assert (latest.state, latest.order_id) == (State.ABSENT, None)


def test_the_rows_own_order_stays_with_it_when_somebody_says_it_was_never_created(opening: Opening) -> None:
    case = opening(error_unmade_stored={"overall": [1]})
    case.confirm(JO)
    case.send("R1")
    own = case.order_elsewhere(replace(JO, amount=Decimal("12.00")), number=2)
    case.wait(60)
    assert accept(case, own).state is State.MISMATCH
    case.read()
    declare(case)
    assert case.book.row("R1").latest.order_id == own


def test_an_order_that_failed_and_says_nothing_more_settles_no_row(unknown: Case) -> None:
    (somebodys,) = unknown.foreign(email="fail@example.com")
    unknown.wait(60)
    with pytest.raises(UsageError, match="failed and does not say whose it is"):
        accept(unknown, somebodys)
    assert unknown.book.row("R1").latest.state is State.UNKNOWN


def test_an_order_that_contradicts_the_row_is_quarantined_first_and_taken_when_it_is_said_again(unknown: Case) -> None:
    other = unknown.order_elsewhere(replace(JO, amount=Decimal("12.00")), number=2)
    unknown.wait(60)
    assert accept(unknown, other).state is State.MISMATCH
    row = unknown.book.row("R1").latest
    assert (row.state, row.order_id, row.redemption_url) == (State.MISMATCH, other, None)
    assert row.error_message == "The order contradicts the row: it differs in amount, idempotency key."
    assert accept(unknown, other, reason="agreed with Jo").state is State.COMPLETED
    assert unknown.book.row("R1").latest.state is State.COMPLETED
    steps = unknown.journal("R1")
    assert [step[0] for step in steps[-4:]] == ["ACCEPTED", "MISMATCH", "ACCEPTED", "COMPLETED"]
    assert steps[-2] == ("ACCEPTED", f"decided that order {other} is this row's: agreed with Jo", "jo")
    assert steps[-1][1] == "read back: taken by a person although it differs in amount, idempotency key"


def test_another_order_than_the_one_in_quarantine_is_looked_at_anew(unknown: Case) -> None:
    first = unknown.order_elsewhere(replace(JO, amount=Decimal("12.00")), number=2)
    second = unknown.order_elsewhere(replace(JO, amount=Decimal("13.00")), number=3)
    unknown.wait(60)
    accept(unknown, first)
    assert accept(unknown, second).state is State.MISMATCH
    assert unknown.book.row("R1").latest.order_id == second
    assert accept(unknown, order_of_key(unknown, JO)).state is State.COMPLETED


def order_of_key(case: Case, paid: Payout) -> str:
    said = case.sandbox.dump(case.now_s)["orders"]
    assert isinstance(said, list)
    return str(next(order["id"] for order in said if order["idempotency_key"] == planned(paid).key))


def test_an_order_in_quarantine_that_is_not_finished_stays_to_be_followed(opening: Opening) -> None:
    case = opening(lost_reply={"overall": [1]})
    case.confirm(JO)
    case.send("R1")
    other = case.order_elsewhere(replace(JO, amount=Decimal("12.00"), email="stuck@example.com"), number=2)
    case.book.bring("R1", State.MISMATCH)
    assert accept(case, other).state is State.ACCEPTED


def test_an_order_whose_link_another_row_has_is_quarantined_even_when_it_is_said_twice(opening: Opening) -> None:
    case = opening(lost_reply={"overall": [2]})
    link = {"distribution": Distribution.PAYOUT_LINK}
    case.confirm(payout("R1", **link), payout("R2", email="ann@example.com", **link))
    first = case.send("R1").latest
    case.send("R2")
    case.wait(60)
    accept_link(case, first)
    other = order_of(case, payout("R2"))
    taken = case.do(case.port.read(other)).order
    assert taken is not None
    assert taken.redemption_url is not None
    with case.book.ledger._engine.begin() as connection:  # noqa: SLF001 - Runa would have to give a link twice
        connection.execute(
            update(attempts).where(attempts.c.id == first.id).values(redemption_url=taken.redemption_url)
        )
    assert accept(case, other, "R2").state is State.MISMATCH
    assert case.book.row("R2").latest.redemption_url is None


def accept_link(case: Case, attempt: AttemptRecord) -> None:
    assert attempt.order_id is not None
    order = case.do(case.port.read(attempt.order_id)).order
    assert order is not None
    case.do(settle(attempt, order, journal=case.book.journal(), at=case.clock.instant()))


def test_the_order_of_another_row_is_refused_and_nothing_changes(unknown: Case) -> None:
    theirs = unknown.send("R2").latest.order_id or ""
    unknown.wait(60)
    before = unknown.batch()
    with pytest.raises(UsageError, match=f"Order {theirs} carries the key of 'R2', so it is that row's"):
        accept(unknown, theirs)
    assert unknown.batch() == before


def test_an_order_with_the_key_of_another_row_is_refused_even_while_that_row_has_none(opening: Opening) -> None:
    case = opening(lost_reply={"overall": [1, 2]})
    case.confirm(JO, ANN)
    case.send("R1")
    case.send("R2")
    case.wait(60)
    theirs = order_of(case, ANN)
    before = case.batch()
    with pytest.raises(UsageError, match=f"Order {theirs} carries the key of 'R2', so it is that row's") as refused:
        accept(case, theirs)
    assert "`batcher reconcile`" in refused.value.fix
    assert case.batch() == before
    assert accept(case, theirs, "R2").state is State.COMPLETED


def test_an_order_with_the_key_of_an_earlier_attempt_of_another_row_is_that_rows_too(opening: Opening) -> None:
    case = opening(lost_reply={"overall": [1, 2]})
    case.confirm(JO, ANN)
    case.send("R1")
    case.send("R2")
    case.wait(60)
    theirs = order_of(case, ANN)
    declare(case, "R2")
    case.confirm(JO, ANN)
    assert case.book.row("R2").latest.order.number == 2
    with pytest.raises(UsageError, match=f"Order {theirs} carries the key of 'R2'"):
        accept(case, theirs)


def test_an_order_under_nobodys_key_that_a_person_gave_to_another_row_is_refused(opening: Opening) -> None:
    case = opening(lost_reply={"overall": [1, 2]})
    case.confirm(JO, ANN)
    case.send("R1")
    case.send("R2")
    stray = case.order_elsewhere(replace(ANN, amount=Decimal("12.00")), number=2)
    case.wait(60)
    assert accept(case, stray, "R2").state is State.MISMATCH
    before = case.batch()
    with pytest.raises(UsageError, match=f"Order {stray} is another row's already"):
        accept(case, stray)
    assert case.batch() == before


def test_an_order_that_cannot_be_read_changes_nothing(unknown: Case) -> None:
    before = unknown.batch()
    with pytest.raises(UsageError, match="Runa knows no order O-NONE in this environment; nothing was changed") as no:
        accept(unknown, "O-NONE")
    assert no.value.fix == "Check the id in Runa's portal."
    assert unknown.batch() == before
    unknown.sandbox.change({"get_hang": {"probability": 1.0}})
    with pytest.raises(StoppedEarly, match="no answer"):
        accept(unknown, order_of(unknown, JO))
    assert unknown.batch() == before


@pytest.mark.parametrize(
    "state", [State.PLANNED, State.HELD, State.ACCEPTED, State.COMPLETED, State.FAILED, State.REJECTED]
)
def test_a_row_that_is_neither_unknown_nor_in_quarantine_is_not_decided(case: Case, state: State) -> None:
    case.confirm(JO)
    if state is not State.PLANNED:
        case.book.bring("R1", state)
    before = case.batch()
    word = RESULT_WORDS[state]
    with pytest.raises(UsageError, match=f"'R1' is {word}: there is nothing to decide"):
        accept(case, "O-1")
    with pytest.raises(UsageError, match=f"'R1' is {word}: there is nothing to decide"):
        declare(case, complete=True)
    assert case.batch() == before


# Never created


def test_a_person_may_say_that_no_order_was_made_and_the_row_gets_another_key(opening: Opening) -> None:
    case = opening(hang_before={"overall": [1]})
    case.confirm(JO)
    case.send("R1")
    case.read()
    assert declare(case).state is State.ABSENT
    latest = case.book.row("R1").latest
    assert latest.error_message == "No order was made: a person decided so (Runa's support says so)."
    assert case.journal("R1")[-1] == ("ABSENT", "a person decided so (Runa's support says so)", "jo")
    case.confirm(JO)
    assert case.book.row("R1").latest.order == planned(JO, number=2)


def test_a_row_of_which_a_person_said_too_early_that_it_was_never_created_may_be_given_its_order(
    unknown: Case,
) -> None:
    order_id = order_of(unknown, JO)
    assert declare(unknown).state is State.ABSENT
    assert accept(unknown, order_id, reason="found after all").state is State.COMPLETED
    latest = unknown.book.row("R1").latest
    assert (latest.state, latest.order_id, latest.order.number) == (State.COMPLETED, order_id, 1)
    assert [step[0] for step in unknown.journal("R1")[-3:]] == ["ABSENT", "ACCEPTED", "COMPLETED"]


def test_what_was_said_to_be_never_created_is_not_said_twice(unknown: Case) -> None:
    declare(unknown)
    before = unknown.batch()
    with pytest.raises(UsageError, match=f"'R1' is {RESULT_WORDS[State.ABSENT]}: there is nothing to decide"):
        declare(unknown)
    assert unknown.batch() == before


def test_where_the_list_shows_an_order_of_the_row_it_was_created(unknown: Case) -> None:
    unknown.read()
    before = unknown.batch()
    order_id = order_of(unknown, JO)
    with pytest.raises(UsageError, match=f"Order {order_id} in Runa's list carries the key of 'R1'") as refused:
        declare(unknown)
    assert f"--order {order_id}" in refused.value.fix
    assert unknown.batch() == before


def found(order_id: str, status: str = "COMPLETED") -> Found:
    order = planned(JO)
    return Found(identity=order.identity, number=1, key=order.key, order_id=order_id, status=status)


def test_an_order_of_the_row_that_failed_is_no_contrary(unknown: Case) -> None:
    assert declare(unknown, found=(found("O-9", "FAILED"),)).state is State.ABSENT


def test_the_order_in_quarantine_itself_is_no_contrary_but_another_one_is(case: Case) -> None:
    case.confirm(JO)
    quarantined = case.book.bring("R1", State.MISMATCH).latest.order_id or ""
    with pytest.raises(UsageError, match="O-9"):
        declare(case, found=(found(quarantined), found("O-9")))
    assert declare(case, found=(found(quarantined),)).state is State.ABSENT


def test_the_order_of_an_earlier_attempt_that_a_person_took_from_the_row_is_no_contrary(case: Case) -> None:
    case.confirm(JO)
    first = case.book.bring("R1", State.MISMATCH).latest.order_id or ""
    declare(case, found=(found(first),))
    case.confirm(JO)
    case.book.bring("R1", State.UNKNOWN)
    assert declare(case, found=(found(first),)).state is State.ABSENT
