"""Rules asked of a frame: for each row, the problems that it has."""

from collections.abc import Mapping, Sequence
from string import Formatter

import pandas as pd

from batcher.intake.header import FIELDS, Header
from batcher.intake.rules import Mask, Rule
from batcher.intake.table import Record
from batcher.model import Problem

_ORDER: Mapping[str | None, int] = {None: -1} | {ours: place for place, ours in enumerate(FIELDS)}


def problems_of(
    frame: pd.DataFrame, rules: Sequence[Rule], header: Header, records: Sequence[Record]
) -> dict[int, list[Problem]]:
    """Every problem by the row's place in the frame, for each row in the order of our columns."""
    told: dict[str | None, Mask] = {}
    found: dict[int, list[tuple[int, Problem]]] = {}
    nobody: Mask = pd.Series(False, index=frame.index, dtype=bool)
    for rule in rules:
        offenders = rule.offenders(frame).astype(bool) & ~told.get(rule.column, nobody)
        if not rule.even_if_misshapen:
            offenders &= ~told.get(None, nobody)
        if offenders.any():
            told[rule.column] = told.get(rule.column, nobody) | offenders
            for place, problem in _worded(frame[offenders], rule, header, records):
                found.setdefault(place, []).append((_ORDER[rule.column], problem))
    return {place: [problem for _, problem in sorted(of, key=_by_column)] for place, of in found.items()}


def _by_column(entry: tuple[int, Problem]) -> int:
    return entry[0]


def _worded(
    offenders: pd.DataFrame, rule: Rule, header: Header, records: Sequence[Record]
) -> list[tuple[int, Problem]]:
    names = [name for _, name, _, _ in Formatter().parse(rule.message + rule.fix) if name]
    title = header.title(rule.column) if rule.column is not None else None
    words = offenders[names].to_dict("records") if names else [{}] * len(offenders)
    worded = []
    for place, line, said in zip(offenders.index, offenders["line"], words, strict=True):
        with_names = {str(name): value for name, value in said.items()}
        problem = Problem(
            line=int(line),
            column=title,
            value=_value(records[int(place)], header, rule.column),
            message=rule.message.format(**with_names),
            fix=rule.fix.format(**with_names),
            kind=rule.kind,
        )
        worded.append((int(place), problem))
    return worded


def _value(record: Record, header: Header, ours: str | None) -> str | None:
    """The cell as it was read; `None` for a row as a whole and for a column that the sheet lacks."""
    place = header.places.get(ours) if ours is not None else None
    return record.cells[place] if place is not None and place < len(record.cells) else None
