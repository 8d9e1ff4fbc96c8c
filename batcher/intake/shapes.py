"""What is odd about whole rows: their width, signs that nobody sees, quotes left open, and rows that are no payouts."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from batcher.intake.arrays import literal, numbers, repeated, text_of, truths
from batcher.intake.frame import Frame
from batcher.intake.header import known, simplified
from batcher.intake.lines import LINE_END, delimiters_in
from batcher.model import Distribution

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_CONTROL_BYTES = bytes([*range(9), 11, 12, *range(14, 32), 127, 0xC2])
"""Of UTF-8; the last begins the control characters beyond ASCII, and a few letters."""
_SUM = (
    r"(?:(?:grand|sub|overall|sous)[ -]?)?(?:total|totals|totaal|totale|totales|totalt|sum|summe|gesamt|gesamtsumme"
    r"|zwischensumme|gesamtbetrag|somme|suma|soma|razem|yhteensä|celkem|összesen)"
)
_TOTAL = re.compile(rf"{_SUM}(?: amount)?:?", re.IGNORECASE)
"""The whole of a cell, in the languages of many spreadsheets."""
_COUNT = r"(?:number|no\.|count|anzahl|nombre)"
_TOTAL_OF = re.compile(rf"(?:{_SUM}|{_COUNT})\b", re.IGNORECASE)
"""The beginning of a cell in a row that has little else."""
_MAYBE_TOTAL = rf"(?i)^\W*(?:{_SUM}|{_COUNT})"
_PART_OF_NUMBER = r"^\s*[-+(]?[$£€]?\s*[0-9.,' ]*[0-9.,]\s*\)?\s*$"
"""What a line end may leave of an amount."""
_FEW = 2
"""Filled cells of a row that is a total with more words."""
_NUMBERED = re.compile(
    r"\b(?:no|nr|num|number|code|id|qty|quantity|count|points?|days?|hours?|age|year|rate|units?|percent"
    r"|net|gross|due|tax|vat|fees?|total|amount|price|sum|cost|balance|bonus|pay|salary)\b|[%#]",
    re.IGNORECASE,
)
"""Names of columns that hold numbers of their own."""
_REST = r"^[0-9]{{{},3}}(?:[.,][0-9]{{1,2}})?\s?(?:[A-Za-z]{{1,3}}|[$£€])?$"
"""What stands behind a comma that divides an amount; braces are the least number of digits."""
EXCELS_ROWS = 16
_NEEDED = frozenset({"amount", "currency", "product", "distribution"})
_NARROW = 2
"""Columns of ours in a table in which a row with one of them may be a payout."""


def widths(frame: Frame) -> Mapping[str, pa.Array]:
    """`width` of the header, `surplus` beyond it, and rows that are `cut_short` or `shifted`.

    A row of another width than the header's may have lost or gained a delimiter anywhere, and what stands in our
    columns is then another column's. Only where the whole file is written so does it say nothing: rows that all have
    the same count, a file in which no row ends in an empty cell, or sixteen rows together, by which Excel leaves empty
    cells out. A workbook's row has no end.
    """
    beyond = {place: " ".join(filter(None, map(str.strip, cells))) for place, cells in frame.block.surplus.items()}
    width, counts, facts = len(frame.header.titles), frame.block.counts, frame.facts
    nobody = repeated(False, len(frame))
    cut_short = shifted = nobody
    if facts.delimiter is not None:
        unusual = pc.not_equal(counts, literal(facts.usual_count))
        needed = width if facts.ends_empty else max(frame.header.places.values(), default=-1) + 1
        cut_short = pc.and_(pc.less(counts, literal(width)), pc.or_(unusual, literal(facts.usual_count == width)))
        cut_short = pc.and_(cut_short, pc.less(counts, literal(needed)))
        if cut_short.true_count:
            cut_short = pc.and_not(cut_short, _left_out_together(frame))
        cut_short = pc.or_(cut_short, pc.less(counts, literal(max(frame.header.places.values(), default=-1) + 1)))
        if not _always_filled(frame, width - 1):
            shifted = pc.and_(pc.greater(counts, literal(width)), unusual)
    return {
        "width": repeated(width, len(frame)),
        "surplus": frame.sparse(beyond, ""),
        "cut_short": cut_short,
        "shifted": shifted,
    }


def _left_out_together(frame: Frame) -> pa.BooleanArray:
    """Rows that are as short as all of their sixteen."""
    return truths(np.isin(sixteens(frame), frame.facts.short_together))


def sixteens(frame: Frame) -> npt.NDArray[np.int64]:
    """The sixteen rows to which each row belongs, by which Excel leaves out empty cells at their ends."""
    return (numbers(frame["line"]) - 1) // EXCELS_ROWS


def _always_filled(frame: Frame, place: int) -> bool:
    """Whether a column has something in every row: pushed to the right, that would show beyond the header."""
    ours = next((ours for ours, its in frame.header.places.items() if its == place), "")
    if ours == "email":
        return frame.facts.methods <= {Distribution.EMAIL, Distribution.RECIPIENT}
    return ours in _NEEDED and ours not in frame.options.defaults


def control(frame: Frame) -> Mapping[str, pa.Array]:
    """The code point of the first control character in the row; line ends and tabs inside a cell are text."""
    odd = {
        place
        for column in frame.block.columns
        if _may_hold(column, _CONTROL_BYTES)
        for place in frame.places(pc.match_substring_regex(column, CONTROL.pattern))
    }
    odd |= {place for place, cells in frame.block.surplus.items() if CONTROL.search("".join(cells))}
    found = {place: _first_control((*frame.block.row(place), *frame.block.surplus.get(place, ()))) for place in odd}
    return {"control": frame.sparse(found, "")}


def _first_control(cells: Sequence[str]) -> str:
    match = CONTROL.search("".join(cells))
    return f"U+{ord(match[0]):04X}" if match else ""


def swallowed(frame: Frame) -> Mapping[str, pa.Array]:
    """Whether a quoted cell holds the end of a row and the beginning of another: a quote was left open.

    Python's `csv` gives such a text one meaning, in which the rows between the quotes are gone without a trace.
    """
    delimiter, columns = frame.facts.delimiter, frame.block.columns
    found = {
        place: True
        for at, column in enumerate(columns)
        if delimiter is not None and _may_hold(column, b"\r\n")
        for place in frame.places(pc.match_substring_regex(column, "[\r\n]"))
        if _swallows(column[place].as_py(), at, delimiter, len(columns))
    }
    return {"swallowed": frame.sparse(found, False)}


def _swallows(cell: str, at: int, delimiter: str, width: int) -> bool:
    counts = [delimiters_in(line, delimiter) for line in LINE_END.split(cell)]
    exactly = (counts[0], counts[-1]) == (width - 1 - at, at) or width - 1 in counts[1:]
    return exactly or max(counts) >= max(2, (width - 1) // 2)


def lone_numbers(frame: Frame) -> list[int]:
    """The rows that are one cell with digits and marks alone: the rest of an amount that a line end has divided."""
    lone = pc.and_(
        pc.equal(frame["cells"], literal(1)), pc.match_substring_regex(frame.block.columns[0], _PART_OF_NUMBER)
    )
    lines: list[int] = frame["line"].filter(lone).to_pylist() if len(frame.header.titles) > 1 else []
    return lines


def torn(frame: Frame) -> Mapping[str, pa.Array]:
    """The row beside this one that may hold a part of its amount, where that is the first cell or the last."""
    found: dict[int, str] = {}
    lone, amount = frame.facts.lone_numbers, frame.header.places.get("amount")
    beside = [step for step, place in ((-1, 0), (1, len(frame.header.titles) - 1)) if place == amount]
    for place, line in enumerate(frame["line"].to_pylist() if lone and beside else []):
        for step in beside:
            if line + step in lone:
                found[place] = str(line + step)
    return {"torn": frame.sparse(found, "")}


def kinds(frame: Frame) -> Mapping[str, pa.Array]:
    """Rows that are none of payouts: a total, the header once more, another header, a note."""
    first = frame.block.columns[0]
    odd = pc.or_(pc.equal(frame["amount"], literal("")), pc.equal(frame["amount_fault"], literal("not_a_number")))
    odd = pc.or_(odd, pc.or_(pc.equal(first, literal("")), pc.match_substring_regex(first, _MAYBE_TOTAL)))
    found = {place: kind for place in frame.places(odd) if (kind := _kind(frame.block.row(place), frame))}
    below = frame.facts.second_header
    return {
        "row_kind": frame.sparse(found, ""),
        "below_header": frame.sparse({}, False) if below is None else pc.greater(frame["line"], literal(below)),
        "second_header": repeated(below or 0, len(frame)),
    }


def split_amounts(frame: Frame) -> Mapping[str, pa.Array]:
    """Amounts that a comma inside them may have divided: `12,50` without quotes is 12, and 50 in the next column.

    Such a row is one cell longer than its header, or as long where its last cell was left out. In a row that is not
    longer, only a next column is looked at that batcher does not read, and whose name is none of a number.
    """
    at = frame.header.places.get("amount", -1)
    found: dict[int, str] = {}
    if frame.facts.delimiter == "," and 0 <= at < len(frame.header.titles) - 1:
        rest = frame.block.columns[at + 1]
        some = pc.greater(frame.block.counts, literal(len(frame.header.titles)))
        if some.true_count:
            some = pc.and_(some, pc.match_substring_regex(rest, _REST.format("1")))
        if not _of_numbers(frame, at + 1):
            some = pc.or_(some, pc.match_substring_regex(rest, _REST.format("2")))
        if some.true_count:
            some = pc.and_(some, pc.match_substring_regex(frame["amount"], r"^[^.,]*[0-9]$"))
        found = {place: rest[place].as_py() for place in frame.places(some)}
    return {"split_rest": frame.sparse(found, "")}


def _of_numbers(frame: Frame, place: int) -> bool:
    return place in frame.header.places.values() or _NUMBERED.search(frame.header.titles[place]) is not None


def _kind(cells: Sequence[str], frame: Frame) -> str:
    filled = [cell.strip() for cell in cells if cell.strip()]
    if filled and (_TOTAL.fullmatch(filled[0]) or (len(filled) <= _FEW < len(cells) and _TOTAL_OF.match(filled[0]))):
        return "total"
    titles, ours = frame.header.titles, frame.header.places.values()
    if len(ours) > 1 and all(simplified(cells[place]) == simplified(titles[place]) for place in ours):
        return "header_again"
    # `#VALUE!` is no header 'value'; and one name alone may be a cell such as EMAIL.
    names = known([cell for cell in filled if not cell.startswith("#")], frame.options.columns)
    if len(names) > 1 and len(names) * 2 >= len(filled):
        return "other_header"
    return "note" if len(ours) > _NARROW and sum(bool(cells[place].strip()) for place in ours) <= 1 else ""


def unnamed(frame: Frame) -> tuple[int, str] | None:
    """The first column without a header that holds something, and what; spreadsheets leave empty ones."""
    for place, title in enumerate(frame.header.titles):
        if not title.strip():
            text = pc.utf8_trim_whitespace(frame.block.columns[place])
            held = text.filter(pc.not_equal(text, literal("")))
            if len(held):
                return place, held[0].as_py()
    return None


def _may_hold(column: pa.StringArray, signs: bytes) -> bool:
    """Whether one of these bytes is anywhere in the column's text; it may also lie beside it, in another block's."""
    text = text_of(column)
    return len(text.translate(None, signs)) < len(text)
