"""What a cell of a workbook becomes: its text, whether it is a number, and why it cannot be taken as it is shown."""

import io
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from batcher.intake.grid import Grid
from batcher.intake.workbooks.workbook import read_workbook
from tests.intake.sheets import UNHURRIED
from tests.intake.workbooks import changed, first_cell, oddity_of, rows_of, with_cell, with_rows, written


def read(data: bytes) -> Grid:
    return read_workbook(data, "payouts.xlsx", None)


def stored(value: str, kind: str = "n", formula: str = "") -> Grid:
    """A workbook whose cell A1 is written just so; formulas are calculated."""
    cell = f"<row r='1'><c r='A1' t='{kind}'>{formula}{value}</c></row>"
    data = with_rows(cell)
    return read(changed(data, "xl/workbook.xml", (' fullCalcOnLoad="1"', "")))


@pytest.mark.parametrize(
    ("held", "text"),
    [
        ("12.5", "12.5"),
        ("10", "10"),
        ("10.00", "10"),
        ("0", "0"),
        ("-0", "0"),
        ("-12.5", "-12.5"),
        ("12.499999999999998", "12.5"),
        ("0.30000000000000004", "0.3"),
        ("1234.5600000000004", "1234.56"),
        ("1.2E3", "1200"),
        ("1E-3", "0.001"),
        ("0.1234567890123456", "0.123456789012346"),
        (" 7 ", "7"),
        ("123456789012345", "123456789012345"),
    ],
)
def test_a_number_is_written_plainly_and_without_noise(held: str, text: str) -> None:
    assert first_cell(stored(f"<v>{held}</v>")) == (text, True, None)


@pytest.mark.parametrize("held", ["1.2345678901234568E+16", "4111111111111110", "1E+15", "-9999999999999999"])
def test_a_number_with_more_digits_than_a_sheet_keeps_has_lost_some(held: str) -> None:
    text, is_number, kind = first_cell(stored(f"<v>{held}</v>"))
    assert (is_number, kind, "E" in text) == (True, "number_digits_lost", False)


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (12.5, "0.00", "12.5"),
        (1234.5, "#,##0.00", "1234.5"),
        (1234, "#,##0", "1234"),
        (12.5, '"$"#,##0.00_);[Red]("$"#,##0.00)', "12.5"),
        (-12.5, '"$"#,##0.00_);[Red]("$"#,##0.00)', "-12.5"),
        (12.5, "[$€-407] #,##0.00", "12.5"),
        (12.5, '#,##0.00 "EUR"', "12.5"),
        (12.5, '"R$" #,##0.00', "12.5"),
        (1234567.5, "# ##0.00", "1234567.5"),
        (1234567.5, "#'##0.00", "1234567.5"),
        (12, '"Fr. "0".-"', "12"),
        (12.5, '_-* #,##0.00 [$kr-41D]_-;-* #,##0.00 [$kr-41D]_-;_-* "-"?? [$kr-41D]_-;_-@_-', "12.5"),
        (0, '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)', "0"),
        (12345, "0.00E+00", "12345"),
        (12.5, "@", "12.5"),
        (12, "# ?/?", "12"),
        (0.5, "#.##", "0.5"),
        (5, "0,000", "5"),
        (12.5, "G/通用格式", "12.5"),
        (12.5, '0.00"元"', "12.5"),
        (123456789012.345, "0." + "0" * 200, "123456789012.345"),
    ],
)
def test_a_format_that_shows_the_number_changes_nothing(value: float, number_format: str, text: str) -> None:
    assert first_cell(read(with_cell(value, number_format))) == (text, True, None)


@pytest.mark.parametrize(
    ("value", "number_format", "shown"),
    [
        (12.3456, "0.00", "holds 12.3456 and shows 12.35"),
        (12.5, "0", "holds 12.5 and shows 13"),
        (2.5, "#,##0", "holds 2.5 and shows 3"),
        (1234.5, "#,##0", "holds 1234.5 and shows 1,235"),
        (0.125, "0.0%", "holds 0.125 and shows 12.5%"),
        (12500, "0,", "holds 12500 and shows 13"),
        (12500000, '0.0,,"M"', "holds 12500000 and shows 12.5M"),
        (12, '0"k"', "holds 12 and shows 12k"),
        (12, '0"00"', "holds 12 and shows 1200"),
        (12, '"INV-"@', "holds 12 and shows INV-12"),
        (12, '"INV-"0', "holds 12 and shows INV-12"),
        (12.5, "-0.00", "holds 12.5 and shows -12.50"),
        (12.5, ";;;", "holds 12.5 and does not show it"),
        (12.5, '"paid"', "holds 12.5 and shows paid"),
        (12.5, "# ?/?", "may show something else"),
        (1250, "0\\.00", "may show something else"),
        (123456789, "000-00-0000", "may show something else"),
        (12.5, "[>100]0;0.00", "may show something else"),
        (12.5, 'General"k"', "holds 12.5 and shows 12.5k"),
        (12, '0"%"', "holds 12 and shows 12%"),
        (50, '"."0', "holds 50 and shows .50"),
        (12, '"~"0', "holds 12 and shows ~12"),
        (12.5, '0.00" per dozen"', "holds 12.5 and shows 12.50 per dozen"),
        (12.5, "0." + "0" * 300, "may show something else"),
        (1e-9, "0.00", "holds 0.000000001 and shows 0.00"),
    ],
)
def test_a_format_that_shows_something_else_is_said(value: float, number_format: str, shown: str) -> None:
    grid = read(with_cell(value, number_format))
    assert first_cell(grid)[1:] == (True, "number_not_as_shown")
    assert oddity_of(grid).startswith("number_not_as_shown: A1 ")
    assert shown in oddity_of(grid)


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [(123, "00000", "00123"), (123456, "00000", "123456"), (7, '"EUR "000', "EUR 007"), (-5, "000", "-005")],
)
def test_zeros_that_a_format_puts_in_front_belong_to_a_code(value: int, number_format: str, text: str) -> None:
    assert first_cell(read(with_cell(value, number_format))) == (text, False, None)


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (date(2026, 11, 3), "yyyy-mm-dd", "2026-11-03"),
        (date(2026, 11, 3), "d-mmm", "2026-11-03"),
        (date(2026, 11, 3), "[$-F800]dddd, mmmm dd, yyyy", "2026-11-03"),
        (datetime(2026, 11, 3, 14, 30), "dd/mm/yyyy hh:mm", "2026-11-03T14:30:00"),  # noqa: DTZ001 - a sheet has no zone
        (time(14, 30), "h:mm AM/PM", "14:30:00"),
        (1.5, "[h]:mm:ss", "36:00:00"),
        (1, "d-mmm", "1900-01-01"),
        (60, "yyyy-mm-dd", "1900-02-29"),
        (61, "yyyy-mm-dd", "1900-03-01"),
        (3_000_000, "yyyy-mm-dd", "3000000"),
        (-1, "yyyy-mm-dd", "-1"),
    ],
)
def test_dates_and_times_are_said(value: object, number_format: str, text: str) -> None:
    assert first_cell(read(with_cell(value, number_format))) == (text, False, "cell_is_date")


def test_dates_are_counted_from_where_the_workbook_counts_them() -> None:
    book = openpyxl.Workbook()
    book.epoch = datetime(1904, 1, 1)  # noqa: DTZ001 - a sheet has no time zone
    book.active["A1"] = date(2026, 11, 3)
    file = io.BytesIO()
    book.save(file)
    assert first_cell(read(file.getvalue())) == ("2026-11-03", False, "cell_is_date")
    assert first_cell(stored("<v>2026-11-03T00:00:00</v>", "d")) == ("2026-11-03T00:00:00", False, "cell_is_date")


def test_answers_and_errors_are_said() -> None:
    assert first_cell(stored("<v>1</v>", "b")) == ("TRUE", False, "cell_is_boolean")
    assert first_cell(stored("<v>0</v>", "b")) == ("FALSE", False, "cell_is_boolean")
    assert first_cell(stored("<v>#N/A</v>", "e", "<f>NA()</f>")) == ("#N/A", False, "cell_is_error")


def test_a_formula_is_what_the_file_holds_as_its_result() -> None:
    assert first_cell(stored("<v>12.5</v>", "n", "<f>B1*2</f>")) == ("12.5", True, None)
    assert first_cell(stored("<v>R1</v>", "str", "<f>B1</f>")) == ("R1", False, None)
    for nothing in ("", "<v/>"):
        assert first_cell(stored(nothing, "n", "<f>B1*2</f>")) == ("", False, "formula_without_value")
    assert first_cell(stored("", "str", "<f>B1</f>")) == ("", False, "formula_without_value")
    nothing_yet = with_rows("<row r='1'><c r='A1'><v>1</v></c><c r='B1' t='str'><f>\"\"</f><v></v></c></row>")
    record = next(read(nothing_yet).records())
    assert record.oddities[1].kind == "formula_without_value"


def test_a_stand_in_for_a_result_is_no_result() -> None:
    grid = read(written(lambda _, sheet: sheet.write_formula(0, 0, "=B1*2", None, 0)))
    assert first_cell(grid) == ("", False, "formula_without_value")
    assert "the file holds 0 as a stand-in" in oddity_of(grid)


def test_a_row_of_nothing_but_formulas_without_results_is_no_blank_row() -> None:
    assert len(rows_of(stored("", "n", "<f>B1</f>"))) == 1


@pytest.mark.parametrize("text", ["007", "12.50", "1,234.5", "=1+1", "'=1+1", "1E5", "3-11", "TRUE", " x ", "a\nb"])
def test_text_is_text_whatever_it_looks_like(text: str) -> None:
    def write(book: Any, sheet: Any) -> None:
        sheet.write_string(0, 0, text, book.add_format({"quote_prefix": True}))

    assert first_cell(read(written(write))) == (text, False, None)


@pytest.mark.parametrize(
    ("number_format", "said"),
    [
        ("@", ""),
        ("0.00", ""),
        ("yyyy-mm-dd", ""),
        ("_(@_)", ""),
        ('"INV-"@', "text_not_as_shown: A1 holds 7a and shows INV-7a."),
        (" @", ""),
        (";;;", "text_not_as_shown: A1 holds 7a and does not show it."),
        ('0;0;0;@" (old)"', "text_not_as_shown: A1 holds 7a and shows 7a (old)."),
    ],
)
def test_words_that_a_format_puts_around_a_text_are_said(number_format: str, said: str) -> None:
    grid = read(with_cell("7a", number_format))
    assert (first_cell(grid)[0], oddity_of(grid)) == ("7a", said)


def test_a_text_of_the_length_at_which_programs_cut_is_said() -> None:
    assert first_cell(read(with_cell("x" * 255)))[2] == "cell_cut"
    assert first_cell(read(with_cell("x" * 254)))[2] is None
    assert first_cell(read(with_cell("x" * 256)))[2] is None


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co")), min_size=1, max_size=20)
AMOUNTS = st.decimals(min_value=0, max_value=9_999_999, places=2)
CELLS = st.one_of(TEXTS, AMOUNTS)
TABLES = st.lists(st.lists(CELLS, min_size=1, max_size=5), min_size=1, max_size=6)


@UNHURRIED
@given(table=TABLES)
def test_what_is_written_is_read_and_other_readers_agree(table: list[list[str | Decimal]]) -> None:
    def write(_: Any, sheet: Any) -> None:
        for line, cells in enumerate(table):
            for place, cell in enumerate(cells):
                if isinstance(cell, str):
                    sheet.write_string(line, place, cell)
                else:
                    sheet.write_number(line, place, cell)

    data = written(write)
    texts = [[cell if isinstance(cell, str) else f"{cell.normalize():f}" for cell in cells] for cells in table]
    filled = [(line, row) for line, row in enumerate(texts, 1) if any(cell.strip() for cell in row)]
    if not filled:
        return
    grid = read(data)
    assert [(record.line, list(record.cells)) for record in grid.records()] == filled
    numbers = [{place for place, cell in enumerate(cells) if isinstance(cell, Decimal)} for cells in table]
    assert [set(record.numbers) for record in grid.records()] == [numbers[line - 1] for line, _ in filled]
    witnessed = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    for record in grid.records():
        for place, text in enumerate(record.cells):
            seen = witnessed[record.line - 1][place]
            assert float(text) == seen if place in record.numbers else text == seen
