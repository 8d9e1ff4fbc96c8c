"""The first payout of a new product and delivery goes alone, and is seen completed before the others of its kind go.

What is wrong with a product, a template or an account then costs one row, and not a thousand.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from batcher.lifecycle import Halt, Stop
from batcher.model import Distribution, Payout
from batcher.records import AttemptRecord, RowRecord
from batcher.states import State

Kind = tuple[tuple[str, ...], Distribution]
"""What is tried out once: the products, and how they are delivered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canaries:
    """What there is to know before a run whose first payouts of a kind go alone."""

    proven: Collection[Kind] = ()
    """Kinds of which an order was completed before, however their products were written."""
    give_up_after_s: float
    """How long an order is followed: for the words about one that is not finished by then."""


class Turns:
    """The rows that wait to be sent, in the order of the file; of a kind that is not proven, one at a time.

    A kind is proven when an order of it is completed, whichever row it is for. A row whose kind no other waits for is
    sent like any other. Orders of earlier runs that are still followed are canaries too: they are waited for first.
    """

    def __init__(
        self,
        rows: Sequence[RowRecord],
        *,
        followed: Iterable[RowRecord],
        canaries: Canaries | None,
        halt: Halt,
    ) -> None:
        """`rows` are to be sent, `followed` are accepted already. Without `canaries`, every kind counts as proven."""
        self._halt = halt
        self._give_up_after_s = canaries.give_up_after_s if canaries else 0.0
        self._ready: list[tuple[int, RowRecord]] = []
        """Rows that may be sent, a heap by their place in the file."""
        self._behind: dict[Kind, deque[tuple[int, RowRecord]]] = {}
        """Rows that wait for their kind; never empty ones, and each kind has a canary that has not ended."""
        self._canaries: dict[int, Kind] = {}
        """Canaries that have not ended, by the row's id."""
        self._flying: Counter[Kind] = Counter()
        """How many those are."""
        self._unfinished: set[Kind] = set()
        self._changed = asyncio.Event()
        self._sort(rows, list(followed), canaries)

    def _sort(self, rows: Sequence[RowRecord], followed: list[RowRecord], canaries: Canaries | None) -> None:
        places = list(enumerate(rows))
        if canaries is None:
            self._ready = places
            return
        for place in places:
            self._behind.setdefault(_kind_of(place[1].latest), deque()).append(place)
        for row in followed:
            self._fly(row, _kind_of(row.latest))
        proven = {_kind(*each) for each in canaries.proven}
        for kind, waiting in list(self._behind.items()):
            if kind in proven or (len(waiting) == 1 and not self._flying[kind]):
                self._release(kind)
            elif not self._flying[kind]:
                self._send_next(kind)
        heapify(self._ready)

    async def next(self) -> RowRecord | None:
        """The row whose turn it is, as soon as there is one; `None` once none will come any more."""
        while not self._ready:
            if not self._behind:
                return None
            self._changed.clear()
            await self._changed.wait()
        return heappop(self._ready)[1]

    def ended(self, row: RowRecord, attempt: AttemptRecord) -> None:
        """Note how a row of this run, whichever it is, has ended: what stands at its order, if it has one."""
        if attempt.state is State.COMPLETED:
            self._release(_kind_of(attempt))
        if (kind := self._canaries.pop(row.id, None)) is not None:
            self._flying[kind] -= 1
            self._canary_ended(kind, row, attempt)
        self._changed.set()

    def _canary_ended(self, kind: Kind, row: RowRecord, attempt: AttemptRecord) -> None:
        if attempt.state is State.MISMATCH:
            self._halt.end_sending(Stop("mismatch", _contradiction(row, attempt), 6))
        if attempt.state is State.ACCEPTED:
            self._unfinished.add(kind)
        if kind not in self._behind or self._flying[kind]:
            return
        if kind in self._unfinished:
            self._leave_out(kind, attempt)
        else:
            self._send_next(kind)

    def _send_next(self, kind: Kind) -> None:
        """Let the next row of a kind go alone."""
        place = self._behind[kind].popleft()
        self._fly(place[1], kind)
        heappush(self._ready, place)
        if not self._behind[kind]:
            del self._behind[kind]

    def _fly(self, row: RowRecord, kind: Kind) -> None:
        if kind in self._behind:
            self._canaries[row.id] = kind
            self._flying[kind] += 1

    def _release(self, kind: Kind) -> None:
        for place in self._behind.pop(kind, ()):
            heappush(self._ready, place)

    def _leave_out(self, kind: Kind, attempt: AttemptRecord) -> None:
        """Leave the rest of a kind unsent; said only where no other stop would have left it."""
        currencies = {row.latest.order.payout.currency for _, row in self._behind.pop(kind)}
        if not all(self._halt.stops_sending(currency) for currency in currencies):
            self._halt.leave_out(Stop("canary", _too_slow(attempt, self._give_up_after_s), 6))


def _kind(products: Iterable[str], distribution: Distribution) -> Kind:
    return tuple(sorted(product.casefold() for product in products)), distribution


def _kind_of(attempt: AttemptRecord) -> Kind:
    payout = attempt.order.payout
    return _kind(payout.products, payout.distribution)


def _first_payout(payout: Payout) -> str:
    return f"The first payout of {'|'.join(payout.products)} by {payout.distribution.value}"


def _contradiction(row: RowRecord, attempt: AttemptRecord) -> str:
    return (
        f"{_first_payout(attempt.order.payout)} came back other than the row says (row {row.name}, order "
        f"{attempt.order_id}); look it up in Runa's portal before anything more is sent."
    )


def _too_slow(attempt: AttemptRecord, after_s: float) -> str:
    after = f"{after_s:.0f} s" if after_s < 90 else f"{after_s / 60:.0f} min"
    return (
        f"{_first_payout(attempt.order.payout)} is not finished after {after}, so the others were not sent; "
        "run the same command again once it is, or with --no-canary."
    )
