"""What a batch cost: sums of what was paid, and nothing made up where the API has not told it."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.records import AttemptRecord, BatchRecord
from batcher.results import SummaryLine, summary_of
from batcher.states import State
from tests.payouts import Book, attempt, payout, record_of, sheet


def batch(*attempts: AttemptRecord) -> BatchRecord:
    """A batch with a row for each attempt."""
    rows = tuple(record_of(one).rows[0] for one in attempts)
    return replace(record_of(attempts[0]), rows=rows)


def paid(
    amount: str, price: str | None, discount: str | None, currency: str = "GBP", product: str = "AMZ-GB"
) -> AttemptRecord:
    return attempt(
        State.COMPLETED,
        payout("R1", amount, currency=currency, products=tuple(product.split("|"))),
        price=None if price is None else Decimal(price),
        discount=None if discount is None else Decimal(discount),
    )


def sums(line: SummaryLine) -> list[str | None]:
    amounts = (line.face_value, line.discount, line.fees, line.total)
    return [None if amount is None else str(amount) for amount in amounts]


def test_each_currency_and_product_has_its_line_and_each_currency_its_total() -> None:
    found = summary_of(
        batch(
            paid("10.00", "9.80", "0.20"),
            paid("20.00", "20.10", "0.40"),
            paid("50.00", "47.50", "2.50", product="AIRBNB-GB|AMZ-GB"),
            paid("5.00", "5.00", "0.00", currency="EUR", product="AMZ-DE"),
        )
    )
    assert [(line.currency, line.product, line.payouts, sums(line)) for line in (*found.lines, *found.totals)] == [
        ("EUR", "AMZ-DE", 1, ["5.00", "0.00", "0.00", "5.00"]),
        ("GBP", "AIRBNB-GB|AMZ-GB", 1, ["50.00", "2.50", "0.00", "47.50"]),
        ("GBP", "AMZ-GB", 2, ["30.00", "0.60", "0.50", "29.90"]),
        ("EUR", None, 1, ["5.00", "0.00", "0.00", "5.00"]),
        ("GBP", None, 3, ["80.00", "3.10", "0.50", "77.40"]),
    ]


def test_what_was_not_told_of_one_payout_is_unknown_of_their_sum_and_counted() -> None:
    (line,) = summary_of(batch(paid("10.00", "9.80", "0.20"), paid("10.00", None, "0.20"))).lines
    assert sums(line) == ["20.00", "0.40", None, None]
    assert (line.without_price, line.without_discount) == (1, 0)


def test_without_a_discount_the_total_is_known_and_the_fees_are_not() -> None:
    (line,) = summary_of(batch(paid("10.00", "9.80", None), paid("10.00", "9.80", None))).lines
    assert sums(line) == ["20.00", None, None, "19.60"]
    assert (line.without_price, line.without_discount) == (0, 2)


@pytest.mark.parametrize("state", [state for state in State if state is not State.COMPLETED])
def test_only_what_was_paid_counts(state: State) -> None:
    found = summary_of(batch(attempt(state, payout("R1"), price=Decimal("9.50"))))
    assert (found.lines, found.totals, found.without_price) == ((), (), 0)


def test_a_row_that_the_file_no_longer_has_was_paid_all_the_same(book: Book) -> None:
    book.confirm(sheet(payout("R1"), payout("R2", email="ann@example.com")))
    book.bring("R1", State.COMPLETED)
    book.confirm(sheet(payout("R2", email="ann@example.com")), accept_missing=True)
    assert [line.payouts for line in summary_of(book.batch()).lines] == [1]


@pytest.mark.parametrize("discount", [None, Decimal("0.50"), Decimal("0.00")])
def test_the_ledger_keeps_the_discount_as_the_order_told_it(book: Book, discount: Decimal | None) -> None:
    book.confirm(sheet(payout("R1")))
    book.bring("R1", State.COMPLETED, discount=discount)
    assert book.row("R1").latest.discount == discount


money = st.decimals(min_value=0, max_value=10_000, places=2)


@given(st.lists(st.tuples(money, money, money, st.sampled_from(["A", "B"])), min_size=1, max_size=8))
def test_every_line_adds_up_and_all_lines_add_up_to_the_total(of: list[tuple[Decimal, Decimal, Decimal, str]]) -> None:
    found = summary_of(batch(*(paid(str(face), str(price), str(off), product=name) for face, price, off, name in of)))
    for line in (*found.lines, *found.totals):
        assert line.discount is not None
        assert line.fees is not None
        assert line.total == line.face_value - line.discount + line.fees
    (total,) = found.totals
    assert total.total == sum((price for _, price, _, _ in of), Decimal(0))
    assert total.fees == sum((line.fees for line in found.lines if line.fees is not None), Decimal(0))
    assert total.payouts == sum(line.payouts for line in found.lines) == len(of)
