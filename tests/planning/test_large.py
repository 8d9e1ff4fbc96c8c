"""Totals that are typed in: which are large, and what counts as the same total."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.planning import is_typed, large_totals


def test_a_total_is_large_above_its_bound_and_without_one_never() -> None:
    totals = {"EUR": Decimal("500.01"), "GBP": Decimal("500.00"), "JPY": Decimal(9_000_000)}
    assert large_totals(totals, {"EUR": Decimal(500), "GBP": Decimal(500)}) == {"EUR": Decimal("500.01")}


@pytest.mark.parametrize(
    "text",
    ["12345", "12345.00", "12,345.00", "12.345,00", "12 345", "12'345.00", "GBP 12,345.00", "12,345", " 12345,00 GBP "],
)
def test_a_total_may_be_typed_as_people_write_amounts(text: str) -> None:
    assert is_typed(text, Decimal("12345.00"), "GBP")


@pytest.mark.parametrize(
    "text",
    ["", "y", "yes", "GBP", "1234", "123450", "12345.01", "12345.0", "123.45", "-12345", "1.2e4", "EUR 12345"],
)
def test_another_text_is_not_the_total(text: str) -> None:
    assert not is_typed(text, Decimal("12345.00"), "GBP")


@given(st.sampled_from([("GBP", 2), ("JPY", 0), ("KWD", 3)]), st.integers(1, 10**9), st.integers(1, 10**9))
def test_what_is_shown_can_be_typed_and_no_other_amount(currency: tuple[str, int], one: int, other: int) -> None:
    code, units = currency
    total, wrong = Decimal(one).scaleb(-units), Decimal(other).scaleb(-units)
    for shown in (f"{total:,f}", f"{total:f}", f"{code} {total:,f}"):
        assert is_typed(shown, total, code)
    assert is_typed(f"{wrong:,f}", total, code) is (one == other)
