"""Why a rate limiter alone does not keep a rate limit."""

from aiolimiter import AsyncLimiter

from batcher.throttle import LeasedThrottle
from tests.throttle.simulation import World, jitter, most_in_a_minute, refused_by_sliding, send
from tests.virtual_time import run


class LimiterAlone:
    """A throttle that is nothing but aiolimiter: a full bucket and what refills it in a minute add up."""

    def __init__(self, per_minute: int, *, burst: int) -> None:
        self._limiter = AsyncLimiter(burst, burst * 60 / per_minute)

    async def lease(self, *, resend: bool) -> "LimiterAlone":
        await self._limiter.acquire()
        return self

    def answered(self) -> None:
        """Nothing to give back."""

    def refused(self, retry_after_s: float | None) -> None:
        """Nothing to slow down."""


def test_sixty_a_minute_from_a_limiter_alone_is_119_in_one_minute() -> None:
    world = World(jitter(1))

    async def story() -> None:
        await send(world, LimiterAlone(60, burst=60), 240)

    run(story())
    assert most_in_a_minute(world.arrivals) >= 118
    assert refused_by_sliding(world.arrivals, 60) > 50


def test_even_an_even_pace_breaks_a_sliding_window_when_the_network_jitters() -> None:
    world = World(jitter(1))

    async def story() -> None:
        await send(world, LimiterAlone(60, burst=3), 240)

    run(story())
    assert refused_by_sliding(world.arrivals, 60) > 0


def test_the_lease_does_not_on_the_same_network() -> None:
    world = World(jitter(1))

    async def story() -> None:
        await send(world, LeasedThrottle(world.clock, 60), 240)

    run(story())
    assert most_in_a_minute(world.arrivals) <= 60
