"""The sheet as columns: what each cell of ours says, and what is read of it, side by side for the rules.

Text columns carry our names (`amount`), trimmed and with the config's defaults filled in; what was read of them stands
beside (`amount_read`, `units`, `codes` …), so that a rule only looks and never parses.
"""

import re
import unicodedata
from collections.abc import Callable, Hashable, Sequence
from decimal import Decimal
from typing import TypeVar

import pandas as pd

from batcher import keys, money
from batcher.intake import amounts
from batcher.intake.delivery import distribution_of
from batcher.intake.emails import read_email
from batcher.intake.header import FIELDS, Header
from batcher.intake.options import ReadOptions
from batcher.intake.peers import same_key, same_key_other_text
from batcher.intake.products import read_products, takes_whole_amounts
from batcher.intake.table import Record, Table

Read = TypeVar("Read")

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode's categories of characters that nobody sees."""
_TOTALS = frozenset({"total", "totals", "grand total", "total amount", "subtotal", "sub total", "sub-total"})


def as_frame(table: Table, header: Header, options: ReadOptions) -> pd.DataFrame:
    """One row of the frame for each record of the table."""
    columns: dict[str, pd.Series] = {}
    for ours in FIELDS:
        columns[ours] = pd.Series(_texts(table, header, ours, options.defaults.get(ours, "")), dtype="str")
    frame = pd.DataFrame(columns)
    frame["line"] = [record.line for record in table.records]
    _add_shape(frame, table, header)
    _add_references(frame)
    _add_what_is_paid(frame)
    frame["email_read"], frame["email_reason"] = _pair(frame["email"], read_email)
    return frame


def add_identities(frame: pd.DataFrame, identities: Sequence[str]) -> None:
    """Put beside each row who it is, and the other rows that are the same; an empty identity is nobody."""
    frame["identity"] = pd.Series(identities, dtype="str", index=frame.index)
    frame["identity_peers"] = same_key(frame["line"].tolist(), list(identities))


def _texts(table: Table, header: Header, ours: str, default: str) -> list[str]:
    place = header.places.get(ours)
    if place is None:
        return [default] * len(table.records)
    return [_at(record, place).strip() or default for record in table.records]


def _at(record: Record, place: int) -> str:
    return record.cells[place] if place < len(record.cells) else ""


def _add_shape(frame: pd.DataFrame, table: Table, header: Header) -> None:
    """What is odd about whole rows. A row may lack cells at its end only in columns that batcher does not read."""
    width, records = len(header.titles), table.records
    needed = max(header.places.values()) + 1
    frame["surplus"] = [" ".join(filter(None, map(str.strip, record.cells[width:]))) for record in records]
    frame["cells"] = [len(record.cells) for record in records]
    frame["cut_short"] = frame["cells"] < needed
    frame["width"] = width
    frame["control"] = [_control(record) for record in records]
    frame["swallowed"] = [_swallows(record, table.delimiter, width) for record in records]
    frame["is_total"] = [_first_word(record) in _TOTALS for record in records]


def _control(record: Record) -> str:
    """The code point of the first control character in the row; line ends and tabs inside a cell are text."""
    found = _CONTROL.search("\n".join(record.cells))
    return f"U+{ord(found[0]):04X}" if found else ""


def _swallows(record: Record, delimiter: str, width: int) -> bool:
    """Whether a quoted cell holds the end of this row and the beginning of another: a quote was left open.

    Python's `csv` gives such a text one meaning, in which the rows between the quotes are gone without a trace.
    """
    for place, cell in enumerate(record.cells):
        if "\n" in cell or "\r" in cell:
            counts = [line.count(delimiter) for line in re.split(r"\r\n|[\r\n]", cell)]
            if (counts[0], counts[-1]) == (width - 1 - place, place) or width - 1 in counts[1:]:
                return True
    return False


def _first_word(record: Record) -> str:
    return next(filter(None, map(str.strip, record.cells)), "").rstrip(":").casefold()


def _add_references(frame: pd.DataFrame) -> None:
    frame["reference_read"] = _each(frame["reference"], keys.normalised_reference)
    frame["reference_invisible"] = _each(frame["reference_read"], _invisible)
    lines, references = frame["line"].tolist(), frame["reference_read"].tolist()
    frame["reference_peers"] = same_key(lines, references)
    folded = _each(frame["reference_read"], keys.folded).tolist()
    frame["reference_lookalikes"] = same_key_other_text(lines, folded, references)


def _invisible(text: str) -> str:
    """The code point of the first character that nobody would see, such as a zero-width space."""
    return next((f"U+{ord(sign):04X}" for sign in text if unicodedata.category(sign) in _UNSEEN), "")


def _add_what_is_paid(frame: pd.DataFrame) -> None:
    read = amounts.read_column(frame["amount"].tolist())
    frame["amount_read"] = _objects([reading.amount for reading in read])
    frame["amount_fault"] = [reading.fault for reading in read]
    frame["amount_words"] = [reading.words for reading in read]
    frame["amount_settled"] = [reading.settled for reading in read]
    frame["currency"] = frame["currency"].str.upper()
    frame["units"] = _each(frame["currency"], money.minor_units)
    frame["codes"], frame["product_fault"] = _pair(frame["product"], read_products)
    frame["whole_only"] = [takes_whole_amounts(codes) for codes in frame["codes"]]
    frame["decimals"] = [_decimals(amount) for amount in frame["amount_read"]]
    frame["method"] = _each(frame["distribution"], distribution_of)


def _decimals(amount: Decimal | None) -> int:
    """How many decimals an amount needs: 12.50 needs one, 10.00 none."""
    if amount is None:
        return 0
    exponent = amount.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _each(column: pd.Series, read: Callable[[str], Hashable]) -> pd.Series:
    """`read` of every cell, worked out once for equal cells."""
    found = {text: read(text) for text in column.unique()}
    return _objects([found[text] for text in column])


def _pair(column: pd.Series, read: Callable[[str], tuple[Read, str]]) -> tuple[pd.Series, pd.Series]:
    """`read` of every cell as two columns: what it means, and why it means nothing."""
    found = {text: read(text) for text in column.unique()}
    both = [found[text] for text in column]
    return _objects([meaning for meaning, _ in both]), _objects([reason for _, reason in both])


def _objects(values: Sequence[object]) -> pd.Series:
    """A column of Python's own values: pandas would make `None` and whole numbers into floats."""
    return pd.Series(list(values), dtype=object)
