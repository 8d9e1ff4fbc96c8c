"""Reading Runa's order list: page by page to both of its ends, and by id what the list leaves open.

Neither the list's order nor the way it ends is documented, so none is trusted: a page that holds nothing new, a cursor
that comes twice or an answer that cannot be read makes the reading incomplete, and an incomplete one proves nothing.
"""

import asyncio
import random  # noqa: TID251 - only the type of the generator that is passed in
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from batcher import policy
from batcher.evidence import Frontier, KeptOrder, Walk
from batcher.lifecycle import Retries
from batcher.model import Answer, Order, OrderPage, Reply
from batcher.ports import Clock, OrderList

T = TypeVar("T")

PAGINATION_ERROR = "pagination_error"
"""What Runa says to a cursor that it does not take."""

READERS = 4
"""Orders read by id at one time."""
MOST_BY_ID = 500
"""Orders of unknown owner that one reading asks about by id; more leave some open, which proves nothing."""
LONGEST_PAUSE_S = 900.0

Told = Callable[[int, int], None]
"""Called with the pages and the orders read so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBounds:
    """How far one reading goes, and how it waits."""

    max_pages: int
    retries: Retries
    rate_limited_wait_s: float


@dataclass(slots=True)
class _Chain:
    """Pages in one direction, nearest first."""

    pages: list[OrderPage] = field(default_factory=list)
    why_incomplete: str = ""
    refused: bool = False
    """Its very first cursor was: there may be nothing in that direction."""


class ListReader:
    """One reading; make a new one for the next."""

    def __init__(
        self,
        api: OrderList,
        *,
        clock: Clock,
        rng: random.Random,
        bounds: ReadBounds,
        told: Told = lambda pages, orders: None,
    ) -> None:
        self._api = api
        self._clock = clock
        self._rng = rng
        self._bounds = bounds
        self._told = told
        self._pages = 0
        self._orders: dict[str, Order] = {}
        self._cursors: set[tuple[str, str]] = set()
        self._readers = asyncio.Semaphore(READERS)
        self._dates: list[datetime] = []

    async def read(
        self, *, kept: Mapping[str, KeptOrder], known: frozenset[str], frontier: Frontier | None = None
    ) -> Walk:
        """Walk through the list; with a `frontier` only through what is new since, where that can be believed.

        `kept` and `known` (orders that the ledger has for an attempt) need not be asked about by id. Those of `known`
        that no reading has seen yet bear witness to where new orders come: a list that has one of them in its middle,
        or does not show it, is read whole.
        """
        began = self._clock.instant()
        witnesses = known - kept.keys()
        walked = None
        if frontier is not None and (frontier.proven or witnesses):
            walked = await self._walk_on(frontier, witnesses)
        whole = walked is None
        if walked is None:
            self._orders.clear()
            self._cursors.clear()
            self._pages = 0
            walked = await self._walk_all(kept)
        why, new_frontier = walked
        told_all = await self._tell(kept, known)
        return Walk(
            began=began,
            ended=self._clock.instant(),
            orders=dict(self._orders),
            told_all=told_all,
            pages=self._pages,
            whole=whole,
            began_server_at=self._dates[0] if self._dates else None,
            ended_server_at=self._dates[-1] if self._dates else None,
            why_incomplete=why,
            frontier=None if why else new_frontier,
        )

    async def _walk_all(self, kept: Collection[str]) -> tuple[str, Frontier | None]:
        """The whole list: the first page, what follows it, and what may have come before it."""
        answer = await self._page()
        if answer.content is None:
            return _why_unreadable(answer.reply), None
        first = answer.content
        if not first.orders:
            return "", None
        self._take(first)
        after = await self._chain("after", first.after)
        before = await self._chain("before", first.before)
        if before.refused:
            before.why_incomplete = await self._why_not_first()
        pages = [*reversed(before.pages), first, *after.pages]
        seen = [order.order_id in kept for page in pages for order in page.orders]
        if False in _between(seen):
            # New orders come anywhere: what is new is not found at the ends.
            return after.why_incomplete or before.why_incomplete, None
        return after.why_incomplete or before.why_incomplete, _frontier(pages)

    async def _why_not_first(self) -> str:
        """Why something may come before the first page, where its own cursor is refused; or nothing."""
        answer = await self._page()
        if answer.content is None:
            return _why_unreadable(answer.reply)
        known = all(order.order_id in self._orders for order in answer.content.orders)
        return "" if known else "orders came in before the first page while it was read"

    async def _walk_on(self, frontier: Frontier, witnesses: frozenset[str]) -> tuple[str, Frontier | None] | None:
        """What is new at both ends; `None` where the cursors no longer lead to what they led to, or past something."""
        before = await self._chain("before", frontier.head)
        after = await self._chain("after", frontier.tail)
        if before.why_incomplete or after.why_incomplete:
            return None
        if not (frontier.head_ids <= _ids(before.pages) and frontier.tail_ids <= _ids(after.pages)):
            return None
        if not witnesses <= self._orders.keys():
            return None
        first_pages = list(reversed(before.pages))
        at_head = [order.order_id in frontier.head_ids for page in first_pages for order in page.orders]
        at_tail = [order.order_id in frontier.tail_ids for page in after.pages for order in page.orders]
        if False in _between([*at_head, True]) or False in _between([True, *at_tail]):
            return None
        head = _head(first_pages) or (frontier.head, _ids(before.pages))
        tail = _tail(after.pages) or (frontier.tail, _ids(after.pages))
        return "", Frontier(head=head[0], head_ids=head[1], tail=tail[0], tail_ids=tail[1], proven=True)

    async def _chain(self, direction: str, cursor: str | None) -> _Chain:
        """The pages from a cursor to the end of the list in that direction."""
        chain = _Chain()
        while cursor is not None:
            if (direction, cursor) in self._cursors:
                chain.why_incomplete = "the order list goes round in circles"
                return chain
            self._cursors.add((direction, cursor))
            answer = await (self._page(after=cursor) if direction == "after" else self._page(before=cursor))
            if answer.content is None:
                chain.why_incomplete = _why_unreadable(answer.reply)
                chain.refused = not chain.pages and answer.reply.error_type == PAGINATION_ERROR
                return chain
            page = answer.content
            if not page.orders:
                return chain
            if all(order.order_id in self._orders for order in page.orders):
                chain.why_incomplete = "the order list goes round in circles"
                return chain
            chain.pages.append(page)
            self._take(page)
            cursor = page.after if direction == "after" else page.before
        return chain

    def _take(self, page: OrderPage) -> None:
        for order in page.orders:
            before = self._orders.get(order.order_id)
            if before is None or before.description is None:
                self._orders[order.order_id] = order
        self._told(self._pages, len(self._orders))

    async def _page(self, *, after: str | None = None, before: str | None = None) -> Answer[OrderPage]:
        if self._pages >= self._bounds.max_pages:
            return Answer(reply=Reply(message=f"the list is longer than {_pages(self._pages)} ([reconcile] max_pages)"))
        self._pages += 1
        return await self._patiently(
            lambda: self._api.page(after=after, before=before), lambda answer: (answer.reply, answer.content is None)
        )

    async def _tell(self, kept: Mapping[str, KeptOrder], known: frozenset[str]) -> frozenset[str]:
        """Read by id what does not say whose it is; gives the orders that now do."""
        told = {one for one, order in self._orders.items() if order.description is not None}
        told |= {one for one in self._orders if one in kept and kept[one].told_all}
        # Also orders of earlier readings that were open then, and that a short reading does not come by.
        asked = [one for one in [*self._orders, *kept] if one not in told and one not in known]
        asked = [one for one in dict.fromkeys(asked) if one in self._orders or not kept[one].told_all]
        found = await asyncio.gather(*(self._by_id(one) for one in asked[:MOST_BY_ID]))
        told |= {one for one, all_said in zip(asked, found, strict=False) if all_said}
        return frozenset(told)

    async def _by_id(self, order_id: str) -> bool:
        """Read one order; whether it says whose it is now."""
        async with self._readers:
            reply = await self._patiently(lambda: self._api.read(order_id), lambda reply: (reply, reply.order is None))
        if reply.order is None:
            return False
        self._orders[order_id] = reply.order
        order = reply.order
        return order.description is not None or order.key is not None or order.item_count is not None

    async def _patiently(self, ask: Callable[[], Awaitable[T]], failed: Callable[[T], tuple[Reply, bool]]) -> T:
        """Ask as often as that has sense, and note Runa's clock."""

        def noted(answer: T) -> tuple[Reply, bool]:
            reply, without = failed(answer)
            if reply.date is not None:
                self._dates.append(reply.date)
            return reply, without

        return await ask_patiently(ask, noted, clock=self._clock, rng=self._rng, bounds=self._bounds)


async def ask_patiently(
    ask: Callable[[], Awaitable[T]],
    failed: Callable[[T], tuple[Reply, bool]],
    *,
    clock: Clock,
    rng: random.Random,
    bounds: ReadBounds,
) -> T:
    """Ask, and again after a wait where that has sense: longer and longer where Runa says 'too many'.

    `failed` gives the reply that an answer is, and whether it lacks what was asked for.
    """
    nth = 1
    while True:
        answer = await ask()
        reply, without = failed(answer)
        if not without or nth >= bounds.retries.attempts:
            return answer
        verdict = policy.judge(reply)
        limited = verdict.cause == policy.RATE_LIMITED.cause
        if not limited and verdict.resend is policy.Resend.NO:
            return answer
        wait_s = bounds.retries.wait_s(nth, rng)
        if limited:
            backed_off_s = bounds.rate_limited_wait_s * 2.0 ** (nth - 1)
            wait_s = min(LONGEST_PAUSE_S, max(backed_off_s, reply.retry_after_s or 0.0))
        await clock.sleep(wait_s)
        nth += 1


def _between(seen: list[bool]) -> list[bool]:
    """What lies from the first that was seen before to the last such one."""
    if True not in seen:
        return []
    return seen[seen.index(True) : len(seen) - seen[::-1].index(True)]


def _ids(pages: list[OrderPage]) -> frozenset[str]:
    return frozenset(order.order_id for page in pages for order in page.orders)


def _frontier(pages: list[OrderPage]) -> Frontier | None:
    """Where to go on after these pages, which are in the list's order; a list of one page is simply read again."""
    head, tail = _head(pages), _tail(pages)
    if head is None or tail is None:
        return None
    return Frontier(head=head[0], head_ids=head[1], tail=tail[0], tail_ids=tail[1])


def _head(pages: list[OrderPage]) -> tuple[str, frozenset[str]] | None:
    """The cursor of the second page that leads back to the first, and what must then be seen."""
    if len(pages) < 2 or pages[1].before is None:
        return None
    return pages[1].before, _ids(pages[:1])


def _tail(pages: list[OrderPage]) -> tuple[str, frozenset[str]] | None:
    if len(pages) < 2 or pages[-2].after is None:
        return None
    return pages[-2].after, _ids(pages[-1:])


def _pages(count: int) -> str:
    return "1 page" if count == 1 else f"{count} pages"


def _why_unreadable(reply: Reply) -> str:
    if reply.http_status is None and reply.fault is None:
        return reply.message or "it was not read"
    if reply.http_status is None:
        return "there was no answer"
    word = reply.error_type or (reply.fault.value if reply.fault else "")
    return f"Runa answered HTTP {reply.http_status}{f' ({word})' if word else ''}"
