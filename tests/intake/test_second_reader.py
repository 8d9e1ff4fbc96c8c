"""The witness itself: what RFC 4180 says, and what the csv module makes of the same text."""

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.intake.second_reader import Broken, Style, possible_amounts, rows_of
from tests.intake.sheets import UNHURRIED


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", []),
        ("a,b", [(1, ("a", "b"))]),
        ("a,b\n", [(1, ("a", "b"))]),
        ("a,\r\n\r\n,b\r", [(1, ("a", "")), (3, ("", "b"))]),
        ('"a,""b""\r\nc",d\n ,\ne', [(1, ('a,"b"\r\nc', "d")), (3, ("e",))]),
        ('a"b,c', [(1, ('a"b', "c"))]),
        ('"",x', [(1, ("", "x"))]),
    ],
)
def test_a_text_is_rows_of_cells(text: str, rows: list[tuple[int, tuple[str, ...]]]) -> None:
    assert rows_of(text, Style(",")) == rows


@pytest.mark.parametrize("text", ['"a', '"a"b', 'x\n"'])
def test_a_text_without_a_meaning_is_broken(text: str) -> None:
    with pytest.raises(Broken):
        rows_of(text, Style(","))


@UNHURRIED
@given(
    st.text(st.sampled_from("ab,;\"'\\ \r\n"), max_size=30),
    st.sampled_from(",;"),
    st.sampled_from("\"'"),
    st.booleans(),
)
def test_it_agrees_with_the_csv_module_on_every_text(text: str, delimiter: str, quote: str, skips: bool) -> None:
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote, skipinitialspace=skips, strict=True
    )
    style = Style(delimiter, quote=quote, skips_blanks=skips)
    try:
        expected = [(line, tuple(cells)) for line, cells in enumerate(reader, 1) if "".join(cells).strip()]
    except csv.Error:
        with pytest.raises(Broken):
            rows_of(text, style)
        return
    assert rows_of(text, style) == expected


@pytest.mark.parametrize(
    ("cell", "amounts"),
    [
        ("12.50", {"12.5"}),
        ("12", {"12"}),
        ("1,234", {"1234", "1.234"}),
        ("1.234,50", {"1234.5"}),
        ("1 234,50", {"1234.5"}),
        ("1'234.50", {"1234.5"}),
        ("12,34,567.5", {"1234567.5"}),
        ("£ 12.50", {"12.5"}),
        ("12,50 EUR", {"12.5"}),
        ("12,--", {"12"}),
        ("SFr. 5", {"5"}),
        ("-12.50", set()),
        ("(12.50)", set()),
        ("12.50-", set()),
        ("12%", set()),
        ("12k", set()),
        ("1e5", set()),
        ("12.5.3", set()),
        ("1 2", set()),
        ("012", set()),
        ("12-13", set()),
        ("", set()),
    ],
)
def test_a_cell_could_be_these_amounts_and_no_others(cell: str, amounts: set[str]) -> None:
    assert possible_amounts(cell) == set(map(Decimal, amounts))
