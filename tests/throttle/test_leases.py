"""Who gets a lease when: refusals, resends, order, and waiters that give up."""

import asyncio
import math
from collections.abc import Awaitable, Callable

import pytest

from batcher.ports import Throttle
from batcher.throttle import LeasedThrottle
from tests.throttle.servers import most_in_a_minute
from tests.throttle.simulation import World, jitter, send
from tests.virtual_time import VirtualClock, run


def told(story: Callable[[VirtualClock], Awaitable[None]]) -> None:
    async def whole() -> None:
        await story(VirtualClock())
        assert len(asyncio.all_tasks()) == 1, "nothing may be left running"

    run(whole())


async def leased_at(clock: VirtualClock, throttle: Throttle, *, resend: bool = False) -> float:
    """Take a lease whose answer comes at once; when that was."""
    (await throttle.lease(resend=resend)).answered()
    return clock.now_s


def test_orders_leave_three_at_once_and_then_at_an_even_pace() -> None:
    async def story(clock: VirtualClock) -> None:
        throttle = LeasedThrottle(clock, 60)
        assert [await leased_at(clock, throttle) for _ in range(6)] == pytest.approx([0, 0, 0, 1, 2, 3], abs=1e-6)

    told(story)


def test_a_permit_comes_back_a_window_after_the_answer() -> None:
    async def story(clock: VirtualClock) -> None:
        throttle = LeasedThrottle(clock, 1)
        lease = await throttle.lease(resend=False)
        await clock.sleep(500)
        assert throttle.next_free_s() == pytest.approx(60.1)
        lease.answered()
        await clock.sleep(20)
        lease.answered()  # said twice: counts once, and from the first time
        assert throttle.next_free_s() == pytest.approx(40.1)
        assert await leased_at(clock, throttle) == pytest.approx(560.1)
        assert await leased_at(clock, throttle) == pytest.approx(620.2)

    told(story)


@pytest.mark.parametrize(
    ("retry_after_s", "pause_s"),
    [
        (None, 5),
        (0.0, 5),
        (-3.0, 5),
        (2.0, 5),
        (30.0, 30),
        (900.0, 900),
        (86_400.0, 900),
        (math.inf, 900),
        (math.nan, 5),
    ],
)
def test_a_refusal_pauses_every_send(retry_after_s: float | None, pause_s: float) -> None:
    async def story(clock: VirtualClock) -> None:
        throttle = LeasedThrottle(clock, 60)
        waiting = asyncio.create_task(leased_at(clock, throttle))
        throttle.refused(retry_after_s)
        assert throttle.next_free_s() == pytest.approx(pause_s)
        assert await waiting == pytest.approx(pause_s)

    told(story)


def test_a_pause_reaches_a_send_that_only_waited_for_its_pace() -> None:
    async def story(clock: VirtualClock) -> None:
        throttle = LeasedThrottle(clock, 60, rate_limited_wait_s=7.0)
        for _ in range(3):
            await leased_at(clock, throttle)
        waiting = asyncio.create_task(leased_at(clock, throttle))
        await clock.sleep(0.5)
        throttle.refused(None)
        assert await waiting == pytest.approx(7.5)

    told(story)


def test_a_shorter_pause_does_not_cut_a_longer_one_short() -> None:
    async def story(clock: VirtualClock) -> None:
        throttle = LeasedThrottle(clock, 60)
        throttle.refused(60.0)
        await clock.sleep(10)
        throttle.refused(None)
        assert throttle.next_free_s() == pytest.approx(50)
        await clock.sleep(48)
        throttle.refused(None)
        assert throttle.next_free_s() == pytest.approx(5)

    told(story)


async def permits_now(throttle: Throttle) -> int:
    """How many leases are to be had within a minute when no answer comes."""
    count = 0
    try:
        async with asyncio.timeout(60):
            while True:
                await throttle.lease(resend=False)
                count += 1
    except TimeoutError:
        return count


@pytest.mark.parametrize(
    ("refusals", "later_s", "permits"), [(1, 10, 7), (1, 590, 7), (1, 601, 8), (3, 10, 5), (99, 10, 1)]
)
def test_a_refusal_takes_a_permit_for_ten_minutes_and_never_the_last(
    refusals: int, later_s: float, permits: int
) -> None:
    async def story(clock: VirtualClock) -> None:
        throttle = LeasedThrottle(clock, 8)
        for _ in range(refusals):
            throttle.refused(None)
        await clock.sleep(later_s)
        count = await permits_now(throttle)
        assert count == permits if later_s != 590 else count in (7, 8)  # the eighth comes back within that minute

    told(story)


def test_refusals_while_only_the_last_permit_is_left_lengthen_nothing() -> None:
    async def story(clock: VirtualClock) -> None:
        throttle = LeasedThrottle(clock, 2)
        throttle.refused(None)
        await clock.sleep(300)
        throttle.refused(None)
        await clock.sleep(301)
        assert await permits_now(throttle) == 2

    told(story)


def test_a_permit_that_was_taken_away_serves_a_waiter_when_it_returns() -> None:
    async def story(clock: VirtualClock) -> None:
        throttle = LeasedThrottle(clock, 2)
        throttle.refused(None)
        await clock.sleep(10)
        await throttle.lease(resend=False)  # never answered
        assert await leased_at(clock, throttle) == pytest.approx(600)

    told(story)


def test_resends_take_at_most_a_quarter_of_the_rate() -> None:
    world = World(jitter(3))

    async def story() -> None:
        await send(world, LeasedThrottle(world.clock, 60), 60, resend=True)

    run(story())
    assert most_in_a_minute(world.arrivals) == 15
    assert max(world.arrivals) >= 180


@pytest.mark.parametrize("per_minute", [1, 2, 3])
def test_a_small_limit_leaves_one_resend(per_minute: int) -> None:
    async def story(clock: VirtualClock) -> None:
        throttle = LeasedThrottle(clock, per_minute)
        assert await leased_at(clock, throttle, resend=True) == 0
        assert await leased_at(clock, throttle, resend=True) == pytest.approx(60.1)

    told(story)


def test_a_queue_of_resends_does_not_hold_up_first_sends_nor_the_other_way_round() -> None:
    async def story(clock: VirtualClock) -> None:
        throttle, sent = LeasedThrottle(clock, 60), list[tuple[float, bool]]()

        async def one(*, resend: bool) -> None:
            sent.append((await leased_at(clock, throttle, resend=resend), resend))

        async with asyncio.TaskGroup() as tasks:
            for resend in [True] * 100 + [False] * 100:
                tasks.create_task(one(resend=resend))
        first_minute = [resend for at_s, resend in sent if at_s <= 60]
        assert first_minute.count(True) == 15
        assert first_minute.count(False) == 45
        assert most_in_a_minute([at_s for at_s, _ in sent]) == 60

    told(story)


def test_a_resend_takes_its_turn_after_one_first_send_however_many_wait() -> None:
    async def story(clock: VirtualClock) -> None:
        throttle, served = LeasedThrottle(clock, 4), list[str]()
        leases = [await throttle.lease(resend=False) for _ in range(4)]

        async def one(name: str, *, resend: bool) -> None:
            await leased_at(clock, throttle, resend=resend)
            served.append(name)

        async with asyncio.TaskGroup() as tasks:
            for number in range(4):
                tasks.create_task(one(f"first {number}", resend=False))
            tasks.create_task(one("resend", resend=True))
            for lease in leases:
                await clock.sleep(20)
                lease.answered()
        assert served == ["first 0", "resend", "first 1", "first 2", "first 3"]

    told(story)


def test_first_come_first_served() -> None:
    async def story(clock: VirtualClock) -> None:
        throttle, served = LeasedThrottle(clock, 5), list[int]()

        async def one(number: int) -> None:
            await leased_at(clock, throttle)
            served.append(number)

        async with asyncio.TaskGroup() as tasks:
            for number in range(20):
                tasks.create_task(one(number))
        assert served == list(range(20))

    told(story)


@pytest.mark.parametrize("resend", [False, True])
@pytest.mark.parametrize("after_s", [0.0, 0.5, 30.0, 60.1, 75.0, 100.0])
def test_a_waiter_that_gives_up_takes_no_permit_with_it(after_s: float, resend: bool) -> None:
    async def story(clock: VirtualClock) -> None:
        throttle = LeasedThrottle(clock, 4)
        waiting = [asyncio.create_task(leased_at(clock, throttle, resend=resend)) for _ in range(30)]
        await clock.sleep(after_s)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await clock.sleep(200)
        start_s = clock.now_s
        at_s = [await leased_at(clock, throttle) - start_s for _ in range(5)]
        assert at_s == pytest.approx([0, 0, 0, 15, 60.1], abs=0.001)

    told(story)


def test_those_behind_a_waiter_that_gives_up_move_up() -> None:
    async def story(clock: VirtualClock) -> None:
        throttle = LeasedThrottle(clock, 1)
        await leased_at(clock, throttle)
        head = asyncio.create_task(leased_at(clock, throttle))
        behind = asyncio.create_task(leased_at(clock, throttle))
        await clock.sleep(30)
        head.cancel()
        assert await behind == pytest.approx(60.1)
        assert head.cancelled()

    told(story)
