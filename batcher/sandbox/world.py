"""Everything that the sandbox remembers, in one place; nothing in it reads a clock or a socket."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from batcher.sandbox import catalogue
from batcher.sandbox.chance import Dice
from batcher.sandbox.faults import FaultPlan
from batcher.sandbox.keystore import KeyStore
from batcher.sandbox.orders import Orders
from batcher.sandbox.rate import Bucket, FixedWindow, Gate, OpenGate, SlidingWindow
from batcher.sandbox.switches import Switches
from batcher.sandbox.witness import Witness


@dataclass(slots=True)
class World:
    """The state behind the API."""

    switches: Switches
    seed: int
    dice: Dice = field(init=False)
    orders: Orders = field(init=False)
    keys: KeyStore = field(init=False, default_factory=KeyStore)
    witness: Witness = field(init=False, default_factory=Witness)
    faults: FaultPlan = field(init=False)
    gate: Gate = field(init=False)
    grown: int = field(init=False, default=0)
    """How many orders somebody else has made because the list was read."""

    def __post_init__(self) -> None:
        self.dice = Dice(self.seed)
        self.faults = FaultPlan(self.dice)
        self.gate = gate_for(self.switches)
        self.orders = Orders(self.dice, _opening_balances(self.switches))

    def change(self, given: Mapping[str, object]) -> None:
        """Set switches anew; a changed rate begins with an empty window. Raises `ValueError` for what is unknown."""
        before, self.switches = self.switches, self.switches.changed(given)
        if any(name.startswith("rate") and getattr(before, name) != getattr(self.switches, name) for name in given):
            self.gate = gate_for(self.switches)


def gate_for(switches: Switches) -> Gate:
    """The limit that the switches ask for."""
    limit, window_s, refused = switches.rate_limit, switches.rate_window_s, switches.rate_counts_refused
    match switches.rate:
        case "fixed":
            return FixedWindow(limit, window_s)
        case "sliding":
            return SlidingWindow(limit, window_s, counts_refused=refused)
        case "bucket":
            return Bucket(limit, window_s, switches.rate_burst)
    return OpenGate()


def _opening_balances(switches: Switches) -> dict[str, Decimal]:
    currencies = sorted({product.currency for product in catalogue.PRODUCTS})
    return {currency: Decimal(switches.balances.get(currency, switches.balance)) for currency in currencies}
