"""A client, a network and three kinds of server, all in virtual time.

The servers look at nothing but when requests arrive, so one run of the client is shown to every server, and to every
phase of it.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random  # noqa: TID251 - the one place where the throttle's tests get chance from, always seeded

from batcher.ports import Lease, Throttle
from batcher.throttle import PastSend
from tests.virtual_time import VirtualClock

Latency = Callable[[], tuple[float, float]]
"""Draws how long a request takes to arrive, and then its answer to come back; seconds."""


def jitter(seed: int, *, usual_s: float = 0.25, worst_s: float = 2.0) -> Latency:
    """A network with a long tail: mostly quick, now and then `worst_s`, and the request arrives anywhere in between."""
    rng = Random(seed)  # noqa: S311 - a simulated network, no secret

    def draw() -> tuple[float, float]:
        whole_s = min(worst_s, rng.expovariate(1 / usual_s))
        there_s = whole_s * rng.random()
        return there_s, whole_s - there_s

    return draw


def chance(seed: int) -> Random:
    """Seeded chance, for a test that needs another kind of it."""
    return Random(seed)  # noqa: S311 - a simulated world, no secret


@dataclass
class World:
    """What goes on outside the client, and outlives it: the time, the server's view, and the client's ledger."""

    latency: Latency
    clock: VirtualClock = field(default_factory=VirtualClock)
    arrivals: list[float] = field(default_factory=list)
    """When requests arrived at the server."""
    ledger: list[PastSend] = field(default_factory=list)
    """What the clients noted, in the order of sending."""

    async def request(self, lease: Lease) -> None:
        """One order, from the note in the ledger to the answer. Cancelled, it still arrives: bytes have no undo."""
        number, sent = len(self.ledger), self.clock.instant()
        self.ledger.append(PastSend(sent=sent, answered=None))
        there_s, back_s = self.latency()
        asyncio.get_running_loop().call_later(there_s, self._arrive)
        await self.clock.sleep(there_s + back_s)
        lease.answered()
        self.ledger[number] = PastSend(sent=sent, answered=self.clock.instant())

    def _arrive(self) -> None:
        self.arrivals.append(self.clock.now_s)


async def send(world: World, throttle: Throttle, orders: int, *, resend: bool = False) -> None:
    """Send so many orders as fast as the throttle lets them, and wait for the answers."""
    async with asyncio.TaskGroup() as requests:
        for _ in range(orders):
            lease = await throttle.lease(resend=resend)
            requests.create_task(world.request(lease))


async def until_killed(work: Awaitable[None], after_s: float) -> bool:
    """Run a client and kill it after so long; whether it had finished by then."""
    try:
        async with asyncio.timeout(after_s):
            await work
    except TimeoutError:
        return False
    return True


async def stragglers(world: World) -> None:
    """Let everything arrive that is still on the wire."""
    await world.clock.sleep(600)


def most_in_a_minute(moments: Sequence[float]) -> int:
    """The most that any 60 seconds saw, wherever they begin."""
    ordered = sorted(moments)
    return max((bisect_right(ordered, end) - bisect_right(ordered, end - 60.0) for end in ordered), default=0)


def refused_by_fixed(arrivals: Sequence[float], limit: int, phase_s: float) -> int:
    """Refusals of a server that counts anew every minute, the first time at `phase_s`."""
    counts: dict[float, int] = {}
    for at_s in arrivals:
        minute = (at_s - phase_s) // 60.0
        counts[minute] = counts.get(minute, 0) + 1
    return sum(max(0, count - limit) for count in counts.values())


def refused_by_sliding(arrivals: Sequence[float], limit: int) -> int:
    """Refusals of a server that counts the last 60 seconds; refused requests count as well."""
    ordered = sorted(arrivals)
    return sum(index + 1 - bisect_right(ordered, at_s - 60.0) > limit for index, at_s in enumerate(ordered))


def refused_by_bucket(arrivals: Sequence[float], limit: int, size: float) -> int:
    """Refusals of a server that fills a bucket of `size` tokens with `limit` a minute and takes one per request."""
    ordered = sorted(arrivals)
    tokens, refused = size, 0
    for before, at_s in pairwise([ordered[0], *ordered]) if ordered else ():
        tokens = min(size, tokens + (at_s - before) * limit / 60.0)
        refused, tokens = (refused, tokens - 1) if tokens >= 1 else (refused + 1, tokens)
    return refused
