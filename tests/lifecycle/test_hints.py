"""A hint has an order read at once, and is believed in nothing: what counts is what Runa then answers."""

import asyncio
from threading import Thread

import pytest

from batcher.lifecycle import Hints, Polls
from batcher.lifecycle.hints import MOST_KEPT
from batcher.model import Reply
from batcher.records import RowRecord
from batcher.states import State
from tests.lifecycle.bench import TOO_MANY, Bench, read_as, row
from tests.virtual_time import START, run

PENDING = read_as("O-1", "PROCESSING")
DONE = read_as("O-1", "COMPLETED")
SLOW = Polls(first_s=60, max_s=60, give_up_after_s=900, rate_limited_wait_s=5)


def open_row() -> RowRecord:
    return row("R1", State.ACCEPTED, order_id="O-1", accepted_at=START)


def hinted(*hints: tuple[float, str], reads: list[Reply], polls: Polls = SLOW) -> Bench:
    """An order that is followed, and hints at these moments."""
    bench = Bench([open_row()], reads={"O-1": reads}, polls=polls, answer_s=0)

    async def story() -> None:
        others = [
            asyncio.ensure_future(bench.at(at_s, lambda one=order_id: bench.hints.tell(one)))  # type: ignore[misc]
            for at_s, order_id in hints
        ]
        await bench.follower.follow(bench.rows[0].latest)
        for other in others:
            other.cancel()

    run(story())
    return bench


def test_an_order_is_read_as_soon_as_somebody_hints_at_it() -> None:
    bench = hinted((7, "O-1"), reads=[DONE])

    assert bench.times("read") == pytest.approx([7], abs=1e-6)
    assert bench.state() is State.COMPLETED


def test_without_hints_the_same_comes_out_by_the_clock() -> None:
    bench = hinted(reads=[DONE])

    assert bench.times("read") == pytest.approx([60], abs=1e-6)
    assert bench.state() is State.COMPLETED


def test_a_hint_that_is_not_true_costs_one_look() -> None:
    bench = hinted((7, "O-1"), reads=[PENDING, DONE])

    assert bench.times("read") == pytest.approx([7, 67], abs=1e-6)


def test_a_hint_at_another_order_wakes_nobody() -> None:
    assert hinted((7, "O-2"), reads=[DONE]).times("read") == pytest.approx([60], abs=1e-6)


def test_a_hint_does_not_overrule_a_pause_that_runa_asked_for() -> None:
    bench = hinted((7, "O-1"), (8, "O-1"), reads=[TOO_MANY, DONE])

    assert bench.times("read") == pytest.approx([7, 12], abs=1e-6)


def test_a_hint_while_the_order_is_being_read_has_it_read_once_more() -> None:
    bench = Bench([open_row()], reads={"O-1": [PENDING, DONE]}, polls=SLOW, answer_s=2)

    async def story() -> None:
        hint = asyncio.ensure_future(bench.at(61, lambda: bench.hints.tell("O-1")))
        await bench.follower.follow(bench.rows[0].latest)
        await hint

    run(story())
    assert bench.times("read") == pytest.approx([60, 62], abs=1e-6)


def test_a_hint_that_was_faster_than_our_own_note_is_kept() -> None:
    bench = Bench([open_row()], reads={"O-1": DONE}, polls=SLOW, answer_s=0)

    assert not bench.hints.tell("O-1")
    bench.follow()
    assert bench.times("read") == pytest.approx([0], abs=1e-6)


def test_only_so_many_are_kept() -> None:
    bench = Bench([open_row()], reads={"O-1": DONE}, polls=SLOW, answer_s=0)
    for number in range(1, MOST_KEPT + 2):
        bench.hints.tell(f"O-{number}")

    bench.follow()
    assert bench.times("read") == pytest.approx([60], abs=1e-6), "the oldest has made way"


def test_another_thread_may_tell() -> None:
    hints = Hints()

    async def followed() -> bool:
        with hints.of("O-1") as hint:
            Thread(target=hints.tell, args=("O-1",)).start()
            async with asyncio.timeout(30):
                return await hint.wait()

    assert asyncio.run(followed())
