"""Text to header and records. Python's `csv`, in strict mode, is the one authority for where a cell ends.

The delimiter is found by evidence: a reading counts only where its first line names the columns that a sheet of
payouts must have. Where two readings do, and each fits every row, the file is refused and both are shown.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from batcher.cells import restored
from batcher.errors import InputInvalid
from batcher.intake.refusal import listed, refusal

MAX_ROWS = 100_000
"""Payouts in one sheet: a day's worth at 60 orders a minute, and what one machine holds with ease."""
MAX_COLUMNS = 500

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}


@dataclass(frozen=True, slots=True)
class Record:
    """One row of the sheet that is not blank."""

    line: int
    """The row as a spreadsheet numbers it: a line end inside a quoted cell does not begin a new one."""
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A text as one delimiter divides it."""

    delimiter: str
    header: Record
    records: tuple[Record, ...]

    @property
    def fits(self) -> bool:
        """Whether every record has as many cells as the header, not counting empty ones at its end."""
        width = len(self.header.cells)
        return all(len(record.cells) >= width and not any(record.cells[width:]) for record in self.records)


def read_table(text: str, known: Callable[[Sequence[str]], frozenset[str]]) -> Table:
    """The one table that `text` is. `known` says which of our columns a header names.

    Raises `InputInvalid` for a text without header or payouts, one that breaks CSV's rules, and one with two readings.
    """
    headers = _headers(text)
    named = {delimiter: known(header.cells) for delimiter, header in headers.items()}
    plausible = [delimiter for delimiter, ours in named.items() if "amount" in ours]
    if not plausible:
        plausible = [max(named, key=lambda delimiter: (len(named[delimiter]), len(headers[delimiter].cells)))]
    readings = _readings(text, plausible)
    if len(readings) > 1:
        readings = [table for table in readings if table.fits] or readings
    if len(readings) > 1:
        raise _two_readings(readings)
    return readings[0]


def _headers(text: str) -> dict[str, Record]:
    """The first line as each delimiter divides it. `"a";"b"` breaks CSV's rules under the comma: no reading then."""
    headers, errors = {}, []
    for delimiter in DELIMITERS:
        try:
            header = next(_records(text, delimiter), None)
        except InputInvalid as error:
            errors.append(error)
            continue
        if header is not None:
            headers[delimiter] = header
    if headers:
        return headers
    if errors:
        raise errors[0]
    raise refusal("file_empty", "The file is empty.", "Save the sheet again and check that it holds the payouts.")


def _readings(text: str, delimiters: list[str]) -> list[Table]:
    """What each delimiter makes of the text; its error only where no other delimiter can read it."""
    tables, errors = [], []
    for delimiter in delimiters:
        try:
            tables.append(_table(text, delimiter))
        except InputInvalid as error:
            errors.append(error)
    if not tables:
        raise errors[0]
    return tables


def _table(text: str, delimiter: str) -> Table:
    records = _records(text, delimiter)
    header = next(records)
    if len(header.cells) > MAX_COLUMNS:
        message = f"The sheet has {len(header.cells)} columns; {MAX_COLUMNS} is the most."
        raise refusal("too_many_columns", message, "Take out what the payouts do not need.", line=header.line)
    rows: list[Record] = []
    for record in records:
        rows.append(record)
        if len(rows) > MAX_ROWS:
            message = f"The sheet has more than {MAX_ROWS:,} rows, the most that one batch may have."
            raise refusal("too_many_rows", message, "Split it into several sheets, each with its own batch name.")
    if not rows:
        raise refusal(
            "no_payouts", "There are no payouts below the header.", "Add a row for each payout.", line=header.line
        )
    return Table(delimiter, header, tuple(rows))


def _records(text: str, delimiter: str) -> Iterator[Record]:
    """The records that are not blank, each with its number among all of them."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 0
    while True:
        line += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _broken(line, str(error)) from None
        if any(cell.strip() for cell in cells):
            yield Record(line, tuple(map(restored, cells)))


def _broken(line: int, reason: str) -> InputInvalid:
    if "unexpected end" in reason:
        message = f'Row {line} opens a quote (") that is never closed, so where its cell ends is not known.'
        return refusal("quote_unclosed", message, "Close the quote, or save the sheet again as CSV.", line=line)
    if "field larger" in reason:
        message = (
            f"Row {line} holds a cell of more than {csv.field_size_limit():,} characters: a quote may be left open."
        )
        return refusal("cell_too_long", message, "Close the quote, or shorten the cell.", line=line)
    message = f'Row {line} holds text right after a closing quote ("), which has no meaning in a CSV.'
    return refusal(
        "quote_stray", message, "Double each quote that belongs to the text, or save the sheet again.", line=line
    )


def _two_readings(readings: list[Table]) -> InputInvalid:
    shown = [
        f"with the {DELIMITERS[table.delimiter]} the columns are {listed([repr(cell) for cell in table.header.cells])}"
        for table in readings
    ]
    message = f"The file can be divided in two ways: {'; '.join(shown)}."
    fix = "Save it again with one delimiter only, and with quotes around cells that contain it."
    return refusal("delimiter_ambiguous", message, fix, line=readings[0].header.line)
