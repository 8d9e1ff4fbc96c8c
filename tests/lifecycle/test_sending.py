"""One row is sent: intent, request, answer, in this order; again with the same bytes, and a bounded number of times."""

import random  # noqa: TID251 - seeded as the bench is
from itertools import pairwise

import pytest

from batcher import policy
from batcher.lifecycle import Retries
from batcher.model import Order, Reply
from batcher.policy import Finding
from batcher.states import State
from tests.lifecycle.bench import (
    NO_ANSWER,
    NOT_SENT,
    TOO_MANY,
    Bench,
    accepted,
    attempt,
    read_as,
    refused,
    row,
    send,
)

SERVER_ERROR = refused(500, "internal_server_error")
ANYTHING = [
    accepted("O-1"),
    NO_ANSWER,
    NOT_SENT,
    TOO_MANY,
    SERVER_ERROR,
    refused(422, "validation_error"),
    Reply(http_status=307),
]


@pytest.mark.parametrize("reply", ANYTHING)
def test_the_intent_is_on_disk_before_each_request_and_the_answer_before_the_next(reply: Reply) -> None:
    bench = Bench([row()], {"R1": reply}, write_s=0.05)
    bench.issue()

    told = [note.what for note in bench.of("sending", "create", "replied", "answered")]
    assert told == ["sending", "create", "replied", "answered"] * (len(told) // 4)
    assert len(told) >= 4


@pytest.mark.parametrize("reply", [NO_ANSWER, SERVER_ERROR, NOT_SENT, TOO_MANY])
def test_every_resend_repeats_key_and_bytes(reply: Reply) -> None:
    bench = Bench([row()], {"R1": reply})
    bench.issue()

    order = bench.rows[0].latest.order
    assert {(note.who, note.said) for note in bench.of("create")} == {(order.key, order.body)}
    assert len(bench.of("create")) > 1


@pytest.mark.parametrize("attempts", [1, 2, 5])
@pytest.mark.parametrize("reply", [NO_ANSWER, SERVER_ERROR, NOT_SENT, TOO_MANY])
def test_a_row_is_sent_at_most_so_often(reply: Reply, attempts: int) -> None:
    bench = Bench([row()], {"R1": reply}, retries=Retries(attempts=attempts, min_wait_s=1, max_wait_s=4))
    bench.issue()

    assert len(bench.of("create")) == attempts


def test_the_waits_between_resends_are_those_of_the_policy() -> None:
    bench = Bench([row()], {"R1": NO_ANSWER}, answer_s=0)
    bench.issue()

    rng = random.Random(bench.seed)  # noqa: S311 - it spreads waits
    waits = [policy.wait_s(nth, min_wait_s=1, max_wait_s=4, rng=rng) for nth in range(1, 5)]
    gaps = [later - earlier for earlier, later in pairwise(bench.times("create"))]
    assert gaps == pytest.approx(waits, abs=0.011)  # a resend may also wait for the pace, which is 0.01 s here
    assert gaps[-1] >= 2


def test_an_unknown_row_that_is_answered_by_a_resend_is_accepted() -> None:
    bench = Bench([row()], {"R1": [NO_ANSWER, SERVER_ERROR, accepted("O-1")]})
    left = bench.issue()

    assert (left.state, left.order_id) == (State.ACCEPTED, "O-1")
    assert [note.said for note in bench.of("answered")] == [State.UNKNOWN, State.UNKNOWN, State.ACCEPTED]


def test_a_row_without_any_answer_stays_unknown_and_stops_nobody() -> None:
    bench = Bench([row()], {"R1": NO_ANSWER})

    assert bench.issue().state is State.UNKNOWN
    assert bench.state() is State.UNKNOWN
    assert bench.halt.stops == []


@pytest.mark.parametrize("unanswered", [NO_ANSWER, SERVER_ERROR, Reply(http_status=202)])
def test_a_refusal_after_something_unknown_proves_nothing(unanswered: Reply) -> None:
    bench = Bench([row()], {"R1": [unanswered, refused(422, "validation_error")]})

    assert bench.issue().state is State.UNKNOWN
    assert len(bench.of("create")) == 2


def test_a_refusal_after_an_unknown_send_of_an_earlier_run_proves_nothing_either() -> None:
    bench = Bench([row("R1", State.UNKNOWN, sends=(send(),))], {"R1": refused(422, "validation_error")})

    assert bench.issue().state is State.UNKNOWN


def test_a_refusal_is_final_where_every_send_was_answered() -> None:
    bench = Bench([row()], {"R1": refused(422, "validation_error")})

    assert bench.issue().state is State.REJECTED
    assert len(bench.of("create")) == 1
    assert bench.halt.stops == []


def test_a_key_that_was_used_with_another_body_is_unknown_and_not_sent_again() -> None:
    bench = Bench([row()], {"R1": refused(400, "idempotency_validation_error")})

    assert bench.issue().state is State.UNKNOWN
    assert len(bench.of("create")) == 1


def test_a_first_request_that_is_still_running_is_asked_about_again() -> None:
    bench = Bench([row()], {"R1": [refused(400, "idempotency_in_progress"), accepted("O-1")]})

    assert bench.issue().state is State.ACCEPTED


def test_an_order_that_another_attempt_has_is_not_taken() -> None:
    other = row("R2", State.ACCEPTED, order_id="O-1")
    bench = Bench([row(), other], {"R1": accepted("O-1")})
    left = bench.issue()

    assert (left.state, left.order_id) == (State.UNKNOWN, None)
    assert bench.journal.order_ids == {other.latest.id: "O-1"}
    assert len(bench.of("create")) == 1


def test_an_order_that_is_complete_at_once_is_paid_without_being_read() -> None:
    whole = read_as("O-1", "COMPLETED")
    bench = Bench([row()], {"R1": whole})

    assert bench.issue().state is State.COMPLETED
    assert bench.journal.links == {bench.rows[0].latest.id: "https://spend.example/O-1"}


@pytest.mark.parametrize(
    "contradiction",
    [{"amount": 11}, {"currency": "EUR"}, {"email": "else@example.com"}, {"key": "other"}, {"item_count": 2}],
)
def test_no_link_is_kept_of_an_order_that_contradicts_the_row(contradiction: dict[str, object]) -> None:
    bench = Bench([row()], {"R1": read_as("O-1", "COMPLETED", **contradiction)})

    assert bench.issue().state is State.MISMATCH
    assert bench.journal.links == {bench.rows[0].latest.id: None}


def test_what_an_order_leaves_out_contradicts_nothing() -> None:
    silent = Reply(http_status=200, order=Order(order_id="O-1", status="COMPLETED"))

    assert Bench([row()], {"R1": silent}).issue().state is State.COMPLETED


def test_a_send_is_answered_to_the_throttle_whatever_came_back() -> None:
    # With one permit a lease that never came back would hold the second row for ever.
    bench = Bench(
        [row("R1"), row("R2")], {"R1": NO_ANSWER}, per_minute=1, retries=Retries(attempts=1, min_wait_s=1, max_wait_s=1)
    )
    bench.run()

    assert bench.sent() == ["R1", "R2"]
    assert bench.times("create")[1] >= 60


def test_an_attempt_that_was_turned_away_before_is_sent_under_its_key() -> None:
    turned_away = send(Finding.TURNED_AWAY, "unauthorized")
    bench = Bench([row("R1", State.HELD, sends=(turned_away,))])

    assert bench.issue().state is State.ACCEPTED
    assert bench.of("create")[0].said == attempt("R1").order.body
