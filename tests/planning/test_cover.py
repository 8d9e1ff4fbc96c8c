"""What a balance covers: in the order of the file, up to the first row that does not fit."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.model import Distribution, Payout
from batcher.planning import Cover, covers, price_questions, priced
from batcher.planning.cover import ITEMS_PER_REQUEST, MAX_ITEMS, distinct_items, price_key
from tests.payouts import payout


def pay(*amounts: str, **fields: Any) -> list[Payout]:
    """One payout for each amount."""
    return [payout(f"R{number}", amount, **fields) for number, amount in enumerate(amounts)]


def held(**balances: str) -> dict[str, Decimal]:
    return {currency: Decimal(amount) for currency, amount in balances.items()}


def only(found: tuple[Cover, ...]) -> Cover:
    (cover,) = found
    return cover


def test_a_balance_that_is_enough_covers_all_and_says_what_is_left() -> None:
    cover = only(covers(pay(*["10.00"] * 500), [], held(GBP="10000")))
    assert cover.words == "GBP 10,000.00 covers all 500 payouts; 5,000.00 is left"
    assert [cover.balance, cover.to_send, cover.after, cover.missing] == [10000, 5000, 5000, 0]
    assert not cover.is_short


def test_a_balance_that_is_short_says_how_many_it_covers_and_what_is_missing() -> None:
    cover = only(covers(pay(*["10.00"] * 500), [], held(GBP="4120.00")))
    assert cover.words == "GBP 4,120.00 covers 412 of 500 payouts; 880.00 is missing"
    assert (cover.covered, cover.total, cover.after, cover.missing) == (412, 500, Decimal("-880.00"), Decimal("880.00"))
    assert cover.is_short


def test_a_row_that_does_not_fit_stops_the_smaller_ones_after_it() -> None:
    cover = only(covers(pay("10.00", "50.00", "1.00"), [], held(GBP="20.00")))
    assert cover.covered == 1
    assert cover.missing == Decimal("41.00")


def test_a_balance_that_is_exactly_enough_is_enough() -> None:
    cover = only(covers(pay("10.00", "5.50"), [], held(GBP="15.50")))
    assert cover.words == "GBP 15.50 covers all 2 payouts; 0.00 is left"


def test_one_payout_is_told_as_one() -> None:
    assert only(covers(pay("10.00"), [], held(GBP="15"))).words == "GBP 15.00 covers the one payout; 5.00 is left"
    assert only(covers(pay("20.00"), [], held(GBP="15"))).words == "GBP 15.00 covers 0 of 1 payout; 5.00 is missing"


def test_a_currency_that_is_left_out_holds_nothing() -> None:
    cover = only(covers(pay("10.00"), [], {}))
    assert [cover.balance, cover.covered, cover.missing] == [0, 0, 10]


def test_a_balance_that_could_not_be_read_is_neither_enough_nor_short() -> None:
    cover = only(covers(pay("10.00"), [], None, why_unread="Runa did not answer, see https://runa.example/x"))
    assert cover.words == "The GBP balance could not be read (Runa did not answer, see [link])"
    assert [cover.balance, cover.after, cover.missing, cover.is_short] == [None, None, 0, False]
    assert cover.to_send == Decimal("10.00")


def test_each_currency_has_its_own_balance() -> None:
    payouts = [payout("A", "10.00"), payout("B", "1000", currency="JPY"), payout("C", "20.00", currency="EUR")]
    found = covers(payouts, [], held(GBP="10.00", JPY="999", EUR="21"))
    assert [cover.words for cover in found] == [
        "EUR 21.00 covers the one payout; 1.00 is left",
        "GBP 10.00 covers the one payout; 0.00 is left",
        "JPY 999 covers 0 of 1 payout; 1 is missing",
    ]


def test_what_may_have_been_charged_already_is_told_and_makes_no_balance_short() -> None:
    cover = only(covers(pay("10.00", "10.00", "10.00"), pay("15.00"), held(GBP="40.00")))
    assert (cover.covered, cover.missing, cover.is_short) == (3, Decimal(0), False)
    assert cover.details == "counted: face values; 1 unknown row may still cost 15.00"


def test_asking_about_unknown_rows_alone_is_no_matter_of_funds() -> None:
    cover = only(covers([], pay("15.00", "5.00"), held(GBP="10.00")))
    assert cover.words == "GBP 10.00 is there for 2 unknown rows; 10.00 is left"
    assert not cover.is_short


def test_nothing_to_pay_needs_no_balance() -> None:
    assert covers([], [], held(GBP="10.00")) == ()


def test_prices_count_where_they_are_known_and_face_values_elsewhere() -> None:
    payouts = [payout("A", "10.00"), payout("B", "10.00", products=("AIRBNB-GB",)), payout("C", "10.00")]
    cover = only(covers(payouts, [], held(GBP="30.00"), {price_key(payouts[0]): Decimal("9.805")}))
    assert cover.to_send == Decimal("29.610")
    assert cover.words == "GBP 30.00 covers all 3 payouts; 0.39 is left"
    assert cover.counted == "Runa's prices, and the face value of 1 row"


def test_it_is_told_what_was_counted() -> None:
    payouts = pay("10.00", "20.00")
    prices = {price_key(each): each.amount for each in payouts}
    assert only(covers(payouts, [], {}, prices)).counted == "Runa's prices"
    assert only(covers(payouts, [], {})).counted == "face values"


def test_a_price_with_more_decimals_than_its_currency_is_shown_whole() -> None:
    paid = payout("A", "10.00")
    cover = only(covers([paid], [], held(GBP="9.00"), {price_key(paid): Decimal("9.805")}))
    assert cover.words == "GBP 9.00 covers 0 of 1 payout; 0.805 is missing"


@given(
    amounts=st.lists(st.decimals("0.01", "99.99", places=2), min_size=1, max_size=30),
    balance=st.decimals("0", "999.99", places=2),
)
def test_what_is_covered_fits_and_one_row_more_does_not(amounts: list[Decimal], balance: Decimal) -> None:
    cover = only(covers(pay(*map(str, amounts)), [], {"GBP": balance}))
    assert sum(amounts[: cover.covered]) <= balance
    assert cover.covered == cover.total or sum(amounts[: cover.covered + 1]) > balance
    assert cover.is_short == (cover.missing > 0)


def test_equal_items_are_asked_once_whoever_gets_them() -> None:
    payouts = [payout("A", email="a@example.com"), payout("B", email="b@example.com"), payout("C", "12.00")]
    assert distinct_items(payouts, "GBP") == [payouts[0], payouts[2]]
    assert distinct_items(payouts, "EUR") == []


@pytest.mark.parametrize(
    "other",
    [
        payout("B", "10.01"),
        payout("B", products=("AIRBNB-GB",)),
        payout("B", products=("AIRBNB-GB", "AMZ-GB")),
        payout("B", distribution=Distribution.PAYOUT_LINK),
    ],
)
def test_what_a_price_depends_on_makes_another_item(other: Payout) -> None:
    assert distinct_items([payout("A"), other], "GBP") == [payout("A"), other]


def test_no_more_items_are_asked_than_the_limit_and_the_frequent_ones_first() -> None:
    payouts = [payout(f"R{cents}", f"{cents / 100:.2f}") for cents in range(1, MAX_ITEMS + 101)]
    often = payout("again", str(payouts[-1].amount))
    questions = price_questions([*payouts, often])
    assert [(currency, len(items)) for currency, items in questions] == [("GBP", ITEMS_PER_REQUEST)] * 4
    assert questions[0][1][0] == payouts[-1]


def test_each_currency_is_asked_by_itself_within_one_limit() -> None:
    many = [payout(f"R{cents}", f"{cents / 100:.2f}", currency="EUR") for cents in range(1, MAX_ITEMS)]
    questions = price_questions([*pay("1.00", "2.00"), *many])
    assert [(currency, len(items)) for currency, items in questions] == [
        ("EUR", 500),
        ("EUR", 500),
        ("EUR", 500),
        ("EUR", 499),
        ("GBP", 1),
    ]


def test_the_prices_of_a_question_are_found_again_by_payout() -> None:
    payouts = pay("10.00", "20.00", "10.00")
    ((_, items),) = price_questions(payouts)
    prices = priced(items, [Decimal("9.80"), Decimal("19.00")])
    assert [prices[price_key(each)] for each in payouts] == [Decimal("9.80"), Decimal("19.00"), Decimal("9.80")]


def test_an_answer_that_is_not_one_price_for_each_item_counts_for_nothing() -> None:
    assert priced(pay("10.00", "20.00"), [Decimal("9.80")]) == {}
