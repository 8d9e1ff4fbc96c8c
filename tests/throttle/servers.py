"""Servers that count requests, each in another way: Runa does not say which way is its own.

They look at nothing but when requests arrive, so one run of a client is shown to every server and to every phase of it.
What is refused is counted and not sent again. All moments are seconds, in any order.
"""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType

WINDOW_S = 60.0
CLOSED_S = 60.0
"""How long a punishing server stays closed after each refusal."""
TICK_S = 1.0
"""How often a ticking bucket is looked after, where it gains a token a second."""

Refusals = Callable[[Sequence[float], int], int]
"""How many requests are refused, from their moments and the limit a minute."""


def most_in_a_minute(moments: Sequence[float]) -> int:
    """The most that any 60 seconds saw, wherever they begin."""
    ordered = sorted(moments)
    return max((bisect_right(ordered, end) - bisect_right(ordered, end - WINDOW_S) for end in ordered), default=0)


def refused_by_fixed(arrivals: Sequence[float], limit: int, phase_s: float) -> int:
    """Refusals of a server that counts anew every minute, the first time at `phase_s`."""
    ordered = sorted(arrivals)
    if not ordered:
        return 0
    refused, begin = 0, phase_s + ((ordered[0] - phase_s) // WINDOW_S - 1) * WINDOW_S  # one early: floats round
    while begin <= ordered[-1]:
        count = bisect_left(ordered, begin + WINDOW_S) - bisect_left(ordered, begin)
        refused, begin = refused + max(0, count - limit), begin + WINDOW_S
    return refused


def refused_by_fixed_at_worst(arrivals: Sequence[float], limit: int) -> int:
    """The same at its worst phase. Only phases where a window begins with a request need a look: from there on, moving
    the phase forward loses that request before it gains another."""
    return max(
        (refused_by_fixed(arrivals, limit, phase_s) for phase_s in {at_s % WINDOW_S for at_s in arrivals}), default=0
    )


def refused_by_sliding(arrivals: Sequence[float], limit: int) -> int:
    """Refusals of a server that counts the last 60 seconds, and in them what it let in."""
    admitted, refused = deque[float](), 0
    for at_s in sorted(arrivals):
        while admitted and admitted[0] <= at_s - WINDOW_S:
            admitted.popleft()
        if len(admitted) < limit:
            admitted.append(at_s)
        else:
            refused += 1
    return refused


def refused_by_counting_refusals(arrivals: Sequence[float], limit: int) -> int:
    """Refusals of a server that counts the last 60 seconds; refused requests count as well."""
    ordered = sorted(arrivals)
    return sum(index + 1 - bisect_right(ordered, at_s - WINDOW_S) > limit for index, at_s in enumerate(ordered))


def refused_by_punishing(arrivals: Sequence[float], limit: int) -> int:
    """Refusals of a server that counts refused requests, and closes for a minute after each: knocking keeps it shut."""
    ordered = sorted(arrivals)
    refused, closed_until_s = 0, float("-inf")
    for index, at_s in enumerate(ordered):
        if at_s < closed_until_s or index + 1 - bisect_right(ordered, at_s - WINDOW_S) > limit:
            refused, closed_until_s = refused + 1, at_s + CLOSED_S
    return refused


def refused_by_bucket(arrivals: Sequence[float], limit: int, size: float) -> int:
    """Refusals of a server that fills a bucket of `size` tokens with `limit` a minute and takes one per request."""
    ordered = sorted(arrivals)
    tokens, refused = size, 0
    for before, at_s in pairwise([ordered[0], *ordered]) if ordered else ():
        tokens = min(size, tokens + (at_s - before) * limit / WINDOW_S)
        refused, tokens = (refused, tokens - 1) if tokens >= 1 else (refused + 1, tokens)
    return refused


def refused_by_ticking_bucket(arrivals: Sequence[float], limit: int, size: int, phase_s: float) -> int:
    """Refusals of a bucket that gains its tokens one at a time, at even moments of which `phase_s` is one."""
    every_s = TICK_S * WINDOW_S / limit
    tokens, refused, ticks = size, 0, 0.0
    for number, at_s in enumerate(sorted(arrivals)):
        now = (at_s - phase_s) // every_s
        tokens = min(size, tokens + int(now - ticks)) if number else size
        ticks = now
        refused, tokens = (refused, tokens - 1) if tokens else (refused + 1, tokens)
    return refused


SERVERS: Mapping[str, Refusals] = MappingProxyType(
    {
        "fixed": refused_by_fixed_at_worst,
        "sliding": refused_by_sliding,
        "bucket-60": lambda arrivals, limit: refused_by_bucket(arrivals, limit, 60),
        "bucket-5": lambda arrivals, limit: refused_by_bucket(arrivals, limit, 5),
        "counting": refused_by_counting_refusals,
        "punishing": refused_by_punishing,
    }
)
"""The servers by name: a fixed window at its worst phase, a sliding one, two buckets that are full at first, one that
counts refused requests as well, and one that closes for a minute after each refusal."""
