"""A grid's one table: in which row its columns are named, what stands above that, and the rows below.

The header is where the columns of payouts are named; in any other table it is the first row that is as wide as those
below it. What stands above it is kept and said: nothing is left out in silence.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from batcher.errors import InputInvalid
from batcher.intake.blocks import Block, blocks_of
from batcher.intake.grid import Grid
from batcher.intake.header import Header, known
from batcher.intake.lines import LINE_END, delimiters_in
from batcher.intake.record import Record
from batcher.intake.refusal import listed, refusal
from batcher.intake.text.reading import Known
from batcher.model import Problem

MAX_ROWS = 10_000_000
"""Rows that are looked at; a batch may have far fewer."""
MAX_COLUMNS = 16_384
"""As many as a spreadsheet has."""

HEAD = 100
"""Rows among which the header is looked for."""

_DATA = re.compile(r"[-+(]?\s?[$£€]?\s?[0-9][0-9.,'\u2019 \u00a0\u202f:/-]*\)?(?:%|\s?[$£€]|\s?[A-Z]{3})?")

_YEAR = re.compile(r"(?:19|20)[0-9]{2}(?:[/-][0-9]{2,4})?")
_CODE = re.compile(r"[A-Za-z]{3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Where the table of a grid begins."""

    grid: Grid
    header: Record
    above: tuple[Record, ...] = ()
    """Rows above the header, which are no part of the table."""
    doubts: tuple[Problem, ...] = ()
    """What is said of the choice of the header."""

    def records(self) -> Iterator[Record]:
        """The rows below the header. Raises `InputInvalid` for too many of them."""
        for count, record in enumerate(self._below()):
            if count == MAX_ROWS:
                raise _too_many()
            yield record

    def blocks(self) -> Iterator[Block]:
        """The same in blocks, as wide as the header."""
        width, count = len(self.header.cells), 0
        quick = self.grid.blocks
        rows = (record.restored for record in self._below())
        for block in quick(width, self.header.line) if quick is not None else blocks_of(rows, width):
            count += len(block)
            if count > MAX_ROWS:
                raise _too_many()
            yield block

    def _below(self) -> Iterator[Record]:
        return (record for record in self.grid.records() if record.line > self.header.line)


def _too_many() -> InputInvalid:
    message = f"The sheet has more than {MAX_ROWS:,} rows, the most that are read."
    return refusal("too_many_rows", message, "Split it into several sheets, each with its own batch name.")


def table_of(grid: Grid, names: Known, header_line: int | None = None) -> Table:
    """The one table of a grid; `header_line` is what a person says.

    Raises `InputInvalid` for a grid without header or rows, and one whose header is not evident.
    """
    head = list(islice(grid.records(), HEAD))
    if not head:
        raise refusal("file_empty", "The file is empty.", "Save the sheet again and check that it holds the payouts.")
    place = _header_place(head, names) if header_line is None else _declared(head, header_line)
    header = head[place].restored
    if len(header.cells) > MAX_COLUMNS:
        message = f"The sheet has {len(header.cells)} columns; {MAX_COLUMNS:,} is the most."
        raise refusal("too_many_columns", message, "Take out what the payouts do not need.", line=header.line)
    above = tuple(head[:place])
    doubts = (*_doubts(header, above), *_repeated_below(header, head[place + 1 :]))
    found = Table(grid=grid, header=header, above=above, doubts=doubts)
    refuse_swallowed(found)
    return found


def refuse_no_payouts(table: Table) -> None:
    """Raise `InputInvalid` where nothing stands below the header."""
    if next(table.records(), None) is None:
        message = "There are no payouts below the header."
        raise refusal("no_payouts", message, "Add a row for each payout.", line=table.header.line)


def _declared(head: Sequence[Record], line: int) -> int:
    for place, record in enumerate(head):
        if record.line == line:
            return place
    message = f"Row {line} is said to name the columns, but it is empty or not there."
    raise refusal("header_missing", message, "Say --header-line with the row in which the columns are named.")


def _header_place(head: Sequence[Record], names_of: Known) -> int:
    names = [names_of(record.cells) for record in head]
    most = max(len(ours) for ours in names)
    best = [place for place, ours in enumerate(names) if most > 1 and "amount" in ours and len(ours) == most]
    return best[0] if best else _evident(head)


def _evident(head: Sequence[Record]) -> int:
    """The first row that is as full as those below it, where all above it are far emptier; else the first."""
    filled = [sum(bool(cell.strip()) for cell in record.cells) for record in head]
    below = sorted(filled[len(filled) // 3 :])
    usual = below[(len(below) - 1) // 2]
    place = next((place for place, count in enumerate(filled) if count > 1 and count * 4 >= usual * 3), 0)
    return place if place < len(head) - 1 and _titles(head[place]) else 0


def _titles(record: Record) -> bool:
    cells = [cell.strip().casefold() for cell in record.cells if cell.strip()]
    return len(set(cells)) == len(cells) and not any(map(_is_data, cells))


def _is_data(cell: str) -> bool:
    """Whether the cell is a number, and no year that may name a column."""
    return _DATA.fullmatch(cell) is not None and _YEAR.fullmatch(cell) is None


def _doubts(header: Record, above: Sequence[Record]) -> Iterator[Problem]:
    if len(header.cells) > 2 and not any(header.cells[1::2]) and all(header.cells[::2]):
        message = "Every second column has no name: the delimiter may be two signs, and not one."
        fix = "Save the sheet again with one sign as the delimiter."
        yield Problem(line=header.line, column=None, value=None, message=message, fix=fix, kind="delimiter_doubled")
    around = _around_all(header)
    if around:
        message = f"Every column's name stands between {around[0]} and {around[1]}: they may be quotes."
        fix = "If they are, save the sheet again with double quotes."
        yield Problem(line=header.line, column=None, value=None, message=message, fix=fix, kind="quotes_unusual")
    if len(header.cells) > 1 and all(title.endswith(" ") for title in header.cells[:-1]):
        message = "Every column's name ends with a blank: blanks before the delimiter are kept in the cells."
        fix = "If they matter, take them out."
        yield Problem(line=header.line, column=None, value=None, message=message, fix=fix, kind="blanks_kept")
    if above:
        rows = f"row{'s' * (len(above) > 1)} {listed([str(record.line) for record in above])}"
        first = next(cell.strip() for cell in above[0].cells if cell.strip())
        message = f"Row {header.line} names the columns; what stands above it ({rows}: {first!r}) is not read."
        yield Problem(
            line=above[0].line,
            column=None,
            value=None,
            message=message,
            fix="Say --header-line if another row names them.",
            kind="rows_above_header",
        )
    if any(_is_data(cell.strip()) for cell in header.cells):
        message = "The row that should name the columns holds a number: the header may be missing."
        yield Problem(
            line=header.line,
            column=None,
            value=None,
            message=message,
            fix="Put a row with the columns' names above the payouts, or say --header-line.",
            kind="header_like_data",
        )


def _repeated_below(header: Record, below: Sequence[Record]) -> Iterator[Problem]:
    """A name that is also a cell of its own column may be one, in a row that is no header."""
    if any(_is_data(cell.strip()) for cell in header.cells):
        return  # That is said already.
    others = [record.cells for record in below if record.cells != header.cells]
    for place, title in enumerate(header.cells):
        if title.strip() and any(place < len(cells) and cells[place] == title for cells in others):
            message = f"The name {title.strip()!r} stands in its own column once more: the header may be missing."
            fix = "Put a row with the columns' names above the others, or say --header-line."
            yield Problem(line=header.line, column=None, value=None, message=message, fix=fix, kind="header_like_data")
            return


def _around_all(header: Record) -> tuple[str, str] | None:
    """The signs that every column's name begins and ends with, where they are like quotes."""
    named = [title.strip() for title in header.cells if title.strip()]
    ends = {(title[0], title[-1]) for title in named}
    (begin, end), *others = ends or {("", "")}
    alike = len(named) > 1 and not others and min(map(len, named)) > 1
    return (begin, end) if alike and not begin.isalnum() and not end.isalnum() and begin not in "([<{#" else None


def refuse_swallowed(table: Table) -> None:
    """Raise `InputInvalid` where a quote left open makes the header, or a row above it, swallow rows below."""
    delimiter = (table.grid.delimiter or "")[:1]
    least = max(1, (len(table.header.cells) - 1) // 2)
    for record in (*table.above, table.header) if delimiter else ():
        for cell in record.cells:
            lines = LINE_END.split(cell)
            if len(lines) > 1 and max(delimiters_in(line, delimiter) for line in lines) >= least:
                message = f"A quoted cell of row {record.line} runs on over lines that look like rows of their own."
                fix = "Close the quote where the cell ends, or take the line breaks out of the cell."
                raise refusal("quote_swallows_rows", message, fix, line=record.line)


def refuse_left_open(table: Table) -> None:
    """Raise `InputInvalid` where a quote was never closed: as a table it is read by its rows' width, but not paid."""
    line = table.grid.left_open
    if line is not None:
        message = f'Row {line} opens a quote (") that is never closed, so where its cell ends is not known.'
        raise refusal("quote_unclosed", message, "Close the quote, or take it out.", line=line)


def refuse_payouts_above(table: Table, header: Header) -> None:
    """Raise `InputInvalid` where a row above the header could be a payout: it would be lost."""
    named = sum(bool(title.strip()) for title in header.titles)
    for record in table.above:
        cells = [cell.strip() for cell in record.cells]
        ours = known(cells, {})
        of_another = "amount" in ours and len(ours) > 1
        if of_another or sum(map(bool, cells)) * 4 > named * 3 or _like_payout(cells, header):
            message = f"Row {record.line} is filled like a payout, and stands above row {header.line}, the header."
            fix = "Take out what is no payout, put the header above all payouts, or say --header-line."
            raise refusal("rows_above_header", message, fix, line=record.line)


def _like_payout(cells: Sequence[str], header: Header) -> bool:
    """Whether an amount stands where the header says, beside what could be a currency."""
    amount, currency = header.places.get("amount", len(cells)), header.places.get("currency")
    return (
        amount < len(cells)
        and _DATA.fullmatch(cells[amount]) is not None
        and (currency is None or (currency < len(cells) and _CODE.fullmatch(cells[currency]) is not None))
    )
