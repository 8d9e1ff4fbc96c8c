"""Totals that are large enough to be typed in by whoever confirms them, on a terminal as on the page."""

import re
from collections.abc import Mapping
from decimal import Decimal

from batcher.money import minor_units

_MARKS = re.compile(r"[\s.,'\u2019]")
"""What stands between the digits of an amount, whoever writes it."""


def large_totals(totals: Mapping[str, Decimal], above: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """The totals, by currency, that a yes is not enough for. A currency without a bound is never large."""
    return {currency: total for currency, total in totals.items() if currency in above and total > above[currency]}


def is_typed(text: str, total: Decimal, currency: str) -> bool:
    """Whether `text` is this total: `12345`, `12,345.00`, `12.345,00` and `GBP 12 345` are all GBP 12,345.00."""
    typed = text.strip().removeprefix(currency).removesuffix(currency).strip()
    units = minor_units(currency) or 0
    decimals = re.search(rf"[.,]([0-9]{{{units}}})$", typed) if units else None
    whole = typed[: decimals.start()] if decimals else typed
    digits = _MARKS.sub("", whole)
    if not (digits.isascii() and digits.isdigit()):
        return False
    return Decimal(f"{digits}.{decimals[1] if decimals else 0}") == total
