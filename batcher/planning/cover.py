"""Cover: what each currency's balance pays of a plan, before anything is sent.

Rows are sent in the order of the file, and the first that the balance refuses stops its currency. So a balance covers
the rows up to the first that does not fit, whatever smaller ones come after it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from batcher import money
from batcher.model import Payout, without_links

MAX_ITEMS = 2000
"""Distinct items that Runa is asked the price of; face values count for the rest."""

ITEMS_PER_REQUEST = 500
"""How many of them one request takes."""

PriceKey: TypeAlias = tuple[str, Decimal, tuple[str, ...], str]
"""What a price depends on: currency, face value, products and distribution."""

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What one currency's balance pays of a plan. Amounts are in that currency."""

    currency: str
    """ISO 4217, upper case."""
    balance: Decimal | None
    """What it holds now; `None` where it could not be read."""
    to_send: Decimal
    """What the payouts to be sent cost."""
    total: int
    """How many payouts these are."""
    covered: int
    """How many of them are paid before the first that does not fit; none where the balance could not be read."""
    unknown: Decimal = _NOTHING
    """What the rows without a usable answer cost; it may be charged still, or be gone from the balance already."""
    unknown_count: int = 0
    at_face_value: int = 0
    """How many rows, unknown ones included, count with their face value, as their price is not known."""
    why_unread: str = ""
    """Why the balance could not be read; never a link."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "why_unread", without_links(self.why_unread))

    @property
    def after(self) -> Decimal | None:
        """What the balance would hold afterwards, below zero where it is short; `None` where it could not be read."""
        return None if self.balance is None else self.balance - self.to_send

    @property
    def missing(self) -> Decimal:
        """What the balance lacks; nothing where it could not be read."""
        return _NOTHING if self.after is None else max(_NOTHING, -self.after)

    @property
    def is_short(self) -> bool:
        """Whether some payout would be refused."""
        return self.balance is not None and self.covered < self.total

    @property
    def counted(self) -> str:
        """What was counted, in words: `Runa's prices`, `face values`, or both."""
        if not self.at_face_value:
            return "Runa's prices"
        if self.at_face_value == self.total + self.unknown_count:
            return "face values"
        return f"Runa's prices, and the face value of {_rows(self.at_face_value)}"

    @property
    def words(self) -> str:
        """`GBP 4,120.00 covers 412 of 500 payouts; 880.00 is missing`, without a full stop."""
        if self.balance is None or self.after is None:
            return f"The {self.currency} balance could not be read ({self.why_unread or 'no reason given'})"
        holds = money.display(_shown(self.balance, self.currency), self.currency)
        rest = f"{self._number(self.missing)} is missing" if self.missing else f"{self._number(self.after)} is left"
        return f"{holds} {self._covers()}; {rest}"

    @property
    def details(self) -> str:
        """What the words rest on: `counted: face values; 4 unknown rows may still cost 40.00`."""
        unknown = f"; {_rows(self.unknown_count, 'unknown row')} may still cost {self._number(self.unknown)}"
        return f"counted: {self.counted}{unknown if self.unknown_count else ''}"

    def _covers(self) -> str:
        if not self.total:
            return f"is there for {_rows(self.unknown_count, 'unknown row')}"
        if self.covered < self.total:
            return f"covers {self.covered:,} of {_rows(self.total, 'payout')}"
        return f"covers all {self.total:,} payouts" if self.total > 1 else "covers the one payout"

    def _number(self, amount: Decimal) -> str:
        return f"{_shown(amount, self.currency):,f}"


def covers(
    payouts: Sequence[Payout],
    unknown: Sequence[Payout],
    balances: Mapping[str, Decimal] | None,
    prices: Mapping[PriceKey, Decimal] | None = None,
    *,
    why_unread: str = "",
) -> tuple[Cover, ...]:
    """The cover of each currency that the plan pays in, in the order of their codes.

    `payouts` would be sent, in this order; `unknown` may have been charged already or be charged still, so it is told
    and makes no balance short. A currency that
    `balances` leaves out holds nothing; `None` says that they could not be read, and `why_unread` why. A payout without
    a price counts with its face value.
    """
    currencies = sorted({payout.currency for payout in (*payouts, *unknown)})
    known = prices or {}
    return tuple(
        _cover(
            currency,
            _costs(payouts, currency, known),
            _costs(unknown, currency, known),
            None if balances is None else balances.get(currency, _NOTHING),
            why_unread,
        )
        for currency in currencies
    )


_Cost: TypeAlias = tuple[Decimal, bool]
"""What a row costs, and whether that is only its face value."""


def _costs(payouts: Iterable[Payout], currency: str, prices: Mapping[PriceKey, Decimal]) -> list[_Cost]:
    costs = []
    for payout in payouts:
        if payout.currency == currency:
            price = prices.get(price_key(payout))
            costs.append((payout.amount, True) if price is None else (price, False))
    return costs


def _cover(
    currency: str, costs: Sequence[_Cost], unknown: Sequence[_Cost], balance: Decimal | None, why_unread: str
) -> Cover:
    return Cover(
        currency=currency,
        balance=balance,
        to_send=_sum(costs),
        total=len(costs),
        covered=0 if balance is None else _fitting(costs, balance),
        unknown=_sum(unknown),
        unknown_count=len(unknown),
        at_face_value=sum(by_face_value for _, by_face_value in (*costs, *unknown)),
        why_unread=why_unread if balance is None else "",
    )


def _sum(costs: Iterable[_Cost]) -> Decimal:
    return sum((cost for cost, _ in costs), _NOTHING)


def _fitting(costs: Iterable[_Cost], left: Decimal) -> int:
    """How many fit in their order, up to the first that does not."""
    count = 0
    for cost, _ in costs:
        left -= cost
        if left < 0:
            break
        count += 1
    return count


def price_key(payout: Payout) -> PriceKey:
    """What the price of a payout depends on: payouts that share it cost the same."""
    return payout.currency, payout.amount, payout.products, payout.distribution.value


def distinct_items(payouts: Iterable[Payout], currency: str, *, limit: int = MAX_ITEMS) -> list[Payout]:
    """One payout of this currency for each price that has to be asked, those that most rows share first."""
    examples: dict[PriceKey, Payout] = {}
    counts: Counter[PriceKey] = Counter()
    for payout in payouts:
        if payout.currency == currency:
            key = price_key(payout)
            examples.setdefault(key, payout)
            counts[key] += 1
    return [examples[key] for key, _ in counts.most_common(limit)]


def price_questions(payouts: Sequence[Payout]) -> list[tuple[str, list[Payout]]]:
    """What to ask of the estimate: currency and items of each request, `MAX_ITEMS` in all at most."""
    questions: list[tuple[str, list[Payout]]] = []
    left = MAX_ITEMS
    for currency in sorted({payout.currency for payout in payouts}):
        items = distinct_items(payouts, currency, limit=left)
        left -= len(items)
        questions += [
            (currency, items[start : start + ITEMS_PER_REQUEST]) for start in range(0, len(items), ITEMS_PER_REQUEST)
        ]
    return questions


def priced(items: Sequence[Payout], prices: Sequence[Decimal]) -> dict[PriceKey, Decimal]:
    """The prices of the items of one question, by their keys; none where the answer is not one price for each."""
    if len(items) != len(prices):
        return {}
    return {price_key(item): price for item, price in zip(items, prices, strict=True)}


def _shown(amount: Decimal, currency: str) -> Decimal:
    """With the currency's decimals where they are enough; prices may have more."""
    try:
        return money.in_minor_units(amount, currency)
    except ValueError:
        return amount


def _rows(count: int, word: str = "row") -> str:
    return f"{count:,} {word}{'s' * (count != 1)}"
