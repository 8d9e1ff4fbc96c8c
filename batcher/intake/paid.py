"""What rows pay, by the column: plain amounts such as `12.50`, `12,50` and `1234` at once, all others one by one."""

from collections.abc import Mapping
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from batcher import money
from batcher.intake import arrays
from batcher.intake.arrays import DECIMALS, Value, literal, made, nobody, scaled, text_of, whole
from batcher.intake.frame import Frame
from batcher.intake.header import currency_of_title
from batcher.intake.meaning.amounts import Evidence, Reading, judged
from batcher.intake.meaning.numerals import COMMA, POINT, decimals_of
from batcher.intake.meaning.symbols import may_mean

MIN_AMOUNT: Decimal = Decimal("0.01")
MAX_AMOUNT: Decimal = Decimal(1_000_000_000)
"""No payout has such a face value in any currency; beyond it stands a slip of the keyboard."""
_NONE = Decimal(0)
"""In place of an amount where there is none, and where no row with it could be sound."""
_PLAIN = r"^(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,2})?$"
"""Amounts that have one meaning, or the same one under either mark; all of `numerals.is_plain` that fits a column."""

_COMMAS = r"^(?:0|[1-9][0-9]{0,11}),[0-9]{1,2}$"
"""Amounts that have no meaning but one with a decimal comma."""
_WHOLE, _TENTH = 10**DECIMALS, 10 ** (DECIMALS - 1)
"""One, and a tenth, as `arrays.scaled` has them."""


def forms(frame: Frame) -> Mapping[str, pa.Array]:
    """Which amounts are of a form that is read by the column: `12.50` and `1234`; `12,50`."""
    text = frame["amount"]
    commas = pc.match_substring_regex(text, _COMMAS) if COMMA.encode() in text_of(text) else nobody(len(frame))
    return {"amount_plain": pc.match_substring_regex(text, _PLAIN), "amount_commas": commas}


def meanings(frame: Frame) -> Mapping[str, pa.Array]:
    """What the other amounts mean, or why they mean none. `frame.readings` has it, too."""
    read = frame.readings = _others(frame, frame["amount"], frame.places(pc.invert(_by_column(frame))))
    return {
        "amount_fault": frame.sparse({at: one.fault for at, one in read.items()}, ""),
        "amount_words": frame.sparse({at: one.words for at, one in read.items()}, ""),
        "amount_settled": frame.sparse({at: one.settled for at, one in read.items()}, False),
        "amount_currency": frame.sparse({at: one.currency_text for at, one in read.items()}, ""),
    }


def values(frame: Frame) -> Mapping[str, pa.Array]:
    """What the rows pay.

    `amount_value` is zero where there is no amount, and where no row with it could be sound.
    """
    text, by_column, read = frame["amount"], _by_column(frame), _readings(frame)
    if frame["amount_commas"].true_count:
        text = pc.replace_substring(text, COMMA, POINT)
    values = arrays.amounts(pc.if_else(by_column, text, literal("0")) if read else text)
    units = scaled(values)
    decimals = whole((units % _WHOLE != 0).astype(np.int64) + (units % _TENTH != 0))
    odd = np.flatnonzero((units == 0) | (units > int(MAX_AMOUNT) * _WHOLE)).tolist()
    size = frame.sparse({at: "large" if units[at] else "zero" for at in odd}, "")
    return {
        "amount_value": _replaced(values, by_column, [_value(one) for one in read.values()]),
        "decimals": _replaced(decimals, by_column, [_decimals(one) for one in read.values()]),
        "amount_size": _replaced(size, by_column, [_size(one) for one in read.values()]),
    }


def _readings(frame: Frame) -> Mapping[int, Reading]:
    """What `meanings` has found, worked out by now."""
    frame["amount_fault"]
    return frame.readings


def _by_column(frame: Frame) -> pa.BooleanArray:
    """Which amounts are read by the column: none with a mark of which the sheet gives cause to doubt the meaning."""
    facts, plain = frame.facts, frame["amount_plain"]
    if facts.decimal == COMMA or facts.amounts.contradicted:
        plain = pc.and_not(plain, pc.match_substring(frame["amount"], POINT))
    if facts.decimal == POINT or facts.amounts.contradicted:
        return plain
    return pc.or_(plain, frame["amount_commas"])


def _others(frame: Frame, text: pa.StringArray, places: list[int]) -> dict[int, Reading]:
    """What the other cells mean. A workbook's number has one meaning, whatever marks its text would have."""
    numbers = frame.numbers("amount")
    texts = text.take(whole(places)).to_pylist()
    return {
        place: judged(cell, Evidence(), POINT) if place in numbers else frame.facts.amount(cell)
        for place, cell in zip(places, texts, strict=True)
    }


def _replaced(column: pa.Array, by_column: pa.BooleanArray, others: list[Value]) -> pa.Array:
    """The column, with other values where the amounts are not read by it."""
    return pc.replace_with_mask(column, pc.invert(by_column), made(others)) if others else column


def evidence_of(frame: Frame) -> Evidence:
    """What the block's amounts show of their column's decimal mark."""
    text, plain, commas = frame["amount"], frame["amount_plain"], frame["amount_commas"]
    numbers = frame.numbers("amount")
    if numbers:
        # They have no mark of their own.
        return Evidence.of(cell for place, cell in enumerate(text.to_pylist()) if place not in numbers)
    pointed = pc.and_(plain, pc.match_substring(text, POINT)).true_count
    others = text.filter(pc.invert(pc.or_(plain, commas))).to_pylist()
    return Evidence(point=pointed, comma=commas.true_count).merged(Evidence.of(others))


def _decimals(reading: Reading) -> int:
    """How many decimals an amount needs: 12.50 needs one, 10.00 none."""
    return 0 if reading.amount is None else decimals_of(reading.amount)


def _value(reading: Reading) -> Decimal:
    amount = reading.amount
    return _NONE if amount is None or amount > MAX_AMOUNT or decimals_of(amount) > DECIMALS else amount


def _size(reading: Reading) -> str:
    if reading.amount is None:
        return ""
    if reading.amount == 0:
        return "zero"
    if reading.amount < MIN_AMOUNT:
        return "small"
    return "large" if reading.amount > MAX_AMOUNT else ""


def conflicts(frame: Frame) -> Mapping[str, pa.Array]:
    """Amounts that name another currency than their row does; the column's own name may, too: `Amount (GBP)`."""
    signs, currency = frame["amount_currency"], frame["currency"]
    of_all = currency_of_title(frame.header.title("amount") or "")
    if of_all:
        signs = pc.if_else(pc.equal(signs, literal("")), literal(of_all), signs)
    named = pc.and_(pc.not_equal(signs, literal("")), pc.greater_equal(frame["units"], literal(0)))
    found = {
        place: True for place in frame.places(named) if not may_mean(signs[place].as_py(), currency[place].as_py())
    }
    return {"currency_conflict": frame.sparse(found, False), "currency_said": signs}


def ceilings(frame: Frame) -> Mapping[str, pa.Array]:
    """The config's ceiling of the row's currency, where the amount is above it."""
    found = {}
    for currency, ceiling in frame.options.ceilings.items():
        above = pc.and_(
            pc.equal(frame["currency"], literal(currency)), pc.greater(frame["amount_value"], literal(ceiling))
        )
        found.update(dict.fromkeys(frame.places(above), money.display(ceiling, currency)))
    return {"ceiling": frame.sparse(found, "")}
