"""The XML of an OpenDocument spreadsheet, table by table and row by row, before anything is known of what it means."""

import re
from dataclasses import dataclass, field

from batcher.intake.refusal import refusal
from batcher.intake.workbooks.cellvalues import MAX_CHARACTERS
from batcher.intake.workbooks.gathering import MAX_LINE, MAX_PLACES
from batcher.intake.workbooks.package import damaged

_OPENDOCUMENT = "urn:oasis:names:tc:opendocument:xmlns:"
_OFFICE, _TABLE, _TEXT, _STYLE, _DRAW = (
    f"{_OPENDOCUMENT}{word}:1.0 " for word in ("office", "table", "text", "style", "drawing")
)
_MORE = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 "
_CELLS = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")
_ASIDE = {
    f"{_OFFICE}annotation",
    f"{_OFFICE}forms",
    f"{_TABLE}tracked-changes",
    f"{_TABLE}dde-links",
    f"{_TABLE}shapes",
    f"{_TABLE}detective",
    f"{_TEXT}ruby-text",
    f"{_TEXT}note",
}
"""What has texts or cells in it that are none of the sheet's."""
_VALUES = [f"{_OFFICE}{word}" for word in ("value", "date-value", "time-value", "boolean-value", "string-value")]
_BLANKS = re.compile(r"[ \t\r\n]+")
_SPACE, _TAB, _BREAK = "\x00", "\x01", "\x02"
"""Stand for blanks that count, among those that do not; no XML holds these characters."""


@dataclass(slots=True)
class RawTable:
    """A sheet begins."""

    name: str
    hidden: bool
    hidden_columns: set[int] = field(default_factory=set)
    """Complete once its first row is out."""


@dataclass(slots=True)
class RawCell:
    """A cell as the file writes it, perhaps for several columns at once."""

    place: int
    repeated: int
    columns: int
    """How many it is merged over."""
    rows: int
    kind: str
    """Of its value, such as `float`; empty where it has none."""
    value: str | None
    has_formula: bool
    is_error: bool
    shown: str | None = None
    """Its text; `None` where the file does not write one."""


@dataclass(slots=True)
class RawRow:
    """A row as the file writes it, perhaps for several lines at once."""

    line: int
    repeated: int
    hidden: bool
    filtered: bool
    cells: list[RawCell] = field(default_factory=list)


class Tables:
    """Listens to the document, and has tables and rows ready in their order."""

    def __init__(self, file: str) -> None:
        self.done: list[RawTable | RawRow] = []
        self.is_spreadsheet = False
        self._file = file
        self._aside = 0
        self._style = ""
        self._hidden_styles: set[str] = set()
        self._table: RawTable | None = None
        self._line = 1
        self._place = 0
        self._row: RawRow | None = None
        self._cell: RawCell | None = None
        self._paragraphs: list[list[str]] = []
        self._in_paragraph = 0

    def opened(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins. What it means hangs on where it stands."""
        if self._aside or tag in _ASIDE or tag.startswith(_DRAW):
            self._aside += 1
        elif self._cell is not None:
            self._open_in_cell(tag, attributes)
        elif self._row is not None:
            if tag in _CELLS:
                self._open_cell(attributes)
        elif self._table is not None:
            self._open_in_table(tag, attributes)
        else:
            self._open_outside(tag, attributes)

    def closed(self, tag: str) -> None:
        """An element ends."""
        if self._aside:
            self._aside -= 1
        elif self._cell is not None:
            self._close_in_cell(tag)
        elif tag == f"{_TABLE}table-row" and self._row is not None:
            self.done.append(self._row)
            self._line += self._row.repeated
            self._row = None
        elif tag == f"{_TABLE}table":
            self._table = None

    def written(self, text: str) -> None:
        """Text; it counts within a paragraph of a cell."""
        if self._in_paragraph and not self._aside:
            self._paragraphs[-1].append(text)

    def _open_outside(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == f"{_OFFICE}spreadsheet":
            self.is_spreadsheet = True
        elif tag == f"{_STYLE}style":
            self._style = attributes.get(f"{_STYLE}name", "")
        elif tag == f"{_STYLE}table-properties" and attributes.get(f"{_TABLE}display") == "false":
            self._hidden_styles.add(self._style)
        elif tag == f"{_TABLE}table" and self.is_spreadsheet:
            hidden = attributes.get(f"{_TABLE}style-name", "") in self._hidden_styles
            self._table = RawTable(attributes.get(f"{_TABLE}name", ""), hidden)
            self._line, self._place = 1, 0
            self.done.append(self._table)

    def _open_in_table(self, tag: str, attributes: dict[str, str]) -> None:
        visibility = attributes.get(f"{_TABLE}visibility", "visible")
        if tag == f"{_TABLE}table-column" and self._table is not None:
            repeated = _count(attributes, "number-columns-repeated")
            if visibility != "visible":
                columns = range(self._place, min(self._place + repeated, MAX_PLACES))
                self._table.hidden_columns.update(columns)
            self._place += repeated
        elif tag == f"{_TABLE}table-row":
            repeated = _count(attributes, "number-rows-repeated")
            self._row = RawRow(self._line, repeated, visibility == "collapse", visibility == "filter")
            self._place = 0
        elif tag == f"{_TABLE}table":
            raise damaged(self._file, "it holds a table within a table")

    def _open_cell(self, attributes: dict[str, str]) -> None:
        repeated = _count(attributes, "number-columns-repeated")
        self._cell = RawCell(
            place=self._place,
            repeated=repeated,
            columns=_count(attributes, "number-columns-spanned"),
            rows=min(_count(attributes, "number-rows-spanned"), MAX_LINE),
            kind=attributes.get(f"{_OFFICE}value-type", ""),
            value=next((attributes[name] for name in _VALUES if name in attributes), None),
            has_formula=f"{_TABLE}formula" in attributes,
            is_error=attributes.get(f"{_MORE}value-type") == "error",
        )
        self._place += repeated
        self._paragraphs = []

    def _open_in_cell(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in (f"{_TEXT}p", f"{_TEXT}h"):
            self._in_paragraph += 1
            self._paragraphs.append([])
        elif tag == f"{_TABLE}table":
            raise damaged(self._file, f"row {self._line} holds a table within a cell", line=self._line)
        elif self._in_paragraph and tag.startswith(_TEXT):
            self._open_in_text(tag.removeprefix(_TEXT), attributes)

    def _open_in_text(self, word: str, attributes: dict[str, str]) -> None:
        if word == "s":
            count = int(attributes.get(f"{_TEXT}c", 1))
            if count > MAX_CHARACTERS:
                message = f"Row {self._line} holds a cell of more than {MAX_CHARACTERS:,} characters."
                raise refusal("cell_too_long", message, "Shorten the cell.", line=self._line)
            self._paragraphs[-1].append(_SPACE * count)
        elif word in ("tab", "line-break"):
            self._paragraphs[-1].append(_TAB if word == "tab" else _BREAK)

    def _close_in_cell(self, tag: str) -> None:
        cell, row = self._cell, self._row
        if tag in (f"{_TEXT}p", f"{_TEXT}h"):
            self._in_paragraph -= 1
        elif tag in _CELLS and cell is not None and row is not None:
            if self._paragraphs:
                cell.shown = "\n".join(map(_paragraph, self._paragraphs))
            row.cells.append(cell)
            if len(row.cells) > MAX_PLACES:
                raise damaged(self._file, f"row {self._line} has more than {MAX_PLACES:,} cells", line=self._line)
            self._cell = None


def _count(attributes: dict[str, str], word: str) -> int:
    count = int(attributes.get(f"{_TABLE}{word}", 1))
    if count < 1:
        raise ValueError(f"{word} is {count}")
    return count


def _paragraph(pieces: list[str]) -> str:
    """Blanks in XML are for its layout: several are one, and none begins or ends a text. Those that count are told."""
    text = _BLANKS.sub(" ", "".join(pieces)).strip(" ")
    return text.replace(_SPACE, " ").replace(_TAB, "\t").replace(_BREAK, "\n")
