"""Row after row refused for one cause, or ending unknown: the run sends no more, and says why."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from batcher.engine import Outcome, outcome
from batcher.lifecycle import Retries
from batcher.model import Environment, Reply
from batcher.records import BatchRecord
from batcher.states import State
from tests.lifecycle.bench import (
    BASE_URL,
    NO_ANSWER,
    Bench,
    Script,
    accepted,
    read_as,
    refused,
    retried,
    row,
    send,
)
from tests.virtual_time import START

ONCE = Retries(attempts=1, min_wait_s=1, max_wait_s=1)
ONE_A_SECOND = 60
INVALID = refused(422, "validation_error")
WRONG_PRODUCT = refused(400, "product_validation_error")
NO_FUNDS = refused(400, "insufficient_funds")
FINE = accepted("")


def ran(answers: Sequence[Script], *, consecutive: int = 5, more: int = 10, state: State = State.PLANNED) -> Bench:
    """Rows that get these answers, one after the other, and some more that would be paid."""
    sends = (send(),) if state is State.UNKNOWN else ()
    rows = [row(f"R{number}", state, sends=sends) for number in range(len(answers) + more)]
    said = {f"R{number}": answer for number, answer in enumerate(answers) if answer is not FINE}
    return Bench(rows, said, retries=ONCE, per_minute=ONE_A_SECOND, consecutive=consecutive).run()


def ended(bench: Bench) -> Outcome:
    environment = Environment(base_url=BASE_URL, account="acme")
    record = BatchRecord(environment=environment, name="march", rows=tuple(bench.journal.rows_now()))
    return outcome(record, stops=bench.halt.stops)


def causes(bench: Bench) -> list[str]:
    return [stop.cause for stop in bench.halt.stops]


@pytest.mark.parametrize("consecutive", [1, 2, 5, 7])
def test_so_many_rows_refused_for_one_cause_end_the_sending_and_leave_the_rest_unsent(consecutive: int) -> None:
    # The first three leave at once, so what is counted must not be what was sent.
    bench = ran([WRONG_PRODUCT] * 10, consecutive=consecutive)

    assert max(consecutive, 1) <= len(bench.sent()) <= max(consecutive, 3)
    result = ended(bench)
    assert result.exit_code == 6
    assert result.counts == {"REJECTED": len(bench.sent()), "NOT_SENT": 20 - len(bench.sent())}
    (stop,) = bench.halt.stops
    assert (stop.cause, stop.exit_code, stop.currency) == ("breaker", 6, None)
    assert "product_validation_error" in stop.message
    assert stop.message.startswith("A row was" if consecutive == 1 else f"{consecutive} rows in a row were")
    assert "run the same command again" in stop.message


def test_so_many_rows_that_end_unknown_end_the_sending_and_leave_the_rest_unsent() -> None:
    bench = ran([NO_ANSWER] * 10)

    result = ended(bench)
    assert result.counts == {"NOT_SENT": 15, "UNKNOWN": 5}
    assert result.exit_code == 7, "what is unknown comes before what was not sent"
    (stop,) = bench.halt.stops
    assert (stop.cause, stop.exit_code) == ("breaker", 6)
    assert stop.message.startswith("5 rows in a row ended unknown")
    assert "no_answer" in stop.message
    assert "same keys" in stop.message


def test_unknown_rows_count_whatever_the_answer_was_that_says_nothing() -> None:
    bench = ran([NO_ANSWER, refused(500, "timeout")] * 3)

    assert causes(bench) == ["breaker"]


def test_unknown_rows_that_are_asked_again_in_vain_count_as_well() -> None:
    bench = ran([NO_ANSWER] * 10, more=0, state=State.UNKNOWN)

    assert causes(bench) == ["breaker"]
    assert len(bench.sent()) < 10


def test_unknown_rows_that_may_not_be_asked_again_do_not_count() -> None:
    old = (send(at=START - timedelta(days=30)),)
    rows = [row(f"U{number}", State.UNKNOWN, sends=old) for number in range(6)]
    bench = Bench([*rows, row("R1")], consecutive=1).run()

    assert len(bench.issuer.kept_back) == 6
    assert bench.halt.stops == []
    assert bench.states()["R1"] is State.COMPLETED


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([INVALID] * 4 + [FINE] + [INVALID] * 4, id="an order in between"),
        pytest.param([NO_ANSWER] * 4 + [FINE] + [NO_ANSWER] * 4, id="an order between unknown rows"),
        pytest.param([INVALID, WRONG_PRODUCT] * 5, id="two causes in turn"),
        pytest.param(([INVALID] * 4 + [NO_ANSWER] * 4) * 2, id="refused and unknown rows in turn"),
    ],
)
def test_rows_that_end_otherwise_in_between_begin_the_count_anew(answers: list[Reply]) -> None:
    bench = ran(answers)

    assert bench.halt.stops == []
    assert len(bench.sent()) == len(answers) + 10


def test_another_cause_counts_from_one() -> None:
    bench = ran([INVALID] * 4 + [WRONG_PRODUCT] * 5)

    assert causes(bench) == ["breaker"]
    assert "product_validation_error" in bench.halt.stops[0].message
    assert bench.sent() == [f"R{number}" for number in range(9)]


def test_an_order_that_fails_was_an_order_all_the_same() -> None:
    rows = [row(f"R{number}") for number in range(12)]
    said = {each.name: accepted(f"O-{each.name}") for each in rows}
    bench = Bench(rows, said, {f"O-{each.name}": read_as(f"O-{each.name}", "FAILED") for each in rows}).run()

    assert set(bench.states().values()) == {State.FAILED}
    assert bench.halt.stops == []


def test_a_balance_that_is_used_up_stops_its_currency_and_counts_for_nothing() -> None:
    pounds = [row(f"G{number}") for number in range(6)]
    euros = [row(f"E{number}", currency="EUR") for number in range(6)]
    bench = Bench([*pounds, *euros], {each.name: NO_FUNDS for each in pounds}, consecutive=1).run()

    assert causes(bench) == ["insufficient_funds"]
    assert {bench.states()[each.name] for each in euros} == {State.COMPLETED}


def test_a_balance_that_is_used_up_does_not_hide_what_happens_to_the_other_rows() -> None:
    rows = [row("G0"), row("G1"), row("E0", currency="EUR"), *(row(f"G{number}") for number in range(2, 12))]
    said = {each.name: NO_FUNDS if each.name == "E0" else INVALID for each in rows}
    bench = Bench(rows, said, per_minute=ONE_A_SECOND, consecutive=5).run()

    assert causes(bench) == ["insufficient_funds", "breaker"]
    assert bench.sent()[-1] == "G4"


def test_an_order_counts_even_in_a_currency_that_was_stopped_meanwhile() -> None:
    rows = [row("S1"), row("G0"), *(row(f"E{number}", currency="EUR") for number in range(2))]
    bench = Bench(rows, {"G0": NO_FUNDS, "E0": INVALID, "E1": INVALID}, consecutive=2)
    seconds = {one.latest.order.key: s for one, s in zip(rows, [5.0, 0.1, 1.0, 8.0], strict=True)}
    bench.api.answer_s = lambda who: seconds.get(who, 0.1)
    bench.run()

    assert causes(bench) == ["insufficient_funds"]
    assert list(bench.states().values()) == [State.COMPLETED, *[State.REJECTED] * 3]


def test_an_order_that_came_back_to_life_was_not_sent_and_does_not_count() -> None:
    rows = [row("R0"), retried("F1"), *(row(f"R{number}") for number in range(2, 9))]
    said = {each.name: INVALID for each in rows}
    bench = Bench(rows, said, {"O-old": read_as("O-old", "COMPLETED")}, per_minute=ONE_A_SECOND, consecutive=2)
    bench.api.answer_s = lambda who: {rows[0].latest.order.key: 0.1, "O-old": 0.2}.get(who, 0.3)
    bench.run()

    assert bench.sent() == ["R0", "R2"]
    assert causes(bench) == ["breaker"]
    assert bench.state(1) is State.WITHDRAWN


def test_rows_are_counted_in_the_order_in_which_they_end() -> None:
    rows = [row(f"R{number}") for number in range(8)]
    bench = Bench(rows, {each.name: INVALID for each in rows if each.name != "R0"}, per_minute=6000, consecutive=4)
    slow = rows[0].latest.order.key
    bench.api.answer_s = lambda who: 5.0 if who == slow else 0.1
    bench.run()

    assert causes(bench) == ["breaker"]
    assert bench.states()["R0"] is State.COMPLETED


def test_what_is_in_flight_is_finished_and_what_is_accepted_is_followed() -> None:
    rows = [
        row("A1", State.ACCEPTED, order_id="O-A1"),
        row("S1"),
        *(row(f"R{number}") for number in range(4)),
    ]
    said = {each.name: INVALID for each in rows[2:]}
    reads = {"O-A1": [*[read_as("O-A1", "PROCESSING")] * 5, read_as("O-A1", "COMPLETED")]}
    bench = Bench(rows, said, reads, per_minute=ONE_A_SECOND, consecutive=1)
    in_flight = rows[1].latest.order.key
    bench.api.answer_s = lambda who: 10.0 if who == in_flight else 0.1
    bench.run()

    assert causes(bench) == ["breaker"]
    assert bench.states() == {
        "A1": State.COMPLETED,
        "S1": State.COMPLETED,
        "R0": State.REJECTED,
        "R1": State.REJECTED,
        "R2": State.PLANNED,
        "R3": State.PLANNED,
    }


def test_a_row_that_an_interruption_leaves_unknown_does_not_count() -> None:
    rows = [row(f"R{number}") for number in range(3)]
    bench = Bench(rows, {each.name: NO_ANSWER for each in rows}, consecutive=1)
    bench.run(lambda: bench.at(0.5, bench.halt.interrupt))

    assert set(bench.states().values()) == {State.UNKNOWN}
    assert bench.halt.stops == []


def test_rows_that_another_stop_leaves_unknown_do_not_count() -> None:
    rows = [*(row(f"R{number}") for number in range(2)), row("X1")]
    said = {"R0": NO_ANSWER, "R1": NO_ANSWER, "X1": refused(403, "ordering_restricted")}
    bench = Bench(rows, said, consecutive=1).run()

    assert bench.states()["R0"] is State.UNKNOWN
    assert causes(bench) == ["ordering_restricted"]
