"""Quotes that break CSV's rules (`"Smith" Ltd`, `"5" pipe"`), read by the width of their row.

A quote of such a line either encloses a cell or belongs to its text. Where exactly one way to take them gives the line
the number of cells that the other lines have, it is read so; where two do, or none, nothing is. The line is then
written as CSV writes it, so that Python's `csv` stays the one authority for where a cell ends.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from batcher.intake.record import Record
from batcher.intake.refusal import listed
from batcher.model import Problem

_STEPS = 5_000
"""Ways to go on that are tried in one line, of which few have more than a handful."""
_LINES = 100
"""Lines of one cell in a text whose quotes cannot be relied upon."""
_USUAL = 0.5
"""The share of lines that must have the usual width before others are read by it."""

_LONE = re.compile(r'"(?<=[^",;\t|^~\r\n]")[^",;\t|^~\r\n]')
"""A quote between two signs of text; it is written first, as the search for one sign is quick."""


@dataclass(frozen=True, slots=True)
class Mended:
    """A text in which every quote is written as CSV's rules ask."""

    text: str
    rows: tuple[Record, ...]
    """Those that were read by their width."""

    @property
    def left_open(self) -> int | None:
        """The first row in which a cell begins with a quote that nothing closes: it may have been meant to go on."""
        return next((row.line for row in self.rows if any(map(_is_open, row.cells))), None)


def _is_open(cell: str) -> bool:
    return cell.startswith('"') and cell.count('"') % 2 == 1


def may_be_broken(text: str) -> bool:
    """Whether a text holds what a quote that breaks the rules looks like, at little cost; it may be sound all the same.

    Such a quote stands between two signs of text, or leaves another without its like.
    """
    quotes = text.count('"')
    return quotes % 2 == 1 or (quotes > 0 and _LONE.search(text) is not None)


def mended(text: str, delimiter: str) -> Mended | None:
    """The text with its broken lines written anew; `None` where one of them has no reading, or two."""
    lines = list(io.StringIO(text, newline=""))
    width, all_quoted = _usual(lines, delimiter)
    if delimiter not in text:
        width = 1
    if not width:
        return None
    reader = _Lines(lines, delimiter, width, all_quoted)
    written, rows, at, row = [], [], 0, 0
    while at < len(lines):
        row += 1
        taken, cells = reader.record(at)
        if not taken:
            return None
        if cells is not None and any(map(_is_open, cells)) and not _end_of(lines[-1]) and at + taken == len(lines):
            return None  # The file ends within a cell: it may be cut off.
        if cells is None:
            written += lines[at : at + taken]
        else:
            written.append(_written(cells, delimiter) + _end_of(lines[at + taken - 1]))
            rows.append(Record(row, cells))
        at += taken
    return Mended("".join(written), tuple(rows))


def doubt(found: Mended) -> Iterator[Problem]:
    """What is said of rows that were read by their width."""
    if not found.rows:
        return
    first, *others = found.rows
    odd = [repr(cell) for cell in first.cells if '"' in cell]
    shown = f"; read as a row of {len(first.cells)} cells, it holds {listed(odd, most=3)}" if odd else ""
    rows = f"row{'s' * (len(others) > 1)} {listed([str(row.line) for row in others])}"
    more = f" (So do those of {rows}.)" if others else ""
    yield Problem(
        line=first.line,
        column=None,
        value=None,
        message=f"The quotes of row {first.line} break CSV's rules{shown}.{more}",
        fix="Check that it is so, or double each quote that belongs to the text of a cell in quotes.",
        kind="quote_taken_as_text",
    )


@dataclass(frozen=True, slots=True)
class _Lines:
    """Lines of a table whose rows mostly have one width."""

    lines: Sequence[str]
    delimiter: str
    width: int
    all_quoted: bool
    """Whether every cell of the table stands in quotes."""

    def record(self, at: int) -> tuple[int, tuple[str, ...] | None]:
        """How many lines the record takes that begins in this one, none where it has no meaning.

        With its cells where they are not what CSV's rules make of them.
        """
        line = self.lines[at]
        if '"' not in line:
            return 1, None
        taken, count = _by_the_rules(self.lines[at : at + _LINES], self.delimiter)
        if taken == 1 or (taken and count == self.width):
            return taken, None
        cells = self._fitting(line)
        if cells is not None:
            return 1, cells
        return (taken, None) if taken else self._over_several(at)

    def _over_several(self, at: int) -> tuple[int, tuple[str, ...] | None]:
        """The same for a line that has no reading of its own, up to a line that has."""
        joined = self.lines[at]
        for taken, line in enumerate(self.lines[at + 1 : at + _LINES], start=2):
            if self._fitting(line) is not None:
                break
            joined += line
            if line.rstrip("\r\n").endswith('"') or f'"{self.delimiter}' in line:
                cells = self._fitting(joined) if self.delimiter in joined else None
                if cells is not None:
                    return taken, cells
        return 0, None

    def _fitting(self, line: str) -> tuple[str, ...] | None:
        """The cells of the one reading that has the usual width; a line without delimiters is one cell."""
        text = line[: len(line) - len(_end_of(line))]
        width = self.width if self.delimiter in text else 1
        found = _readings(text, self.delimiter, width, literal=not self.all_quoted)
        return found[0] if len(found) == 1 else None


def _usual(lines: Sequence[str], delimiter: str) -> tuple[int, bool]:
    """How many cells most lines have that keep the rules, and whether all of these cells stand in quotes."""
    widths = Counter[int]()
    all_quoted, between = True, f'"{delimiter}"'
    for line in lines:
        text = line.rstrip("\r\n")
        if '"' not in text:
            count = text.count(delimiter) + 1
            all_quoted = all_quoted and count == 1
        else:
            taken, count = _by_the_rules([line], delimiter)
            if not taken:
                continue
            all_quoted = all_quoted and text[0] == text[-1] == '"' and text.count(between) == count - 1
        widths[count] += count > 1
    width = max(widths, key=lambda cells: (widths[cells], cells), default=0)
    return (width, all_quoted) if widths[width] > widths.total() * _USUAL else (0, False)


def _by_the_rules(lines: Sequence[str], delimiter: str) -> tuple[int, int]:
    """How many lines the first record takes by CSV's rules, and how many cells it has; 0 where it breaks them."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        count = len(next(reader))
    except csv.Error:
        return 0, 0
    return reader.line_num, count


def _readings(text: str, delimiter: str, width: int, *, literal: bool) -> list[tuple[str, ...]]:
    """The ways to divide a line into so many cells; two are as good as more, and too many to try are none.

    A way in which quotes of two cells may belong together, with a delimiter between them, is as good as two.
    """
    found: list[tuple[str, ...]] = []
    open_ends: list[tuple[int, tuple[str, ...], int]] = [(0, (), 0)]
    for _ in range(_STEPS):
        if not open_ends:
            return found
        at, cells, lone = open_ends.pop()
        for cell, end, odd in _cells_at(text, at, delimiter, literal=literal):
            longer = (*cells, cell)
            if end == len(text) and len(longer) == width:
                found += [longer] * (1 + (lone + odd > 1))
            elif end < len(text) and len(longer) + text.count(delimiter, end) >= width > len(longer):
                open_ends.append((end + 1, longer, lone + odd))
        if len(found) > 1:
            return found
    return []


def _cells_at(text: str, at: int, delimiter: str, *, literal: bool) -> Iterator[tuple[str, int, bool]]:
    """What the cell may be that begins here, where it ends, and whether it holds a quote without its like."""
    end = text.find(delimiter, at)
    end = len(text) if end < 0 else end
    plain = text[at:end]
    if not plain.startswith('"'):
        if "\n" not in plain and "\r" not in plain:
            yield plain, end, plain.count('"') % 2 == 1
        return
    closed = len(plain) > 1 and plain.endswith('"')
    # `"abc"` and `"abc"d"` are cells in quotes; `"a" and "b"` may be one or none.
    sure = closed and (plain.count('"') % 2 == 1 or '"' not in plain[1:-1].replace('""', ""))
    if literal and not sure and "\n" not in plain and "\r" not in plain:
        yield plain, end, plain.count('"') % 2 == 1
    close = text.find('"', at + 1)
    while close >= 0:
        after = close + 1
        if after == len(text) or text[after] == delimiter:
            yield text[at + 1 : close].replace('""', '"'), after, False
        close = text.find('"', after)


def _written(cells: Sequence[str], delimiter: str) -> str:
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter, lineterminator="").writerow(cells)
    return line.getvalue()


def _end_of(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]
