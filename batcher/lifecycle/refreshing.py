"""Reading paid orders again: payouts are claimed, expire, are cancelled long after the run. No state changes."""

import asyncio
import random  # noqa: TID251 - only the type of the generator that is passed in
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from batcher import policy
from batcher.echo import contradictions
from batcher.lifecycle.following import READERS
from batcher.lifecycle.halt import Halt, Stop
from batcher.lifecycle.retries import Retries
from batcher.model import Order, Reply
from batcher.ports import Api, Clock
from batcher.records import AttemptRecord, RowRecord
from batcher.states import State

IN_VAIN = 20
"""So many answers in a row that tell of no order, and no more are asked for: the rest would fare no better."""

_LONGEST_PAUSE_S = 900.0

Store = Callable[[AttemptRecord], Awaitable[None]]
"""Puts the payout's status and expiry date, the price and the discount of a paid attempt on the disk."""

Watch = Callable[[int, int], None]
"""Told after each order: how many were looked at, and of how many."""


@dataclass(frozen=True, slots=True)
class Contradicted:
    """A paid order that now says something else than its row; nothing of it was stored."""

    name: str
    """What people call the row."""
    order_id: str
    why: str
    """Ends a sentence that begins with the order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What reading the paid orders of a batch again has shown."""

    paid: int
    """Orders that were to be read."""
    unread: int
    """Those of them that could not be."""
    changed: Mapping[str, int]
    """How many payouts have another status than before, by the one that they have now."""
    redated: int
    """How many have another expiry date, and the status that they had."""
    priced: int
    """How many told a price or a discount that the ledger did not have."""
    contradicted: tuple[Contradicted, ...]
    stops: tuple[Stop, ...]
    """Why nothing more could be asked, where that is so."""


class Refresher:
    """Reads paid orders again, a few side by side."""

    def __init__(
        self,
        *,
        api: Api,
        store: Store,
        clock: Clock,
        rng: random.Random,
        retries: Retries,
        rate_limited_wait_s: float,
        halt: Halt,
    ) -> None:
        self._api = api
        self._store = store
        self._clock = clock
        self._rng = rng
        self._retries = retries
        self._rate_limited_wait_s = rate_limited_wait_s
        self._halt = halt
        self._paused_from_s = self._paused_until_s = -1.0
        self._refused_in_a_row = self._in_vain = 0
        self._seen = self._unread = self._redated = self._priced = 0
        self._changed: Counter[str] = Counter()
        self._contradicted: list[Contradicted] = []

    async def refresh(self, rows: Iterable[RowRecord], watch: Watch) -> Refreshed:
        """Read every paid order once more, and store what is new. Raises `OwnFault` where that cannot be written."""
        paid = [(row.name, one) for row in rows for one in row.attempts if one.state is State.COMPLETED]
        waiting = iter(paid)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(READERS):
                    group.create_task(self._reader(waiting, lambda: watch(self._seen, len(paid))))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return Refreshed(
            paid=len(paid),
            unread=self._unread,
            changed=dict(sorted(self._changed.items())),
            redated=self._redated,
            priced=self._priced,
            contradicted=tuple(sorted(self._contradicted, key=lambda one: one.name)),
            stops=tuple(self._halt.stops),
        )

    async def _reader(self, waiting: Iterator[tuple[str, AttemptRecord]], seen: Callable[[], None]) -> None:
        for name, attempt in waiting:
            order = await self._read(attempt)
            if order is None:
                self._unread += 1
            elif (why := _against(attempt, order)) is not None:
                self._contradicted.append(Contradicted(name, order.order_id, why))
            else:
                await self._note(attempt, order)
            self._seen += 1
            seen()

    async def _note(self, attempt: AttemptRecord, order: Order) -> None:
        told = refreshed(attempt, order)
        if told == attempt:
            return
        await self._store(told)
        if told.payout_status != attempt.payout_status:
            self._changed[told.payout_status or ""] += 1
        elif told.expiry_date != attempt.expiry_date:
            self._redated += 1
        self._priced += (told.price, told.discount) != (attempt.price, attempt.discount)

    async def _read(self, attempt: AttemptRecord) -> Order | None:
        """The order, asked for as often as asking has sense; `None` where no answer tells of it."""
        if attempt.order_id is None:
            return None
        for nth in range(1, self._retries.attempts + 1):
            await self._until_the_pause_is_over()
            if self._stopped:
                return None
            asked_s = self._now_s
            reply = await self._api.read(attempt.order_id)
            if reply.order is not None:
                self._refused_in_a_row = self._in_vain = 0
                return reply.order
            self._in_vain += 1
            if not self._may_ask_again(reply, asked_s) or nth == self._retries.attempts:
                return None
            if not _is_too_many(reply):
                await self._halt.sleep_while_reading(self._clock, self._retries.wait_s(nth, self._rng))
        return None

    @property
    def _stopped(self) -> bool:
        return self._halt.stops_reading or self._in_vain >= IN_VAIN

    @property
    def _now_s(self) -> float:
        return self._clock.instant().monotonic_s

    async def _until_the_pause_is_over(self) -> None:
        # Asked again after each sleep: another reader may have been refused meanwhile.
        while (left_s := self._paused_until_s - self._now_s) > 0 and not self._stopped:
            await self._halt.sleep_while_reading(self._clock, left_s)

    def _may_ask_again(self, reply: Reply, asked_s: float) -> bool:
        if _is_too_many(reply):
            self._pause(reply, asked_s)
            return True
        verdict = policy.judge(reply)
        if verdict.exit_code == 4:
            # The key or the version is refused: nothing can be asked any more.
            self._halt.heed(verdict, currency="")
        return reply.fault is not None or (reply.http_status or 0) >= 500

    def _pause(self, reply: Reply, asked_s: float) -> None:
        """Nobody reads for a while. What was asked before the last pause is no reason to double it."""
        if asked_s > self._paused_from_s:
            self._refused_in_a_row += 1
            self._paused_from_s = self._now_s
        backed_off_s = self._rate_limited_wait_s * 2.0 ** min(self._refused_in_a_row - 1, 6)
        pause_s = min(_LONGEST_PAUSE_S, max(backed_off_s, reply.retry_after_s or 0.0))
        self._paused_until_s = max(self._paused_until_s, self._now_s + pause_s)


def refreshed(attempt: AttemptRecord, order: Order) -> AttemptRecord:
    """The attempt with what its order says now. What the order leaves out stays as it was, and so does what was paid.

    A price or a discount is only ever filled in: the ledger of an older release has no discounts.
    """
    return replace(
        attempt,
        payout_status=order.payout_status or attempt.payout_status,
        expiry_date=order.expiry_date or attempt.expiry_date,
        price=order.price if attempt.price is None else attempt.price,
        discount=order.discount if attempt.discount is None else attempt.discount,
    )


def _against(attempt: AttemptRecord, order: Order) -> str | None:
    """Why nothing that this order says may be stored with its row, as the end of a sentence."""
    if order.status != "COMPLETED":
        return f"is {order.status or 'without a status'} now, although it was completed"
    if fields := contradictions(attempt.order.payout, key=attempt.order.key, order=order):
        return f"now differs from the row in {', '.join(fields)}"
    return None


def _is_too_many(reply: Reply) -> bool:
    return policy.judge(reply).cause == policy.RATE_LIMITED.cause
