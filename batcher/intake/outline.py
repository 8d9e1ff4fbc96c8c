"""How a file is read, before any rule is asked: what a person looks at who wonders what batcher makes of it.

Any table is shown, one of payouts or not. What would only make a payout impossible, such as a column that is missing or
there twice, is a doubt here; what leaves the file without one meaning is refused as everywhere.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from batcher.errors import InputInvalid
from batcher.intake.doubts import Doubts
from batcher.intake.header import (
    Header,
    always_needed,
    located,
    refuse_lost_mapping,
    refuse_thousands,
    refuse_unnamed,
    require,
)
from batcher.intake.judgement import problems_of
from batcher.intake.judging import Judging, needed_by_deliveries, opened
from batcher.intake.options import ReadOptions
from batcher.intake.record import Record
from batcher.intake.rules import SHAPE_RULES
from batcher.intake.sheet import name_of
from batcher.intake.table import Table, refuse_no_payouts
from batcher.model import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A file as it is read."""

    name: str
    """The file's name without its folder."""
    table: Table
    header: Header
    """Headers as the file writes them, their row, and which of them are ours."""
    doubts: tuple[Problem, ...]
    """Why `check` and `run` may ask or refuse; one for each kind, naming the first row that has it."""

    @property
    def encoding(self) -> str | None:
        """As Python names it; `None` for a workbook."""
        return self.table.grid.encoding

    @property
    def delimiter(self) -> str | None:
        """`None` for a workbook."""
        return self.table.grid.delimiter

    @property
    def sheet(self) -> str | None:
        """Which sheet of the workbook."""
        return self.table.grid.sheet

    @property
    def records(self) -> Iterator[Record]:
        """As read, nothing trimmed and nothing filled in but what a short row lacks.

        Surplus cells that hold something are there, beyond the columns.
        """
        width = len(self.header.titles)
        return (_as_wide(record, width) for record in self.table.records())


def read_outline(path: Path, options: ReadOptions) -> Outline:
    """How the file is read.

    Raises `InputInvalid` where the file has no meaning or two, and `UsageError` where the config's column names cannot
    be used.
    """
    table, _ = opened(path, options)
    doubts = [*table.grid.doubts, *table.doubts]
    try:
        refuse_no_payouts(table)
    except InputInvalid as error:
        doubts += error.problems
    try:
        header = located(table.header.line, table.header.cells, options)
    except InputInvalid as error:
        doubts += error.problems
        header = Header(table.header.line, table.header.cells, {})
    else:
        doubts += _doubts(table, header, options)
    return Outline(name=name_of(path), table=table, header=header, doubts=tuple(doubts))


def _as_wide(record: Record, width: int) -> Record:
    """With a cell for each column: a short row is filled up, and of a long one only empty cells go."""
    if len(record.cells) == width:
        return record
    cells = list(record.cells) + [""] * (width - len(record.cells))
    while len(cells) > width and not cells[-1]:
        cells.pop()
    return replace(record, cells=tuple(cells))


def _doubts(table: Table, header: Header, options: ReadOptions) -> Iterator[Problem]:
    try:
        refuse_lost_mapping(header, options.columns)
    except InputInvalid as error:
        yield from error.problems
    needed = always_needed(options)
    try:
        refuse_thousands(header)
    except InputInvalid as error:
        yield from error.problems
    judging = Judging(table, header, options)
    judging.survey()
    try:
        refuse_unnamed(header, judging.facts.unnamed)
    except InputInvalid as error:
        yield from error.problems
    yield from _missing(header, dict.fromkeys([*needed, *needed_by_deliveries(judging.facts, header)]))
    doubts = Doubts(header, judging.facts, table.grid)
    shapes: list[list[Problem]] = []
    for frame in judging.frames():
        shapes += problems_of(frame, SHAPE_RULES, header).values()
        doubts.add(frame)
    yield from _first_of_each(shapes)
    yield from doubts.problems()


def _missing(header: Header, needed: Iterable[str]) -> Iterator[Problem]:
    for ours in needed:
        try:
            require(header, [ours])
        except InputInvalid as error:
            yield from error.problems


def _first_of_each(problems: Iterable[list[Problem]]) -> Iterator[Problem]:
    """The first problem of each kind, which tells of how many more rows it stands for."""
    found: dict[str, list[Problem]] = {}
    for row in problems:
        for problem in row:
            found.setdefault(problem.kind, []).append(problem)
    for first, *others in found.values():
        more = f" (And so in {len(others):,} more row{'s' * (len(others) != 1)}.)" if others else ""
        yield replace(first, message=f"{first.message}{more}")
