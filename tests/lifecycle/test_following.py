"""An accepted order is read until it is finished: ever more rarely, never for ever, and never while Runa says no."""

import asyncio
from datetime import datetime, timedelta
from itertools import pairwise
from math import sqrt

import pytest

from batcher.lifecycle import Polls
from batcher.lifecycle.following import READERS
from batcher.model import Fault, Reply
from batcher.records import RowRecord
from batcher.states import State
from tests.lifecycle.bench import NO_ANSWER, POLLS, TOO_MANY, Bench, read_as, refused, row
from tests.virtual_time import START, run

PENDING = read_as("O-1", "PROCESSING")
DONE = read_as("O-1", "COMPLETED")


def open_row(reference: str = "R1", order_id: str = "O-1", accepted_at: datetime = START) -> RowRecord:
    return row(reference, State.ACCEPTED, order_id=order_id, accepted_at=accepted_at)


def test_an_order_is_read_again_after_the_square_root_of_its_age() -> None:
    bench = Bench([open_row()], reads={"O-1": [*[PENDING] * 200, DONE]}, answer_s=0)
    bench.follow()

    times = bench.times("read")
    assert times[0] == pytest.approx(1)
    for before, after in pairwise(times[:-1]):
        assert after - before == pytest.approx(min(60, max(1, sqrt(before))), rel=1e-6)


def test_an_order_accepted_in_this_run_is_first_read_after_first_s_and_an_older_one_at_once() -> None:
    for at_once, first_s in ((False, 1), (True, 0)):
        bench = Bench([open_row()], reads={"O-1": DONE})
        bench.follow(at_once=at_once)
        assert bench.times("read") == pytest.approx([first_s], abs=1e-6)


def test_the_age_of_an_order_counts_from_its_acceptance() -> None:
    bench = Bench([open_row(accepted_at=START - timedelta(seconds=400))], reads={"O-1": [PENDING, DONE]}, answer_s=0)
    bench.follow(at_once=True)

    assert bench.times("read") == pytest.approx([0, 20], abs=1e-6)


def test_no_wait_is_longer_than_max_s() -> None:
    polls = Polls(first_s=1, max_s=3, give_up_after_s=100, rate_limited_wait_s=5)
    bench = Bench([open_row()], reads={"O-1": PENDING}, polls=polls, answer_s=0)
    bench.follow()

    assert max(after - before for before, after in pairwise(bench.times("read"))) == pytest.approx(3)


def test_an_order_that_takes_too_long_is_left_where_it_is() -> None:
    bench = Bench([open_row()], reads={"O-1": PENDING}, answer_s=0)
    left = bench.follow()

    assert left.state is State.ACCEPTED
    assert bench.times("read")[-1] == pytest.approx(POLLS.give_up_after_s), "the last look is at the very end"
    assert bench.of("settled") == []


@pytest.mark.parametrize(
    "nothing",
    [
        refused(404, "not_found"),
        NO_ANSWER,
        Reply(fault=Fault.NOT_SENT),
        refused(500, "internal_server_error"),
        Reply(fault=Fault.UNREADABLE, http_status=200),
        read_as("O-1", "UNDER_REVIEW"),
        Reply(http_status=200),
    ],
)
def test_an_answer_that_says_nothing_is_asked_for_again(nothing: Reply) -> None:
    bench = Bench([open_row()], reads={"O-1": [nothing, nothing, nothing, DONE]})

    assert bench.follow().state is State.COMPLETED
    assert len(bench.of("read")) == 4
    assert bench.halt.stops == []


def test_an_order_that_failed_is_noted_as_failed() -> None:
    bench = Bench([open_row()], reads={"O-1": [PENDING, read_as("O-1", "FAILED")]})

    assert bench.follow().state is State.FAILED
    assert bench.journal.links == {bench.rows[0].latest.id: None}


def test_an_order_that_contradicts_its_row_keeps_no_link() -> None:
    bench = Bench([open_row()], reads={"O-1": read_as("O-1", "COMPLETED", email="else@example.com")})

    assert bench.follow().state is State.MISMATCH
    assert bench.journal.links == {bench.rows[0].latest.id: None}


def test_so_many_orders_are_read_at_one_time_and_no_more() -> None:
    rows = [open_row(f"R{number}", f"O-{number}") for number in range(20)]
    bench = Bench(rows, answer_s=10).run()

    times = bench.times("read")
    assert len(times) == 20
    assert max(sum(1 for other in times if at_s <= other < at_s + 10) for at_s in times) == READERS


def test_after_a_429_nobody_reads_until_the_pause_is_over() -> None:
    rows = [open_row(f"R{number}", f"O-{number}") for number in range(8)]
    bench = Bench(rows, reads={"O-0": [TOO_MANY, read_as("O-0", "COMPLETED")]}, answer_s=0.5)
    # One reader is told first; the other three of the first four have asked already.
    bench.api.answer_s = lambda who: 0.1 if who == "O-0" else 0.5
    bench.run()

    told_s = bench.times("read", "O-0")[0] + 0.1
    assert [at_s for at_s in bench.times("read") if told_s < at_s < told_s + 5] == []
    assert set(bench.states().values()) == {State.COMPLETED}


def test_a_pause_that_grows_while_readers_wait_holds_them_longer() -> None:
    rows = [open_row(f"R{number}", f"O-{number}") for number in range(8)]
    late = Reply(http_status=429, retry_after_s=120.0)
    bench = Bench(rows, reads={"O-0": [TOO_MANY, DONE], "O-1": [late, read_as("O-1", "COMPLETED")]})
    # O-1 is told of a longer pause when readers already wait for the end of the first one.
    bench.api.answer_s = lambda who: {"O-0": 0.1, "O-1": 2.0}.get(who, 0.5)
    bench.run()

    longer_from_s = bench.times("read", "O-1")[0] + 2.0
    assert [at_s for at_s in bench.times("read") if longer_from_s < at_s < longer_from_s + 120] == []


def test_the_pause_grows_where_it_is_refused_again_and_not_beyond_a_quarter_of_an_hour() -> None:
    polls = Polls(first_s=1, max_s=1, give_up_after_s=5000, rate_limited_wait_s=5)
    bench = Bench([open_row()], reads={"O-1": [*[TOO_MANY] * 10, DONE]}, polls=polls, answer_s=0)
    bench.follow(at_once=True)

    gaps = [after - before for before, after in pairwise(bench.times("read"))]
    assert gaps == pytest.approx([5, 10, 20, 40, 80, 160, 320, 320, 320, 320])


def test_a_read_that_was_answered_ends_the_growing() -> None:
    polls = Polls(first_s=1, max_s=1, give_up_after_s=500, rate_limited_wait_s=5)
    bench = Bench([open_row()], reads={"O-1": [TOO_MANY, TOO_MANY, PENDING, TOO_MANY, DONE]}, polls=polls, answer_s=0)
    bench.follow(at_once=True)

    gaps = [after - before for before, after in pairwise(bench.times("read"))]
    assert gaps == pytest.approx([5, 10, 1, 5])


@pytest.mark.parametrize("wait_s", [0.5, 5.0, 30.0])
def test_an_interruption_ends_the_following_wherever_it_waits(wait_s: float) -> None:
    bench = Bench([open_row()], reads={"O-1": [TOO_MANY, *[PENDING] * 100]}, answer_s=0)

    async def story() -> float:
        await asyncio.gather(bench.at(wait_s, bench.halt.interrupt), bench.follower.follow(bench.rows[0].latest))
        return bench.clock.now_s

    assert run(story()) == pytest.approx(wait_s)
    assert bench.journal.states[bench.rows[0].latest.id] is State.ACCEPTED
