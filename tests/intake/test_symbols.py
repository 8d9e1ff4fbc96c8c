"""Currency signs: which currencies each may stand for, and which stand for one only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher import money
from batcher.intake.meaning.symbols import _SIGNS, may_mean, meanings
from tests.intake.sheets import UNHURRIED


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("£", "GBP"), ("£", "EGP"), ("$", "USD"), ("$", "AUD"), ("$", "CAD"), ("€", "EUR"), ("¥", "JPY"), ("¥", "CNY"),
        ("kr", "SEK"), ("kr.", "DKK"), ("Kr", "NOK"), ("zł", "PLN"), ("₹", "INR"), ("Rs.", "PKR"), ("Fr.", "CHF"),
        ("CHF", "CHF"), ("chf", "CHF"), ("R$", "BRL"), ("US$", "USD"), ("A$", "AUD"), ("C$", "CAD"), ("C$", "NIO"),
        ("GBP", "GBP"), ("", "GBP"),
    ],
)  # fmt: skip
def test_what_a_sign_may_mean(text: str, code: str) -> None:
    assert may_mean(text, code)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("£", "EUR"),
        ("€", "GBP"),
        ("$", "GBP"),
        ("US$", "CAD"),
        ("USD", "CAD"),
        ("kr", "EUR"),
        ("K", "PGK"),
        ("GB", "GBP"),
    ],
)
def test_what_a_sign_cannot_mean(text: str, code: str) -> None:
    assert not may_mean(text, code)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("€", "EUR"), ("US$", "USD"), ("GBP", "GBP"), ("gbp", "GBP"), ("CHF", "CHF"), ("SFr.", "CHF"), ("zł", "PLN"),
        ("R$", "BRL"), ("₹", "INR"), ("$", None), ("£", None), ("¥", None), ("kr", None), ("C$", None), ("Fr.", None),
        ("", None), ("XYZ", None), ("XAU", None),
    ],
)  # fmt: skip
def test_what_has_one_meaning(text: str, code: str | None) -> None:
    assert (meanings(text) == {code}) is (code is not None)


@pytest.mark.parametrize(
    "text", ["K", "k", "M", "T", "p", "c", "ct", "¢", "CR", "DR", "mio", "%", "E", "x", "\u017fFR", "²"]
)
def test_what_is_no_currency(text: str) -> None:
    assert meanings(text) == frozenset()


def test_every_sign_stands_for_currencies_of_today_and_for_no_other_code() -> None:
    for sign, codes in _SIGNS.items():
        assert all(money.minor_units(code) is not None for code in codes.split()), sign
        assert money.minor_units(sign.upper()) is None, sign
        assert meanings(sign) == frozenset(codes.split())


@UNHURRIED
@given(st.text(max_size=6))
def test_any_text_has_an_answer(text: str) -> None:
    assert all(may_mean(text, code) for code in meanings(text))
