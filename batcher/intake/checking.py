"""A sheet of any size as `check` looks at it: its sound rows are counted, and only what is wrong is held."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pyarrow.compute as pc

from batcher import money
from batcher.intake.arrays import literal, truths
from batcher.intake.defaults import check_defaults
from batcher.intake.doubts import Doubts
from batcher.intake.judging import HELD, Judged, Judging, judging_of, opened
from batcher.intake.options import ReadOptions
from batcher.intake.sheet import MAX_ROWS, name_of, repeated_problem, sheet_of
from batcher.intake.twice import Twice, repeated_by, sound
from batcher.model import CheckedSheet, Payout, Sheet, SheetRow

FAULTY_HELD = 100_000
"""Rows with problems that are held; nobody mends more of them one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A sheet as a check looks at it that holds no row that is sound, but for those that may pay somebody twice."""

    sheet: CheckedSheet
    likely_alike: tuple[tuple[int, Payout], ...]
    """Line and payout of every row that shares recipient, amount, currency and products with another one.

    None are looked for in a sheet that is too large for one batch.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """A sheet that was read for what only all of its rows tell, and is now to be judged row by row."""

    judging: Judging
    name: str
    digest: str

    @property
    def is_small(self) -> bool:
        """Whether all its rows can be held for no more than a check."""
        return self.judging.facts.rows <= HELD

    @property
    def fits_a_batch(self) -> bool:
        """Whether one batch could pay all its rows."""
        return self.judging.facts.rows <= MAX_ROWS

    def whole(self) -> Sheet:
        """Every row as a payout or its problems, all held in memory."""
        return sheet_of(self.judging, self.name, self.digest)

    def counted(self) -> Counted:
        """What a check says of it, of any size."""
        return _counted(self.judging, self.name, alike=self.fits_a_batch)


def survey_sheet(path: Path, options: ReadOptions) -> Surveyed:
    """The sheet at `path`. Raises `InputInvalid` and `UsageError` as `read_sheet` does, but for too many rows."""
    check_defaults(options)
    table, digest = opened(path, options)
    return Surveyed(judging=judging_of(table, options), name=name_of(path), digest=digest)


def _counted(judging: Judging, name: str, *, alike: bool) -> Counted:
    grid = judging.table.grid
    doubts, sums = Doubts(judging.header, judging.facts, grid), dict[str, Decimal]()
    faulty: list[SheetRow] = []
    bad, twice = 0, Twice(nameless_only=not alike)
    for judged in judging.judged():
        doubts.add(judged.frame)
        bad += len(judged.problems)
        faulty += _rows(judged, sorted(judged.problems)[: FAULTY_HELD - len(faulty)])
        _add(sums, judged)
        twice.add(judged)
    candidates = list(twice.candidates(judging.judged()))
    repeated = repeated_by(candidates)
    for one in candidates:
        if one.line in repeated:
            bad += 1
            sums[one.payout.currency] -= one.payout.amount
            problem = repeated_problem(one.line, repeated[one.line])
            faulty.append(SheetRow(line=one.line, cells=one.cells, payout=None, problems=(problem,)))
    faulty = sorted(faulty, key=lambda row: row.line)[:FAULTY_HELD]
    return Counted(
        sheet=CheckedSheet(
            name=name,
            encoding=grid.encoding or "",
            delimiter=grid.delimiter or "",
            columns=judging.header.titles,
            rows=judging.facts.rows,
            sound=judging.facts.rows - bad,
            totals=tuple((code, money.in_minor_units(sums[code], code)) for code in sorted(sums) if sums[code]),
            faulty=tuple(faulty),
            left_off=bad - len(faulty),
            warnings=(*grid.doubts, *judging.table.doubts, *doubts.problems()),
        ),
        likely_alike=tuple((one.line, one.payout) for one in candidates if alike and one.line not in repeated),
    )


def _rows(judged: Judged, places: list[int]) -> Iterator[SheetRow]:
    for place in places:
        yield SheetRow(
            line=judged.frame["line"][place].as_py(),
            cells=judged.frame.block.row(place),
            payout=None,
            problems=tuple(judged.problems[place]),
            reference=judged.frame["reference_read"][place].as_py() or None,
        )


def _add(sums: dict[str, Decimal], judged: Judged) -> None:
    """Add what the sound rows of a block pay."""
    frame = judged.frame
    mask = truths(sound(judged))
    currencies, amounts = frame["currency"].filter(mask), frame["amount_value"].filter(mask)
    for currency in currencies.unique().to_pylist():
        more = pc.sum(amounts.filter(pc.equal(currencies, literal(currency)))).as_py() or Decimal(0)
        sums[currency] = sums.get(currency, Decimal(0)) + more
