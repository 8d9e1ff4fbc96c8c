"""A restart is no way around the limit: the permits and the pace of the last minute are read back."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.model import Instant
from batcher.throttle import LeasedThrottle, PastSend
from tests.throttle.servers import most_in_a_minute
from tests.throttle.simulation import World, chance, jitter, send, stragglers, until_killed
from tests.virtual_time import START, VirtualClock, run

WHOLE_S = pytest.approx(65.1)
"""A window, the margin, and what a request may still need to arrive."""


@pytest.mark.parametrize("seed", range(20))
def test_killed_at_a_random_moment_it_goes_on_within_the_limit(seed: int) -> None:
    world, rng = World(jitter(seed)), chance(seed)

    async def story() -> None:
        while len(world.ledger) < 200:
            throttle = LeasedThrottle(world.clock, 60, world.ledger[-180:])
            await until_killed(send(world, throttle, 200 - len(world.ledger)), rng.uniform(0, 90))
            await world.clock.sleep(rng.uniform(0, 3))
        await stragglers(world)

    run(story())
    assert most_in_a_minute(world.arrivals) <= 60
    assert len(world.arrivals) == 200


@settings(max_examples=60, deadline=None)
@given(
    per_minute=st.integers(1, 25),
    latencies=st.lists(st.tuples(st.floats(0, 4.9), st.floats(0, 20)), min_size=1, max_size=30),
    restarts=st.lists(st.tuples(st.floats(0.01, 100), st.floats(0, 30)), max_size=6),
)
def test_whatever_the_limit_the_network_and_the_restarts(
    per_minute: int, latencies: list[tuple[float, float]], restarts: list[tuple[float, float]]
) -> None:
    drawn = iter(latencies * 100)
    world = World(lambda: next(drawn))
    orders = 3 * per_minute

    async def story() -> None:
        for lives_s, rests_s in [*restarts, (1e6, 0.0)]:
            throttle = LeasedThrottle(world.clock, per_minute, world.ledger)
            await until_killed(send(world, throttle, orders - len(world.ledger)), lives_s)
            await world.clock.sleep(rests_s)
        await stragglers(world)

    run(story())
    assert len(world.arrivals) == orders
    assert most_in_a_minute(world.arrivals) <= per_minute


@pytest.mark.parametrize("seed", range(5))
def test_eighty_rows_with_a_restart_in_the_middle_take_under_ninety_seconds(seed: int) -> None:
    world = World(jitter(seed))

    async def story() -> float:
        await until_killed(send(world, LeasedThrottle(world.clock, 60), 80), 38)
        throttle = LeasedThrottle(world.clock, 60, world.ledger)
        await send(world, throttle, 80 - len(world.ledger))
        return world.clock.now_s

    assert run(story()) <= 90
    assert len(world.ledger) == 80
    assert most_in_a_minute(world.arrivals) <= 60
    assert most_in_a_minute([send.sent.monotonic_s for send in world.ledger]) <= 60


def test_a_restart_gives_no_second_burst() -> None:
    world = World(lambda: (0.0, 0.0))

    async def story() -> list[float]:
        await until_killed(send(world, LeasedThrottle(world.clock, 60), 80), 10.5)
        before = len(world.ledger)
        await send(world, LeasedThrottle(world.clock, 60, world.ledger), 3)
        return [send.sent.monotonic_s for send in world.ledger[before:]]

    assert run(story()) == pytest.approx([11, 12, 13], abs=0.01)


def moment(monotonic_s: float, *, boot: str = "boot-1", wall: timedelta = timedelta(0)) -> Instant:
    return Instant(at=START + timedelta(seconds=monotonic_s) + wall, monotonic_s=monotonic_s, boot=boot)


def answered(monotonic_s: float, **clocks: object) -> PastSend:
    then = moment(monotonic_s, **clocks)  # type: ignore[arg-type]
    return PastSend(sent=then, answered=then)


def free_after_s(
    past: list[PastSend],
    *,
    per_minute: int,
    now_s: float,
    wall: timedelta = timedelta(0),
    server_now: datetime | None = None,
) -> float:
    async def story() -> float:
        clock = VirtualClock()
        clock.offset = wall
        return LeasedThrottle(clock, per_minute, past, server_now=server_now).next_free_s()

    return run(story(), start_s=now_s)


def test_after_a_boot_with_a_clock_that_is_ahead_runas_clock_tells_how_long_ago_a_send_was() -> None:
    past, ahead = [answered(100, boot="boot-0")], timedelta(days=31)
    truly = START + timedelta(seconds=130)
    assert free_after_s(past, per_minute=2, now_s=130, wall=ahead, server_now=truly) == WHOLE_S
    assert free_after_s(past, per_minute=2, now_s=130, server_now=truly + ahead) == WHOLE_S
    assert free_after_s(past, per_minute=2, now_s=130, wall=ahead, server_now=truly + ahead) == 0
    assert free_after_s(past, per_minute=2, now_s=130, wall=ahead) == 0


def test_an_answered_send_holds_its_permit_for_what_is_left_of_its_window() -> None:
    assert free_after_s([answered(100)], per_minute=1, now_s=130) == pytest.approx(30.1)
    assert free_after_s([answered(100)], per_minute=1, now_s=161) == 0
    assert free_after_s([answered(100)], per_minute=2, now_s=130) == 0


def test_the_window_begins_with_the_answer_not_with_the_send() -> None:
    late = PastSend(sent=moment(10), answered=moment(100))
    assert free_after_s([late], per_minute=1, now_s=130) == pytest.approx(30.1)
    very_late = PastSend(sent=moment(10), answered=moment(9000))
    assert free_after_s([very_late], per_minute=1, now_s=9030) == pytest.approx(30.1)


def test_an_unanswered_send_holds_its_permit_a_whole_window_from_the_restart() -> None:
    unanswered = PastSend(sent=moment(10), answered=None)
    assert free_after_s([unanswered], per_minute=1, now_s=130) == WHOLE_S
    assert free_after_s([unanswered], per_minute=2, now_s=130) == 0
    assert free_after_s([unanswered], per_minute=1, now_s=10 + 3601) == 0


def test_what_is_sent_after_the_restart_may_come_back_before_it() -> None:
    async def story() -> float:
        clock = VirtualClock()
        throttle = LeasedThrottle(clock, 2, [PastSend(sent=moment(10), answered=None)])
        (await throttle.lease(resend=False)).answered()
        return throttle.next_free_s()

    assert run(story(), start_s=130) == pytest.approx(60.1)


def test_after_another_boot_all_permits_are_held_for_a_window() -> None:
    assert (
        free_after_s([answered(5000, boot="boot-0", wall=timedelta(seconds=-5000))], per_minute=60, now_s=30) == WHOLE_S
    )


def test_a_boot_after_which_an_hour_has_passed_holds_nothing() -> None:
    long_ago = answered(5000, boot="boot-0", wall=timedelta(seconds=-5000 - 3601))
    assert free_after_s([long_ago], per_minute=60, now_s=30) == 0


def test_a_wall_clock_that_went_back_holds_all_permits() -> None:
    assert free_after_s([answered(100)], per_minute=60, now_s=130, wall=timedelta(seconds=-31)) == WHOLE_S
    other_boot = answered(100, boot="boot-0")
    assert free_after_s([other_boot], per_minute=60, now_s=130, wall=timedelta(days=-1)) == WHOLE_S


def test_a_wall_clock_that_went_forward_changes_nothing_within_one_boot() -> None:
    past = [answered(100)]
    assert free_after_s(past, per_minute=1, now_s=130, wall=timedelta(days=1)) == pytest.approx(30.1)


def test_seconds_that_ran_backwards_within_one_boot_hold_all_permits() -> None:
    restored = answered(100, wall=timedelta(seconds=-90))
    assert free_after_s([restored], per_minute=60, now_s=20) == WHOLE_S


def test_a_lowered_limit_waits_until_enough_has_come_back() -> None:
    past = [answered(100 + second) for second in range(10)]
    assert free_after_s(past, per_minute=4, now_s=115) == pytest.approx(100 + 6 + 60.1 - 115)


def test_nothing_in_the_past_holds_nothing() -> None:
    assert free_after_s([], per_minute=1, now_s=0) == 0


def test_the_last_minute_is_counted_across_a_restart() -> None:
    async def story() -> list[int]:
        clock, long_ago = VirtualClock(), answered(165, boot="boot-0", wall=timedelta(hours=-2))
        throttle = LeasedThrottle(clock, 60, [answered(100), answered(165), long_ago])
        counts = [throttle.sent_last_minute]
        (await throttle.lease(resend=False)).answered()
        counts.append(throttle.sent_last_minute)
        await clock.sleep(200)
        return [*counts, throttle.sent_last_minute]

    assert run(story(), start_s=170) == [1, 2, 0]
