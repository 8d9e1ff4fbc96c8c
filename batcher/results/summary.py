"""What a batch cost, for the books: per currency and product, of the payouts that were paid.

price = face value - discount + fees. The API tells the price and the discount of an order, and the fees follow from
them. Where it has not told one of a line's prices or discounts, what hangs on it is unknown, and never a sum of the
others, which somebody could take for the whole.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from batcher.records import AttemptRecord, BatchRecord
from batcher.states import State

T = TypeVar("T", str, tuple[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryLine:
    """Payouts of one currency and product, or all of one currency. Amounts are in that currency."""

    currency: str
    product: str | None
    """As the sheet writes it: one code, or several with `|` between them; `None` for the line of a whole currency."""
    payouts: int
    face_value: Decimal
    discount: Decimal | None
    fees: Decimal | None
    total: Decimal | None
    """What the balance paid."""
    without_price: int
    """Payouts whose price the API has not told; where there are some, `total` is `None`."""
    without_discount: int
    """The same for the discount."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a batch cost."""

    lines: tuple[SummaryLine, ...]
    """One for each currency and product, in the order of their names."""
    totals: tuple[SummaryLine, ...]
    """One for each currency."""

    @property
    def without_price(self) -> int:
        """Payouts whose price the API has not told."""
        return sum(line.without_price for line in self.totals)

    @property
    def without_discount(self) -> int:
        """Payouts whose discount the API has not told."""
        return sum(line.without_discount for line in self.totals)


def summary_of(record: BatchRecord) -> Summary:
    """Sums over every order of the batch that was paid, whether or not the file still has its row."""
    paid = [one for row in record.rows for one in row.attempts if one.state is State.COMPLETED]
    by_currency: dict[str, list[AttemptRecord]] = defaultdict(list)
    by_product: dict[tuple[str, str], list[AttemptRecord]] = defaultdict(list)
    for one in paid:
        payout = one.order.payout
        by_currency[payout.currency].append(one)
        by_product[payout.currency, "|".join(payout.products)].append(one)
    return Summary(
        lines=tuple(_line(currency, product, of) for (currency, product), of in sorted(by_product.items(), key=_name)),
        totals=tuple(_line(currency, None, of) for currency, of in sorted(by_currency.items(), key=_name)),
    )


def _name(group: tuple[T, list[AttemptRecord]]) -> T:
    return group[0]


def _line(currency: str, product: str | None, paid: Sequence[AttemptRecord]) -> SummaryLine:
    face_value = sum((one.order.payout.amount for one in paid), Decimal(0))
    total, without_price = _summed(paid, lambda one: one.price)
    discount, without_discount = _summed(paid, lambda one: one.discount)
    return SummaryLine(
        currency=currency,
        product=product,
        payouts=len(paid),
        face_value=face_value,
        discount=discount,
        fees=None if total is None or discount is None else total - face_value + discount,
        total=total,
        without_price=without_price,
        without_discount=without_discount,
    )


def _summed(
    paid: Iterable[AttemptRecord], told: Callable[[AttemptRecord], Decimal | None]
) -> tuple[Decimal | None, int]:
    """The sum of what was told, or `None` where some was not; and of how many it was not."""
    amounts = [told(one) for one in paid]
    known = [amount for amount in amounts if amount is not None]
    missing = len(amounts) - len(known)
    return (None if missing else sum(known, Decimal(0))), missing
