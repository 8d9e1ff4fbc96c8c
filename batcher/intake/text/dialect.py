"""How a text is divided, found by evidence: every way that could be meant is read, and what comes out is compared.

A reading speaks for itself by naming the columns of payouts, by giving every row as many cells, and by cells that hold
one thing each: a number, a word, and not the delimiter of another reading. Where two readings are about as good and
differ in a cell, both are shown and nothing is chosen. What was found in the beginning of a long text is held to the
rest of it by whoever reads on: a row that does not fit is told, never bent.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from batcher.errors import InputInvalid
from batcher.intake.record import Record
from batcher.intake.refusal import listed, refusal
from batcher.intake.text import undivided
from batcher.intake.text.csvtext import NAMES, Dialect
from batcher.intake.text.quoting import is_proven, variants
from batcher.intake.text.reading import DELIMITERS, SAMPLE, Known, Reading, only_prose, read
from batcher.intake.text.strays import mended
from batcher.model import Problem

_SURE = 0.9
"""The share of rows of one width from which on a reading stands although another delimiter breaks CSV's rules."""
_SHARE_APART, _TYPED_APART, _TYPED_ENOUGH = 0.05, 0.25, 0.9
"""How much better a reading must be: in rows of one width, and in cells that hold one thing."""

_SPACERS = 2
"""Columns that people divide by an empty one, so that each delimiter stands twice."""

_SEP = re.compile(r'\A"?sep=([^"\r\n])"?(?:\r\n|[\r\n]|\Z)', re.IGNORECASE)
_QUOTED_BEHIND_BLANK = re.compile(r' +".*"\s*', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Divided:
    """A dialect, and whether the text's own first row declares it."""

    dialect: Dialect
    declared: bool = False
    """By `sep=;`, as Excel writes and reads it; that row holds nothing else."""
    one_column: bool = False
    """Whether nothing divides it: the dialect's delimiter stands nowhere in the text."""
    strays: bool = False
    """Whether quotes break CSV's rules, and their rows are read by their width."""
    doubts: tuple[Problem, ...] = ()
    """What is said of the choice."""


def divided(text: str, known: Known, delimiter: str | None = None) -> Divided:
    """How `text` is divided; `delimiter` is what a person says.

    Raises `InputInvalid` for a text that breaks CSV's rules however it is divided, and one with two readings.
    """
    declared = _SEP.match(text)
    if declared and delimiter in (None, declared[1]):
        rest = _sample(text[declared.end() :])
        return replace(_divided(_best_variant(rest, declared[1], known)), declared=True)
    sample = _sample(text)
    if delimiter is not None:
        return _divided(_best_variant(sample, delimiter, known))
    readings, errors = _readings(sample, known)
    return _chosen(readings, errors, sample, known)


def _divided(reading: Reading) -> Divided:
    return Divided(reading.dialect, strays=reading.strays)


def _sample(text: str) -> str:
    """All of a short text; of a long one the beginning, up to a line's end."""
    if len(text) <= SAMPLE:
        return text
    end = max(text.rfind("\n", 0, SAMPLE), text.rfind("\r", 0, SAMPLE))
    return text[: end + 1] if end > 0 else text[:SAMPLE]


def _readings(sample: str, known: Known) -> tuple[list[Reading], dict[str, InputInvalid]]:
    """What each delimiter that the text holds makes of it, and why others make nothing of it."""
    readings, errors = [], {}
    for delimiter in DELIMITERS:
        if delimiter in sample or delimiter == DELIMITERS[0]:
            try:
                readings.append(_best_variant(sample, delimiter, known))
            except InputInvalid as error:
                errors[delimiter] = error
    return readings, errors


def _is_common(delimiter: str, sample: str) -> bool:
    """Whether half of the lines hold the delimiter: one that fewer hold divides no table."""
    lines = [line for line in re.split(r"[\r\n]+", sample) if line]
    return sum(delimiter in line for line in lines) * 2 >= len(lines)


def _joins_quotes(reading: Reading, sample: str) -> bool:
    """Whether the delimiter stands between two quotes, in a text all of whose quotes are as they should be with it."""
    return reading.width > 1 and not reading.strays and f'"{reading.dialect.sign}"' in sample


def _best_variant(sample: str, delimiter: str, known: Known) -> Reading:
    """Of the ways to quote that the text gives cause for, the one under which the rows fit best."""
    plain = Dialect(delimiter)
    readings, errors = [], []
    for dialect in (plain, *variants(sample, delimiter)):
        try:
            readings.append(read(sample, dialect, known))
        except InputInvalid as error:
            errors.append(error)
    if not readings:
        sound = mended(sample, delimiter)
        if sound is None:
            raise errors[0]
        return replace(read(sound.text, plain, known), strays=True)
    if readings[0].dialect == plain and only_prose(readings[0].rows):
        return readings[0]
    evident = [reading for reading in readings if _is_evident(reading, sample)]
    best = max(evident or readings, key=_fit)
    if best.dialect.quote == "'" and readings[0].dialect == plain and not evident:
        if best.share > readings[0].share:
            raise _apostrophes(readings[0], best)
        best = readings[0]
    blanks = next((reading for reading in readings if reading.dialect.skips_blanks), None)
    if blanks is not None and best.dialect == plain and _blanks_belong_to_delimiter(best.rows):
        return blanks
    return best


def _is_evident(reading: Reading, sample: str) -> bool:
    """Whether the text itself proves this reading, however well another fits."""
    dialect = reading.dialect
    if dialect.doubled:
        return reading.share == 1 and reading.width > (1 if dialect.delimiter == "|" else _SPACERS)
    return reading.width > 1 and is_proven(sample, dialect)


def _fit(reading: Reading) -> tuple[bool, bool, float, bool]:
    no_apostrophes = reading.dialect.quote == "'" and not any(
        cell.startswith("'") for row in reading.rows for cell in row.cells
    )
    return reading.names_amounts, reading.width > 1, reading.share, no_apostrophes


def _blanks_belong_to_delimiter(rows: Sequence[Record]) -> bool:
    """Whether a blank follows the delimiter wherever it stands, or stands between it and a quote."""
    later = [cell for row in rows for cell in row.cells[1:]]
    quoted = any(_QUOTED_BEHIND_BLANK.fullmatch(cell) for cell in later)
    return bool(later) and (quoted or (len(rows) > 1 and all(cell.startswith(" ") for cell in later)))


def _chosen(readings: list[Reading], errors: dict[str, InputInvalid], sample: str, known: Known) -> Divided:
    pool = [reading for reading in readings if reading.names_amounts and reading.width > 1]
    pool = pool or [reading for reading in readings if reading.names_amounts]
    pool = pool or [reading for reading in readings if reading.width > 1]
    pool = [reading for reading in pool if not reading.prose] or pool
    share = max((reading.share for reading in pool), default=0.0)
    serious = not readings or any(_is_common(delimiter, sample) for delimiter in errors)
    if errors and serious and share < _SURE and not any(_joins_quotes(reading, sample) for reading in pool):
        # Some delimiter might divide all rows, were it not for the quotes.
        return _by_a_rare_sign(sample, known) or _raised(next(iter(errors.values())))
    if not pool:
        return _one_column(readings, sample, known)
    pool = [reading for reading in pool if reading.share >= share - _SHARE_APART]
    best = max(pool, key=lambda reading: (reading.typed, reading.share))
    if best.typed >= _TYPED_ENOUGH:
        pool = [reading for reading in pool if reading.typed > best.typed - _TYPED_APART]
    if len(pool) > 1 and any(reading.share == 1 for reading in pool) and best.names_amounts:
        pool = [reading for reading in pool if reading.share == 1]
    if len({tuple(row.cells for row in reading.rows) for reading in pool}) > 1:
        raise _two_readings(pool)
    return _divided(pool[0])


def _one_column(readings: list[Reading], sample: str, known: Known) -> Divided:
    """One column: any sign that the text does not hold divides it rightly. Raises where there may well be several."""
    rows = readings[0].rows
    if not rows:
        return Divided(readings[0].dialect)
    signs = undivided.signs_of(sample)
    if signs:
        found = _by_a_rare_sign(sample, known) if signs != [" "] else None
        return found or _raised(undivided.refused(signs[0], sample, rows[0].line))
    free = next((sign for sign in DELIMITERS if sign not in sample), DELIMITERS[0])
    return Divided(Dialect(free), one_column=True, doubts=tuple(undivided.doubts(sample)))


def _by_a_rare_sign(sample: str, known: Known) -> Divided | None:
    """Divided by the one sign that stands in every row equally often; `None` where none does, or several."""
    signs = undivided.signs_of(sample)
    if len(signs) != 1:
        return None
    try:
        found = _best_variant(sample, signs[0], known)
    except InputInvalid:
        return None
    if found.share < 1 or found.strays:
        return None
    return replace(_divided(found), doubts=(undivided.rare(found.dialect.sign, found.rows[0].line),))


def _raised(error: InputInvalid) -> NoReturn:
    raise error


def _apostrophes(plain: Reading, quoted: Reading) -> InputInvalid:
    """Where apostrophes around some cells make rows fit that do not fit otherwise."""
    pairs = zip(plain.rows, quoted.rows, strict=False)
    mine, theirs = next(((a, b) for a, b in pairs if a.cells != b.cells), (plain.rows[0], quoted.rows[0]))
    message = (
        f"Row {mine.line} can be divided in two ways: {listed([repr(cell) for cell in mine.cells], most=5)}, or, if "
        f"apostrophes are quotes, {listed([repr(cell) for cell in theirs.cells], most=5)}."
    )
    return refusal("quote_ambiguous", message, 'Put double quotes (") around cells that need them.', line=mine.line)


def _two_readings(readings: list[Reading]) -> InputInvalid:
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
