"""No server of any kind ever sees more than the limit, and the limit is reached."""

import pytest

from batcher.ports import Throttle
from batcher.throttle import LeasedThrottle, seconds_for
from tests.throttle.servers import (
    SERVERS,
    most_in_a_minute,
    refused_by_bucket,
    refused_by_fixed,
)
from tests.throttle.simulation import World, jitter, send
from tests.virtual_time import run


def arrivals(orders: int, per_minute: int, *, seed: int = 1, worst_s: float = 2.0) -> list[float]:
    world = World(jitter(seed, worst_s=worst_s))

    async def story() -> None:
        throttle: Throttle = LeasedThrottle(world.clock, per_minute)
        await send(world, throttle, orders)

    run(story())
    assert len(world.arrivals) == orders
    return world.arrivals


@pytest.mark.parametrize("per_minute", [1, 2, 3, 7, 60, 180, 300])
@pytest.mark.parametrize("seed", range(3))
def test_no_server_of_any_kind_and_phase_refuses(per_minute: int, seed: int) -> None:
    seen = arrivals(5 * per_minute + 1, per_minute, seed=seed)
    assert most_in_a_minute(seen) <= per_minute
    windows = ["fixed", "sliding", "counting", "punishing"]
    assert [SERVERS[name](seen, per_minute) for name in windows] == [0] * 4
    assert [refused_by_fixed(seen, per_minute, phase_s) for phase_s in range(60)] == [0] * 60
    assert refused_by_bucket(seen, per_minute, per_minute) == 0


@pytest.mark.parametrize("seed", range(5))
def test_a_bucket_of_ten_is_not_overrun(seed: int) -> None:
    assert refused_by_bucket(arrivals(1200, 60, seed=seed), 60, size=10) == 0


def test_a_network_that_stalls_for_most_of_a_minute_breaks_nothing() -> None:
    seen = arrivals(300, 60, seed=4, worst_s=55.0)
    assert most_in_a_minute(seen) <= 60


@pytest.mark.parametrize("seed", range(5))
def test_a_long_run_reaches_98_percent_of_the_limit(seed: int) -> None:
    seen = arrivals(1200, 60, seed=seed)
    assert 1200 / (max(seen) / 60.0) >= 0.98 * 60


@pytest.mark.parametrize("per_minute", [1, 2, 3, 4, 7, 60, 300])
@pytest.mark.parametrize("orders", [0, 1, 2, 3, 4, 59, 60, 61, 150])
def test_the_plan_says_how_long_it_takes(orders: int, per_minute: int) -> None:
    world = World(lambda: (0.0, 1e-6))

    async def story() -> None:
        await send(world, LeasedThrottle(world.clock, per_minute), orders)

    run(story())
    assert seconds_for(orders, per_minute) == pytest.approx(max(world.arrivals, default=0.0), abs=0.001)


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        LeasedThrottle(World(jitter(1)).clock, 0)
