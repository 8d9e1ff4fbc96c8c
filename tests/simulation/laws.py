"""What must hold after every step, whatever broke. Judged by the sandbox's books, and the ledger as its file has it."""

import csv
from collections import Counter, deque
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from batcher.sandbox import Answer
from tests.simulation.wire import Arrival, Trouble
from tests.simulation.world import World, person_of

WINDOW_S = 60.0


class Broken(AssertionError):
    """A law does not hold."""


class Laws:
    """Watches a world. Each law raises `Broken`, in the step that broke it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.may_be_paid: Counter[int] = Counter()
        """How often more than once a person may be paid, because somebody said so."""
        self._arrived: deque[float] = deque()
        self._generation = world.generation
        self.broken: Broken | None = None
        world.before_arrival = self._before
        world.on_arrival = self._after

    def check(self) -> None:
        """All laws that can be checked at any time."""
        if self.broken is not None:
            raise self.broken
        self._one_live_order()
        self._results_agree()

    def _before(self, arrival: Arrival) -> None:
        if (arrival.request.method, arrival.request.path) == ("POST", "/v2/order"):
            self._note(lambda: self._intent_is_durable(arrival))
            self._note(lambda: self._within_the_limit(arrival))

    def _after(self, arrival: Arrival, answer: Answer) -> None:
        if (arrival.request.method, arrival.request.path) == ("POST", "/v2/order"):
            self._note(self._one_live_order)

    def _note(self, law: Any) -> None:
        """Keep the first breach; raised at the next step, for it was the network's step in which it was seen."""
        try:
            law()
        except Broken as broken:
            self.broken = self.broken or broken

    def _one_live_order(self) -> None:
        live: Counter[int] = Counter()
        told: dict[int, list[str]] = {}
        for order in self._world.dump()["orders"]:
            if order["status"] != "FAILED" and order["idempotency_key"]:
                person = person_of(order["amount"])
                live[person] += 1
                told.setdefault(person, []).append(f"{order['id']} {order['status']} {order['idempotency_key']}")
        for person, count in live.items():
            if count > 1 + self.may_be_paid[person]:
                raise Broken(f"person {person} is paid {count} times: {'; '.join(told[person])}")

    def states(self) -> list[tuple[str, str]]:
        """The reference and the state of every attempt, as the ledger's file has them."""
        return self._world.read_ledger("SELECT reference, state FROM attempts ORDER BY id")

    def names(self) -> dict[int, str]:
        """The reference each person was last planned under, as the ledger's file has it."""
        planned = self._world.read_ledger("SELECT amount, reference FROM attempts ORDER BY id")
        return {person_of(amount): reference for amount, reference in planned}

    def _intent_is_durable(self, arrival: Arrival) -> None:
        if arrival.sent_by != self._world.generation:
            return  # its ledger is gone
        key = arrival.request.headers["x-idempotency-key"]
        sends = "(SELECT count(*) FROM sends WHERE attempt_id = attempts.id)"
        rows = self._world.read_ledger(f"SELECT body, state, {sends} FROM attempts WHERE key = ?", key)  # noqa: S608 - a constant
        found = next(iter(rows), None)
        if found is None or found[1] in ("PLANNED", "WITHDRAWN") or found[2] == 0:
            raise Broken(f"key {key} arrives, and the ledger's file says {found and found[1:]}")
        if found[0] != arrival.request.body:
            raise Broken(f"key {key} arrives with another body than the ledger has")

    def _within_the_limit(self, arrival: Arrival) -> None:
        """What the network delays beyond the end of its connection, or repeats, is not ours to bound."""
        if arrival.again or arrival.trouble is Trouble.LATE:
            return
        if self._generation != self._world.generation:
            self._generation = self._world.generation
            self._arrived.clear()
        now_s = self._world.clock.now_s
        self._arrived.append(now_s)
        while self._arrived[0] <= now_s - WINDOW_S:
            self._arrived.popleft()
        if len(self._arrived) > self._world.per_minute:
            raise Broken(f"{len(self._arrived)} orders in a minute, and the limit is {self._world.per_minute}")

    def _results_agree(self) -> None:
        path = self._world.results
        if not path.exists():
            return
        orders = {order["id"]: order for order in self._world.dump()["orders"]}
        with path.open(encoding="utf-8-sig", newline="") as file:
            for line in csv.DictReader(file):
                if line["order_id"]:
                    _agrees(line, orders)
                elif line["redemption_url"]:
                    raise Broken(f"a link without an order in the line of {line['reference']}")

    def every_row_is_there(self) -> None:
        """The results have each row of the sheet once."""
        with self._world.results.open(encoding="utf-8-sig", newline="") as file:
            seen = Counter(person_of(line["amount"]) for line in csv.DictReader(file) if line["row"])
        wanted = Counter(row.person for row in self._world.rows)
        if seen != wanted:
            raise Broken(f"the sheet has the persons {sorted(wanted)}, the results have {sorted(seen.elements())}")

    def zero_means_paid(self) -> None:
        """Exit code 0: every row of the sheet has a completed order."""
        paid = {
            person_of(order["amount"])
            for order in self._world.dump()["orders"]
            if order["status"] == "COMPLETED" and order["idempotency_key"]
        }
        if lacking := [row.person for row in self._world.rows if row.person not in paid]:
            raise Broken(f"exit code 0, and {lacking} are not paid")


def _agrees(line: Mapping[str, str], orders: Mapping[str, Mapping[str, Any]]) -> None:
    order = orders.get(line["order_id"])
    if order is None:
        raise Broken(f"the line of {line['reference']} has order {line['order_id']}, which is none")
    if person_of(order["amount"]) != person_of(line["amount"]):
        raise Broken(f"the line of {line['reference']} has the order of person {person_of(order['amount'])}")
    if line["redemption_url"]:
        if line["redemption_url"] != order["redemption_url"] or Decimal(line["amount"]) != Decimal(order["amount"]):
            raise Broken(f"the line of {line['reference']} has a link that is not its own")
        if order["status"] != "COMPLETED":
            raise Broken(f"the line of {line['reference']} has the link of an order that is {order['status']}")
