"""The API without a network: a request and the time go in, and out comes what the wire would do."""

from collections.abc import Mapping
from decimal import Decimal
from email.utils import formatdate

from batcher.sandbox import creating, dump, foreign, reading, views
from batcher.sandbox.message import Answer, Reply, Request, Wire
from batcher.sandbox.orders import Orders
from batcher.sandbox.switch_values import amounts
from batcher.sandbox.switches import Switches
from batcher.sandbox.world import World

SEEN = frozenset({Wire.REPLY, Wire.TRUNCATE})
"""Where the caller sees a status."""


class Api:
    """Runa's API as this project knows it. It keeps no time: the caller's `now_s` must never go back."""

    def __init__(self, switches: Switches | None = None, seed: int = 0) -> None:
        self._world = World(switches or Switches(), seed)
        self._answered = 0

    @property
    def switches(self) -> Switches:
        """What it is set to at present."""
        return self._world.switches

    @property
    def orders(self) -> Orders:
        """Every order ever made."""
        return self._world.orders

    def handle(self, request: Request, now_s: float, monotonic_s: float | None = None) -> Answer:
        """What happens to the request at `now_s` (seconds since 1970); `monotonic_s` is only written down."""
        if (request.method, request.path) == ("POST", "/v2/order"):
            return self._create(request, now_s, now_s if monotonic_s is None else monotonic_s)
        wire, reply = reading.read(self._world, request, now_s)
        return self._dressed(wire, reply, request, now_s)

    def _create(self, request: Request, now_s: float, monotonic_s: float) -> Answer:
        key = request.headers.get("x-idempotency-key", "")
        post = self._world.witness.post_arrived(key, now_s, monotonic_s)
        wire, reply = creating.create(self._world, request, post, now_s)
        post.wire, post.status = wire, reply.status if wire in SEEN else None
        return self._dressed(wire, reply, request, now_s)

    def _dressed(self, wire: Wire, reply: Reply, request: Request, now_s: float) -> Answer:
        self._answered += 1
        if wire not in SEEN:
            return Answer(wire, delay_s=reply.delay_s)
        headers = [
            ("Content-Type", reply.content_type),
            ("Content-Length", str(len(reply.body))),
            ("Date", formatdate(now_s, usegmt=True)),
            ("X-Request-Id", self._world.dice.token("request", self._answered, length=16)),
            *reply.headers,
        ]
        if reply.names_version:
            headers.append(("X-Api-Version", request.headers.get("x-api-version", self.switches.live_versions[0])))
        return Answer(wire, reply.status, tuple(headers), reply.body, reply.delay_s)

    def change(self, given: Mapping[str, object]) -> None:
        """Set switches while running; raises `ValueError` for what is unknown, and then changes nothing."""
        self._world.change(given)

    def set_balances(self, given: Mapping[str, object], now_s: float) -> None:
        """Let accounts hold exactly that much: `{"GBP": "100.00"}`."""
        read = amounts(given)
        known = self._world.orders.balances(now_s)
        if unknown := sorted(set(read) - set(known)):
            raise ValueError(f"There is no account in {', '.join(unknown)}.")
        for currency, amount in read.items():
            self._world.orders.set_balance(currency, Decimal(amount), now_s)

    def make_foreign(self, given: Mapping[str, object], now_s: float) -> list[str]:
        """Let somebody else make orders; gives their ids. `batcher.sandbox.foreign.GIVEN` is what can be said of them.

        Raises `ValueError` or `TypeError`, and makes none, for what the API would not make.
        """
        return foreign.make(self._world, given, now_s)

    def set_payout(self, order_id: str, status: str, now_s: float) -> None:
        """Let the payouts of a completed order be ACTIVE, CLAIMED, CANCELLED or EXPIRED; no money moves."""
        order = self._world.orders.find(order_id)
        if order is None or order.status(now_s) != "COMPLETED":
            raise ValueError(f"There is no completed order {order_id}.")
        if status not in views.PAYOUT_STATUSES:
            raise ValueError(f"status: must be one of {', '.join(views.PAYOUT_STATUSES)}")
        self._world.orders.set_payout(order, status, now_s)

    def dump(self, now_s: float) -> dict[str, object]:
        """What was really issued, and every `POST /order` seen: see `batcher.sandbox.dump`."""
        return dump.document(self._world, now_s)
