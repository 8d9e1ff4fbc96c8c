"""Rules asked of a frame: for each row, the problems that it has."""

from collections.abc import Iterator, Mapping, Sequence
from string import Formatter

import pyarrow as pa
import pyarrow.compute as pc

from batcher.intake.arrays import whole
from batcher.intake.frame import Frame
from batcher.intake.header import FIELDS, Header
from batcher.intake.rule import Rule
from batcher.intake.rules import ODD_CELL
from batcher.model import Problem

_ORDER: Mapping[str | None, int] = {None: -1} | {ours: place for place, ours in enumerate(FIELDS)}


def problems_of(frame: Frame, rules: Sequence[Rule], header: Header) -> dict[int, list[Problem]]:
    """Every problem by the row's place in the frame, for each row in the order of our columns."""
    told: dict[str | None, pa.BooleanArray] = {}
    found: dict[int, list[tuple[int, Problem]]] = {}
    for rule in rules:
        offenders = rule.offenders(frame)
        for others in (rule.column, *(() if rule.even_if_misshapen else (None,))):
            if others in told:
                offenders = pc.and_not(offenders, told[others])
        if offenders.true_count:
            told[rule.column] = pc.or_(told[rule.column], offenders) if rule.column in told else offenders
            for place, problem in _worded(frame, offenders, rule, header):
                found.setdefault(place, []).append((_ORDER[rule.column], problem))
    return {place: [problem for _, problem in sorted(of, key=_by_column)] for place, of in found.items()}


def _by_column(entry: tuple[int, Problem]) -> int:
    return entry[0]


def _worded(frame: Frame, offenders: pa.BooleanArray, rule: Rule, header: Header) -> Iterator[tuple[int, Problem]]:
    names = sorted({name for _, name, _, _ in Formatter().parse(rule.message + rule.fix) if name})
    places = frame.places(offenders)
    words = [frame[name].take(whole(places)).to_pylist() for name in names]
    title = header.title(rule.column) if rule.column is not None else None
    at = header.places.get(rule.column) if rule.column is not None else None
    for number, place in enumerate(places):
        said = {name: column[number] for name, column in zip(names, words, strict=True)}
        yield (
            place,
            Problem(
                line=frame["line"][place].as_py(),
                column=title,
                value=None if at is None else frame.block.columns[at][place].as_py(),
                message=rule.message.format(**said),
                fix=rule.fix.format(**said),
                kind=frame[f"odd_{rule.column}"][place].as_py() if rule.kind == ODD_CELL else rule.kind,
            ),
        )
