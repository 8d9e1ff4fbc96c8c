"""A file to a `Sheet`: a payout, or its problems, for every row."""

import os
from pathlib import Path

from batcher import keys
from batcher.cycles import uncollected
from batcher.intake.defaults import check_defaults
from batcher.intake.doubts import Doubts
from batcher.intake.judging import Judged, Judging, judging_of, opened
from batcher.intake.options import ReadOptions
from batcher.intake.peers import same_key
from batcher.intake.rules import REPEATED
from batcher.model import Payout, Problem, Sheet, SheetRow

MAX_ROWS = 1_000_000
"""Payouts in one batch: more than eleven days' worth at 60 orders a minute."""


@uncollected()
def read_sheet(path: Path, options: ReadOptions) -> Sheet:
    """Every row of the file as a payout, or as all the problems that it has.

    Raises `InputInvalid` where the file as a whole has no meaning or two, and `UsageError` where the config's own
    defaults or column names cannot be used.
    """
    check_defaults(options)
    table, digest = opened(path, options)
    judging = judging_of(table, options, MAX_ROWS)
    return sheet_of(judging, name_of(path), digest)


@uncollected()
def sheet_of(judging: Judging, name: str, digest: str) -> Sheet:
    """The sheet with all its rows, held in memory."""
    table = judging.table
    doubts = Doubts(judging.header, judging.facts, table.grid)
    rows: list[SheetRow] = []
    for judged in judging.judged():
        doubts.add(judged.frame)
        rows += _rows(judged)
    return Sheet(
        name=name,
        digest=digest,
        encoding=table.grid.encoding or "",
        delimiter=table.grid.delimiter or "",
        columns=judging.header.titles,
        header_line=judging.header.line,
        rows=tuple(_without_repeated(rows)),
        warnings=(*table.grid.doubts, *table.doubts, *doubts.problems()),
    )


def name_of(path: Path) -> str:
    """The file's name without its folder; one that is no Unicode could be stored nowhere."""
    return os.fsencode(path.name).decode(errors="replace")


def _rows(judged: Judged) -> list[SheetRow]:
    """Each row with as many cells as there are columns."""
    frame = judged.frame
    # Cells repeat each other, and a row's payout repeats its cells: each text is held once.
    one = dict[str, str]().setdefault
    columns = [[one(cell, cell) for cell in column.to_pylist()] for column in frame.block.columns]
    payouts = frame.payouts(judged.sound, one)
    lines, references = frame["line"].to_pylist(), frame["reference_read"].to_pylist()
    return [
        SheetRow(
            line=line,
            cells=cells,
            payout=payouts.get(place),
            problems=tuple(judged.problems.get(place, ())),
            reference=one(reference, reference) if reference else None,
        )
        for place, (line, cells, reference) in enumerate(
            zip(lines, zip(*columns, strict=True), references, strict=True)
        )
    ]


def _without_repeated(rows: list[SheetRow]) -> list[SheetRow]:
    """The rows, those turned invalid that are the same without a reference: each might be a mistake."""
    nameless = [(row.line, row.payout) for row in rows if row.payout is not None and row.payout.reference is None]
    if not nameless:
        return rows
    words = repeated(nameless)
    return [
        row
        if row.line not in words
        else SheetRow(
            line=row.line, cells=row.cells, payout=None, problems=(repeated_problem(row.line, words[row.line]),)
        )
        for row in rows
    ]


def repeated(nameless: list[tuple[int, Payout]]) -> dict[int, str]:
    """By line, the other lines that ask for the same, among payouts without a reference."""
    lines = [line for line, _ in nameless]
    words = same_key(lines, [keys.identity(payout) for _, payout in nameless])
    return {line: others for line, others in zip(lines, words, strict=True) if others}


def repeated_problem(line: int, others: str) -> Problem:
    """Asked last, of rows without a reference and without any other problem: only they have an identity by content."""
    return Problem(
        line=line,
        column=None,
        value=None,
        message=REPEATED.message.format(identity_peers=others),
        fix=REPEATED.fix,
        kind=REPEATED.kind,
    )
