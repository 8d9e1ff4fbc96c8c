import asyncio
from datetime import timedelta

import pytest
from aiolimiter import AsyncLimiter

from batcher.ports import Clock
from tests.virtual_time import START, Deadlock, VirtualClock, run


def test_an_hour_passes_in_a_moment() -> None:
    async def story() -> float:
        clock: Clock = VirtualClock()
        await clock.sleep(3600)
        return clock.instant().monotonic_s

    assert run(story()) == pytest.approx(3600)


def test_sleepers_wake_in_the_order_of_their_time() -> None:
    async def story() -> list[str]:
        clock, woke = VirtualClock(), list[str]()

        async def sleeper(name: str, seconds: float) -> None:
            await clock.sleep(seconds)
            woke.append(f"{name} at {clock.now_s:.0f}")

        await asyncio.gather(sleeper("late", 90), sleeper("early", 5), sleeper("at once", -1))
        return woke

    assert run(story()) == ["at once at 0", "early at 5", "late at 90"]


def test_a_wait_without_end_is_named() -> None:
    async def story() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Deadlock, match="nothing is scheduled"):
        run(story())


def test_what_is_left_running_is_cancelled() -> None:
    ended = list[str]()

    async def forgotten(clock: Clock) -> None:
        try:
            await clock.sleep(1e9)
        finally:
            ended.append("cancelled")

    async def story() -> asyncio.Task[None]:
        clock = VirtualClock()
        task = asyncio.create_task(forgotten(clock))
        await clock.sleep(1)
        return task

    assert run(story()).cancelled()
    assert ended == ["cancelled"]


def test_a_timeout_ends_at_its_moment() -> None:
    async def story() -> float:
        clock = VirtualClock()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(30):
                await asyncio.Event().wait()
        return clock.now_s

    assert run(story()) == pytest.approx(30)


@pytest.mark.parametrize("start_s", [0.0, 0.1, 12345.678, 1e6])
def test_aiolimiter_paces_by_virtual_time_and_never_spins(start_s: float) -> None:
    async def story() -> float:
        clock, pace = VirtualClock(), AsyncLimiter(3, 180 / 77)
        for _ in range(500):
            await pace.acquire()
        return clock.now_s

    assert run(story(), start_s=start_s) - start_s == pytest.approx(497 * 60 / 77, rel=1e-4)


def test_the_wall_keeps_pace_until_it_is_moved() -> None:
    async def story() -> None:
        clock = VirtualClock()
        await clock.sleep(60)
        assert clock.instant().at == START + timedelta(minutes=1)
        clock.offset = timedelta(hours=-1)
        clock.boot = "boot-2"
        assert clock.instant().at == START - timedelta(minutes=59)
        assert clock.instant().monotonic_s == pytest.approx(60)
        assert clock.instant().boot == "boot-2"

    run(story())


def test_a_clock_without_a_loop_shows_what_it_last_saw() -> None:
    clock = VirtualClock()
    assert clock.instant().at == START
    run(clock.sleep(60), start_s=100)
    assert clock.instant().monotonic_s == 0.0  # nobody looked at it meanwhile

    async def look() -> float:
        return clock.now_s

    run(look(), start_s=160)
    assert clock.instant().monotonic_s == 160


def test_threads_are_refused() -> None:
    async def story() -> None:
        await asyncio.to_thread(print)

    with pytest.raises(RuntimeError, match="no threads"):
        run(story())
