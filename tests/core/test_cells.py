"""Cells that a spreadsheet would run: written harmless, read back as they were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.cells import neutralised, restored
from tests.core.payouts import UNHURRIED

RUN = "=+-@\t\r"
cells = st.text() | st.text(st.sampled_from(f"{RUN}'-1.,0a "), max_size=8)


@UNHURRIED
@given(cells)
def test_what_was_read_from_a_sheet_is_read_the_same_from_the_results(cell: str) -> None:
    read = restored(cell)
    assert restored(neutralised(read)) == read


@UNHURRIED
@given(cells)
def test_results_that_are_read_and_written_again_do_not_change(cell: str) -> None:
    written = neutralised(restored(cell))
    assert neutralised(restored(written)) == written


@UNHURRIED
@given(cells)
def test_nothing_written_starts_as_a_formula_does_but_negative_numbers(cell: str) -> None:
    written = neutralised(cell)
    if written.startswith(tuple(RUN)):
        assert written[0] == "-"
        assert written[1:].replace(".", "").replace(",", "").isdecimal()


@UNHURRIED
@given(cells)
def test_only_one_quote_is_ever_added_or_taken_off(cell: str) -> None:
    assert neutralised(cell) in {cell, f"'{cell}"}
    assert cell in {restored(cell), f"'{restored(cell)}"}


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+44 20 7946 0018", "'+44 20 7946 0018"),
        ("@handle", "'@handle"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("-cmd|'/C calc'!A0", "'-cmd|'/C calc'!A0"),
        ("-1+1", "'-1+1"),
        ("--5", "'--5"),
        ("-", "'-"),
        ("-5", "-5"),
        ("-1,234.50", "-1,234.50"),
        ("O'Brien", "O'Brien"),
        ("'quoted'", "'quoted'"),
        ("", ""),
    ],
)
def test_cells_as_they_are_written(cell: str, written: str) -> None:
    assert neutralised(cell) == written
    assert restored(written) == cell


@pytest.mark.parametrize(
    ("cell", "read"), [("'=1", "=1"), ("''=1", "''=1"), ("'tis", "'tis"), ("'", "'"), ("'-5", "-5")]
)
def test_one_quote_comes_off_only_where_such_a_character_follows(cell: str, read: str) -> None:
    assert restored(cell) == read
