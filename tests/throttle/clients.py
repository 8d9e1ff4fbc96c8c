"""Ways to keep a limit, each as a throttle: batcher's lease, and what else people take for it.

Nothing is imitated: these are the libraries themselves. aiolimiter and `asyncio.sleep` go by the event loop's time,
which is virtual here; pyrate-limiter asks its bucket what time it is, so its buckets are told by the same clock.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from types import MappingProxyType

from aiolimiter import AsyncLimiter
from pyrate_limiter import AbstractBucket, Duration, InMemoryBucket, Limiter, Rate, SingleBucketFactory, SQLiteBucket
from pyrate_limiter.buckets.sqlite_bucket import Queries

from batcher.ports import Lease, Throttle
from batcher.throttle import LeasedThrottle
from tests.throttle.simulation import Crash, World, through_crashes
from tests.virtual_time import VirtualClock, run

PER_MINUTE = 60


class NoLease:
    """The right to a send that nobody wants back."""

    def answered(self) -> None:
        """Nothing to give back."""


class LimiterAlone:
    """A throttle that is nothing but aiolimiter: a full bucket and what refills it in a minute add up."""

    def __init__(self, per_minute: int, *, burst: int) -> None:
        self._limiter = AsyncLimiter(burst, burst * 60 / per_minute)

    async def lease(self, *, resend: bool) -> Lease:
        await self._limiter.acquire()
        return NoLease()

    def refused(self, retry_after_s: float | None) -> None:
        """Nothing to slow down."""


class PyrateAlone:
    """A throttle that is nothing but pyrate-limiter around one of its buckets.

    The thread that tidies the bucket is left out (it lives in real time); what is too old counts no more either way.
    """

    def __init__(self, bucket: AbstractBucket) -> None:
        self._limiter = Limiter(SingleBucketFactory(bucket, schedule_leak=False))

    async def lease(self, *, resend: bool) -> Lease:
        assert await self._limiter.try_acquire_async("orders")
        return NoLease()

    def refused(self, retry_after_s: float | None) -> None:
        """Nothing to slow down."""


class BucketInMemory(InMemoryBucket):
    """pyrate-limiter's usual bucket, on virtual time. It dies with its process."""

    def __init__(self, rate: Rate, clock: VirtualClock) -> None:
        super().__init__([rate])
        self._time = clock

    def now(self) -> int:
        """Milliseconds."""
        return int(self._time.now_s * 1000)


class BucketOnDisk(SQLiteBucket):
    """pyrate-limiter's bucket in SQLite, on virtual time. What was sent is still there after a restart."""

    def __init__(self, rate: Rate, clock: VirtualClock, database: sqlite3.Connection) -> None:
        super().__init__([rate], database, "sends")
        self._time = clock

    def now(self) -> int:
        """Milliseconds."""
        return int(self._time.now_s * 1000)


def _rate() -> Rate:
    return Rate(PER_MINUTE, Duration.MINUTE)


def leased(world: World) -> Throttle:
    """batcher's own, with what the ledger knows of earlier processes: the newest sends, three times the limit."""
    return LeasedThrottle(world.clock, PER_MINUTE, world.ledger[-3 * PER_MINUTE :])


def on_disk(world: World, database: sqlite3.Connection) -> Throttle:
    """pyrate-limiter over a database that outlives its processes."""
    database.execute(Queries.CREATE_BUCKET_TABLE.format(table="sends"))
    return PyrateAlone(BucketOnDisk(_rate(), world.clock, database))


CLIENTS: Mapping[str, Callable[[World, sqlite3.Connection], Throttle]] = MappingProxyType(
    {
        "batcher": lambda world, _: leased(world),
        "AsyncLimiter(60, 60)": lambda _, __: LimiterAlone(PER_MINUTE, burst=60),
        "AsyncLimiter(3, 3)": lambda _, __: LimiterAlone(PER_MINUTE, burst=3),
        "pyrate-limiter": lambda world, _: PyrateAlone(BucketInMemory(_rate(), world.clock)),
        "pyrate-limiter, SQLite": on_disk,
    }
)
"""Who takes part, by name. Each process of a world makes one anew, from what outlives it: the world, and a database."""


def played(client: str, world: World, orders: int, deaths: Sequence[Crash] = ()) -> World:
    """The world after one client has sent its whole batch in it."""
    with closing(sqlite3.connect(":memory:")) as database:
        run(through_crashes(world, lambda _: CLIENTS[client](world, database), orders, deaths))
    return world
