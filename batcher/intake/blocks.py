"""Rows in columns, a few ten thousand at a time: what rules are asked of, whatever the size of the sheet."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import pyarrow as pa

from batcher.intake.arrays import repeated, texts, whole
from batcher.intake.record import Oddity, Record

ROWS = 50_000
"""Rows of one block: enough for columns to pay, few enough to be held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Some rows of a sheet, one after the other, as columns of text."""

    lines: pa.Int64Array
    columns: tuple[pa.StringArray, ...]
    """One for each column of the header, as read; empty text where a row has no such cell."""
    counts: pa.Int64Array
    """How many cells each row had."""
    surplus: Mapping[int, tuple[str, ...]]
    """By place in the block: cells beyond the header's, of the rows where one of them holds something."""
    numbers: Mapping[int, frozenset[int]]
    """By column: the places of cells that hold a workbook's number."""
    oddities: Mapping[int, Mapping[int, Oddity]]
    """By column and place."""
    shown: Mapping[int, Mapping[int, str]]
    """By column and place: how a number is shown, where that is in other characters than the cell's."""

    def __len__(self) -> int:
        return len(self.lines)

    def row(self, place: int) -> tuple[str, ...]:
        """The cells of one row, as wide as the header."""
        return tuple(column[place].as_py() for column in self.columns)

    def rows(self) -> Iterator[tuple[str, ...]]:
        """The cells of every row, as wide as the header."""
        return zip(*(column.to_pylist() for column in self.columns), strict=True)


def blocks_of(records: Iterable[Record], width: int) -> Iterator[Block]:
    """The records in blocks, each row `width` cells wide."""
    left = iter(records)
    while rows := list(islice(left, ROWS)):
        yield _block(rows, width)


def block_of(lines: pa.Int64Array, columns: Sequence[pa.StringArray]) -> Block:
    """Rows that all have as many cells as there are columns, and nothing else to say."""
    return Block(
        lines=lines,
        columns=tuple(columns),
        counts=repeated(len(columns), len(lines)),
        surplus={},
        numbers={},
        oddities={},
        shown={},
    )


def _block(rows: list[Record], width: int) -> Block:
    counts = [len(row.cells) for row in rows]
    padding = ("",) * width
    cells = (row.cells if len(row.cells) == width else (row.cells + padding)[:width] for row in rows)
    numbers: dict[int, set[int]] = {}
    oddities: dict[int, dict[int, Oddity]] = {}
    shown: dict[int, dict[int, str]] = {}
    for place, row in enumerate(rows):
        for column in row.numbers:
            numbers.setdefault(column, set()).add(place)
        for column, oddity in row.oddities.items():
            oddities.setdefault(column, {})[place] = oddity
        for column, text in row.shown.items():
            shown.setdefault(column, {})[place] = text
    return Block(
        lines=whole([row.line for row in rows]),
        columns=tuple(map(texts, zip(*cells, strict=True))),
        counts=whole(counts),
        surplus={place: row.cells[width:] for place, row in enumerate(rows) if any(map(str.strip, row.cells[width:]))},
        numbers={column: frozenset(places) for column, places in numbers.items()},
        oddities=oddities,
        shown=shown,
    )
