"""Hints that an order is worth a look now. They come from anywhere, are believed in nothing, and may be lost."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

MOST_KEPT = 1000
"""Hints that nobody waits for and that are kept all the same; the oldest make way."""


class Hints:
    """Wakes whoever follows an order. May be told from any thread; each follower is woken in its own loop.

    A hint can be faster than our own note of the order's id, so one that nobody waits for is kept: whoever begins to
    follow that order looks at once.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._followed: dict[str, tuple[asyncio.AbstractEventLoop, asyncio.Event]] = {}
        self._kept: dict[str, None] = {}

    def tell(self, order_id: str) -> bool:
        """Have the order read now, or as soon as somebody follows it; whether somebody does already."""
        with self._lock:
            followed = self._followed.get(order_id)
            if followed is None:
                self._keep(order_id)
                return False
            loop, event = followed
            # Under the lock: whoever stops following has a loop that is still open until we are done with it.
            loop.call_soon_threadsafe(event.set)
            return True

    @contextmanager
    def of(self, order_id: str) -> Iterator[asyncio.Event]:
        """For the time in which an order is followed: set with each hint. Whoever has heeded it clears it."""
        event = asyncio.Event()
        with self._lock:
            if order_id in self._kept:
                del self._kept[order_id]
                event.set()
            self._followed[order_id] = asyncio.get_running_loop(), event
        try:
            yield event
        finally:
            with self._lock:
                self._followed.pop(order_id, None)

    def _keep(self, order_id: str) -> None:
        self._kept.pop(order_id, None)
        self._kept[order_id] = None
        while len(self._kept) > MOST_KEPT:
            del self._kept[next(iter(self._kept))]
