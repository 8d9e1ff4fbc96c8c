"""What a switch can hold, and how it is read from JSON or from the text of a command line."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation


@dataclass(frozen=True, slots=True)
class Fault:
    """When a fault strikes: by chance, at given requests of each key, or at given requests of all."""

    probability: float = 0.0
    """From 0 to 1, drawn for each request; limited by `faults_per_key`."""
    nth: tuple[int, ...] = ()
    """Which requests with one key (or reads of one URL) it strikes, counted from 1; not limited."""
    overall: tuple[int, ...] = ()
    """Which of all `POST /order` (or of all reads, or of all pages of the list) it strikes, from 1; not limited."""

    def document(self) -> object:
        """As JSON: the shortest form that `fault` reads back."""
        if self.overall or (self.nth and self.probability):
            return {"probability": self.probability, "nth": list(self.nth), "overall": list(self.overall)}
        return list(self.nth) if self.nth else self.probability


NEVER = Fault()
"""A fault that does not strike."""


def fault(raw: object) -> Fault:
    """A fault from a probability (0.1), from request numbers ([1, 2]) or from an object with both."""
    given = _parsed(raw)
    if isinstance(given, Fault):
        return given
    if isinstance(given, list | tuple):
        return Fault(nth=_counts(given))
    if isinstance(given, Mapping):
        unknown = sorted(set(given) - {"probability", "nth", "overall"})
        if unknown:
            raise ValueError(f"a fault has no {', '.join(map(str, unknown))}")
        return Fault(
            _share(given.get("probability", 0)), _counts(given.get("nth", ())), _counts(given.get("overall", ()))
        )
    return Fault(_share(given))


def flag(raw: object) -> bool:
    """True or false."""
    given = _parsed(raw)
    if not isinstance(given, bool):
        raise TypeError("must be true or false")
    return given


def whole(raw: object) -> int:
    """A whole number from 0."""
    given = _parsed(raw)
    if not isinstance(given, int) or isinstance(given, bool) or given < 0:
        raise ValueError("must be a whole number from 0")
    return given


def positive(raw: object) -> int:
    """A whole number from 1."""
    given = whole(raw)
    if given < 1:
        raise ValueError("must be a whole number from 1")
    return given


def number(raw: object) -> float:
    """A number from 0: seconds, days or a share."""
    given = _parsed(raw)
    if not isinstance(given, int | float | Decimal) or isinstance(given, bool) or not 0 <= given < float("inf"):
        raise ValueError("must be a number from 0")
    return float(given)


def numbers(raw: object) -> tuple[int, ...]:
    """A list of whole numbers."""
    given = _parsed(raw)
    if not isinstance(given, list | tuple) or not given:
        raise TypeError("must be a list of whole numbers")
    return tuple(whole(each) for each in given)


def text(raw: object) -> str:
    """A text."""
    if not isinstance(raw, str):
        raise TypeError("must be a text")
    return raw


def words(raw: object) -> tuple[str, ...]:
    """A list of texts, or one text with commas."""
    given = [word.strip() for word in raw.split(",") if word.strip()] if isinstance(raw, str) else raw
    if not isinstance(given, list | tuple):
        raise TypeError("must be a list of texts")
    return tuple(text(each) for each in given)


def amounts(raw: object) -> dict[str, str]:
    """Amounts by currency, each as a text: `{"GBP": "100.00"}`."""
    given = _parsed(raw)
    if not isinstance(given, Mapping):
        raise TypeError('must be an object such as {"GBP": "100.00"}')
    return {str(currency).upper(): format(amount(each), "f") for currency, each in given.items()}


def amount(raw: object) -> Decimal:
    """An amount of money from its text, such as "100.00"."""
    try:
        value = Decimal(str(raw)) if isinstance(raw, str | int | Decimal) else Decimal("NaN")
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 <= value <= Decimal(10) ** 12:
        raise ValueError(f"{raw!r} is not an amount such as '100.00'")
    return value.quantize(Decimal("0.01"))


def amount_text(raw: object) -> str:
    """An amount of money, kept as its text."""
    return format(amount(raw), "f")


def choice(*options: str) -> Callable[[object], str]:
    """A reader of one of some words."""

    def one_of(raw: object) -> str:
        if str(raw) not in options:
            raise ValueError(f"must be one of {', '.join(options)}")
        return str(raw)

    return one_of


def _parsed(raw: object) -> object:
    return json.loads(raw) if isinstance(raw, str) else raw


def _share(raw: object) -> float:
    given = number(raw)
    if given > 1:
        raise ValueError("a probability is a number from 0 to 1; requests are listed as [1, 2]")
    return given


def _counts(raw: object) -> tuple[int, ...]:
    if not isinstance(raw, list | tuple):
        raise TypeError("must be a list of request numbers")
    return tuple(whole(each) for each in raw)
