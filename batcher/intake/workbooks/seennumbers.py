"""Whether the text that a sheet shows for a number says that number. An OpenDocument file keeps both, and no format."""

import re
from decimal import Decimal

from batcher.intake.workbooks.cellvalues import number_in
from batcher.intake.workbooks.numberformats import POINT_BEFORE, Showing, Shown, is_currency

_NUMERAL = re.compile(r"\d(?:[\d.,'\u2019\s\u00a0\u202f]*\d)?|[.,]\d+")
_APART = re.compile(r"['\u2019\s\u00a0\u202f]")
_GROUPED = re.compile(r"\d{1,3}(?:([.,])\d{2,3})(?:\1\d{2,3})*(?<=\d{3})")
"""Thousands or, in India, hundreds behind the first thousand."""


def seen(text: str, value: Decimal) -> Shown:
    """How the shown `text` stands to the held `value`. Which mark is for decimals is not known: either may be."""
    text = text.strip()
    # A column that is too narrow shows `###`.
    if not text.strip("#") or _is_scientific(text):
        return Shown(Showing.SAME)
    found = _NUMERAL.search(text)
    if found is None:
        return Shown(Showing.OTHER, text)
    before, numeral, after = text[: found.start()], found[0], text[found.end() :]
    if not _is_harmless(before, after, value) or abs(value) not in _readings(_APART.sub("", numeral)):
        return Shown(Showing.OTHER, text)
    if len(numeral) > 1 and numeral.isdigit() and numeral.startswith("0"):
        return Shown(Showing.PADDED, text)
    return Shown(Showing.SAME, text)


def _is_scientific(text: str) -> bool:
    return "E" in text.upper() and number_in(text.replace(",", ".")) is not None


def _is_harmless(before: str, after: str, value: Decimal) -> bool:
    words = f"{before} {after}"
    if not is_currency(words) or POINT_BEFORE.search(before):
        return False
    minus = any(sign in before for sign in "-(\u2212") or after.strip() in ("-", "\u2212")
    return value < 0 or not minus


def _readings(numeral: str) -> set[Decimal]:
    """Every number that these digits and marks may be."""
    found = set()
    if numeral.isdigit() or _GROUPED.fullmatch(numeral):
        found.add(re.sub(r"[.,]", "", numeral))
    mark = max(numeral.rfind("."), numeral.rfind(","))
    if mark >= 0:
        whole = numeral[:mark]
        if not whole or whole.isdigit() or _GROUPED.fullmatch(whole):
            found.add(f"{re.sub(r'[.,]', '', whole) or '0'}.{numeral[mark + 1 :]}")
    return {number for text in found if (number := number_in(text)) is not None}
