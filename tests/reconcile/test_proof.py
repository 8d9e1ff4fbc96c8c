"""The closing proof: what agrees, what does not, and what could not be compared, each with its figures."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from batcher.evidence import Evidence, Found, KeptOrder, Stray
from batcher.reconcile import BalanceChange, Proof, closing_proof
from batcher.records import BatchRecord, InvalidLine, RowRecord
from batcher.states import State
from tests.payouts import BATCH, ENVIRONMENT, attempt, payout, planned

COMPLETE: dict[str, Any] = {"complete": True, "why_incomplete": ""}
PRICE = Decimal("9.80")


def row(name: str, state: State, **fields: Any) -> RowRecord:
    """A row with one attempt; it has the order `O-<name>` where its state says that there is one."""
    in_file = fields.pop("in_file", True)
    usual: dict[str, Any] = {}
    if state in (State.ACCEPTED, State.MISMATCH, State.COMPLETED, State.FAILED):
        usual["order_id"] = f"O-{name}"
    if state is State.COMPLETED:
        usual["price"] = PRICE
    one = attempt(state, payout(name), **(usual | fields))
    return RowRecord(id=1, identity=one.order.identity, line=2, in_file=in_file, columns=(), cells=(), attempts=(one,))


def batch(*rows: RowRecord, **fields: Any) -> BatchRecord:
    usual: dict[str, Any] = {"file_rows": sum(each.in_file for each in rows)}
    return BatchRecord(environment=ENVIRONMENT, name=BATCH, rows=rows, **(usual | fields))


def kept(order_id: str, price: Decimal | None = PRICE, reading: int = 1) -> KeptOrder:
    return KeptOrder(
        order_id=order_id, status="COMPLETED", price=price, currency="GBP", first_reading=reading, last_reading=reading
    )


def proven(record: BatchRecord, *orders: KeptOrder, change: BalanceChange | None = None, **told: Any) -> Proof:
    evidence = Evidence(**(COMPLETE | told))
    return closing_proof(record, evidence, {order.order_id: order for order in orders}, change=change)


# What went in came out


def test_every_row_of_the_file_came_out_as_something() -> None:
    line = InvalidLine(line=9, columns=(), cells=(), reference=None, problems=())
    record = batch(
        row("R1", State.COMPLETED),
        row("R2", State.FAILED),
        row("R3", State.REJECTED),
        row("R4", State.UNKNOWN),
        row("R5", State.ACCEPTED),
        row("R6", State.HELD),
        row("R7", State.PLANNED),
        invalid=(line,),
        file_rows=8,
    )
    proof = proven(record, kept("O-R1"))
    assert proof.agreements[0] == (
        "8 rows in = 1 paid + 1 failed + 1 refused + 1 unknown + 1 open + 2 unsent + 1 invalid."
    )
    assert proof.counts == {"paid": 1, "failed": 1, "refused": 1, "unknown": 1, "open": 1, "unsent": 2, "invalid": 1}
    assert proof.rows_in == 8
    assert proof.agrees


def test_rows_that_are_gone_from_the_file_and_were_paid_still_count() -> None:
    record = batch(
        row("R1", State.COMPLETED), row("R2", State.COMPLETED, in_file=False), row("R3", State.REJECTED, in_file=False)
    )
    proof = proven(record, kept("O-R1"), kept("O-R2"))
    assert proof.agreements[0] == "2 rows in, 1 of them no longer in the file = 2 paid."


def test_a_row_that_went_in_and_did_not_come_out_is_a_mismatch_with_its_figures() -> None:
    proof = proven(batch(row("R1", State.COMPLETED), file_rows=3), kept("O-R1"))
    assert proof.mismatches == ("3 rows in, but 1 came out: 1 paid.",)
    assert not proof.agrees


def test_a_batch_of_an_older_release_that_did_not_count_its_file_agrees_with_itself() -> None:
    proof = proven(batch(row("R1", State.UNKNOWN), file_rows=None))
    assert proof.agreements[0] == "1 row in = 1 unknown."
    assert proven(batch()).agreements[0] == "0 rows in = none."


# What was paid is what Runa charged


def test_prices_that_agree_are_summed() -> None:
    record = batch(row("R1", State.COMPLETED), row("R2", State.COMPLETED))
    proof = proven(record, kept("O-R1"), kept("O-R2"))
    assert "The prices of 2 paid orders in Runa's list are the total paid: GBP 19.60." in proof.agreements
    one = proven(batch(row("R1", State.COMPLETED)), kept("O-R1"))
    assert "The price of 1 paid order in Runa's list is the total paid: GBP 9.80." in one.agreements


def test_a_paid_order_that_the_list_shows_as_failed_is_named() -> None:
    proof = proven(batch(row("R1", State.COMPLETED)), replace(kept("O-R1"), status="FAILED"))
    assert proof.mismatches == ("Order O-R1 is paid in the ledger and failed in Runa's list.",)


def test_a_price_that_differs_is_named_with_both_figures() -> None:
    record = batch(row("R1", State.COMPLETED), row("R2", State.COMPLETED))
    proof = proven(record, kept("O-R1"), kept("O-R2", Decimal("10.80")))
    assert proof.mismatches == ("Order O-R2 costs GBP 9.80 in the ledger and GBP 10.80 in Runa's list.",)
    assert not any("total paid" in sentence for sentence in proof.agreements)


def test_a_price_that_either_side_does_not_have_is_an_open_question() -> None:
    record = batch(row("R1", State.COMPLETED), row("R2", State.COMPLETED), row("R3", State.COMPLETED, price=None))
    proof = proven(record, kept("O-R1"), kept("O-R2", None), kept("O-R3"))
    assert proof.open_questions == (
        "The prices of 2 paid orders could not be compared, as Runa's list does not show them (O-R2, O-R3).",
    )
    assert proof.agrees


def test_of_many_orders_the_first_few_are_named() -> None:
    record = batch(*(row(f"R{nth}", State.COMPLETED) for nth in range(8)))
    (question,) = proven(record).open_questions
    assert question.endswith("(O-R0, O-R1, O-R2, O-R3, O-R4 and 3 more).")


# No order is nobody's


def stray(**fields: Any) -> Stray:
    return Stray(**({"order_id": "O-9", "status": "COMPLETED", "reference": "R9"} | fields))


def test_a_list_without_strays_agrees_and_one_that_was_not_read_to_its_end_leaves_it_open() -> None:
    assert proven(batch()).agreements[-1] == ("No order in Runa's list carries the tag of this batch and fits no row.")
    broken = proven(batch(), complete=False, why_incomplete="there was no answer")
    assert broken.open_questions == ("Orders that fit no row could not be ruled out: there was no answer.",)
    assert len(broken.agreements) == 1


def test_an_order_with_the_batchs_tag_and_no_row_is_a_mismatch() -> None:
    assert proven(batch(), strays=(stray(),)).mismatches == (
        "Order O-9 (reference R9) carries the tag of this batch and fits no row's key.",
    )
    nameless = proven(batch(), strays=(stray(reference=None, status="PROCESSING"),))
    assert nameless.mismatches == ("Order O-9 carries the tag of this batch and fits no row's key.",)


def test_a_stray_that_failed_has_paid_nobody() -> None:
    assert proven(batch(), strays=(stray(status="FAILED"),)).mismatches == ()


@pytest.mark.parametrize(
    ("choices", "identity", "allowed"),
    [
        ({"accept_missing": True}, None, True),
        ({"accept_missing": False}, None, False),
        ({"pay_again": ["R1"]}, "reference:R1", True),
        ({"pay_again": ["R2"]}, "reference:R1", False),
        ({"accept_missing": True}, "reference:R1", False),
        ({"pay_again": "R1"}, None, False),
    ],
)
def test_a_stray_that_somebody_has_answered_for_is_an_open_question(
    choices: Mapping[str, object], identity: str | None, allowed: bool
) -> None:
    record = batch(row("R1", State.UNKNOWN), choices=choices)
    proof = proven(record, strays=(stray(identity=identity),))
    assert (len(proof.mismatches), len(proof.open_questions)) == ((0, 1) if allowed else (1, 0))


@pytest.mark.parametrize("identity", [None, "reference:R1"])
def test_a_stray_that_any_earlier_plan_went_on_without_is_an_open_question_and_a_new_one_is_not(
    identity: str | None,
) -> None:
    record = batch(row("R1", State.UNKNOWN), accepted_orders=frozenset({"O-9"}))
    proof = proven(record, strays=(stray(identity=identity),))
    assert (len(proof.mismatches), len(proof.open_questions)) == (0, 1)
    new = proven(record, strays=(stray(identity=identity), stray(order_id="O-8", identity=identity)))
    assert new.mismatches == ("Order O-8 (reference R9) carries the tag of this batch and fits no row's key.",)
    assert len(new.open_questions) == 1


def found(name: str, order_id: str, *, number: int = 1, status: str = "COMPLETED") -> Found:
    order = planned(payout(name), number=number)
    return Found(identity=order.identity, number=number, key=order.key, order_id=order_id, status=status)


def test_a_row_with_two_orders_that_may_both_have_paid_is_a_mismatch() -> None:
    record = batch(row("R1", State.COMPLETED))
    orders = (found("R1", "O-R1"), found("R1", "O-9", number=2, status="PROCESSING"))
    proof = proven(record, kept("O-R1"), found=orders)
    assert proof.mismatches == ("'R1' has more than one order: O-9, O-R1.",)


def test_a_second_order_that_failed_is_none() -> None:
    orders = (found("R1", "O-R1"), found("R1", "O-9", number=2, status="FAILED"))
    assert proven(batch(row("R1", State.COMPLETED)), kept("O-R1"), found=orders).agrees


def retried(first: State) -> BatchRecord:
    earlier = attempt(first, payout("R1"), order_id="O-1")
    later = attempt(State.COMPLETED, payout("R1"), number=2, order_id="O-2", price=PRICE)
    paid = row("R1", State.COMPLETED)
    return batch(replace(paid, attempts=(earlier, later)))


def test_an_order_that_a_person_took_from_the_row_is_no_second_one() -> None:
    orders = (found("R1", "O-1"), found("R1", "O-2", number=2))
    assert proven(retried(State.ABSENT), kept("O-2"), found=orders).agrees


def test_an_order_that_was_read_back_as_failed_counts_again_only_when_the_list_says_completed() -> None:
    def told(status: str) -> Proof:
        orders = (found("R1", "O-1", status=status), found("R1", "O-2", number=2))
        return proven(retried(State.FAILED), kept("O-2"), found=orders)

    assert told("PROCESSING").agrees, "the list was read before it failed"
    assert told("FAILED").agrees
    assert not told("COMPLETED").agrees


# The balance


def change(before: str = "100.00", after: str = "80.40", **currencies: str) -> BalanceChange:
    return BalanceChange(
        before={"GBP": Decimal(before)},
        after={"GBP": Decimal(after)} | {name: Decimal(amount) for name, amount in currencies.items()},
        reading_before=3,
    )


TWO = batch(row("R1", State.COMPLETED), row("R2", State.COMPLETED))
MADE = (kept("O-R1", reading=4), kept("O-R2", reading=4))


def test_a_balance_that_fell_by_exactly_what_was_paid_agrees() -> None:
    proof = proven(TWO, *MADE, change=change())
    assert proof.agreements[-1] == (
        "The balance fell by exactly what was paid: GBP 100.00 before, GBP 80.40 after, GBP 19.60 paid by this run."
    )


def test_only_what_was_made_since_the_run_began_counts() -> None:
    proof = proven(TWO, kept("O-R1", reading=3), kept("O-R2", reading=4), change=change(after="90.20"))
    assert "GBP 9.80 paid by this run" in proof.agreements[-1]


def test_a_balance_that_was_topped_up_is_not_compared() -> None:
    proof = proven(TWO, *MADE, change=change(after="580.40"))
    assert proof.agrees
    (question,) = proof.open_questions
    assert question == (
        "The balance was topped up meanwhile, so it was not compared: "
        "GBP 100.00 before, GBP 580.40 after, GBP 19.60 paid by this run."
    )


def test_a_balance_that_fell_by_more_than_was_paid_is_a_mismatch() -> None:
    proof = proven(TWO, *MADE, change=change(after="70.40"))
    (mismatch,) = proof.mismatches
    assert mismatch == (
        "The balance fell by more than was paid, and no other order was made: "
        "GBP 100.00 before, GBP 70.40 after, GBP 19.60 paid by this run."
    )


def test_a_balance_that_fell_to_nothing_is_left_out_by_runa_and_counts_as_nothing() -> None:
    proof = proven(TWO, *MADE, change=BalanceChange(before={"GBP": Decimal("19.60")}, after={}, reading_before=3))
    assert "GBP 19.60 before, GBP 0.00 after" in proof.agreements[-1]


def test_a_balance_that_could_not_be_read_again_is_not_compared() -> None:
    lost = BalanceChange(before={"GBP": Decimal("100.00")}, after=None, reading_before=3)
    proof = proven(TWO, *MADE, change=lost)
    assert proof.agrees
    assert proof.open_questions == ("The balance was not compared: it could not be read again.",)
    assert not any("balance" in sentence for sentence in proof.agreements)


def test_each_currency_is_compared_by_itself() -> None:
    both = BalanceChange(
        before={"GBP": Decimal("100.00"), "EUR": Decimal("50.00")},
        after={"GBP": Decimal("80.40"), "EUR": Decimal("40.00")},
        reading_before=3,
    )
    proof = proven(TWO, *MADE, change=both)
    assert proof.agreements[-1].startswith("The balance fell by exactly what was paid: GBP")
    assert proof.mismatches[0].endswith("EUR 50.00 before, EUR 40.00 after, EUR 0.00 paid by this run.")


def test_a_balance_in_a_currency_that_nobody_knows_is_compared_as_well() -> None:
    odd = BalanceChange(before={"RUNA": Decimal(5)}, after={"GBP": Decimal(0)}, reading_before=3)
    assert proven(batch(), change=odd).mismatches[0].endswith("RUNA 5 before, RUNA 0 after, RUNA 0 paid by this run.")


def test_nothing_is_said_of_a_balance_that_did_not_move() -> None:
    still = proven(TWO, kept("O-R1"), kept("O-R2"), change=change(after="100.00"))
    assert not any("balance" in sentence for sentence in (*still.agreements, *still.open_questions))


@pytest.mark.parametrize(
    ("record", "others", "told", "why"),
    [
        (TWO, 1, {}, "1 other order was made meanwhile"),
        (TWO, 2, {}, "2 other orders were made meanwhile"),
        (TWO, 0, {"complete": False, "why_incomplete": "there was no answer"}, "there was no answer"),
        (batch(*TWO.rows[:1], row("R2", State.ACCEPTED)), 0, {}, "not every order of this run is paid"),
        (batch(*TWO.rows[:1], row("R2", State.COMPLETED, price=None)), 0, {}, "not every order of this run is paid"),
        (batch(*TWO.rows, row("R3", State.UNKNOWN)), 0, {}, "some rows are unknown"),
    ],
)
def test_a_balance_that_something_else_may_have_moved_is_not_compared(
    record: BatchRecord, others: int, told: dict[str, Any], why: str
) -> None:
    more = [kept(f"O-other-{nth}", reading=4) for nth in range(others)]
    proof = proven(record, *MADE, *more, change=change(after="1.00"), **told)
    assert proof.agrees
    assert proof.open_questions[-1] == f"The balance was not compared: {why}."
