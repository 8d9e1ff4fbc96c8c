"""What the lease costs and what it saves: share of the limit reached, and requests refused, in virtual time.

    python -m tests.benchmarks.throttle_rate

Every line is the mean share and the worst number of refusals over several seeded networks. Refused requests are only
counted, not sent again. Fixed windows are tried at every whole second's phase, and the worst one counts.
"""

from collections.abc import Callable, Sequence

from batcher.ports import Clock, Throttle
from batcher.throttle import LeasedThrottle
from tests.throttle.simulation import (
    World,
    jitter,
    most_in_a_minute,
    refused_by_bucket,
    refused_by_fixed,
    refused_by_sliding,
    send,
)
from tests.throttle.test_why_a_lease import LimiterAlone
from tests.virtual_time import run

PER_MINUTE = 60
ORDERS = 1200
SEEDS = range(5)

THROTTLES: dict[str, Callable[[Clock], Throttle]] = {
    "lease": lambda clock: LeasedThrottle(clock, PER_MINUTE),
    "AsyncLimiter(60, 60)": lambda _: LimiterAlone(PER_MINUTE, burst=PER_MINUTE),
    "AsyncLimiter(3, 3)": lambda _: LimiterAlone(PER_MINUTE, burst=3),
    "AsyncLimiter(1, 1)": lambda _: LimiterAlone(PER_MINUTE, burst=1),
}
SERVERS: dict[str, Callable[[Sequence[float]], int]] = {
    "fixed": lambda seen: max(refused_by_fixed(seen, PER_MINUTE, phase_s) for phase_s in range(60)),
    "sliding": lambda seen: refused_by_sliding(seen, PER_MINUTE),
    "bucket of 60": lambda seen: refused_by_bucket(seen, PER_MINUTE, 60),
    "bucket of 10": lambda seen: refused_by_bucket(seen, PER_MINUTE, 10),
}


def arrivals(throttle: Callable[[Clock], Throttle], seed: int) -> list[float]:
    """When a long run's requests arrive at the server."""
    world = World(jitter(seed))

    async def story() -> None:
        await send(world, throttle(world.clock), ORDERS)

    run(story())
    return world.arrivals


def main() -> None:
    """Print the table."""
    print(f"{'':22}{'of the limit':>14}{'most a minute':>15}" + "".join(f"{name:>14}" for name in SERVERS))
    for name, throttle in THROTTLES.items():
        runs = [arrivals(throttle, seed) for seed in SEEDS]
        share = sum(ORDERS / (max(seen) / 60) / PER_MINUTE for seen in runs) / len(runs)
        most = max(most_in_a_minute(seen) for seen in runs)
        refused = [max(server(seen) for seen in runs) for server in SERVERS.values()]
        print(f"{name:22}{share:>14.1%}{most:>15}" + "".join(f"{count:>14}" for count in refused))


if __name__ == "__main__":
    main()
