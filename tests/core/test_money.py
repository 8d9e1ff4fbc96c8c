"""Amounts: exact or refused, never rounded."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso4217 import Currency

from batcher import money
from tests.core.payouts import MINOR_UNITS, UNHURRIED, amounts, currencies

finite = st.decimals(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(("currency", "units"), [*MINOR_UNITS.items(), ("CLF", 4), ("BHD", 3), ("HUF", 2)])
def test_minor_units_are_those_of_iso_4217(currency: str, units: int) -> None:
    assert money.minor_units(currency) == units


@pytest.mark.parametrize("currency", sorted(money.USUAL))
def test_the_decimals_known_by_heart_are_those_of_iso_4217(currency: str) -> None:
    assert Currency(currency).exponent == money.USUAL[currency]


@pytest.mark.parametrize("word", ["XAU", "XXX", "XTS", "gbp", "GBP ", "", "826", "Pound Sterling", "€"])
def test_what_is_no_money_has_no_minor_units(word: str) -> None:
    assert money.minor_units(word) is None
    with pytest.raises(ValueError, match="no currency"):
        money.in_minor_units(Decimal(1), word)


@pytest.mark.parametrize(
    ("text", "currency", "exact"),
    [
        ("10", "GBP", "10.00"),
        ("10.0", "GBP", "10.00"),
        ("10.5000", "GBP", "10.50"),
        ("1E+3", "GBP", "1000.00"),
        ("1500", "JPY", "1500"),
        ("1500.0", "JPY", "1500"),
        ("1.5", "KWD", "1.500"),
        ("0.001", "KWD", "0.001"),
    ],
)
def test_an_amount_is_written_with_exactly_the_decimals_of_its_currency(text: str, currency: str, exact: str) -> None:
    assert str(money.in_minor_units(Decimal(text), currency)) == exact


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("10.005", "GBP"),
        ("0.001", "GBP"),
        ("0.5", "JPY"),
        ("0.0001", "KWD"),
        ("NaN", "GBP"),
        ("sNaN", "GBP"),
        ("Infinity", "GBP"),
        ("-Infinity", "JPY"),
        ("1E+30", "GBP"),
        ("12345678901234567890123456789", "GBP"),
    ],
)
def test_what_would_have_to_be_rounded_is_refused(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match=r"decimals|no amount|too many digits"):
        money.in_minor_units(Decimal(text), currency)


@UNHURRIED
@given(finite, currencies)
def test_an_amount_is_kept_exactly_or_refused(amount: Decimal, currency: str) -> None:
    try:
        exact = money.in_minor_units(amount, currency)
    except ValueError:
        return
    assert exact == amount
    assert exact.as_tuple().exponent == -MINOR_UNITS[currency]


@UNHURRIED
@given(currencies.flatmap(lambda currency: st.tuples(amounts[currency], st.just(currency))))
def test_an_amount_in_minor_units_stays_as_it_is(amount_and_currency: tuple[Decimal, str]) -> None:
    amount, currency = amount_and_currency
    assert str(money.in_minor_units(amount, currency)) == str(amount)
    assert str(money.in_minor_units(amount.normalize(), currency)) == str(amount)


@pytest.mark.parametrize(
    ("amount", "text"),
    [("10.00", "10"), ("10.50", "10.50"), ("0.01", "0.01"), ("1500", "1500"), ("1.500", "1.500"), ("1E+3", "1000")],
)
def test_the_wire_has_whole_amounts_without_decimals(amount: str, text: str) -> None:
    assert str(money.wire_number(Decimal(amount))) == text


@UNHURRIED
@given(currencies.flatmap(amounts.__getitem__))
def test_the_wire_says_the_amount_exactly(amount: Decimal) -> None:
    assert json.loads(str(money.wire_number(amount)), parse_int=Decimal, parse_float=Decimal) == amount


def test_amounts_for_people_have_the_code_first_and_thousands_apart() -> None:
    assert money.display(Decimal("1234567.50"), "GBP") == "GBP 1,234,567.50"
    assert money.display(Decimal(1500), "JPY") == "JPY 1,500"


@UNHURRIED
@given(st.lists(currencies.flatmap(lambda code: st.tuples(st.just(code), amounts[code]))))
def test_totals_are_per_currency_exact_and_in_the_order_of_codes(pairs: list[tuple[str, Decimal]]) -> None:
    sums = money.totals(pairs)
    assert list(sums) == sorted({code for code, _ in pairs})
    for code, total in sums.items():
        places = MINOR_UNITS[code]
        minor = sum(int(amount.scaleb(places)) for of, amount in pairs if of == code)
        assert total.scaleb(places) == minor


def test_totals_in_words() -> None:
    assert money.display_totals(money.totals([("GBP", Decimal("570.00")), ("EUR", Decimal("250.00"))])) == (
        "EUR 250.00 + GBP 570.00"
    )
    assert money.display_totals({}) == "nothing"
