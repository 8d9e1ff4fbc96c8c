"""Why a rate limiter alone does not keep a rate limit."""

from batcher.throttle import LeasedThrottle
from tests.throttle.clients import LimiterAlone
from tests.throttle.servers import most_in_a_minute, refused_by_counting_refusals
from tests.throttle.simulation import World, jitter, send
from tests.virtual_time import run


def test_sixty_a_minute_from_a_limiter_alone_is_119_in_one_minute() -> None:
    world = World(jitter(1))

    async def story() -> None:
        await send(world, LimiterAlone(60, burst=60), 240)

    run(story())
    assert most_in_a_minute(world.arrivals) >= 118
    assert refused_by_counting_refusals(world.arrivals, 60) > 50


def test_even_an_even_pace_breaks_a_sliding_window_when_the_network_jitters() -> None:
    world = World(jitter(1))

    async def story() -> None:
        await send(world, LimiterAlone(60, burst=3), 240)

    run(story())
    assert refused_by_counting_refusals(world.arrivals, 60) > 0


def test_the_lease_does_not_on_the_same_network() -> None:
    world = World(jitter(1))

    async def story() -> None:
        await send(world, LeasedThrottle(world.clock, 60), 240)

    run(story())
    assert most_in_a_minute(world.arrivals) <= 60
