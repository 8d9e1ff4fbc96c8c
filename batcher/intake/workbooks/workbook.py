"""An Excel workbook (.xlsx, .xlsm, also saved as 'Strict') to rows of cells.

Neither library for it tells all that must be known, so a sheet is read here from expat's events, in one pass, and both
are witnesses in the tests. What was weighed, with 20,000 rows of 10 cells on one machine:

- `python-calamine`: 0.2 s, 27 MB. Values alone, as floats: what a person saw of them is not known, nor what is hidden
  or filtered, nor which formula has no result.
- `openpyxl`, read-only: 1.8 s, 10 MB. Ends a sheet where its `dimension` says so, reads 'Strict' as empty, shows a
  formula without a result as an empty cell, and tells of no hidden row and no merged cell.
- `openpyxl`, whole: 2.6 s, 82 MB; twice that, as formulas and their results are two readings.
- this: 1.8 s, 17 MB, which are the records. Numbers are taken as the file writes them, and never are floats.
"""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from batcher.intake.grid import Grid
from batcher.intake.record import Record
from batcher.intake.workbooks.cellvalues import (
    EMPTY,
    CellValue,
    cell_name,
    digits_lost,
    duration,
    from_boolean,
    from_date,
    from_error,
    from_number,
    from_text,
    is_beyond,
    moment,
    number_in,
    plain,
    rounded,
    without_value,
)
from batcher.intake.workbooks.gathering import Gathering, record_of
from batcher.intake.workbooks.markup import elements, walked
from batcher.intake.workbooks.numberformats import Showing, shown, shown_text
from batcher.intake.workbooks.package import Package, damaged, not_a_workbook, refuse_others
from batcher.intake.workbooks.sheetchoice import SheetEntry, chosen
from batcher.intake.workbooks.worksheet import Layout, RawCell, RawRow, rows, unescaped

_BUILT_IN = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    **dict.fromkeys((*range(14, 18), *range(27, 32), 36, *range(50, 59)), "yyyy-mm-dd"),
    **dict.fromkeys((*range(18, 22), *range(32, 36), 45, 47), "h:mm:ss"),
    22: "yyyy-mm-dd h:mm",
    **dict.fromkeys((5, 6, 37, 38, 41, 42), "#,##0;-#,##0"),
    **dict.fromkeys((7, 8, 39, 40, 43, 44), "#,##0.00;-#,##0.00"),
    46: "[h]:mm:ss",
    48: "##0.0E+0",
    49: "@",
}
"""Formats that a file names by number alone, in what matters of them; what is not here is 'General'."""


@dataclass(frozen=True, slots=True)
class _Book:
    """What the parts around the sheets say."""

    package: Package
    sheets: tuple[SheetEntry, ...]
    texts: str | None
    """The part with the texts that cells share."""
    styles: str | None
    since_1904: bool
    uncalculated: bool
    """The program that wrote it leaves all calculating to the spreadsheet: results of formulas are stand-ins."""


def read_workbook(data: bytes, name: str, sheet: str | None) -> Grid:
    """One sheet of the workbook `name`: the one that is asked for, or the only visible one with something in it.

    Raises `InputInvalid` for what is no workbook or a damaged one, has a password, or may mean several sheets.
    """
    book = _book(Package(data, name))
    cells = _Cells(book)
    entry, doubts = chosen(book.sheets, sheet, name, lambda each: _has_content(book, each, cells))
    gathering = Gathering(name, entry.name)
    layout = Layout()
    for row, record in _records(book, entry, cells, layout):
        gathering.take(record, hidden=row.hidden)
    for first, last in layout.filters:
        gathering.move_hidden_to_filtered(first, last)
    gathering.merged = layout.merged
    gathering.hidden_columns = layout.hidden_columns
    return gathering.grid(doubts)


def _book(package: Package) -> _Book:
    refuse_others(package)
    if "[Content_Types].xml" not in package or "_rels/.rels" not in package:
        raise not_a_workbook(package.name, "a packed file")
    main = next((target for kind, target in _related(package, "").values() if kind == "officeDocument"), None)
    if main is None:
        raise not_a_workbook(package.name, "a packed file")
    related = _related(package, main)
    by_kind = {kind: target for kind, target in related.values() if kind in ("sharedStrings", "styles")}
    sheets, since_1904, uncalculated = [], False, False
    with package.opened(main) as stream:
        for parent, tag, attributes in elements(stream):
            if tag == "sheet" and parent == "sheets":
                kind, target = related.get(attributes.get("id", ""), ("", ""))
                if kind not in ("chartsheet", "dialogsheet", "xlMacrosheet", "xlIntlMacrosheet"):
                    hidden = attributes.get("state", "visible") != "visible"
                    sheets.append(SheetEntry(attributes.get("name", ""), target, hidden))
            elif tag == "workbookPr":
                since_1904 = attributes.get("date1904") in ("1", "true", "on")
            elif tag == "calcPr":
                uncalculated = attributes.get("fullCalcOnLoad") in ("1", "true", "on")
    _refuse_missing(package, sheets)
    return _Book(package, tuple(sheets), by_kind.get("sharedStrings"), by_kind.get("styles"), since_1904, uncalculated)


def _refuse_missing(package: Package, sheets: list[SheetEntry]) -> None:
    for sheet in sheets:
        if sheet.part not in package:
            raise damaged(package.name, f"the sheet {sheet.name!r} is missing")


def _related(package: Package, part: str) -> dict[str, tuple[str, str]]:
    """What a part refers to: kind and part by the id of the reference. The whole file is the part without a name."""
    folder, file = posixpath.split(part)
    of_it = posixpath.join(folder, "_rels", f"{file}.rels")
    found: dict[str, tuple[str, str]] = {}
    if of_it not in package:
        return found
    with package.opened(of_it) as stream:
        for _, tag, attributes in elements(stream):
            if tag == "Relationship" and attributes.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", "")))
                kind = attributes.get("Type", "").rpartition("/")[2]
                found[attributes.get("Id", "")] = (kind, target.lstrip("/"))
    return found


class _Cells:
    """Turns what the file writes into cells. What sheets share, texts and formats, is read once."""

    def __init__(self, book: _Book) -> None:
        self._book = book
        self._file = book.package.name
        self._texts = tuple(_shared_texts(book))
        self._formats = tuple(_formats(book))

    def value(self, cell: RawCell, line: int) -> CellValue:
        """The cell by its kind."""
        name = cell_name(cell.place, line)
        if cell.has_formula and (no_result := self._without_result(cell, name)):
            return no_result
        if cell.value is None or (not cell.value and cell.kind not in ("s", "b")):
            return EMPTY
        if cell.kind == "n":
            return self._number(cell.value, cell.style, name)
        if cell.kind in ("str", "inlineStr"):
            return self._text(unescaped(cell.value), cell.style, name)
        if cell.kind == "s":
            return self._text(self._shared(cell.value, name), cell.style, name)
        if cell.kind == "b":
            return from_boolean(is_true=cell.value.strip() in ("1", "true"), name=name)
        if cell.kind == "e":
            return from_error(cell.value, name)
        if cell.kind == "d":
            return from_date(cell.value, name)
        raise damaged(self._file, f"cell {name} is of an unknown kind, {cell.kind[:20]!r}", line=line)

    def _without_result(self, cell: RawCell, name: str) -> CellValue | None:
        if self._book.uncalculated:
            return without_value(name, cell.value or "")
        # A formula may give an empty text, and then says that it is a text.
        if not cell.value and not (cell.kind == "str" and cell.value is not None):
            return without_value(name)
        return None

    def _shared(self, value: str, name: str) -> str:
        place = int(value)
        if not 0 <= place < len(self._texts):
            raise damaged(self._file, f"the text of cell {name} is missing")
        return self._texts[place]

    def _format(self, style: int, name: str) -> str:
        if 0 <= style < len(self._formats):
            return self._formats[style]
        if style:
            raise damaged(self._file, f"the format of cell {name} is missing")
        return "General"

    def _text(self, text: str, style: int, name: str) -> CellValue:
        return from_text(text, name, shown_text(self._format(style, name), text) if style else None)

    def _number(self, text: str, style: int, name: str) -> CellValue:
        held = number_in(text)
        if held is None:
            raise damaged(self._file, f"cell {name} holds {text[:40]!r} for a number")
        value = rounded(held)
        if is_beyond(value):
            return digits_lost(value, name)
        look = shown(self._format(style, name), value)
        if look.how is Showing.DURATION:
            return from_date(duration(held), name)
        if look.how is Showing.MOMENT:
            return self._moment(held, name)
        return from_number(value, look, name)

    def _moment(self, held: Decimal, name: str) -> CellValue:
        text = moment(held, since_1904=self._book.since_1904)
        return from_date(text if text is not None else plain(rounded(held)), name)


def _shared_texts(book: _Book) -> Iterator[str]:
    if book.texts is None:
        return
    listener = _Texts()
    with book.package.opened(book.texts) as stream:
        for _ in walked(stream, listener):
            yield from listener.done
            listener.done.clear()


class _Texts:
    """Listens to the part with shared texts. Readings that are put over Chinese characters are not part of a text."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self._runs: list[str] = []
        self._listening = False
        self._phonetic = False

    def opened(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "si":
            self._runs = []
        elif tag == "rPh":
            self._phonetic = True
        elif tag == "t":
            self._listening = not self._phonetic

    def closed(self, tag: str) -> None:
        if tag == "si":
            self.done.append(unescaped("".join(self._runs)))
        elif tag == "rPh":
            self._phonetic = False
        elif tag == "t":
            self._listening = False

    def written(self, text: str) -> None:
        if self._listening:
            self._runs.append(text)


def _formats(book: _Book) -> Iterator[str]:
    """The number format of each style of a cell, in the order by which cells name them."""
    if book.styles is None:
        return
    own: dict[str, str] = {}
    with book.package.opened(book.styles) as stream:
        for parent, tag, attributes in elements(stream):
            if tag == "numFmt" and parent == "numFmts":
                own[attributes.get("numFmtId", "")] = attributes.get("formatCode", "General")
            elif tag == "xf" and parent == "cellXfs":
                number = attributes.get("numFmtId", "0")
                yield own[number] if number in own else _BUILT_IN.get(int(number), "General")


def _records(book: _Book, sheet: SheetEntry, cells: _Cells, layout: Layout) -> Iterator[tuple[RawRow, Record | None]]:
    with book.package.opened(sheet.part) as stream:
        for row in rows(stream, layout, book.package.name):
            yield row, record_of(row.line, {cell.place: cells.value(cell, row.line) for cell in row.cells})


def _has_content(book: _Book, sheet: SheetEntry, cells: _Cells) -> bool:
    return any(record is not None for _, record in _records(book, sheet, cells, Layout()))
