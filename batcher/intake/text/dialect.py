"""How a text is divided, found by evidence: every way that could be meant is read, and what comes out is compared.

A reading speaks for itself by naming the columns of payouts, by giving every row as many cells, and by cells that hold
one thing each: a number, a word, and not the delimiter of another reading. Where two readings are about as good and
differ in a cell, both are shown and nothing is chosen. What was found in the beginning of a long text is held to the
rest of it by whoever reads on: a row that does not fit is told, never bent.
"""

import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from batcher.errors import InputInvalid
from batcher.intake.grid import Record
from batcher.intake.refusal import listed, refusal
from batcher.intake.text.csvtext import NAMES, Dialect, Records

DELIMITERS = (",", ";", "\t", "|", "^", "~")
"""Tried in this order; a person may declare any other character."""

SAMPLE = 1_000_000
"""Characters of a long text that are looked at."""

_HEAD = 20
"""Rows among which a header may be that names our columns."""
_SHARE_APART, _TYPED_APART, _TYPED_ENOUGH = 0.05, 0.25, 0.9
"""How much better a reading must be: in rows of one width, and in cells that hold one thing."""

_SEP = re.compile(r'\A"?sep=([^"\r\n])"?(?:\r\n|[\r\n]|\Z)', re.IGNORECASE)
_NUMBER = re.compile(r"[-+(\u2212]?\s?[$£€¥]?\s?[0-9][0-9.,'\u2019 \u00a0\u202f:/-]*\s?[%€£)]?-?")

Known = Callable[[Sequence[str]], frozenset[str]]
"""Which of our columns a row of titles names."""


@dataclass(frozen=True, slots=True)
class Divided:
    """A dialect, and whether the text's own first row declares it."""

    dialect: Dialect
    declared: bool = False
    """By `sep=;`, as Excel writes and reads it; that row holds nothing else."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one dialect makes of the sample."""

    dialect: Dialect
    rows: tuple[Record, ...]
    names_amounts: bool
    width: int
    """Of most rows."""
    share: float
    """Of the rows that have this width."""
    typed: float
    """The share of cells, empty ones left out, that hold one thing."""


def divided(text: str, known: Known, delimiter: str | None = None) -> Divided:
    """How `text` is divided; `delimiter` is what a person says.

    Raises `InputInvalid` for a text that breaks CSV's rules however it is divided, and one with two readings.
    """
    declared = _SEP.match(text)
    if declared and delimiter in (None, declared[1]):
        rest = _sample(text[declared.end() :])
        return Divided(_best_variant(rest, declared[1], known).dialect, declared=True)
    sample = _sample(text)
    if delimiter is not None:
        return Divided(_best_variant(sample, delimiter, known).dialect)
    return Divided(_chosen(list(_readings(sample, known))))


def _sample(text: str) -> str:
    """All of a short text; of a long one the beginning, up to a line's end."""
    if len(text) <= SAMPLE:
        return text
    end = max(text.rfind("\n", 0, SAMPLE), text.rfind("\r", 0, SAMPLE))
    return text[: end + 1] if end > 0 else text[:SAMPLE]


def _readings(sample: str, known: Known) -> Iterator[_Reading]:
    errors = []
    found = False
    for delimiter in DELIMITERS:
        if delimiter not in sample and delimiter != DELIMITERS[0]:
            continue
        try:
            reading = _best_variant(sample, delimiter, known)
        except InputInvalid as error:
            errors.append(error)
            continue
        found = True
        yield reading
    if not found:
        # A comma in no quotes divides every text: its error says more than another's.
        raise errors[0]


def _best_variant(sample: str, delimiter: str, known: Known) -> _Reading:
    """Of the ways to quote that the text gives cause for, the one under which the rows fit best."""
    best: _Reading | None = None
    errors = []
    for dialect in _variants(sample, delimiter):
        try:
            reading = _read(sample, dialect, known)
        except InputInvalid as error:
            errors.append(error)
            continue
        if best is None or _fit(reading) > _fit(best):
            best = reading
    if best is None:
        raise errors[0]
    return best


def _fit(reading: _Reading) -> tuple[bool, bool, float, int]:
    quoted = reading.dialect.quote == "'" and _all_of_a_column_quoted(reading.rows)
    return reading.names_amounts, reading.width > 1, reading.share, quoted


def _variants(sample: str, delimiter: str) -> Iterator[Dialect]:
    plain = Dialect(delimiter)
    yield plain
    sign = re.escape(delimiter)
    if '\\"' in sample or f"\\{delimiter}" in sample:
        yield replace(plain, escape="\\")
    if re.search(rf'{sign} +"', sample):
        yield replace(plain, skips_blanks=True)
    if _quotes_with_apostrophes(sample, sign):
        yield replace(plain, quote="'")


def _quotes_with_apostrophes(sample: str, sign: str) -> bool:
    """Whether apostrophes enclose every cell of some row, and no other quote is used."""
    if re.search(rf'(?:^|{sign})"', sample, re.MULTILINE):
        return False
    return re.search(rf"^'[^'\r\n]*'(?:{sign}'[^'\r\n]*')+\s*$", sample, re.MULTILINE) is not None


def _all_of_a_column_quoted(rows: Sequence[Record]) -> bool:
    """Asked of a reading that took the apostrophes off: whether none is left."""
    return not any(cell.startswith("'") for row in rows for cell in row.cells)


def _read(sample: str, dialect: Dialect, known: Known) -> _Reading:
    rows: list[Record] = []
    try:
        rows.extend(Records(io.StringIO(sample, newline=""), dialect))
    except InputInvalid as error:
        if len(sample) < SAMPLE // 2 or error.problems[0].kind != "quote_unclosed":
            raise
        # The sample may end within a cell; whoever reads on sees whether the text does.
    widths = Counter(1 if _only_prose(rows) else len(row.cells) for row in rows)
    width = max(widths, key=lambda cells: (widths[cells], cells), default=0)
    return _Reading(
        dialect=dialect,
        rows=tuple(rows),
        names_amounts=any("amount" in known(row.cells) for row in rows[:_HEAD]),
        width=width,
        share=widths[width] / len(rows) if rows else 0.0,
        typed=_typed(rows),
    )


def _only_prose(rows: Sequence[Record]) -> bool:
    """Whether the delimiter is a sign in sentences: the header has none, and elsewhere a blank follows each."""
    return (
        bool(rows) and len(rows[0].cells) == 1 and all(cell.startswith(" ") for row in rows for cell in row.cells[1:])
    )


def _typed(rows: Sequence[Record]) -> float:
    cells = Counter(cell.strip() for row in rows for cell in row.cells)
    del cells[""]
    others = frozenset(DELIMITERS)
    good = sum(count for cell, count in cells.items() if others.isdisjoint(cell) or _NUMBER.fullmatch(cell))
    return good / cells.total() if cells else 1.0


def _chosen(readings: list[_Reading]) -> Dialect:
    pool = [reading for reading in readings if reading.names_amounts and reading.width > 1]
    pool = pool or [reading for reading in readings if reading.names_amounts]
    pool = pool or [reading for reading in readings if reading.width > 1]
    if not pool:
        return _of_one_column(readings[0])
    share = max(reading.share for reading in pool)
    pool = [reading for reading in pool if reading.share >= share - _SHARE_APART]
    best = max(pool, key=lambda reading: (reading.typed, reading.share))
    if best.typed >= _TYPED_ENOUGH:
        pool = [reading for reading in pool if reading.typed > best.typed - _TYPED_APART]
    if len(pool) > 1 and any(reading.share == 1 for reading in pool) and best.names_amounts:
        pool = [reading for reading in pool if reading.share == 1]
    if len({tuple(row.cells for row in reading.rows) for reading in pool}) > 1:
        raise _two_readings(pool)
    return pool[0].dialect


def _of_one_column(reading: _Reading) -> Dialect:
    """One column: any delimiter that the text does not hold divides it rightly."""
    text = "".join(cell for row in reading.rows for cell in row.cells)
    held = {reading.dialect.delimiter} if any(len(row.cells) > 1 for row in reading.rows) else set()
    return Dialect(next((sign for sign in DELIMITERS if sign not in text and sign not in held), DELIMITERS[0]))


def _two_readings(readings: list[_Reading]) -> InputInvalid:
    """Both, at the first row in which they differ."""
    one, other = readings[:2]
    pairs = zip(one.rows, other.rows, strict=False)
    mine, theirs = next(((a, b) for a, b in pairs if a.cells != b.cells), (one.rows[0], other.rows[0]))
    shown = [
        f"with {reading.dialect.words} row {row.line} is {listed([repr(cell) for cell in row.cells], most=5)}"
        for reading, row in ((one, mine), (other, theirs))
    ]
    message = f"The file can be divided in two ways: {'; '.join(shown)}."
    ways = " or ".join(f"--delimiter {_said(reading.dialect.delimiter)}" for reading in readings[:2])
    fix = f"Say which is right with {ways}, or save it again with quotes around cells that contain the delimiter."
    return refusal("delimiter_ambiguous", message, fix, line=mine.line)


def _said(delimiter: str) -> str:
    """How a person says it on the command line."""
    return NAMES.get(delimiter, delimiter)


def delimiter_named(text: str) -> str:
    """The character that a person means by `semicolon`, `tab` or `;`. Raises `ValueError` for what is none."""
    named = {name: sign for sign, name in NAMES.items()} | {"pipe": "|", "space": " ", "\\t": "\t"}
    sign = named.get(text.casefold(), text)
    if len(sign) != 1 or sign in '"\r\n\x00':
        raise ValueError(f"{text!r} is no delimiter")
    return sign
