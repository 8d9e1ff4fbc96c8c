"""A failed order is read once more before the row is paid by a second one."""

import pytest

from batcher.lifecycle import Retries
from batcher.model import Reply
from batcher.policy import Finding
from batcher.states import State
from tests.lifecycle.bench import NO_ANSWER, Bench, accepted, attempt, read_as, refused, retried, row, row_of, send

NOT_FOUND = refused(404, "not_found")
TOO_MANY = Reply(http_status=429)


def test_an_order_that_is_still_failed_is_followed_by_a_second_one() -> None:
    bench = Bench([retried()], reads={"O-old": read_as("O-old", "FAILED")}).run()

    assert bench.sent() == ["R1"]
    assert bench.state() is State.COMPLETED
    assert bench.notes[0].who == "O-old", "it is read before anything else"


@pytest.mark.parametrize("state", [State.PLANNED, State.HELD])
def test_an_order_that_is_paid_by_now_takes_the_place_of_the_second_one(state: State) -> None:
    turned_away = (send(Finding.TURNED_AWAY, "rate_limited"),) if state is State.HELD else ()
    bench = Bench([retried("R1", state, sends=turned_away)], reads={"O-old": read_as("O-old", "COMPLETED")}).run()

    old, new = bench.rows[0].attempts
    assert bench.sent() == []
    assert (bench.journal.states[old.id], bench.journal.states[new.id]) == (State.COMPLETED, State.WITHDRAWN)
    assert bench.journal.links[old.id] == "https://spend.example/O-old"
    assert bench.progress.counts.paid == 1


def test_an_order_that_is_being_worked_on_again_is_followed_to_its_end() -> None:
    reads = {"O-old": [read_as("O-old", "PROCESSING"), read_as("O-old", "PROCESSING"), read_as("O-old", "COMPLETED")]}
    bench = Bench([retried()], reads=reads).run()

    assert bench.sent() == []
    assert bench.journal.states[bench.rows[0].attempts[0].id] is State.COMPLETED


@pytest.mark.parametrize(
    "silence", [NO_ANSWER, NOT_FOUND, refused(500, "internal_server_error"), Reply(http_status=200)]
)
def test_an_order_that_cannot_be_read_keeps_the_row_from_being_sent(silence: Reply) -> None:
    bench = Bench([retried(), row("R2")], reads={"O-old": silence}).run()

    assert bench.sent() == ["R2"]
    assert bench.states() == {"R1": State.PLANNED, "R2": State.COMPLETED}
    assert "could not be read" in bench.issuer.kept_back["R1"]
    assert len(bench.of("read", who="O-old")) == 5


def test_a_read_that_fails_once_is_made_again() -> None:
    bench = Bench([retried()], reads={"O-old": [NO_ANSWER, read_as("O-old", "FAILED")]}).run()

    assert bench.state() is State.COMPLETED


def test_every_failed_order_of_the_row_is_read() -> None:
    first = attempt("R1", State.FAILED, order_id="O-1")
    second = attempt("R1", State.FAILED, number=2, order_id="O-2")
    reads = {"O-1": read_as("O-1", "FAILED"), "O-2": read_as("O-2", "COMPLETED")}
    bench = Bench([row_of(first, second, attempt("R1", number=3))], reads=reads).run()

    assert bench.sent() == []
    assert bench.journal.states[second.id] is State.COMPLETED


def test_a_row_that_was_refused_has_no_order_to_read() -> None:
    bench = Bench([row_of(attempt("R1", State.REJECTED), attempt("R1", number=2))])

    assert bench.issue().state is State.ACCEPTED
    assert bench.of("read") == []


def test_a_second_attempt_that_may_have_paid_is_asked_again_only_while_the_first_is_still_failed() -> None:
    reads = {"O-old": read_as("O-old", "FAILED")}
    bench = Bench([retried("R1", State.UNKNOWN, sends=(send(),))], {"R1": accepted("O-2")}, reads)

    assert bench.issue().order_id == "O-2"
    assert bench.notes[0].who == "O-old"


def test_where_both_orders_may_have_paid_nothing_is_sent_and_a_person_is_asked() -> None:
    reads = {"O-old": read_as("O-old", "COMPLETED")}
    bench = Bench([retried("R1", State.UNKNOWN, sends=(send(),))], reads=reads)

    assert bench.issue().state is State.UNKNOWN
    assert bench.sent() == []
    assert "a person has to look" in bench.issuer.kept_back["R1"]


def test_the_failed_order_is_read_again_before_each_send_and_not_only_before_the_first() -> None:
    reads = {"O-old": [read_as("O-old", "FAILED"), read_as("O-old", "COMPLETED")]}
    bench = Bench([retried()], {"R1": [TOO_MANY, accepted("O-2")]}, reads).run()

    old, new = bench.rows[0].attempts
    assert bench.sent() == ["R1"], "the pause after the 429 was long enough for the first order to come through"
    assert (bench.journal.states[old.id], bench.journal.states[new.id]) == (State.COMPLETED, State.WITHDRAWN)


def test_once_the_run_is_stopped_no_failed_order_is_read() -> None:
    many = [row("R0"), *(retried(f"F{number}") for number in range(40))]
    reads = {"O-old": read_as("O-old", "FAILED")}
    bench = Bench(
        many, {"R0": refused(401, "invalid_api_key")}, reads, retries=Retries(attempts=2, min_wait_s=1, max_wait_s=1)
    )
    bench.api.answer_s = lambda who: 0.5 if who == "O-old" else 0.1
    bench.run()

    stopped_s = bench.times("answered")[0]
    assert max(bench.times("read")) <= stopped_s
    assert bench.issuer.kept_back == {}


@pytest.mark.parametrize("closed_door", [(401, "invalid_api_key"), (403, "ordering_restricted")])
def test_a_failed_order_that_is_being_read_when_the_run_is_stopped_is_left_without_blame(
    closed_door: tuple[int, str],
) -> None:
    bench = Bench([row("R0"), retried("F1")], {"R0": refused(*closed_door)}, {"O-old": NO_ANSWER})
    bench.api.answer_s = lambda who: 0.5 if who == "O-old" else 0.1
    bench.run()

    assert len(bench.of("read")) == 1
    assert bench.issuer.kept_back == {}
    assert bench.states()["F1"] is State.PLANNED
