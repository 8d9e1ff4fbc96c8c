"""The faulty rows as a workbook: every cell is text exactly as it was read, and what is wrong is red and says why."""

import io
from collections.abc import Iterable, Sequence

import xlsxwriter  # type: ignore[import-untyped]

from batcher.errors import UsageError
from batcher.results.mending import RELEASE, Mending, MendingRow
from batcher.results.spreadsheet import MAX_CHARACTERS, TEXT_FORMAT, length, new_workbook, width_of

MAX_COMMENTS = 10_000
"""Cells with a comment; beyond them the columns say it. Each is a drawing, and Excel opens so many slowly."""

_LOOKED_AT = 200
"""Rows that a column's width is taken from."""
_RED, _GREY = "#FFC7CE", "#7F7F7F"


def workbook_to_mend(mending: Mending, rows: Iterable[MendingRow], *, most_comments: int = MAX_COMMENTS) -> bytes:
    """The file's bytes; the same rows give the same. Raises `UsageError` for a cell that no workbook can hold."""
    file = io.BytesIO()
    workbook = new_workbook(file, "Rows to mend")
    sheet = workbook.add_worksheet("To mend")
    sheet.set_comments_author("batcher")
    pen = _Pen(workbook, sheet, own=len(mending.columns), comments=most_comments)
    pen.write_header(mending.headers)
    looked_at, last = [], 0
    for last, row in enumerate(rows, 1):
        pen.write(last, row)
        if last <= _LOOKED_AT:
            looked_at.append(row.all_cells)
    pen.lay_out(mending.headers, looked_at)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, last, len(mending.headers) - 1)
    # Amounts are text on purpose: no green corner for them.
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{last + 1}"})
    workbook.close()
    return file.getvalue()


class _Pen:
    """Writes rows; looks of cells are made once."""

    def __init__(
        self, workbook: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet, *, own: int, comments: int
    ) -> None:
        self._sheet = sheet
        self._own = own
        self._comments_left = comments
        self._bold = workbook.add_format({"bold": True, "num_format": TEXT_FORMAT})
        self._text = workbook.add_format({"num_format": TEXT_FORMAT})
        self._wrong = workbook.add_format({"num_format": TEXT_FORMAT, "bg_color": _RED})
        aside = {"num_format": TEXT_FORMAT, "italic": True, "font_color": _GREY}
        self._aside = workbook.add_format(aside)
        self._wrong_aside = workbook.add_format({**aside, "bg_color": _RED})

    def write_header(self, headers: Sequence[str]) -> None:
        for place, header in enumerate(headers):
            self._write(0, place, header, self._bold if place < self._own else self._aside)

    def write(self, number: int, row: MendingRow) -> None:
        for place, cell in enumerate(row.all_cells):
            if place < self._own:
                look = self._wrong if place in row.notes else self._text
            else:
                look = self._wrong_aside if place in row.notes or cell == RELEASE else self._aside
            self._write(number, place, cell, look)
        for place, note in row.notes.items():
            if self._comments_left > 0:
                self._sheet.write_comment(number, place, note, {"x_scale": 2, "y_scale": 1 + len(note) // 120})
                self._comments_left -= 1

    def lay_out(self, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Set each column's width, and make what is typed into it later text as well."""
        for place in range(len(headers) + 1):
            cells = [line[place] for line in (headers, *rows) if place < len(line)]
            look = self._text if place < self._own else self._aside
            self._sheet.set_column(place, place, width_of(cells), look)

    def _write(self, number: int, place: int, cell: str, look: object) -> None:
        if (count := length(cell)) > MAX_CHARACTERS:
            where = f"A cell of row {number + 1} of the rows to mend, column {place + 1},"
            message = f"{where} holds {count:,} characters; a cell of a workbook takes {MAX_CHARACTERS:,}."
            raise UsageError(message, "Write the rows as CSV: name a file that ends with .csv.")
        # An empty one is written for its look.
        self._sheet.write_string(number, place, cell, look)
