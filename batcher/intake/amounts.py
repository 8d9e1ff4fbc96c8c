"""Amounts as people write them: one meaning each, proven by the column, or an error that shows both.

`12,50` can only have a decimal comma and `1,234.50` only a decimal point, so each proves what the marks of its column
mean. `1,234` proves nothing: without a proof elsewhere in its column it is either of two amounts, and neither is paid.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

MAX_LETTERS = 40
"""Longer than any amount of money; nothing longer is looked at."""

_POINT, _COMMA = ".", ","
_NAMES = {_POINT: "decimal point", _COMMA: "decimal comma"}


def _pattern(decimal: str, group: str) -> re.Pattern[str]:
    """Whole digits, or groups of three apart by one mark throughout, then perhaps decimals."""
    grouped = rf"[1-9][0-9]{{0,2}}(?:(?P<mark>[{group} '\u2019\u00a0\u202f])[0-9]{{3}})(?:(?P=mark)[0-9]{{3}})*"
    return re.compile(rf"(?P<whole>{grouped}|[0-9]+)(?:[{decimal}](?P<part>[0-9]+))?")


_READ_WITH = {_POINT: _pattern(_POINT, _COMMA), _COMMA: _pattern(_COMMA, _POINT)}
_NOT_A_DIGIT = re.compile(r"[^0-9]")
_NEGATIVE = re.compile(r"[-\u2212\u2013]\s*(?P<minus>.+)|\((?P<brackets>.+)\)|(?P<after>.+)[-\u2212]")
_SIGN = "[$\u00a2-\u00a5\u20a0-\u20cf]"
_WITH_CURRENCY = re.compile(
    rf"(?:[A-Za-z]{{1,3}}|[A-Za-z]{{0,2}}{_SIGN})\s*(?P<behind>[0-9].*)|(?P<before>.*[0-9])\s*(?:[A-Za-z]{{2,3}}|{_SIGN})"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one cell means as an amount, or why it means none."""

    amount: Decimal | None
    fault: str = ""
    """`missing`, `not_a_number`, `has_currency`, `negative`, `ambiguous` or `mixed`; empty where there is an amount."""
    words: str = ""
    """What the fault's message shows: both readings, the number alone, or the column's usual mark."""
    settled: bool = False
    """Whether the cell alone had two meanings and the column's proof chose one."""


def readings(text: str) -> dict[str, Decimal]:
    """Each decimal mark under which `text` is an amount, with that amount."""
    if len(text) > MAX_LETTERS:
        return {}
    found = {}
    for mark, pattern in _READ_WITH.items():
        match = pattern.fullmatch(text)
        if match:
            found[mark] = Decimal(f"{_NOT_A_DIGIT.sub('', match['whole'])}.{match['part'] or '0'}")
    return found


def read_column(texts: Sequence[str]) -> list[Reading]:
    """A reading for every cell of one column."""
    found = {text: readings(text) for text in dict.fromkeys(texts)}
    proofs = {mark: sum(set(found[text]) == {mark} for text in texts) for mark in _READ_WITH}
    read = {text: _judged(text, found[text], proofs) for text in found}
    return [read[text] for text in texts]


def _judged(text: str, found: dict[str, Decimal], proofs: dict[str, int]) -> Reading:
    if not found:
        return _unreadable(text)
    amounts = set(found.values())
    contradicted = all(proofs.values())
    if len(found) == 1:
        mark = next(iter(found))
        other = _COMMA if mark == _POINT else _POINT
        if contradicted and proofs[mark] <= proofs[other]:
            return Reading(None, "mixed", f"a {_NAMES[mark]}, and {proofs[other]} others a {_NAMES[other]}")
        return Reading(amounts.pop())
    if len(amounts) == 1:
        return Reading(amounts.pop())
    if contradicted or not any(proofs.values()):
        return Reading(None, "ambiguous", " or ".join(shown(found[mark]) for mark in _READ_WITH))
    return Reading(found[_POINT if proofs[_POINT] else _COMMA], settled=True)


def _unreadable(text: str) -> Reading:
    if not text:
        return Reading(None, "missing")
    if len(text) > MAX_LETTERS:
        return Reading(None, "not_a_number")
    negative = _NEGATIVE.fullmatch(text)
    if negative and readings(next(filter(None, negative.groups()))):
        return Reading(None, "negative")
    money = _WITH_CURRENCY.fullmatch(text)
    number = next(filter(None, money.groups()), "") if money else ""
    if readings(number):
        return Reading(None, "has_currency", number)
    return Reading(None, "not_a_number")


def shown(amount: Decimal) -> str:
    """An amount for a message: at least no exponent, and no zeros that the cell did not have."""
    return f"{amount.normalize():f}"
