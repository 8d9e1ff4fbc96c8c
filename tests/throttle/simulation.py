"""A client, the processes that it dies and begins again in, and a network, all in virtual time.

What arrives is shown to the servers of `tests/throttle/servers.py` afterwards.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
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


def tailed(
    seed: int, *, usual_s: float = 0.3, share: float = 0.02, tail_s: tuple[float, float] = (1.0, 3.0)
) -> Latency:
    """A network that takes up to `usual_s` each way, and for a `share` of the ways anything within `tail_s`."""
    rng = Random(seed)  # noqa: S311 - a simulated network, no secret

    def way() -> float:
        return rng.uniform(*tail_s) if rng.random() < share else rng.uniform(0, usual_s)

    return lambda: (way(), way())


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
    begun: int = 0
    """Orders that were sent at least once."""
    downs: list[tuple[float, float]] = field(default_factory=list)
    """When a client died, and when the next one began."""

    @property
    def down_s(self) -> float:
        """How long nothing ran between the first client and the last."""
        return sum(began_s - died_s for died_s, began_s in self.downs)

    @property
    def answered(self) -> int:
        """Orders that were answered."""
        return sum(send.answered is not None for send in self.ledger)

    async def request(self, lease: Lease, *, resend: bool = False) -> None:
        """One order, from the note in the ledger to the answer. Cancelled, it still arrives: bytes have no undo."""
        number, sent = len(self.ledger), self.clock.instant()
        self.begun += not resend
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """A process dies after `after_s` seconds and nothing runs for the next `down_s`; perhaps the machine reboots."""

    after_s: float
    down_s: float
    reboots: bool = False


def crashes(seed: int, count: int, *, within_s: float, down_s: float, reboots: bool = False) -> list[Crash]:
    """So many crashes at random moments of the first `within_s`, each followed by up to `down_s` of nothing."""
    rng = chance(seed)
    moments = sorted(rng.uniform(0, within_s) for _ in range(count))
    return [
        Crash(after_s=at_s - before_s, down_s=rng.uniform(0, down_s), reboots=reboots)
        for before_s, at_s in zip([0.0, *moments], moments, strict=False)
    ]


async def batch(world: World, throttle: Throttle, orders: int) -> None:
    """One process's part of a batch: what earlier ones left unanswered is sent again, the rest for the first time.

    Every order is a task of its own and all ask at once, as with `asyncio.gather`.
    """

    async def one(*, resend: bool) -> None:
        lease = await throttle.lease(resend=resend)
        await world.request(lease, resend=resend)

    again = world.begun - world.answered
    async with asyncio.TaskGroup() as tasks:
        for number in range(orders - world.answered):
            tasks.create_task(one(resend=number < again))


async def through_crashes(
    world: World, throttle: Callable[[World], Throttle], orders: int, deaths: Sequence[Crash] = ()
) -> None:
    """A batch from its first order to its last answer, in as many processes as it takes, each with its own throttle."""
    for number, death in enumerate(deaths):
        if await until_killed(batch(world, throttle(world), orders), death.after_s):
            break
        died_s = world.clock.now_s
        await world.clock.sleep(death.down_s)
        world.downs.append((died_s, world.clock.now_s))
        if death.reboots:
            world.clock.boot = f"boot after crash {number}"
    else:
        await batch(world, throttle(world), orders)
    await stragglers(world)
