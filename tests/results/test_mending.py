"""Rows to mend: their own columns as they were read, and beside them what is wrong; as a workbook with red cells."""

import csv
import io
import stat
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import openpyxl  # type: ignore[import-untyped]
import pytest

from batcher.errors import OwnFault, UsageError
from batcher.model import Problem, SheetRow
from batcher.results import write_to_mend
from batcher.results.mending import MAX_WORDS, RELEASE, Mending
from batcher.results.mending_workbook import workbook_to_mend
from batcher.results.spreadsheet import MAX_CHARACTERS

COLUMNS = ("Reference", "Amount", "Note")
OURS = ("line", "problem", "how to mend it")


def problem(column: str | None, kind: str = "amount_zero", message: str = "Wrong.", fix: str = "Mend it.") -> Problem:
    return Problem(line=7, column=column, value=None, message=message, fix=fix, kind=kind)


def faulty(*problems: Problem, cells: Sequence[str] = ("007", "12,50", "")) -> SheetRow:
    return SheetRow(line=7, cells=tuple(cells), payout=None, problems=problems or (problem("Amount"),))


def written(folder: Path, *rows: SheetRow, columns: Sequence[str] = COLUMNS) -> list[list[str]]:
    path = write_to_mend(columns, rows, folder / "mend.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def opened(folder: Path, *rows: SheetRow, columns: Sequence[str] = COLUMNS) -> openpyxl.worksheet.worksheet.Worksheet:
    book = openpyxl.load_workbook(write_to_mend(columns, rows, folder / "mend.xlsx"))
    assert len(book.sheetnames) == 1
    return book.active


def test_a_row_keeps_its_cells_and_gets_its_line_what_is_wrong_and_how_to_mend_it(tmp_path: Path) -> None:
    row = faulty(problem("Amount", message="It is zero.", fix="Enter it."), problem(None, message="It is odd."))
    assert written(tmp_path, row) == [
        [*COLUMNS, *OURS],
        ["007", "12,50", "", "7", "Amount: It is zero. It is odd.", "Amount: Enter it. Mend it."],
    ]


def test_the_same_fix_is_said_once(tmp_path: Path) -> None:
    (_, row) = written(tmp_path, faulty(problem(None), problem(None)))
    assert row[-2:] == ["Wrong. Wrong.", "Mend it."]


def test_cells_that_a_spreadsheet_would_run_are_text_in_the_csv(tmp_path: Path) -> None:
    (_, row) = written(tmp_path, faulty(cells=("=1+1", "-5", "@x")))
    assert row[:3] == ["'=1+1", "-5", "'@x"]


@pytest.mark.parametrize("name", ["Line", "PROBLEM", "How to mend it!", "line"])
def test_a_column_of_the_sheets_own_that_is_called_so_stays_and_ours_are_numbered(name: str) -> None:
    assert Mending([*COLUMNS, name]).headers == (*COLUMNS, name, "line (2)", "problem (2)", "how to mend it (2)")


def test_the_number_is_the_first_that_no_column_has() -> None:
    assert Mending(["line", "Problem 2"]).headers[2:] == ("line (3)", "problem (3)", "how to mend it (3)")


@pytest.mark.parametrize("own", [(), ("problem",)])
@pytest.mark.parametrize("behind", [(), ("",), ("", "Added")])
def test_what_an_earlier_table_said_makes_way(tmp_path: Path, own: tuple[str, ...], behind: tuple[str, ...]) -> None:
    columns = [*COLUMNS, *own]
    first = Mending(columns).headers
    again = Mending([*first, *behind])
    added = [title for title in behind if title]
    assert again.columns == (*columns, *added)
    assert again.headers == (*columns, *added, *first[-3:])
    cells = [*"abc", *own, "3", "Old.", "Old.", *behind]
    assert again.row(faulty(cells=cells)).cells == (*"abc", *own, *added)


@pytest.mark.parametrize(
    "kind", ["too_many_cells", "too_few_cells", "quote_swallows_rows", "amount_mixed_marks", "cell_is_date"]
)
def test_a_row_whose_cells_do_not_show_its_mistake_gets_a_cell_that_keeps_it_from_being_taken(
    tmp_path: Path, kind: str
) -> None:
    header, row = written(tmp_path, faulty(problem("Amount", kind)))
    assert row[len(header) :] == [RELEASE]


def test_a_row_that_was_not_released_still_says_what_it_was_refused_for() -> None:
    cells = ["007", "12,50", "", "7", "It was cut off.", "Complete it."]
    found = problem(None, "too_many_cells", f"Left over is {RELEASE}.")
    row = Mending([*COLUMNS, *OURS]).row(faulty(found, cells=cells))
    assert (row.told, row.release) == (("7", "It was cut off.", "Complete it."), RELEASE)


def test_what_a_message_quotes_is_no_mistake_of_the_new_file() -> None:
    row = Mending(COLUMNS).row(faulty(problem(None, message=f"Odd:\n a\x07b {'x' * 9_999}")))
    assert row.told[1].startswith("Odd: a\ufffdb xxx")
    assert len(row.told[1]) == MAX_WORDS


def test_it_is_for_its_owner_only_and_replaces_what_was_there(tmp_path: Path) -> None:
    for name in ("mend.csv", "mend.XLSX"):
        (tmp_path / name).write_text("old")
        path = write_to_mend(COLUMNS, [faulty()], tmp_path / name)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (tmp_path / "mend.XLSX").read_bytes().startswith(b"PK")


def test_a_file_that_cannot_be_written_leaves_the_sheet_to_be_checked_again(tmp_path: Path) -> None:
    (tmp_path / "mend.csv").mkdir()
    with pytest.raises(OwnFault, match=r"mend\.csv could not be written .* the sheet is as it was"):
        write_to_mend(COLUMNS, [faulty()], tmp_path / "mend.csv")


@pytest.mark.parametrize(
    "text", ["12,50", "007", "1E5", "=1+1", "{=1+1}", "2026-11-03", "TRUE", "a\nb", "https://a.example", " x "]
)
def test_every_cell_of_the_workbook_is_text_exactly_as_it_was_read(tmp_path: Path, text: str) -> None:
    sheet = opened(tmp_path, faulty(cells=("R1", text, text)))
    for cell in (sheet["B2"], sheet["C2"]):
        assert (cell.value, cell.data_type, cell.number_format) == (text, "s", "@")
    assert {cell.data_type for line in sheet.iter_rows() for cell in line if cell.value is not None} == {"s"}
    assert {cell.number_format for line in sheet.iter_rows() for cell in line} == {"@"}


def test_what_is_typed_into_the_workbook_later_is_text_as_well(tmp_path: Path) -> None:
    sheet = opened(tmp_path, faulty())
    columns = sheet.column_dimensions.values()
    assert {column.number_format for column in columns} == {"@"}
    assert {place for column in columns for place in range(column.min, column.max + 1)} >= set(range(1, 7))


def colour(cell: openpyxl.cell.Cell) -> str | None:
    return str(cell.fill.start_color.rgb) if cell.fill.fill_type else None


def test_a_faulty_cell_is_red_and_its_comment_says_what_is_wrong_and_how_to_mend_it(tmp_path: Path) -> None:
    sheet = opened(tmp_path, faulty(problem("Amount"), problem("Note", message="Missing.", fix="Enter it.")))
    assert [colour(cell) for cell in sheet[2]] == [None, "FFFFC7CE", "FFFFC7CE", None, None, None]
    assert (sheet["B2"].comment.text, sheet["C2"].comment.text) == ("Wrong. Mend it.", "Missing. Enter it.")
    assert sheet["A2"].comment is None


def test_what_is_wrong_with_the_whole_row_is_beside_its_line(tmp_path: Path) -> None:
    sheet = opened(tmp_path, faulty(problem(None, "too_few_cells"), problem("Not there")))
    assert [colour(cell) for cell in sheet[2]] == [None, None, None, "FFFFC7CE", None, None, "FFFFC7CE"]
    assert sheet["D2"].comment.text == "Wrong. Mend it. Wrong. Mend it."
    assert sheet["G2"].value == RELEASE


def test_the_header_stays_in_view_has_filters_and_ours_stand_aside(tmp_path: Path) -> None:
    sheet = opened(tmp_path, faulty(), faulty(cells=("a much longer reference than usual", "1", "")))
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:F3")
    assert [cell.value for cell in sheet[1]] == [*COLUMNS, *OURS]
    for line in sheet.iter_rows():
        assert [cell.font.italic for cell in line] == [False] * 3 + [True] * 3
        assert [cell.font.color.rgb for cell in line[3:]] == ["FF7F7F7F"] * 3
    assert sheet.column_dimensions["A"].width > 34 > sheet.column_dimensions["B"].width


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    one, other = (write_to_mend(COLUMNS, [faulty()], tmp_path / name).read_bytes() for name in ("a.xlsx", "b.xlsx"))
    assert one == other
    # A second in which both were written would make them equal as well.
    created = openpyxl.load_workbook(io.BytesIO(one)).properties.created
    assert created == datetime(2000, 1, 1)  # noqa: DTZ001 - Excel has no zones


def test_more_comments_than_excel_opens_with_ease_are_left_to_the_columns() -> None:
    mending = Mending(COLUMNS)
    content = workbook_to_mend(mending, map(mending.row, [faulty(), faulty()]), most_comments=1)
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert [sheet[place].comment is None for place in ("B2", "B3")] == [False, True]
    assert colour(sheet["B3"]) == "FFFFC7CE"


def test_a_cell_that_no_workbook_can_hold_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"row 2 of the rows to mend, column 3, holds 32,768 characters.*\.csv"):
        opened(tmp_path, faulty(cells=("R1", "1", "x" * (MAX_CHARACTERS + 1))))
    assert list(tmp_path.iterdir()) == []
