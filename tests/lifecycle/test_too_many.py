"""429: the row is held and sent again under its key; one that the API has stored is told from one that passes."""

import pytest

from batcher.lifecycle import Retries
from batcher.model import Reply
from batcher.policy import Finding
from batcher.states import State
from tests.lifecycle.bench import NO_ANSWER, TOO_MANY, Bench, accepted, refused, row, send


def test_a_row_that_came_too_soon_is_held_and_then_sent() -> None:
    bench = Bench([row()], {"R1": [TOO_MANY, accepted("O-1")]})

    assert bench.issue().state is State.ACCEPTED
    assert [note.said for note in bench.of("answered")] == [State.HELD, State.ACCEPTED]


def test_nobody_is_sent_for_five_seconds_after_a_429() -> None:
    bench = Bench([row("R1"), row("R2"), row("R3")], {"R1": [TOO_MANY, accepted("O-1")]}, per_minute=60)
    bench.run()

    refused_s = bench.times("answered")[0]
    later = [at_s for at_s in bench.times("sending") if at_s > refused_s]
    assert bench.sent().count("R1") == 2
    assert min(later) - refused_s >= 5


@pytest.mark.parametrize(("retry_after_s", "wait_s"), [(None, 5), (2.0, 5), (40.0, 40), (86_400.0, 900)])
def test_a_longer_wait_that_the_api_asks_for_is_kept_within_bounds(retry_after_s: float | None, wait_s: float) -> None:
    slow_down = Reply(http_status=429, retry_after_s=retry_after_s)
    bench = Bench([row()], {"R1": [slow_down, accepted("O-1")]}, answer_s=0)
    bench.issue()

    first, second = bench.times("create")
    assert second - first == pytest.approx(wait_s, abs=0.1)


def test_a_429_that_comes_three_times_on_one_key_while_others_pass_is_stored() -> None:
    rows = [row("R1"), *(row(f"P{number}") for number in range(9))]
    bench = Bench(rows, {"R1": TOO_MANY}, per_minute=60)
    bench.run()

    assert bench.sent().count("R1") == 3
    assert bench.states()["R1"] is State.REJECTED
    assert {state for name, state in bench.states().items() if name != "R1"} == {State.COMPLETED}
    assert bench.halt.stops == []


def test_a_stored_429_on_a_key_that_was_unknown_before_stays_unknown() -> None:
    rows = [row("R1", State.UNKNOWN, sends=(send(),)), *(row(f"P{number}") for number in range(40))]
    bench = Bench(rows, {"R1": TOO_MANY}, per_minute=60)
    bench.run()

    assert bench.states()["R1"] is State.UNKNOWN


def test_a_429_for_everybody_stops_the_run_and_leaves_every_row_unsent() -> None:
    rows = [row(f"R{number}") for number in range(10)]
    bench = Bench(rows, {each.name: TOO_MANY for each in rows}, retries=Retries(attempts=3, min_wait_s=1, max_wait_s=1))
    bench.run()

    assert {stop.cause for stop in bench.halt.stops} == {"rate_limited"}
    assert {stop.exit_code for stop in bench.halt.stops} == {6}
    assert set(bench.states().values()) <= {State.HELD, State.PLANNED}
    assert bench.sent().count("R0") == 3


def test_a_refusal_of_the_row_after_a_429_is_final() -> None:
    bench = Bench([row()], {"R1": [TOO_MANY, refused(422, "validation_error")]})

    assert bench.issue().state is State.REJECTED


def test_a_429_does_not_wipe_out_what_is_unknown() -> None:
    bench = Bench([row()], {"R1": [NO_ANSWER, TOO_MANY, refused(422, "validation_error")]})

    assert bench.issue().state is State.UNKNOWN


def test_three_refusals_in_three_runs_count_as_well_as_three_in_one() -> None:
    before = (send(Finding.TURNED_AWAY, "rate_limited"), send(Finding.TURNED_AWAY, "rate_limited"))
    bench = Bench([row("R1", State.HELD, sends=before), row("R2")], {"R1": TOO_MANY}, per_minute=60)
    bench.api.answer_s = lambda who: 3.0 if who == bench.rows[0].latest.order.key else 0.1
    bench.run()

    assert bench.sent().count("R1") == 1
    assert bench.states() == {"R1": State.REJECTED, "R2": State.COMPLETED}
