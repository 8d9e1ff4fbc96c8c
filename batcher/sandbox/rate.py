"""How many requests a minute are let in: three kinds of window, since nobody outside knows which one it is."""

from collections import deque
from collections.abc import Iterable
from typing import Protocol


class Gate(Protocol):
    """Counts requests, and says how long one that is refused should wait."""

    def admit(self, now_s: float) -> float | None:
        """Count one request at `now_s`: `None` lets it in, a number is the seconds until one would be let in."""


class OpenGate:
    """No limit."""

    def admit(self, now_s: float) -> None:
        """Always in."""
        del now_s


class FixedWindow:
    """`limit` requests in each window that begins at a multiple of `window_s`; whatever is refused changes nothing."""

    def __init__(self, limit: int, window_s: float) -> None:
        self._limit, self._window_s = limit, window_s
        self._window, self._count = -1, 0

    def admit(self, now_s: float) -> float | None:
        """See `Gate`."""
        window = int(now_s // self._window_s)
        if window != self._window:
            self._window, self._count = window, 0
        inside = self._count < self._limit
        self._count += inside
        return None if inside else (window + 1) * self._window_s - now_s


class SlidingWindow:
    """`limit` requests in any `window_s` seconds."""

    def __init__(self, limit: int, window_s: float, *, counts_refused: bool) -> None:
        self._limit, self._window_s, self._counts_refused = limit, window_s, counts_refused
        self._seen: deque[float] = deque()

    def admit(self, now_s: float) -> float | None:
        """See `Gate`."""
        while self._seen and now_s - self._seen[0] >= self._window_s:
            self._seen.popleft()
        inside = len(self._seen) < self._limit
        if inside or self._counts_refused:
            self._seen.append(now_s)
        return None if inside else self._seen[-self._limit] + self._window_s - now_s if self._limit else self._window_s


class Bucket:
    """A bucket of `capacity` tokens that gains `limit` of them per `window_s`, evenly; a request takes one."""

    def __init__(self, limit: int, window_s: float, capacity: int) -> None:
        self._per_s, self._capacity = limit / window_s, capacity
        self._tokens, self._counted_s = float(capacity), float("-inf")

    def admit(self, now_s: float) -> float | None:
        """See `Gate`; a refused request finds no token, so it takes none."""
        if self._counted_s > float("-inf"):
            gained = max(0.0, now_s - self._counted_s) * self._per_s
            self._tokens = min(float(self._capacity), self._tokens + gained)
        self._counted_s = now_s
        if self._tokens >= 1:
            self._tokens -= 1
            return None
        return (1 - self._tokens) / self._per_s if self._per_s else float("inf")


def max_in_any_window(arrivals_s: Iterable[float], window_s: float) -> int:
    """The most arrivals that any half-open window of `window_s` seconds holds, whatever its phase."""
    inside: deque[float] = deque()
    most = 0
    for at_s in sorted(arrivals_s):
        inside.append(at_s)
        while at_s - inside[0] >= window_s:
            inside.popleft()
        most = max(most, len(inside))
    return most
