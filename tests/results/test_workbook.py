"""The workbook: text is text whatever it looks like, our numbers are numbers, and a second sheet tells what it cost."""

import zipfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.errors import InputInvalid, UsageError
from batcher.intake import ReadOptions, read_outline
from batcher.records import BatchRecord
from batcher.results import summary_of, write_results
from batcher.results.spreadsheet import MAX_CHARACTERS, MAX_LINES
from batcher.results.table import OUR_COLUMNS, ResultsTable
from batcher.results.workbook import workbook_of
from batcher.states import State
from tests.intake.sheets import UNHURRIED
from tests.payouts import BATCH, COLUMNS, Book, attempt, payout, record_of, sheet

PAID: dict[str, Any] = {
    "redemption_url": "https://links.example/1",
    "price": Decimal("9.50"),
    "discount": Decimal("0.50"),
}
RECORD = record_of(attempt(State.COMPLETED, payout("R1"), **PAID))


def write(folder: Path, record: BatchRecord) -> Path:
    (path,) = write_results(record, folder, ["xlsx"])
    return path


def opened(folder: Path, record: BatchRecord) -> openpyxl.Workbook:
    return openpyxl.load_workbook(write(folder, record))


def with_cells(*cells: str) -> BatchRecord:
    """A batch of one row with these cells."""
    return record_of(attempt(State.PLANNED, payout("R1"), cells=cells), cells=cells)


def test_every_column_stands_under_its_header(tmp_path: Path) -> None:
    lines = list(opened(tmp_path, RECORD)["Results"].iter_rows(values_only=True))
    assert lines[0] == (*COLUMNS, *OUR_COLUMNS)
    told = dict(zip(*lines, strict=True))
    assert (told["reference"], told["amount"], told["note"]) == ("R1", "10.00", None)
    assert (told["row"], told["attempts"], told["price"]) == (2, 1, 9.5)
    assert (told["status"], told["redemption_url"]) == ("COMPLETED", "https://links.example/1")


@pytest.mark.parametrize(
    "text",
    [
        "=1+1", "{=1+1}", "+44 7700 900000", "-cmd", "@SUM(A1)", "'quoted", "https://evil.example",
        "mailto:a@b.example", "internal:Sheet2!A1", "0012", "1e5", "2026-11-03", "TRUE", "12.50", "#N/A", "_x0041_",
        " spaces ", "a\nb", "zoë 🎁",
    ],
)  # fmt: skip
def test_text_comes_back_as_text_whatever_it_looks_like(tmp_path: Path, text: str) -> None:
    cell = opened(tmp_path, with_cells(text))["Results"]["A2"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)


@UNHURRIED
@given(text=st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), max_size=20))
def test_any_text_comes_back_as_it_was(tmp_path: Path, text: str) -> None:
    cell = opened(tmp_path, with_cells("R1", text))["Results"]["B2"]
    assert (cell.value or "") == text


def test_no_part_of_the_file_holds_a_formula_or_a_link(tmp_path: Path) -> None:
    path = write(tmp_path, with_cells("=HYPERLINK(1)", "https://evil.example"))
    with zipfile.ZipFile(path) as parts:
        assert not any(b"<f>" in parts.read(name) or b"<hyperlink" in parts.read(name) for name in parts.namelist())


@pytest.mark.parametrize(
    ("price", "value", "look"),
    [
        ("9.50", 9.5, "#,##0.00"),
        ("9.5", 9.5, "#,##0.0"),
        ("1000", 1000, "#,##0"),
        ("0.125", 0.125, "#,##0.000"),
        ("9999999999999.99", 9999999999999.99, "#,##0.00"),
        ("12345678901234.56", "12345678901234.56", "General"),
    ],
)
def test_a_price_is_a_number_as_long_as_a_number_holds_it(tmp_path: Path, price: str, value: object, look: str) -> None:
    record = record_of(attempt(State.COMPLETED, payout("R1"), price=Decimal(price)))
    sheet = opened(tmp_path, record)["Results"]
    cell = sheet.cell(2, len(COLUMNS) + OUR_COLUMNS.index("price") + 1)
    assert (cell.value, cell.number_format) == (value, look)


def test_moments_are_text_in_utc(book: Book, tmp_path: Path) -> None:
    book.confirm(sheet(payout("R1")))
    book.bring("R1", State.COMPLETED)
    lines = list(opened(tmp_path / "results", book.batch())["Results"].iter_rows(values_only=True))
    told = dict(zip(*lines, strict=True))
    assert (told["submitted_at"], told["expiry_date"]) == ("2026-11-03T09:00:00Z", "2027-11-03")


def test_the_header_is_bold_and_stays_and_filters(tmp_path: Path) -> None:
    results = opened(tmp_path, RECORD)["Results"]
    assert results["A1"].font.bold
    assert not results["A2"].font.bold
    assert results.freeze_panes == "A2"
    assert results.auto_filter.ref == f"A1:{results.cell(1, results.max_column).column_letter}2"
    widths = [results.column_dimensions[letter].width for letter in ("A", "F")]
    assert 8 <= widths[0] < widths[1] <= 46


def test_the_second_sheet_tells_what_was_paid(tmp_path: Path) -> None:
    lines = list(opened(tmp_path, RECORD)["Summary"].iter_rows(values_only=True))
    assert lines[0][:2] == ("Batch", BATCH)
    assert lines[1][:2] == ("Environment", "PLAYGROUND (main at playground.runa.io)")
    assert lines[4:] == [
        ("Currency", "Product", "Payouts", "Face value", "Discount", "Fees", "Total paid"),
        ("GBP", "AMZ-GB", 1, 10, 0.5, 0, 9.5),
        ("GBP", "all", 1, 10, 0.5, 0, 9.5),
    ]


def test_uploaded_again_it_says_which_sheet_has_the_rows(tmp_path: Path) -> None:
    path = write(tmp_path, RECORD)
    with pytest.raises(InputInvalid) as caught:
        read_outline(path, ReadOptions())
    assert "say --sheet Results" in caught.value.fix
    assert [record.cells[0] for record in read_outline(path, ReadOptions(sheet="Results")).records] == ["R1"]


def test_the_second_sheet_says_what_was_not_told(tmp_path: Path) -> None:
    lines = list(
        opened(tmp_path, record_of(attempt(State.COMPLETED, payout("R1"))))["Summary"].iter_rows(values_only=True)
    )
    assert lines[5][4:] == ("not told", "not told", "not told")
    assert [line[0] for line in lines[7:]] == [
        "Of 1 payout Runa has not told the price.",
        "Of 1 payout Runa has not told the discount.",
    ]


def test_a_batch_without_rows_is_a_workbook_all_the_same(tmp_path: Path) -> None:
    book = opened(tmp_path, replace(RECORD, rows=()))
    assert book.sheetnames == ["Results", "Summary"]
    assert book["Results"].max_row == 1


def test_no_person_is_named_in_the_file(tmp_path: Path) -> None:
    properties = opened(tmp_path, RECORD).properties
    assert (properties.creator, properties.lastModifiedBy) == (None, None)
    assert properties.title == f"Results of {BATCH}"


@pytest.mark.parametrize(("sign", "most"), [("x", MAX_CHARACTERS), ("🎁", MAX_CHARACTERS // 2)])
def test_a_cell_as_long_as_excel_takes_comes_back_whole_and_one_longer_is_refused(
    tmp_path: Path, sign: str, most: int
) -> None:
    assert opened(tmp_path, with_cells("R1", sign * most))["Results"]["B2"].value == sign * most
    with pytest.raises(UsageError, match=r"characters; a cell of a workbook takes 32,767\. Write them as csv"):
        write(tmp_path, with_cells("R1", sign * (most + 1)))


def test_more_lines_than_a_sheet_has_are_refused_and_not_cut_off() -> None:
    line = (*([""] * len(OUR_COLUMNS)),)
    table = ResultsTable(inputs=(), lines=(line,) * (MAX_LINES + 1))
    with pytest.raises(UsageError, match="1,048,576 lines"):
        workbook_of(table, RECORD, summary_of(RECORD))
