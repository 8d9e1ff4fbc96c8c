"""What one dialect makes of the sample of a text, and what speaks for it."""

import io
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from batcher.errors import InputInvalid
from batcher.intake.record import Record
from batcher.intake.text.csvtext import Dialect, Records

DELIMITERS = (",", ";", "\t", "|", "^", "~")
"""Tried in this order; a person may declare any other character."""

SAMPLE = 1_000_000
"""Characters of a long text that are looked at."""

_HEAD = 20
"""Rows among which a header may be that names our columns."""
_BLOCK, _ALIKE = 3, 0.9
"""The least columns of a table between lines of text, and the share of its rows that must have as many."""
_NUMBER = re.compile(r"[-+(\u2212]?\s?[$£€¥]?\s?[0-9][0-9.,'\u2019 \u00a0\u202f:/-]*\s?[%€£)]?-?")

Known = Callable[[Sequence[str]], frozenset[str]]
"""Which of our columns a row of titles names."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one dialect makes of the sample."""

    dialect: Dialect
    rows: tuple[Record, ...]
    names_amounts: bool
    width: int
    """Of most rows, or of those that stand together between lines of text."""
    share: float
    """Of the rows that have this width."""
    typed: float
    """The share of cells, empty ones left out, that hold one thing."""
    prose: bool
    """Whether a blank follows the delimiter wherever it stands, as in sentences."""
    strays: bool = False
    """Whether quotes that break the rules were read by the width of their rows."""


def read(sample: str, dialect: Dialect, known: Known) -> Reading:
    """What the dialect makes of the sample. Raises `InputInvalid` where the sample breaks its rules."""
    rows: list[Record] = []
    try:
        rows.extend(Records(io.StringIO(sample, newline=""), dialect))
    except InputInvalid as error:
        if len(sample) < SAMPLE // 2 or error.problems[0].kind != "quote_unclosed":
            raise
        # The sample may end within a cell; whoever reads on sees whether the text does.
    widths = Counter({1: len(rows)} if only_prose(rows) else (len(row.cells) for row in rows))
    width = max(widths, key=lambda cells: (widths[cells], cells), default=0)
    width = _of_a_block(rows) if width == 1 and len(widths) > 1 else width
    return Reading(
        dialect=dialect,
        rows=tuple(rows),
        names_amounts=any("amount" in known(row.cells) for row in rows[:_HEAD]),
        width=width,
        share=widths[width] / len(rows) if rows else 0.0,
        typed=_typed(rows),
        prose=dialect.skips_blanks or all(cell.startswith(" ") for row in rows for cell in row.cells[1:]),
    )


def only_prose(rows: Sequence[Record]) -> bool:
    """Whether the delimiter is a sign in sentences: the header has none, and elsewhere a blank follows each."""
    return (
        bool(rows) and len(rows[0].cells) == 1 and all(cell.startswith(" ") for row in rows for cell in row.cells[1:])
    )


def _of_a_block(rows: Sequence[Record]) -> int:
    """The width of a table with more lines of text around it than it has rows; 1 where there is none."""
    divided = [place for place, row in enumerate(rows) if len(row.cells) >= _BLOCK]
    between = rows[divided[0] : divided[-1] + 1] if len(divided) > 1 else ()
    widths = Counter(len(row.cells) for row in between)
    width, count = widths.most_common(1)[0] if widths else (1, 0)
    return width if count >= _ALIKE * len(between) else 1


def _typed(rows: Sequence[Record]) -> float:
    cells = Counter(cell.strip() for row in rows for cell in row.cells)
    del cells[""]
    others = frozenset(DELIMITERS)
    good = sum(count for cell, count in cells.items() if others.isdisjoint(cell) or _NUMBER.fullmatch(cell))
    return good / cells.total() if cells else 1.0
