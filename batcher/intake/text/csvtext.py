"""Text to records. Python's `csv`, in strict mode, is the one authority for where a cell ends.

What reads faster than it does so only where it provably reads the same.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from batcher.errors import InputInvalid
from batcher.intake.record import Record
from batcher.intake.refusal import refusal

MAX_CELL = 2_000_000
"""Characters of one cell: more than any spreadsheet holds, and few enough for a quote left open to be noticed."""

csv.field_size_limit(MAX_CELL)

NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar", "^": "caret", "~": "tilde", " ": "blank"}
"""What a person calls a delimiter."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text is divided into cells."""

    delimiter: str
    quote: str = '"'
    escape: str = ""
    """The character before a quote that belongs to the text; empty where such a quote is doubled."""
    skips_blanks: bool = False
    """Whether blanks after a delimiter are none of the cell's: `a, "b, c"`."""
    doubled: bool = False
    """Whether the delimiter is the sign written twice: `a||b`."""

    @property
    def sign(self) -> str:
        """All that stands between two cells."""
        return self.delimiter * (1 + self.doubled) + " " * self.skips_blanks

    @property
    def words(self) -> str:
        """What a message calls it: `the comma`, `the comma and the quote '`."""
        parts = [f"the {'doubled ' * self.doubled}{NAMES.get(self.delimiter, repr(self.delimiter))}"]
        if self.quote != '"':
            parts.append(f"the quote {self.quote}")
        if self.escape:
            parts.append(f"{self.escape} before quotes")
        if self.skips_blanks:
            parts.append("blanks left out")
        return " and ".join(parts)


class Records(Iterator[Record]):
    """The records of a text that are not blank, each with its number among all of them.

    `lines` are those of a text that was opened with `newline=""`: each with its own line end; `above` is how many rows
    stand above them. Iterating raises `InputInvalid` where the text breaks CSV's rules.
    """

    def __init__(self, lines: Iterable[str], dialect: Dialect, *, above: int = 0) -> None:
        self.line = above
        """The row that was read last, blank or not."""
        self._dialect = dialect
        self._reader = csv.reader(
            _doubled(lines, dialect) if dialect.escape else lines,
            delimiter=dialect.delimiter,
            quotechar=dialect.quote,
            escapechar=dialect.escape or None,
            skipinitialspace=dialect.skips_blanks,
            strict=True,
        )

    def __next__(self) -> Record:
        while True:
            try:
                cells = next(self._reader)
            except csv.Error as error:
                raise _broken(self.line + 1, str(error), self._dialect) from None
            self.line += 1
            if self._dialect.doubled:
                cells = _halved(cells, self.line)
            text = "".join(cells)
            if text and not text.isspace():
                return Record(self.line, tuple(cells))


def _halved(cells: list[str], line: int) -> list[str]:
    """The cells without the empty ones between them, where the delimiter is one sign written twice."""
    if len(cells) % 2 == 0 or any(cells[1::2]):
        message = f"Row {line} holds the delimiter once, and other rows hold it twice between any two cells."
        raise refusal("delimiter_doubled", message, "Save the sheet again with one sign as the delimiter.", line=line)
    return cells[::2]


def _doubled(lines: Iterable[str], dialect: Dialect) -> Iterator[str]:
    """The lines with each escape that escapes nothing written twice: `csv` would take it off, and it is text."""
    needed = {dialect.quote, dialect.escape}
    pair = re.compile(rf"{re.escape(dialect.escape)}(.?)", re.DOTALL)
    return (
        pair.sub(lambda found: found[0] if found[1] in needed else dialect.escape + found[0], line) for line in lines
    )


def _broken(line: int, reason: str, dialect: Dialect) -> InputInvalid:
    sign = dialect.quote
    if "unexpected end" in reason:
        message = f"Row {line} opens a quote ({sign}) that is never closed, so where its cell ends is not known."
        return refusal("quote_unclosed", message, "Close the quote, or save the sheet again as CSV.", line=line)
    if "field larger" in reason:
        message = f"Row {line} holds a cell of more than {MAX_CELL:,} characters: a quote may be left open."
        return refusal("cell_too_long", message, "Close the quote, or shorten the cell.", line=line)
    message = f"Row {line} holds text right after a closing quote ({sign}), which has no meaning in a CSV."
    return refusal(
        "quote_stray", message, "Double each quote that belongs to the text, or save the sheet again.", line=line
    )
