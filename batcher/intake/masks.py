"""Questions that rules ask of a frame: each gives the mask of the rows that answer yes."""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from batcher.intake.arrays import is_blank, literal, nobody, text_of, texts
from batcher.intake.columns import NO_CURRENCY
from batcher.intake.frame import Frame
from batcher.model import Distribution

Offenders = Callable[[Frame], pa.BooleanArray]
"""A frame to the mask of its offenders."""


def equal(column: str, word: str) -> Offenders:
    """Rows whose column says this word."""

    def offenders(frame: Frame) -> pa.BooleanArray:
        if word and is_blank(frame[column]):
            return nobody(len(frame))
        return pc.equal(frame[column], literal(word))

    return offenders


def filled(column: str) -> Offenders:
    """Rows whose column says anything."""

    def offenders(frame: Frame) -> pa.BooleanArray:
        return nobody(len(frame)) if is_blank(frame[column]) else pc.not_equal(frame[column], literal(""))

    return offenders


def true(column: str) -> Offenders:
    """Rows where a column of yes and no says yes."""
    return lambda frame: frame[column]


def matching(column: str, pattern: str, sign: str) -> Offenders:
    """Rows whose whole cell is of this form; each such cell has `sign`, and a column without it is passed over."""

    def offenders(frame: Frame) -> pa.BooleanArray:
        if sign.encode() not in text_of(frame[column]):
            return nobody(len(frame))
        return pc.match_substring_regex(frame[column], f"^(?:{pattern})$")

    return offenders


def not_matching(column: str, pattern: str) -> Offenders:
    """Rows whose cell says something of another form."""

    def offenders(frame: Frame) -> pa.BooleanArray:
        if is_blank(frame[column]):
            return nobody(len(frame))
        # Beyond a thousand repetitions the column's engine gives up, so that lengths are asked apart.
        fitting = pc.match_substring_regex(frame[column], f"^(?:{pattern})$")
        return pc.and_not(pc.not_equal(frame[column], literal("")), fitting)

    return offenders


def longer(column: str, most: int) -> Offenders:
    """Rows whose cell has more characters."""

    # No text has more characters than bytes, and those need not be counted.
    def offenders(frame: Frame) -> pa.BooleanArray:
        long = pc.greater(pc.binary_length(frame[column]), literal(most))
        return pc.greater(pc.utf8_length(frame[column]), literal(most)) if long.true_count else long

    return offenders


def too_many_decimals(frame: Frame) -> pa.BooleanArray:
    """Amounts with more decimals than their currency has."""
    known = pc.not_equal(frame["units"], literal(NO_CURRENCY))
    return pc.and_(known, pc.greater(frame["decimals"], frame["units"]))


def not_whole(frame: Frame) -> pa.BooleanArray:
    """Amounts with decimals where only whole ones are taken."""
    return pc.and_(frame["whole_only"], pc.greater(frame["decimals"], literal(0)))


def lacks(column: str, methods: tuple[Distribution, ...]) -> Offenders:
    """Rows that are delivered in one of these ways and have no such cell."""
    wanted = texts([method.value for method in methods])
    return lambda frame: pc.and_(pc.equal(frame[column], literal("")), pc.is_in(frame["method"], value_set=wanted))


def no_currency(frame: Frame) -> pa.BooleanArray:
    """Codes that are no currency."""
    return pc.and_(pc.not_equal(frame["currency"], literal("")), pc.equal(frame["units"], literal(NO_CURRENCY)))


def no_delivery(frame: Frame) -> pa.BooleanArray:
    """Words that are no way of delivery."""
    return pc.and_(pc.not_equal(frame["distribution"], literal("")), pc.equal(frame["method"], literal("")))


def link_without_owner(frame: Frame) -> pa.BooleanArray:
    """Payout links of which nothing says whose they are."""
    nobody = pc.and_(pc.equal(frame["reference"], literal("")), pc.equal(frame["email"], literal("")))
    return pc.and_(nobody, pc.equal(frame["method"], literal(Distribution.PAYOUT_LINK.value)))
