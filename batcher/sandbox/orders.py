"""The orders and the money behind them. An order's whole life is fixed when it is made; reading only compares times."""

import heapq
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from batcher.sandbox.chance import Dice
from batcher.sandbox.outcomes import FAILING, Outcome
from batcher.sandbox.switches import Switches
from batcher.sandbox.validation import Asked, AskedItem

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order, from its making to its last change."""

    number: int
    """Counts orders from 1, in the order of their making."""
    id: str
    key: str
    """The idempotency key that made it; empty where somebody else did."""
    asked: Asked
    outcome: Outcome
    reads_whole_when_failed: bool
    life: tuple[tuple[float, str], ...]
    """When it took on which status: seconds since 1970, ascending; the first is its making."""
    secret: str
    """What its redemption links are made of; nobody can guess it."""
    payout: tuple[float, str] | None = None
    """Since when its payouts are what somebody set them to, and what that is."""

    @property
    def created_s(self) -> float:
        """Seconds since 1970."""
        return self.life[0][0]

    @property
    def settled_s(self) -> float:
        """When it first left PROCESSING."""
        return self.life[1][0]

    def status(self, now_s: float) -> str:
        """What it is at that time."""
        return self._at(now_s)[1]

    def changed_s(self, now_s: float) -> float:
        """Since when it is what it is at that time."""
        return self._at(now_s)[0]

    def _at(self, now_s: float) -> tuple[float, str]:
        return [each for each in self.life if each[0] <= now_s or each is self.life[0]][-1]

    @property
    def price(self) -> Decimal:
        """What the balance pays."""
        return sum((item_price(item) for item in self.asked.items), Decimal("0.00"))

    @property
    def face_value(self) -> Decimal:
        """What the recipients get."""
        return sum((item.face_value for item in self.asked.items), Decimal("0.00"))

    def url(self, at: int) -> str:
        """The redemption link of the item at that place, from 0: whoever has it has the money."""
        return f"https://spend.runa.example/{self.secret}{at:x}"


def item_price(item: AskedItem) -> Decimal:
    """The face value less the discount, in whole cents."""
    return (item.face_value * (1 - item.discount)).quantize(CENT, ROUND_HALF_UP)


class Orders:
    """All orders ever made, and the balances that paid for them."""

    def __init__(self, dice: Dice, balances: Mapping[str, Decimal]) -> None:
        self._dice = dice
        self._balances = dict(balances)
        self._moves: list[tuple[float, int, str, Decimal]] = []
        self._by_id: dict[str, Order] = {}
        self._made: list[Order] = []
        self._per_key: dict[str, int] = {}

    def balances(self, now_s: float) -> dict[str, Decimal]:
        """What each account holds: a failed order has given its money back."""
        while self._moves and self._moves[0][0] <= now_s:
            _, _, currency, amount = heapq.heappop(self._moves)
            self._balances[currency] += amount
        return dict(self._balances)

    def set_balance(self, currency: str, amount: Decimal, now_s: float) -> None:
        """Let the account hold exactly that much now."""
        self.balances(now_s)
        self._balances[currency] = amount

    def can_pay(self, asked: Asked, now_s: float, *, times: int = 1) -> bool:
        """Whether the balance covers so many of it."""
        price = sum((item_price(item) for item in asked.items), Decimal(0))
        return self.balances(now_s).get(asked.currency, Decimal(0)) >= price * times

    def make(
        self,
        key: str,
        asked: Asked,
        outcome: Outcome,
        switches: Switches,
        now_s: float,
        *,
        settle_s: float | None = None,
    ) -> Order:
        """Make an order and take its price; the caller has asked `can_pay`. `settle_s` overrules the switches."""
        count = self._per_key[key] = self._per_key.get(key, 0) + 1
        shape = {Outcome.FAIL_BARE: "bare", Outcome.FAIL_FULL: "full"}.get(outcome, switches.failed_shape)
        order = Order(
            number=len(self._made) + 1,
            id=f"O-{self._dice.token('order', key, count, length=20).upper()}",
            key=key,
            asked=asked,
            outcome=outcome,
            reads_whole_when_failed=shape == "full"
            or (shape == "either" and self._dice.share("shape", key, count) < 0.5),
            life=life(now_s, outcome, switches, self._dice.share("time", key, count), settle_s),
            secret=self._dice.token("link", key, count, length=40),
        )
        self._made.append(order)
        self._by_id[order.id] = order
        self._move_money(order)
        return order

    def _move_money(self, order: Order) -> None:
        self._balances[order.asked.currency] -= order.price
        was_paid = True
        for since_s, status in order.life[1:]:
            if was_paid == (status == "FAILED"):
                amount = order.price if was_paid else -order.price
                heapq.heappush(self._moves, (since_s, order.number, order.asked.currency, amount))
                was_paid = not was_paid

    def set_payout(self, order: Order, status: str, now_s: float) -> None:
        """Let the payouts of an order be that from now on."""
        anew = replace(order, payout=(now_s, status))
        self._made[order.number - 1] = self._by_id[order.id] = anew

    def find(self, order_id: str) -> Order | None:
        """The order with that id."""
        return self._by_id.get(order_id)

    def __len__(self) -> int:
        return len(self._made)

    def made_until(self, time_s: float) -> int:
        """How many orders were made at or before that time."""
        return bisect_right(self._made, time_s, key=lambda order: order.created_s)

    def numbered(self, first: int, last: int) -> list[Order]:
        """The orders from number `first` to number `last`, oldest first."""
        return self._made[max(0, first - 1) : max(0, last)]


def life(
    now_s: float, outcome: Outcome, switches: Switches, share: float, settle_s: float | None = None
) -> tuple[tuple[float, str], ...]:
    """When an order made now takes on which status; `share`, from 0 to 1, is the drawn part of the waiting time.

    `settle_s` is the waiting time where somebody has said it.
    """
    if settle_s is None:
        drawn_s = switches.complete_min_s + (switches.complete_max_s - switches.complete_min_s) * share
        settle_s = {Outcome.SLOW: switches.slow_s, Outcome.STUCK: switches.stuck_s}.get(outcome, drawn_s)
    settled_s = now_s + settle_s
    made = (now_s, "PROCESSING")
    if outcome in FAILING:
        return made, (settled_s, "FAILED")
    if outcome is Outcome.LATE:
        return made, (settled_s, "FAILED"), (settled_s + switches.late_s, "COMPLETED")
    return made, (settled_s, "COMPLETED")
