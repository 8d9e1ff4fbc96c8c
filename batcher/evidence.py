"""What Runa's order list has shown, as values: the evidence by which an unknown payment ends.

A reading is one walk through the list. What it saw is kept in the ledger, order by order; what that means for the rows
of a batch is decided in `batcher.reconcile`.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from batcher.model import Instant, Order


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptOrder:
    """One order of the account, as the readings have shown it so far."""

    order_id: str
    status: str
    description: str | None = None
    """Its tag, where it is one of ours; `None` until the list shows one."""
    key: str | None = None
    """The idempotency key in its metadata, where it was read by its id."""
    currency: str | None = None
    price: Decimal | None = None
    told_all: bool = False
    """Whether it has shown whose it is: a description, or everything that an order can say."""
    first_seen_at: datetime | None = None
    first_reading: int = 0
    """The reading that saw it first."""
    last_reading: int = 0
    """The newest reading that saw it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """Where a later reading goes on, so that it need not begin anew: cursors at both ends of the list.

    A cursor is believed only where it leads to the orders that it led to before.
    """

    head: str
    head_ids: frozenset[str]
    tail: str
    tail_ids: frozenset[str]
    proven: bool = False
    """Whether orders that this ledger knows to be new were seen at the list's ends, and nowhere else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListReading:
    """One reading of the order list, as the ledger keeps it."""

    id: int
    began: Instant
    ended: Instant
    began_server_at: datetime | None = None
    """Runa's clock when it began, as the first answer told it."""
    ended_server_at: datetime | None = None
    last_send_id: int
    """The newest send of this ledger when it began: it can tell nothing of later ones."""
    pages: int
    whole: bool
    """From one end to the other, not only what was new."""
    why_incomplete: str = ""
    """Empty where it came to its end."""
    missing: frozenset[str] = frozenset()
    """Orders that the ledger knew when it began, and that it did not hold."""

    @property
    def complete(self) -> bool:
        """Whether it came to the list's end."""
        return not self.why_incomplete


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What one walk through the list has brought, before it is kept."""

    began: Instant
    ended: Instant
    orders: Mapping[str, Order]
    """By id; with what reading some of them by id has added."""
    told_all: frozenset[str]
    """Those that have shown whose they are."""
    pages: int
    whole: bool
    began_server_at: datetime | None = None
    ended_server_at: datetime | None = None
    why_incomplete: str = ""
    frontier: Frontier | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An order that carries the key of one of a row's attempts."""

    identity: str
    number: int
    """The attempt."""
    key: str
    order_id: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """An order with the tag of a batch that fits no key of its rows."""

    order_id: str
    status: str
    reference: str | None
    """As the tag has it, perhaps cut."""
    identity: str | None = None
    """The row that has this reference, where one has: then it is the key that differs."""
    order: Order | None = field(default=None, repr=False)
    """Read by its id, where it could be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the order list says about one batch."""

    complete: bool = False
    """Whether the newest reading came to the list's end and held every order that the ledger knows of the batch."""
    why_incomplete: str = "the order list was not read"
    read_at: datetime | None = None
    found: tuple[Found, ...] = ()
    strays: tuple[Stray, ...] = ()
    open_orders: frozenset[str] = frozenset()
    """Orders that do not say yet whose they are, and belong to no row that we know."""
    unfinished: frozenset[str] = frozenset()
    """Those of them that have not failed: each may still pay somebody."""
    ledger_is_new: bool = False
    """Whether the ledger knows no order of the whole environment: it may stand in the place of one that is lost."""
    knows_until: datetime | None = None
    """Where the ledger is a copy that was put back: until when it knows what happened, at the best."""
    _by_row: Mapping[str, tuple[Found, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_row: defaultdict[str, list[Found]] = defaultdict(list)
        for one in self.found:
            by_row[one.identity].append(one)
        object.__setattr__(self, "_by_row", {identity: tuple(found) for identity, found in by_row.items()})

    def of(self, identity: str) -> tuple[Found, ...]:
        """The orders of one row, by attempt."""
        return self._by_row.get(identity, ())


def apart(first: ListReading, second: ListReading) -> timedelta:
    """How long lies between two readings, by the clock that says less: one that was moved makes no evidence older.

    Between two boots, or two machines, this machine's other clock is gone, and Runa's takes its place; where it was not
    told, nothing is known to lie between them.
    """
    wall = second.began.at - first.ended.at
    if first.ended.boot == second.began.boot:
        return min(wall, timedelta(seconds=second.began.monotonic_s - first.ended.monotonic_s))
    if first.ended_server_at is None or second.began_server_at is None:
        return timedelta(0)
    return min(wall, second.began_server_at - first.ended_server_at)
