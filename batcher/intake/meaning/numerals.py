"""Digits with marks between them, as people of any country write them: which decimal mark makes which amount of it.

Groups are of three, or as in India of three and then of two, by one mark throughout. A mark that is no point and no
comma only groups. Zeros in front are refused: what is padded is a code, or the cents of a file with fixed columns.
"""

import re
from decimal import Decimal

POINT, COMMA = ".", ","
MARKS = (POINT, COMMA)
SPACES = " \u00a0\u202f\u2009"
"""Ordinary, no-break, narrow no-break and thin; one of them groups, the same throughout."""
APOSTROPHES = "'\u2019"
MAX_LETTERS = 40
"""Longer than any amount of money; nothing longer is looked at."""

EVEN = r"[.,](?:--?|[\u2013\u2014])"
"""`12.--` and `12,-`: a dash in place of decimals, which says that there are none."""

_PLAIN = re.compile(r"(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,2})?")
_EVEN = re.compile(rf"(?P<whole>.*[0-9])(?P<mark>{EVEN})")
_NOT_A_DIGIT = re.compile(r"[^0-9]")
_INDIAN = "[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}"
_MYRIAD = re.compile(r"[1-9][0-9]{0,3},[0-9]{4}")
_THREE_BEHIND = re.compile(r"[1-9][^.,]*[.,][0-9]{3}")


def _pattern(decimal: str, group: str) -> re.Pattern[str]:
    threes = rf"[1-9][0-9]{{0,2}}(?P<mark>[{group}{SPACES}{APOSTROPHES}])[0-9]{{3}}(?:(?P=mark)[0-9]{{3}})*"
    wholes = [threes, "0|[1-9][0-9]*", *([_INDIAN] if decimal == POINT else [])]
    return re.compile(rf"(?P<whole>{'|'.join(wholes)})(?:[{decimal}](?P<part>[0-9]+))?")


_READ_WITH = {POINT: _pattern(POINT, COMMA), COMMA: _pattern(COMMA, POINT)}


def other(mark: str) -> str:
    """The decimal mark that is not this one."""
    return COMMA if mark == POINT else POINT


def is_plain(text: str) -> bool:
    """Whether this is one of the forms that nearly every cell has, such as `12.50` and `1234`: the short way."""
    return _PLAIN.fullmatch(text) is not None


def meanings(numeral: str) -> dict[str, Decimal]:
    """Each decimal mark under which `numeral` is an amount, with that amount."""
    if len(numeral) > MAX_LETTERS:
        return {}
    if is_plain(numeral):
        amount = Decimal(numeral)
        return {POINT: amount} if POINT in numeral else {POINT: amount, COMMA: amount}
    even = _EVEN.fullmatch(numeral)
    if even:
        return _without_decimals(even["whole"], even["mark"][0])
    return _read(numeral)


def _read(numeral: str) -> dict[str, Decimal]:
    found = {}
    for mark, pattern in _READ_WITH.items():
        match = pattern.fullmatch(numeral)
        if match:
            digits = _NOT_A_DIGIT.sub("", match["whole"])
            found[mark] = Decimal(f"{digits}.{match['part']}" if match["part"] else digits)
    return found


def _without_decimals(whole: str, mark: str) -> dict[str, Decimal]:
    """Every mark in `whole` groups, as the decimals are the dash.

    The mark before the dash is never one that groups. It proves nothing: `12.-` stands beside `12,50` in many a sheet.
    """
    if mark in whole:
        return {}
    return {decimal: amount for decimal, amount in _read(whole).items() if decimal not in whole}


def may_be_myriads(numeral: str) -> bool:
    """Whether `1,2345` may be 12345, by fours as in East Asia, or a slip; only a proven comma makes 1.2345 of it."""
    return _MYRIAD.fullmatch(numeral) is not None


def ends_like_thousands(numeral: str) -> bool:
    """Whether three digits stand behind the only mark: `1234,500` may be 1,234,500 with a mark forgotten.

    Behind a zero alone no thousands can stand: `0,500` is a half.
    """
    return _THREE_BEHIND.fullmatch(numeral) is not None


def shown(amount: Decimal) -> str:
    """An amount for a message: at least no exponent, and no zeros behind that say nothing. Nothing is rounded."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def decimals_of(amount: Decimal) -> int:
    """How many decimals an amount needs: 12.50 needs one, 10.00 none. Nothing is rounded."""
    _, _, part = shown(amount).partition(".")
    return len(part)
