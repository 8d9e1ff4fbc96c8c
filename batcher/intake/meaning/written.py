"""One amount cell by itself: sign, currency and numeral told apart, or why there is no amount in it.

Nothing here knows the column or the row. A cell may name its currency (`£12.50`, `12,50 EUR`, `$12.50 CAD`); whether
that is the row's is for a rule to say. What is refused says why in words: a cell is never mended.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType

from batcher.intake.meaning import numerals, symbols
from batcher.intake.meaning.characters import named, unseen

_NONE: Mapping[str, Decimal] = MappingProxyType({})
_AROUND = f"\t\r\n{numerals.SPACES}"
_SPACE = f"[\t{numerals.SPACES}]*"
_MINUS = "[-\u2212\u2013]"
_SIGN = "[$\u00a2-\u00a5\u058f\u09f2\u09f3\u0e3f\u17db\u20a0-\u20cf]"
_CURRENCY = rf"[^\W\d_]{{0,4}}{_SIGN}|[^\W\d_]{{1,4}}\.?"
_NUMERAL = rf"[0-9](?:[0-9.,{numerals.SPACES}{numerals.APOSTROPHES}]*[0-9])?(?:{numerals.EVEN})?"
_CELL = re.compile(
    rf"(?P<minus>{_MINUS}?){_SPACE}(?P<open>\(?){_SPACE}(?P<before>(?:{_CURRENCY})?){_SPACE}"
    rf"(?P<minus_in>{_MINUS}?){_SPACE}(?P<open_in>\(?){_SPACE}(?P<numeral>{_NUMERAL}){_SPACE}"
    rf"(?P<close_in>\)?){_SPACE}(?P<minus_behind>{_MINUS}?){_SPACE}(?P<behind>(?:{_CURRENCY})?){_SPACE}(?P<close>\)?)"
)


@dataclass(frozen=True, slots=True)
class Written:
    """What one cell says."""

    meanings: Mapping[str, Decimal]
    """Each decimal mark under which the cell is an amount, with that amount; none where there is a fault."""
    numeral: str = ""
    """The digits and their marks alone."""
    currency_text: str = ""
    """The sign or code beside them, as written; the more telling one where there are two."""
    fault: str = ""
    """`missing`, `not_a_number` or `negative`."""
    words: str = ""
    """Why it is not a number, as the end of a sentence."""


@lru_cache(maxsize=1 << 14)
def read_cell(text: str) -> Written:
    """What the cell says by itself; kept for the second look at a column that has been looked at for evidence."""
    text = text.strip(_AROUND)
    if not text:
        return Written(_NONE, fault="missing")
    if len(text) > numerals.MAX_LETTERS:
        return _no_number(f"it is longer than {numerals.MAX_LETTERS} characters")
    parts = _CELL.fullmatch(text)
    if parts is None:
        return _no_number(_why_no_cell(text))
    return _told_apart(parts)


def _told_apart(parts: re.Match[str]) -> Written:
    numeral, currency = parts["numeral"], _one_currency(parts["before"], parts["behind"])
    if currency is None:
        return _no_number(_why_no_currency(parts["before"], parts["behind"]))
    found = numerals.meanings(numeral)
    if not found:
        return _no_number(_why_no_numeral(numeral))
    minuses = parts["minus"] + parts["minus_in"] + parts["minus_behind"]
    opened, closed = parts["open"] + parts["open_in"], parts["close_in"] + parts["close"]
    if len(opened) != len(closed) or len(minuses + opened) > 1:
        return _no_number("its minus signs or brackets do not fit together")
    if minuses or opened:
        return Written(_NONE, fault="negative", numeral=numeral, currency_text=currency)
    return Written(MappingProxyType(found), numeral, currency)


def _one_currency(before: str, behind: str) -> str | None:
    """The currency of both texts together, `None` where there is none: of `$12.50 CAD` it is CAD."""
    told = [text for text in (before, behind) if text]
    if not all(map(symbols.meanings, told)):
        return None
    if len(told) < 2:
        return told[0] if told else ""
    narrow, wide = sorted(told, key=lambda text: len(symbols.meanings(text)))
    return narrow if symbols.meanings(narrow) <= symbols.meanings(wide) else None


def _no_number(words: str) -> Written:
    return Written(_NONE, fault="not_a_number", words=words)


def _why_no_currency(before: str, behind: str) -> str:
    for text in (before, behind):
        if text.upper() in {"CR", "DR"}:
            return f"{text} means paid in some books and paid out in others"
        if text and not symbols.meanings(text):
            return f"{text} is no currency"
    return f"{before} and {behind} are two currencies"


_SHAPES = (
    (re.compile(r"0[0-9].*"), "zeros stand in front, as in a code or in a count of cents"),
    (re.compile(r"[0-9][0-9.,]*(?:[ \u00a0\u202f\u2009]+[0-9][0-9.,]*)+"), "it may be two amounts"),
)


def _why_no_numeral(numeral: str) -> str:
    words = (said for shape, said in _SHAPES if shape.fullmatch(numeral))
    return next(words, "its marks group the digits in no way that is known")


_ODDITIES = (
    (re.compile(r".*%.*"), "a percentage is no amount"),
    (re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]+"), "it has an exponent, behind which digits may be lost"),
    (re.compile(r".*[0-9][.,]"), "it ends with a decimal mark, and digits may be missing"),
    (re.compile(r"[.,][0-9].*"), "it begins with a decimal mark, and digits may be missing"),
    (re.compile(r"[0-9.]+[-/][0-9.]+[-/][0-9.]+"), "it looks like a date"),
    (re.compile(r".*[0-9] *(?:[-\u2013\u2014/;|&+]|to|or|and) *[^ 0-9]{0,4}[0-9].*"), "it holds two amounts"),
    (re.compile(r"[^0-9]*"), "it has no digits"),
)


def _why_no_cell(text: str) -> str:
    strange = next((sign for sign in text if unicodedata.category(sign) == "Nd" and not sign.isascii()), "")
    if strange:
        return f"it contains {named(strange)}, and only the digits 0 to 9 are read"
    hidden = unseen(text.translate({ord(space): " " for space in numerals.SPACES}))
    if hidden:
        return f"it contains {named(hidden)}"
    return next((said for shape, said in _ODDITIES if shape.fullmatch(text)), "it holds more than an amount")
