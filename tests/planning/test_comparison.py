"""A file beside the batch before: who is new, who is missing, whose amount is another."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from batcher import keys
from batcher.model import Distribution, Payout
from batcher.planning import Comparison, compared
from batcher.planning.comparison import KEPT
from batcher.records import BatchRecord, RowRecord
from batcher.states import PAID_OR_OPEN, State
from tests.payouts import COLUMNS, ENVIRONMENT, NOW, Book, attempt, payout, sheet


def paid(name: str, amount: str = "10.00", **fields: Any) -> Payout:
    """A payout to this person."""
    return payout(f"to-{name}", amount, **({"email": f"{name}@example.com"} | fields))


def october(*payouts: Payout, state: State = State.COMPLETED) -> BatchRecord:
    """The batch before, that brought these to one state."""
    rows = tuple(
        RowRecord(
            id=number,
            identity=keys.identity(each),
            line=number,
            in_file=True,
            columns=COLUMNS,
            cells=(),
            attempts=(attempt(state, each),),
        )
        for number, each in enumerate(payouts, start=2)
    )
    return BatchRecord(environment=ENVIRONMENT, name="2026-10-incentives", rows=rows, last_confirmed_at=NOW)


def beside(now: list[Payout], before: BatchRecord) -> Comparison:
    found = compared(now, before)
    assert found is not None
    return found


def test_new_missing_and_changed_recipients_are_counted_and_the_total_told() -> None:
    before = october(paid("ann"), paid("bob", "20.00"), paid("cy"), paid("di"))
    found = beside([paid("ann"), paid("cy", "100.00"), paid("di", "5.00"), paid("eve", "45.00")], before)
    assert found.words == (
        "Compared with batch 2026-10-incentives (2026-11-03): 1 recipient new, 1 missing, 2 with other amounts; "
        "GBP 110.00 more in total."
    )
    assert [(one.recipient, one.now) for one in found.new] == [("eve@example.com", Decimal("45.00"))]
    assert [(one.recipient, one.before) for one in found.missing] == [("bob@example.com", Decimal("20.00"))]
    assert [(one.recipient, str(one.before), str(one.now), str(one.difference)) for one in found.changed] == [
        ("cy@example.com", "10.00", "100.00", "90.00"),
        ("di@example.com", "10.00", "5.00", "-5.00"),
    ]


def test_the_same_again_is_told_as_the_same() -> None:
    found = beside([paid("ann"), paid("bob")], october(paid("bob"), paid("ann")))
    assert found.words.endswith("0 recipients new, 0 missing, 0 with other amounts; the same in total.")
    assert (found.new, found.missing, found.changed) == ((), (), ())
    assert found.difference == {"GBP": 0}


def test_the_rows_of_one_recipient_count_together() -> None:
    before = october(paid("ann", "7.00"), replace(paid("ann", "3.00"), reference="second"))
    assert beside([paid("ann", "10.00")], before).changed_count == 0
    assert beside([paid("ann", "11.00", email="ANN@Example.com")], before).changed[0].before == Decimal("10.00")


def test_a_recipient_without_an_address_is_known_by_the_reference() -> None:
    link: dict[str, Any] = {"distribution": Distribution.RECIPIENT, "email": None, "recipient_reference": "emp-7"}
    assert beside([paid("x", "11.00", **link)], october(paid("y", **link))).changed[0].recipient == "emp-7"


def test_a_recipient_paid_in_another_currency_is_changed_and_neither_new_nor_missing() -> None:
    found = beside([paid("ann", "12.00", currency="EUR")], october(paid("ann")))
    assert (found.new_count, found.missing_count, found.changed_count) == (0, 0, 1)
    assert {(one.currency, str(one.before), str(one.now)) for one in found.changed} == {
        ("EUR", "0", "12.00"),
        ("GBP", "10.00", "0"),
    }
    assert found.words.endswith("EUR 12.00 more and GBP 10.00 less in total.")


def test_only_what_was_paid_or_may_have_been_counts() -> None:
    for state in State:
        found = beside([paid("ann")], october(paid("ann"), state=state))
        assert found.new_count == (state not in PAID_OR_OPEN), state


def test_rows_without_a_recipient_count_apart_and_in_the_total() -> None:
    link: dict[str, Any] = {"distribution": Distribution.PAYOUT_LINK, "email": None}
    found = beside([paid("a", **link), paid("b", **link), paid("ann")], october(paid("c", **link)))
    assert found.words.endswith(
        "1 recipient new, 0 missing, 0 with other amounts; GBP 20.00 more in total. "
        "Rows without a recipient: 1 then, 2 now."
    )


def test_the_largest_share_and_the_largest_amount_come_first() -> None:
    """A digit too many on a small row, and a large row that grew a little: neither hides the other."""
    before = october(paid("small", "1.00"), paid("large", "10000.00"), *(paid(f"p{n}", "10.00") for n in range(30)))
    now = [paid("small", "10.00"), paid("large", "12000.00"), *(paid(f"p{n}", "15.00") for n in range(30))]
    found = beside(now, before)
    assert [one.recipient for one in found.changed[:2]] == ["small@example.com", "large@example.com"]
    assert (found.changed_count, len(found.changed)) == (32, KEPT)


def test_amounts_of_one_currency_do_not_outrank_those_of_another() -> None:
    yen = [paid(f"y{n}", "100000", currency="JPY") for n in range(KEPT + 5)]
    found = beside([*yen, paid("ann", "50.00"), paid("bob", "10.00")], october())
    assert "ann@example.com" in [one.recipient for one in found.new]


def test_new_recipients_stand_by_amount() -> None:
    found = beside([paid("a", "1.00"), paid("b", "3.00"), paid("c", "2.00")], october())
    assert [one.recipient for one in found.new] == ["b@example.com", "c@example.com", "a@example.com"]


def test_sums_stay_exact() -> None:
    now = [replace(paid("ann", "0.10"), reference=f"R{number}") for number in range(3)]
    found = beside(now, october(paid("ann", "0.30")))
    assert found.changed_count == 0
    (one,) = beside(now, october(paid("ann", "0.29"))).changed
    assert (type(one.now), one.now, one.difference) == (Decimal, Decimal("0.30"), Decimal("0.01"))


def test_a_batch_that_nobody_confirmed_is_no_batch_before() -> None:
    assert compared([paid("ann")], BatchRecord(environment=ENVIRONMENT, name="x")) is None


def test_two_empty_sides_are_the_same() -> None:
    assert beside([], october()).words.endswith("; the same in total.")


def confirmed(book: Book, *names: str) -> None:
    """Batches that were confirmed in this order."""
    for name in names:
        book.confirm(sheet(payout(name, email=f"{name}@example.com")), batch=name)


def before(book: Book, name: str) -> str | None:
    found = book.ledger.batch_before(book.environment, name)
    return None if found is None else found.name


def test_the_batch_before_is_the_last_one_of_the_same_kind(book: Book) -> None:
    confirmed(book, "2026-09-incentives", "2026-10-incentives", "2026-10-refunds")
    assert before(book, "2026-11-incentives") == "2026-10-incentives"
    assert before(book, "incentives_2026.11") == "2026-10-incentives"


def test_without_one_of_its_kind_it_is_the_last_one(book: Book) -> None:
    confirmed(book, "2026-10-incentives", "2026-10-refunds")
    assert before(book, "christmas") == "2026-10-refunds"


def test_the_last_one_is_the_one_that_was_confirmed_last(book: Book) -> None:
    confirmed(book, "a-1", "a-2")
    book.confirm(sheet(payout("more", "1.00", email="x@example.com")), batch="a-1")
    assert before(book, "a-3") == "a-1"


def test_a_batch_that_began_later_is_not_before(book: Book) -> None:
    confirmed(book, "a-1", "a-2", "a-3")
    assert before(book, "a-2") == "a-1"
    assert before(book, "a-1") is None


def test_another_environment_has_other_batches(book: Book) -> None:
    confirmed(book, "a-1")
    book.environment = replace(ENVIRONMENT, account="other")
    assert before(book, "a-2") is None


def test_a_file_is_compared_with_what_the_ledger_remembers(book: Book) -> None:
    book.confirm(sheet(paid("ann"), paid("bob")), batch="2026-10-incentives")
    book.bring("to-ann", State.COMPLETED, batch="2026-10-incentives")
    earlier = book.ledger.batch_before(book.environment, "2026-11-incentives")
    assert earlier is not None
    found = beside([paid("ann", "12.00"), paid("bob")], earlier)
    assert (found.new_count, found.changed_count, found.difference) == (1, 1, {"GBP": Decimal("12.00")})
