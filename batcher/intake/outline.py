"""How a file is read, before any rule is asked: what a person looks at who wonders what batcher makes of it.

It stops where the rows begin to be judged. What would only make a payout impossible, such as a column that is missing,
is a doubt here; what leaves the file without one meaning is refused as everywhere.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from batcher.errors import InputInvalid
from batcher.intake import source
from batcher.intake.doubts import warnings_of
from batcher.intake.frame import as_frame
from batcher.intake.header import Header, always_needed, located, refuse_lost_mapping, refuse_unnamed, require
from batcher.intake.judgement import problems_of
from batcher.intake.options import ReadOptions
from batcher.intake.rules import SHAPE_RULES
from batcher.intake.sheet import name_of, needed_by_deliveries, table_of
from batcher.intake.table import Record, Table
from batcher.model import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A file as it is read."""

    name: str
    """The file's name without its folder."""
    encoding: str
    delimiter: str
    header: Header
    """Headers as the file writes them, their row, and which of them are ours."""
    records: tuple[Record, ...]
    """As read, nothing trimmed and nothing filled in but what a short row lacks; surplus cells that hold something
    are there, beyond the columns."""
    doubts: tuple[Problem, ...]
    """Why `check` and `run` may ask or refuse; one for each kind, naming the first row that has it."""


def read_outline(path: Path, options: ReadOptions) -> Outline:
    """How the file is read.

    Raises `InputInvalid` where the file has no meaning or two, and `UsageError` where the config's column names cannot
    be used.
    """
    encoding, table = table_of(source.read_bytes(path), options)
    header = located(table.header.line, table.header.cells, options)
    refuse_unnamed(header, [record.cells for record in table.records])
    return Outline(
        name=name_of(path),
        encoding=encoding,
        delimiter=table.delimiter,
        header=header,
        records=tuple(_as_wide(record, len(header.titles)) for record in table.records),
        doubts=tuple(_doubts(table, header, options, encoding)),
    )


def _as_wide(record: Record, width: int) -> Record:
    """With a cell for each column: a short row is filled up, and of a long one only empty cells go."""
    cells = list(record.cells) + [""] * (width - len(record.cells))
    while len(cells) > width and not cells[-1]:
        cells.pop()
    return replace(record, cells=tuple(cells))


def _doubts(table: Table, header: Header, options: ReadOptions, encoding: str) -> Iterator[Problem]:
    needed = always_needed(options)
    try:
        refuse_lost_mapping(header, options.columns)
    except InputInvalid as error:
        yield from error.problems
    if not header.places:
        yield from _missing(header, needed)
        return
    frame = as_frame(table, header, options)
    yield from _missing(header, dict.fromkeys([*needed, *needed_by_deliveries(frame, header)]))
    yield from _first_of_each(problems_of(frame, SHAPE_RULES, header, table.records).values())
    yield from warnings_of(frame, header, encoding)


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
