"""Amounts of money: `Decimal` from text to wire, in the minor units of their currency; no float ever holds one."""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from functools import cache

USUAL = {"AUD": 2, "CAD": 2, "CHF": 2, "DKK": 2, "EUR": 2, "GBP": 2, "JPY": 0, "NOK": 2, "PLN": 2, "SEK": 2, "USD": 2}
"""Decimals of the currencies of nearly all sheets, which need not wait for the whole of ISO 4217 to be read."""


@cache
def minor_units(currency: str) -> int | None:
    """How many decimals amounts of `currency` have: 2 for GBP, 0 for JPY, `None` for what is no ISO 4217 money.

    Codes that ISO lists without minor units (gold, test codes) are no money a payout can be made in.
    """
    if currency in USUAL:
        return USUAL[currency]

    from iso4217 import Currency  # noqa: PLC0415 - 40 ms that `batcher --help` need not wait for

    try:
        exponent = Currency(currency).exponent
    except ValueError:
        return None
    return None if exponent is None else int(exponent)


def in_minor_units(amount: Decimal, currency: str) -> Decimal:
    """`amount` written with exactly the decimals of its currency: 10 GBP becomes `Decimal("10.00")`.

    Raises `ValueError` where that would change the amount, or where the currency is unknown: nothing is rounded.
    """
    units = minor_units(currency)
    if units is None:
        raise ValueError(f"{currency} is no currency of ISO 4217")
    if not amount.is_finite():
        raise ValueError(f"{amount} is no amount")
    try:
        exact = amount.quantize(Decimal(1).scaleb(-units))
    except InvalidOperation as error:
        raise ValueError(f"{amount} has too many digits") from error
    if exact != amount:
        raise ValueError(f"{amount} has more decimals than {currency} has")
    return exact


def wire_number(amount: Decimal) -> int | Decimal:
    """The JSON number for `amount`: `10` where it is whole (some products take nothing else), else `10.50`."""
    return int(amount) if amount == amount.to_integral_value() else amount


def display(amount: Decimal, currency: str) -> str:
    """`GBP 1,234.50`: the code first, thousands apart, for people."""
    return f"{currency} {amount:,f}"


def totals(amounts: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """Sums per currency, in the order of the codes, of `(currency, amount)` pairs."""
    sums: dict[str, Decimal] = {}
    for currency, amount in amounts:
        sums[currency] = sums.get(currency, Decimal(0)) + amount
    return dict(sorted(sums.items()))


def display_totals(sums: dict[str, Decimal]) -> str:
    """`EUR 250.00 + GBP 570.00`, or `nothing`."""
    return " + ".join(display(amount, currency) for currency, amount in sums.items()) or "nothing"
