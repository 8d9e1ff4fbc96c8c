"""Rows of a sheet, gathered as they come: within bounds, and with what is hidden or merged said.

They are held rather than read anew each time: what is merged is told after the last row, and a workbook takes long to
unpack. What is held is what comes out, cells of text; the file's own form of them is gone by then.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from batcher.errors import InputInvalid
from batcher.intake.grid import Grid
from batcher.intake.record import Oddity, Record
from batcher.intake.refusal import listed, refusal
from batcher.intake.workbooks.cellvalues import MAX_CHARACTERS, CellValue, cell_name, letters_of
from batcher.model import Problem

MAX_LINE, MAX_PLACES = 1_048_576, 16_384
"""Rows and columns of a sheet in any spreadsheet."""
MAX_CELLS = 5_000_000
"""Of one sheet, empty ones before a filled one included: 100,000 rows of fifty columns."""
MAX_RECORDS = 150_000
"""Half more than one batch may have; that these are too many is said by whoever reads them."""


@dataclass(frozen=True, slots=True)
class Merged:
    """A block of cells that is shown as one and holds one value; places and lines include both ends."""

    first_place: int
    first_line: int
    last_place: int
    last_line: int

    @property
    def name(self) -> str:
        """As a spreadsheet writes it: `D17:D19`."""
        return f"{cell_name(self.first_place, self.first_line)}:{cell_name(self.last_place, self.last_line)}"


def record_of(line: int, cells: Mapping[int, CellValue]) -> Record | None:
    """One row by its cells' places; `None` where it is blank. A cell that should say something is not blank."""
    filled = [place for place, cell in cells.items() if cell.text.strip() or cell.oddity]
    if not filled:
        return None
    width = max(place for place, cell in cells.items() if cell.text or cell.oddity) + 1
    texts = [""] * width
    numbers: list[int] = []
    oddities: dict[int, Oddity] = {}
    for place, cell in cells.items():
        if place < width:
            texts[place] = cell.text
        if cell.is_number:
            numbers.append(place)
        if cell.oddity is not None:
            oddities[place] = cell.oddity
    shown = {place: cell.shown for place, cell in cells.items() if cell.shown}
    return Record(line, tuple(texts), frozenset(numbers), oddities, shown)


@dataclass(slots=True)
class Bounds:
    """How much one sheet may hold, so that a small file cannot fill the memory."""

    what: str
    """The sheet and its file, as a sentence begins."""
    _records: int = 0
    _cells: int = 0

    def foresee(self, record: Record, times: int) -> None:
        """Raise `InputInvalid` where so many rows like this one would be more than any sheet of payouts holds."""
        if self._cells + times * len(record.cells) > MAX_CELLS:
            raise self.exceeded(f"more than {MAX_CELLS:,} cells")
        if self._records + times > MAX_RECORDS:
            raise self.exceeded(f"more than {MAX_RECORDS:,} rows")

    def count(self, record: Record) -> None:
        """One more row. Raises `InputInvalid` for more than any sheet of payouts holds."""
        self.foresee(record, 1)
        self._records += 1
        self._cells += len(record.cells)
        if max(map(len, record.cells)) > MAX_CHARACTERS:
            message = f"Row {record.line} holds a cell of more than {MAX_CHARACTERS:,} characters."
            raise refusal("cell_too_long", message, "Shorten the cell.", line=record.line)

    def check(self, place: int, line: int) -> None:
        """Raise `InputInvalid` for a cell beyond what any spreadsheet has."""
        if not (0 <= place < MAX_PLACES and 1 <= line <= MAX_LINE):
            raise self.exceeded(f"a cell in row {line:,}, column {place + 1:,}")

    def exceeded(self, how: str) -> InputInvalid:
        """What to say of a sheet that has too much of something."""
        message = f"{self.what} has {how}, more than any sheet of payouts needs."
        fix = "Copy the payouts alone into a new file, or split them into several, and use that."
        return refusal("sheet_too_large", message, fix)


@dataclass(slots=True)
class Gathering:
    """All rows of one sheet, and what a person looking at it would not see."""

    file: str
    sheet: str
    records: list[Record] = field(default_factory=list)
    merged: list[Merged] = field(default_factory=list)
    hidden_columns: set[int] = field(default_factory=set)
    bounds: Bounds = field(init=False)
    _hidden: list[int] = field(default_factory=list)
    _filtered: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bounds = Bounds(f"The sheet {self.sheet!r} of {self.file}")

    def take(self, record: Record | None, *, hidden: bool = False, filtered: bool = False) -> None:
        """One more row, or a blank one. Raises `InputInvalid` for more than a sheet of payouts can hold."""
        if record is None:
            return
        self.bounds.count(record)
        self.records.append(record)
        if filtered:
            self._filtered.append(record.line)
        elif hidden:
            self._hidden.append(record.line)

    def move_hidden_to_filtered(self, first: int, last: int) -> None:
        """Rows are hidden by a filter that stands over these lines: some formats tell the filter only at the end."""
        self._filtered += [line for line in self._hidden if first <= line <= last]
        self._hidden = [line for line in self._hidden if not first <= line <= last]

    def grid(self, more: Iterable[Problem] = ()) -> Grid:
        """The whole, once every row has been taken."""
        if not self.records:
            message = f"The sheet {self.sheet!r} of {self.file} is empty."
            raise refusal("sheet_empty", message, "Name another one with --sheet NAME, or enter the payouts.")
        records = self._with_merged()
        return Grid(records=lambda: iter(records), sheet=self.sheet, doubts=(*more, *self._doubts()))

    def _with_merged(self) -> list[Record]:
        blocks = [block for block in self.merged if block.first_place < MAX_PLACES]
        if not blocks:
            return self.records
        width = max(len(record.cells) for record in self.records)
        budget = MAX_CELLS
        found: dict[int, dict[int, Oddity]] = {}
        lines = [record.line for record in self.records]
        for block in blocks:
            oddity = _merged(block)
            within = _within(lines, block)
            # Over several rows it may be meant for each of them, or for all; in one row its first cell has the value.
            first = block.first_place + (len(within) < 2)
            places = range(first, min(block.last_place + 1, width))
            # Blocks never overlap in a real sheet.
            budget -= 1 + len(within) * len(places)
            if budget < 0:
                raise self.bounds.exceeded("more merged cells than cells")
            for line in within:
                found.setdefault(line, {}).update(dict.fromkeys(places, oddity))
        return [
            replace(record, oddities={**found[record.line], **record.oddities}) if record.line in found else record
            for record in self.records
        ]

    def _doubts(self) -> Iterator[Problem]:
        for kind, lines, why in (
            ("rows_hidden", self._hidden, "hidden"),
            ("rows_filtered", self._filtered, "hidden by a filter"),
        ):
            if lines:
                yield _hidden_rows(kind, lines, why)
        width = max(len(record.cells) for record in self.records)
        hidden = sorted(place for place in self.hidden_columns if place < width)
        filled = [place for place in hidden if any(_has(record, place) for record in self.records)]
        if filled:
            one = len(filled) == 1
            names = listed([letters_of(place) for place in filled])
            message = (
                f"Column{'' if one else 's'} {names} {'is' if one else 'are'} hidden in the spreadsheet, and "
                f"{'is' if one else 'are'} read like any other."
            )
            yield _doubt("columns_hidden", None, message, "Show them and check, or delete what is not meant.")


def _has(record: Record, place: int) -> bool:
    return place < len(record.cells) and bool(record.cells[place].strip())


def _within(lines: list[int], block: Merged) -> list[int]:
    return lines[bisect_left(lines, block.first_line) : bisect_right(lines, block.last_line)]


def _merged(block: Merged) -> Oddity:
    first = cell_name(block.first_place, block.first_line)
    message = f"{block.name} are merged into one cell: only {first} can hold a value, and the others none."
    return Oddity("cells_merged", message, "Unmerge them, and enter a value in each cell that needs one.")


def _hidden_rows(kind: str, lines: list[int], why: str) -> Problem:
    first = min(lines)
    if len(lines) == 1:
        message = f"Row {first} is {why} in the spreadsheet, and is read like any other."
    else:
        message = (
            f"{len(lines):,} rows are {why} in the spreadsheet, row {first} the first, and are read like any other."
        )
    return _doubt(kind, first, message, "Show them and check, or delete those that are not to be paid.")


def _doubt(kind: str, line: int | None, message: str, fix: str) -> Problem:
    return Problem(line=line, column=None, value=None, message=message, fix=fix, kind=kind)
