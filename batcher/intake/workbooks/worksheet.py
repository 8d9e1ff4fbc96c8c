"""The XML of one sheet of an .xlsx file, row by row, before anything is known of what its cells mean."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from batcher.intake.workbooks.cellvalues import cell_name
from batcher.intake.workbooks.gathering import MAX_LINE, MAX_PLACES, Merged
from batcher.intake.workbooks.markup import walked
from batcher.intake.workbooks.package import damaged

_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(slots=True)
class RawCell:
    """A cell as the file writes it."""

    place: int
    kind: str
    """`n` for a number, `s` for a shared text, and six others."""
    style: int
    """Which of the workbook's formats it has, by number."""
    value: str | None = None
    """`None` where the file has none, which is not the same as an empty one."""
    has_formula: bool = False


@dataclass(slots=True)
class RawRow:
    """A row that the file mentions, with the cells that it mentions."""

    line: int
    hidden: bool
    cells: list[RawCell] = field(default_factory=list)


@dataclass(slots=True)
class Layout:
    """What a sheet says of itself before and after its rows."""

    hidden_columns: set[int] = field(default_factory=set)
    merged: list[Merged] = field(default_factory=list)
    filters: list[tuple[int, int]] = field(default_factory=list)
    """First and last line of each filter that leaves something out."""


def rows(stream: IO[bytes], layout: Layout, file: str) -> Iterator[RawRow]:
    """Every row in its order; `layout` is complete once the last one is out."""
    sheet = _Sheet(layout, file)
    for _ in walked(stream, sheet):
        yield from sheet.done
        sheet.done.clear()


def unescaped(text: str) -> str:
    """`_x000D_` is how a workbook writes what XML cannot; an underscore before such a thing is written so too."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text).encode("utf-16", "surrogatepass").decode("utf-16")


def place_and_line(reference: str) -> tuple[int, int] | None:
    """Place and line of `D17`; `None` where this names no cell."""
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        return None
    place = 0
    for letter in found[1].upper():
        place = place * 26 + ord(letter) - ord("A") + 1
    place, line = place - 1, int(found[2])
    return (place, line) if place < MAX_PLACES and 1 <= line <= MAX_LINE else None


class _Sheet:
    """Listens to the document of a sheet."""

    def __init__(self, layout: Layout, file: str) -> None:
        self.done: list[RawRow] = []
        self._layout = layout
        self._file = file
        self._line = 0
        self._aside = 0
        self._in_rows = False
        self._row: RawRow | None = None
        self._cell: RawCell | None = None
        self._texts: list[str] | None = None
        self._phonetic = 0
        self._filter: tuple[int, int] | None = None

    def opened(self, tag: str, attributes: dict[str, str]) -> None:
        if self._aside or tag == "extLst":
            # What newer programs add for themselves.
            self._aside += 1
        elif self._cell is not None:
            self._open_in_cell(self._cell, tag)
        elif self._in_rows:
            self._open_in_rows(tag, attributes)
        elif tag == "sheetData":
            self._in_rows = True
        else:
            self._open_around(tag, attributes)

    def closed(self, tag: str) -> None:
        if self._aside:
            self._aside -= 1
        elif self._cell is not None:
            self._close_in_cell(self._cell, tag)
        elif tag == "row" and self._row is not None:
            self.done.append(self._row)
            self._row = None
        elif tag == "sheetData":
            self._in_rows = False

    def written(self, text: str) -> None:
        if self._texts is not None:
            self._texts.append(text)

    def _open_in_rows(self, tag: str, attributes: dict[str, str]) -> None:
        if self._row is None and tag == "row":
            self._open_row(attributes)
        elif self._row is not None and tag == "c":
            self._open_cell(self._row, attributes)
        else:
            # It may be a row or a cell that would be lost.
            raise damaged(self._file, f"there is a {tag[:20]!r} among the rows after row {self._line}", line=self._line)

    def _open_row(self, attributes: dict[str, str]) -> None:
        line = int(attributes.get("r") or self._line + 1)
        if not self._line < line <= MAX_LINE:
            raise damaged(self._file, f"row {line} follows row {self._line}", line=line)
        self._line = line
        hidden = _is_true(attributes.get("hidden")) or _is_nothing(attributes.get("ht"))
        self._row = RawRow(line, hidden)

    def _open_cell(self, row: RawRow, attributes: dict[str, str]) -> None:
        place = row.cells[-1].place + 1 if row.cells else 0
        reference = attributes.get("r")
        if reference and reference != cell_name(place, row.line):
            where = place_and_line(reference)
            if where is None or where[1] != row.line:
                raise damaged(self._file, f"row {row.line} holds a cell {reference[:20]!r}", line=row.line)
            if where[0] < place:
                raise damaged(self._file, f"cell {reference} comes after one to its right", line=row.line)
            place = where[0]
        if place >= MAX_PLACES:
            raise damaged(self._file, f"row {row.line} has more than {MAX_PLACES:,} cells", line=row.line)
        self._cell = RawCell(place, attributes.get("t", "n"), int(attributes.get("s", 0)))
        row.cells.append(self._cell)

    def _open_in_cell(self, cell: RawCell, tag: str) -> None:
        if tag == "f":
            cell.has_formula = True
        elif tag == "rPh":
            self._phonetic += 1
        elif tag == "v" or (tag == "t" and not self._phonetic):
            self._texts = []
        elif tag == "is":
            cell.value = ""

    def _close_in_cell(self, cell: RawCell, tag: str) -> None:
        if tag == "c":
            self._cell = None
        elif tag == "rPh":
            self._phonetic -= 1
        elif tag in ("v", "t") and self._texts is not None:
            # Rich text has several runs, and they are one text.
            cell.value = (cell.value or "") + "".join(self._texts)
            self._texts = None

    def _open_around(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "col" and (_is_true(attributes.get("hidden")) or _is_nothing(attributes.get("width"))):
            first, last = int(attributes.get("min", "")), int(attributes.get("max", ""))
            self._layout.hidden_columns.update(range(first - 1, min(last, MAX_PLACES)))
        elif tag == "mergeCell":
            self._layout.merged.append(self._block(attributes.get("ref", "")))
        elif tag == "autoFilter":
            block = self._block(attributes.get("ref", ""))
            self._filter = (block.first_line, block.last_line)
        elif tag == "filterColumn" and self._filter is not None:
            self._layout.filters.append(self._filter)

    def _block(self, reference: str) -> Merged:
        first, _, last = reference.partition(":")
        start, end = place_and_line(first), place_and_line(last or first)
        if start is None or end is None:
            raise damaged(self._file, f"{reference[:40]!r} names no cells")
        return Merged(start[0], start[1], end[0], end[1])


def _is_true(text: str | None) -> bool:
    return text in ("1", "true", "on")


def _is_nothing(size: str | None) -> bool:
    """Whether a height or a width is there and is nothing: that hides as well."""
    return size is not None and float(size) == 0
