"""A sheet of any size as `check` looks at it: its sound rows are counted, and only what is wrong is held."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from batcher import keys, money
from batcher.intake.arrays import literal, texts, truths
from batcher.intake.defaults import check_defaults
from batcher.intake.doubts import Doubts
from batcher.intake.judging import HELD, Judged, Judging, judging_of, opened
from batcher.intake.options import ReadOptions
from batcher.intake.peers import same_key
from batcher.intake.repeats import Digests, Repeats, digests
from batcher.intake.sheet import name_of, repeated_problem, sheet_of
from batcher.model import CheckedSheet, Sheet, SheetRow

FAULTY_HELD = 100_000
"""Rows with problems that are held; nobody mends more of them one by one."""


def check_sheet(path: Path, options: ReadOptions) -> Sheet | CheckedSheet:
    """The whole sheet where it is small enough to be held; of a larger one what a check says.

    Raises `InputInvalid` and `UsageError` as `read_sheet` does.
    """
    check_defaults(options)
    table, digest = opened(path, options)
    judging = judging_of(table, options)
    if judging.facts.rows <= HELD:
        return sheet_of(judging, name_of(path), digest)
    return checked_of(judging, name_of(path))


def checked_of(judging: Judging, name: str) -> CheckedSheet:
    """The sheet as a check looks at it, of any size."""
    grid = judging.table.grid
    doubts, sums = Doubts(judging.header, judging.facts, grid), dict[str, Decimal]()
    faulty: list[SheetRow] = []
    bad, nameless = 0, Repeats()
    for judged in judging.judged():
        doubts.add(judged.frame)
        bad += len(judged.problems)
        faulty += _rows(judged, sorted(judged.problems)[: FAULTY_HELD - len(faulty)])
        _add(sums, judged)
        for _, _, identities in _nameless(judged):
            nameless.add(digests(identities))
    repeated = nameless.found()
    if len(repeated):
        found = list(_repeated(judging, repeated, sums))
        bad += len(found)
        faulty = sorted([*faulty, *found], key=lambda row: row.line)[:FAULTY_HELD]
    return CheckedSheet(
        name=name,
        encoding=grid.encoding or "",
        delimiter=grid.delimiter or "",
        columns=judging.header.titles,
        rows=judging.facts.rows,
        sound=judging.facts.rows - bad,
        totals=tuple(
            (currency, money.in_minor_units(sums[currency], currency)) for currency in sorted(sums) if sums[currency]
        ),
        faulty=tuple(faulty),
        left_off=bad - len(faulty),
        warnings=(*grid.doubts, *judging.table.doubts, *doubts.problems()),
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
    sound = np.ones(len(frame), dtype=bool)
    sound[list(judged.problems)] = False
    mask = truths(sound)
    currencies, amounts = frame["currency"].filter(mask), frame["amount_value"].filter(mask)
    for currency in currencies.unique().to_pylist():
        more = pc.sum(amounts.filter(pc.equal(currencies, literal(currency)))).as_py() or Decimal(0)
        sums[currency] = sums.get(currency, Decimal(0)) + more


def _nameless(judged: Judged) -> Iterator[tuple[Judged, list[int], pa.StringArray]]:
    """The sound rows of a block without a reference, and who they are by their content."""
    references = judged.frame["reference_read"]
    places = [place for place in judged.frame.places(pc.equal(references, literal(""))) if place not in judged.problems]
    if places:
        payouts = judged.frame.payouts(places)
        yield judged, places, texts([keys.identity(payouts[place]) for place in places])


def _repeated(judging: Judging, repeated: Digests, sums: dict[str, Decimal]) -> Iterator[SheetRow]:
    """Rows that are the same without a reference: each might be a mistake. What they pay is taken off the sums."""
    found: list[tuple[int, str, Decimal, str, tuple[str, ...]]] = []
    for judged in judging.judged():
        for _, places, identities in _nameless(judged):
            for at in np.flatnonzero(np.isin(digests(identities), repeated)).tolist():
                place, frame = places[at], judged.frame
                currency, amount = frame["currency"][place].as_py(), frame.amount(place)
                line = frame["line"][place].as_py()
                found.append((line, currency, amount, identities[at].as_py(), frame.block.row(place)))
    words = same_key([line for line, *_ in found], [identity for *_, identity, _ in found])
    for (line, currency, amount, _, cells), others in zip(found, words, strict=True):
        if others:
            sums[currency] -= amount
            yield SheetRow(line=line, cells=cells, payout=None, problems=(repeated_problem(line, others),))
