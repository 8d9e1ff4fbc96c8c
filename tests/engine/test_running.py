"""Many rows at once: who is sent when, what is followed, and what a broken ledger does to the run."""

import pytest

from batcher.engine.running import ISSUING, ISSUING_AGAIN
from batcher.errors import OwnFault
from batcher.lifecycle import Retries
from batcher.policy import Finding
from batcher.sandbox import max_in_any_window
from batcher.states import State
from tests.lifecycle.bench import NO_ANSWER, POLLS, Bench, attempt, read_as, row, row_of, send

PENDING = read_as("O-1", "PROCESSING")


def test_rows_are_sent_in_the_order_of_the_file() -> None:
    names = [f"R{number}" for number in range(50)]
    bench = Bench([row(name) for name in names], per_minute=60).run()

    assert bench.sent() == names


def test_whom_the_door_has_turned_away_goes_after_those_who_were_never_sent() -> None:
    turned_away = send(Finding.TURNED_AWAY, "ordering_restricted")
    rows = [row("R1", State.HELD, sends=(turned_away,)), row("R2"), row("R3")]
    bench = Bench(rows, per_minute=60).run()

    assert bench.sent() == ["R2", "R3", "R1"]


def test_every_row_is_sent_once_and_followed_to_its_end() -> None:
    bench = Bench([row(f"R{number}") for number in range(100)]).run()

    assert len(bench.sent()) == 100
    assert set(bench.states().values()) == {State.COMPLETED}
    assert bench.seen[-1] == (100, 0, 0)


@pytest.mark.parametrize(
    "state", [State.COMPLETED, State.REJECTED, State.FAILED, State.ABSENT, State.MISMATCH, State.WITHDRAWN]
)
def test_a_row_that_is_finished_or_waits_for_a_person_is_left_alone(state: State) -> None:
    bench = Bench([row("R1", state, order_id="O-1")]).run()

    assert bench.notes == []
    assert bench.state() is state


def test_a_row_that_is_gone_from_the_file_is_not_sent_but_its_order_is_followed() -> None:
    rows = [
        row_of(attempt("R1"), in_file=False),
        row_of(attempt("R2", State.UNKNOWN, sends=(send(),)), in_file=False),
        row_of(attempt("R3", State.ACCEPTED, order_id="O-3"), in_file=False),
    ]
    bench = Bench(rows).run()

    assert bench.states() == {"R1": State.PLANNED, "R2": State.UNKNOWN, "R3": State.COMPLETED}
    assert bench.sent() == []


def test_orders_of_earlier_runs_are_looked_at_at_once() -> None:
    bench = Bench([row("R1", State.ACCEPTED, order_id="O-1")], reads={"O-1": read_as("O-1", "COMPLETED")}).run()

    assert bench.times("read") == pytest.approx([0], abs=1e-6)


def test_only_so_many_rows_wait_for_an_answer_at_one_time() -> None:
    bench = Bench([row(f"R{number}") for number in range(100)], answer_s=60).run()

    times = bench.times("create")
    assert max(sum(1 for other in times if at_s <= other < at_s + 60) for at_s in times) == ISSUING


def test_rows_that_are_unknown_never_keep_the_others_from_being_sent() -> None:
    unknown = [row(f"U{number}", State.UNKNOWN, sends=(send(),)) for number in range(60)]
    new = [row(f"N{number}") for number in range(60)]
    bench = Bench([*unknown, *new], {each.name: NO_ANSWER for each in unknown}, per_minute=60).run()

    last_new_s = max(note.at_s for note in bench.of("create") if note.who in {one.latest.order.key for one in new})
    assert last_new_s < 60 * 2.1
    assert {bench.states()[each.name] for each in new} == {State.COMPLETED}
    assert ISSUING_AGAIN < ISSUING


def test_rows_that_are_unknown_take_at_most_a_quarter_of_the_rate() -> None:
    bench = Bench([row(f"U{number}", State.UNKNOWN, sends=(send(),)) for number in range(40)], per_minute=60).run()

    assert max_in_any_window(bench.times("create"), 60) == 15
    assert set(bench.states().values()) == {State.COMPLETED}


def test_slow_orders_keep_nobody_from_being_sent() -> None:
    slow = [row(f"S{number}", State.ACCEPTED, order_id=f"O-{number}") for number in range(50)]
    never = {f"O-{number}": read_as(f"O-{number}", "PROCESSING") for number in range(50)}
    bench = Bench([*slow, row("R1")], reads=never).run()

    assert bench.times("create")[0] < 1
    assert bench.states()["R1"] is State.COMPLETED
    assert bench.ended_s == pytest.approx(POLLS.give_up_after_s, rel=0.1)


@pytest.mark.parametrize("what", ["sending", "answered", "settled"])
def test_a_ledger_that_cannot_be_written_ends_the_run_with_that_error_and_nothing_more_is_sent(what: str) -> None:
    rows = [row(f"R{number}") for number in range(30)]
    bench = Bench(rows, per_minute=60)
    broken = rows[5].latest.order.key
    bench.journal.fails = lambda said, key: (said, key) == (what, broken)

    with pytest.raises(OwnFault, match="disk full"):
        bench.run()
    failed_s = bench.ended_s
    assert [at_s for at_s in bench.times("create") if at_s > failed_s] == []
    assert len(bench.sent()) < 15


def test_an_order_is_never_sent_whose_intent_could_not_be_written() -> None:
    bench = Bench([row("R1")])
    bench.journal.fails = lambda said, key: said == "sending"

    with pytest.raises(OwnFault):
        bench.run()
    assert bench.sent() == []


def test_what_was_in_flight_when_the_ledger_broke_is_left_as_sent() -> None:
    bench = Bench([row("R1"), row("R2")], answer_s=5)
    broken = bench.rows[0].latest.order.key
    bench.api.answer_s = lambda who: 1 if who == broken else 5
    bench.journal.fails = lambda said, key: (said, key) == ("answered", broken)

    with pytest.raises(OwnFault):
        bench.run()
    assert bench.states() == {"R1": State.SENT, "R2": State.SENT}
    assert {each.latest.state for each in bench.journal.rows_now()} == {State.UNKNOWN}


def test_a_run_without_rows_ends_at_once() -> None:
    bench = Bench([]).run()

    assert bench.ended_s == pytest.approx(0, abs=1e-3)
    assert bench.seen == [(0, 0, 0)]


def test_whoever_watches_sees_where_every_row_stands() -> None:
    rows = [row("R1"), row("R2", State.COMPLETED), row("R3", State.UNKNOWN, sends=(send(),))]
    bench = Bench(rows, {"R3": NO_ANSWER}, retries=Retries(attempts=2, min_wait_s=1, max_wait_s=1)).run()

    assert bench.seen[-1] == (2, 0, 1)
    assert bench.progress.counts.total == 3
