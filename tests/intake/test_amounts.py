"""Amounts: one meaning each, or both meanings shown."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.intake.amounts import MAX_LETTERS, read_column, readings
from tests.intake.sheets import UNHURRIED, kinds, only_problem, payouts, read_rows, row

AMOUNTS = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(10**9), places=2)


def written(amount: Decimal, mark: str) -> str:
    """With thousands marks and exactly two decimals, as a spreadsheet of that country shows it."""
    text = f"{amount:,.2f}"
    return text if mark == "." else text.translate(str.maketrans(",.", ".,"))


@UNHURRIED
@given(st.lists(AMOUNTS, min_size=1), st.sampled_from(".,"))
def test_amounts_with_two_decimals_mean_what_was_written_in_either_country(amounts: list[Decimal], mark: str) -> None:
    read = read_column([written(amount, mark) for amount in amounts])
    assert [reading.amount for reading in read] == amounts


@UNHURRIED
@given(AMOUNTS)
def test_plain_digits_mean_the_same_everywhere(amount: Decimal) -> None:
    whole = amount.to_integral_value()
    assert set(readings(f"{whole:f}").values()) == {whole}


@UNHURRIED
@given(st.text())
def test_what_is_read_is_never_invented(text: str) -> None:
    for amount in readings(text).values():
        assert amount.is_finite()
        digits = "".join(letter for letter in text if letter in "0123456789")
        assert f"{amount:f}".replace(".", "").strip("0") == digits.strip("0")


@pytest.mark.parametrize(
    ("text", "point", "comma"),
    [
        ("12.50", "12.50", None),
        ("12,50", None, "12.50"),
        ("12", "12", "12"),
        ("1,234", "1234", "1.234"),
        ("1.234", "1.234", "1234"),
        ("1,234.50", "1234.50", None),
        ("1.234,50", None, "1234.50"),
        ("1,234,567", "1234567", None),
        ("1.234.567", None, "1234567"),
        ("0.500", "0.500", None),
        ("1234,567", None, "1234.567"),
        ("1'234.50", "1234.50", None),
        ("1\u202f234,50", None, "1234.50"),
        ("1 234", "1234", "1234"),
    ],
)
def test_the_marks_of_an_amount(text: str, point: str | None, comma: str | None) -> None:
    wanted = {mark: Decimal(amount) for mark, amount in ((".", point), (",", comma)) if amount is not None}
    assert readings(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "NaN", "Infinity", "twelve", "1e3", "1E+3", "1_000", "0x10", "1/2", "12%", "+12", "12.", ".50", "12\n",
        "\u0661\u0662", "\uff11\uff12", "1.\u0662", "9" * (MAX_LETTERS + 1),
        "12.5.0", "1,23,456", "1 23", "12 3456", "0,123,456", "1,234.567.8",
    ],
)  # fmt: skip
def test_what_is_no_amount(text: str) -> None:
    (read,) = read_column([text])
    assert (read.amount, read.fault) == (None, "not_a_number")


@pytest.mark.parametrize("text", ["£12.50", "12.50 €", "GBP 12.50", "12,50 EUR", "US$ 12", "1,234.50GBP"])
def test_a_currency_in_the_cell_is_named_as_such(text: str) -> None:
    assert read_column([text])[0].fault == "has_currency"


@pytest.mark.parametrize("text", ["-12.50", "- 12", "(12.50)", "12.50-", "\u221212"])
def test_a_negative_amount_is_named_as_such(text: str) -> None:
    assert read_column([text])[0].fault == "negative"


def test_two_readings_are_both_shown(tmp_path: Path) -> None:
    problem = only_problem(read_rows(tmp_path, row(amount="1,234"), row("R2", amount="12")))
    assert problem.kind == "amount_ambiguous"
    assert (problem.line, problem.column, problem.value) == (2, "Amount", "1,234")
    assert "1234 or 1.234" in problem.message


def test_another_amount_of_the_column_proves_the_mark_and_a_warning_says_so(tmp_path: Path) -> None:
    sheet = read_rows(tmp_path, row(amount="1,234"), row("R2", amount="12.50"))
    assert [payout.amount for payout in payouts(sheet)] == [Decimal("1234.00"), Decimal("12.50")]
    assert [(warning.kind, warning.line) for warning in sheet.warnings] == [("amount_mark_settled", 2)]


def test_the_proof_works_the_other_way_round(tmp_path: Path) -> None:
    sheet = read_rows(tmp_path, row(amount="1.234"), row("R2", amount="12,50"))
    assert payouts(sheet)[0].amount == Decimal("1234.00")


def test_a_column_that_contradicts_itself_proves_nothing(tmp_path: Path) -> None:
    sheet = read_rows(
        tmp_path,
        row(amount="1,234"),
        row("R2", amount="12.50"),
        row("R3", amount="12,50"),
        row("R4", amount="13.50"),
        row("R5", amount="14"),
    )
    assert kinds(sheet) == [(2, "amount_ambiguous"), (4, "amount_mixed_marks")]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ({"amount": ""}, "amount_missing"),
        ({"amount": "0"}, "amount_zero"),
        ({"amount": "0.00"}, "amount_zero"),
        ({"amount": "0.001", "currency": "KWD"}, "amount_too_small"),
        ({"amount": "1000000001"}, "amount_too_large"),
        ({"amount": "9" * 40}, "amount_too_large"),
        ({"amount": "12.5050"}, "amount_too_many_decimals"),
        ({"amount": "12.50", "currency": "JPY"}, "amount_too_many_decimals"),
        ({"amount": "12.50", "product": "AMZ-GB|AIRBNB-GB"}, "amount_not_whole"),
        ({"amount": "12.50", "product": "PT-THANKS-GB"}, "amount_not_whole"),
    ],
)
def test_an_amount_that_cannot_be_paid(tmp_path: Path, cells: dict[str, str], kind: str) -> None:
    problem = only_problem(read_rows(tmp_path, row(**cells)))
    assert (problem.kind, problem.value) == (kind, cells["amount"])


@pytest.mark.parametrize(
    ("cells", "amount"),
    [
        ({"amount": "12"}, "12.00"),
        ({"amount": " 12.5 "}, "12.50"),
        ({"amount": "12.5000"}, "12.50"),
        ({"amount": "12.0", "currency": "JPY"}, "12"),
        ({"amount": "1.5", "currency": "KWD"}, "1.500"),
        ({"amount": "25.00", "product": "AMZ-GB|AIRBNB-GB"}, "25.00"),
        ({"amount": "0.01"}, "0.01"),
    ],
)
def test_an_amount_gets_exactly_the_decimals_of_its_currency(
    tmp_path: Path, cells: dict[str, str], amount: str
) -> None:
    (payout,) = payouts(read_rows(tmp_path, row(**cells)))
    assert str(payout.amount) == amount
