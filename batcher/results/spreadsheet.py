"""What every workbook of ours has in common: how it is made, what Excel's sheets hold, how wide columns are."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import BinaryIO

import xlsxwriter  # type: ignore[import-untyped]

MAX_CHARACTERS = 32_767
"""Of a cell, as Excel counts them: those beyond the basic plane count twice."""
MAX_LINES = 1_048_575
"""Of a sheet, without the header."""
MAX_COLUMNS = 16_384

TEXT_FORMAT = "@"
"""A cell of this format keeps what is typed into it: no `007` becomes a 7."""

_WIDEST, _NARROWEST = 44, 8
"""Characters of a column's width."""


def new_workbook(file: BinaryIO, title: str, made_at: datetime | None = None) -> xlsxwriter.Workbook:
    """A workbook in which text stays text. It names no person, and no time but `made_at`: its bytes can be repeated."""
    # In memory: its temporary files would hold links, and lie where others look.
    workbook = xlsxwriter.Workbook(
        file,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    created = made_at or datetime(2000, 1, 1, tzinfo=UTC)
    workbook.set_properties({"title": title, "created": created.replace(tzinfo=None)})
    return workbook


def width_of(cells: Iterable[str]) -> int:
    """The width of a column that shows these cells, or what of them can be shown."""
    return min(_WIDEST, max(_NARROWEST, max(map(len, cells), default=0) + 2))


def set_widths(sheet: xlsxwriter.worksheet.Worksheet, columns: Iterable[Iterable[str]]) -> None:
    """Make each column as wide as its cells."""
    for place, cells in enumerate(columns):
        sheet.set_column(place, place, width_of(cells))


def length(text: str) -> int:
    """The characters of a cell, as Excel counts them; exact where they may be too many."""
    # Half the bound is the least that could be too long.
    return len(text) if len(text) <= MAX_CHARACTERS // 2 else len(text.encode("utf-16-le", "surrogatepass")) // 2
