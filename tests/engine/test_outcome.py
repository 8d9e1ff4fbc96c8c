"""Where a batch stands, and the exit code: 1, 130, 4, 7, 6, 3, 0, the first of those that hold."""

from decimal import Decimal
from itertools import combinations

import pytest

from batcher.engine import Progress, outcome
from batcher.lifecycle import Stop
from batcher.model import Environment, Problem
from batcher.records import BatchRecord, InvalidLine, RowRecord
from batcher.states import RESULT_WORDS, State
from tests.lifecycle.bench import BASE_URL, attempt, row, row_of

REFUSED_KEY = Stop("invalid_api_key", "Check the key.", 4)
NO_FUNDS = Stop("insufficient_funds", "Top it up.", 6, "GBP")

CODES = {
    State.COMPLETED: 0,
    State.FAILED: 3,
    State.REJECTED: 3,
    State.PLANNED: 6,
    State.HELD: 6,
    State.WITHDRAWN: 6,
    State.SENT: 7,
    State.UNKNOWN: 7,
    State.ACCEPTED: 7,
    State.MISMATCH: 7,
    State.ABSENT: 7,
}
PRECEDENCE = [7, 6, 3, 0]


def record(*rows: RowRecord, invalid: tuple[InvalidLine, ...] = ()) -> BatchRecord:
    return BatchRecord(
        environment=Environment(base_url=BASE_URL, account="acme"), name="march", rows=rows, invalid=invalid
    )


def in_state(state: State, reference: str = "R1", *, in_file: bool = True) -> RowRecord:
    return row_of(attempt(reference, state), in_file=in_file)


def invalid_line(reference: str | None = None, line: int = 9) -> InvalidLine:
    problem = Problem(line=line, column=None, value=None, message="No.", fix="Mend it.", kind="amount_missing")
    return InvalidLine(line=line, columns=(), cells=(), reference=reference, problems=(problem,))


def code(*rows: RowRecord, **more: object) -> int:
    invalid = more.pop("invalid", ())
    return outcome(record(*rows, invalid=invalid), **more).exit_code  # type: ignore[arg-type]


@pytest.mark.parametrize("state", State)
def test_every_state_has_its_code(state: State) -> None:
    assert code(in_state(state)) == CODES[state]


@pytest.mark.parametrize("pair", list(combinations(State, 2)))
def test_of_two_states_the_graver_decides(pair: tuple[State, State]) -> None:
    expected = min((CODES[state] for state in pair), key=PRECEDENCE.index)

    assert code(in_state(pair[0], "R1"), in_state(pair[1], "R2")) == expected


def test_an_interruption_comes_before_all_and_a_refused_key_next() -> None:
    unknown = in_state(State.UNKNOWN)

    assert code(unknown, interrupted=True, stops=[REFUSED_KEY]) == 130
    assert code(unknown, stops=[REFUSED_KEY]) == 4
    assert code(unknown, stops=[NO_FUNDS]) == 7


def test_a_stop_that_left_no_row_unsent_says_nothing_about_the_batch() -> None:
    assert code(in_state(State.COMPLETED), stops=[NO_FUNDS]) == 0
    assert code(in_state(State.REJECTED), stops=[NO_FUNDS]) == 3


def test_an_invalid_row_is_one_that_is_not_paid() -> None:
    assert code(in_state(State.COMPLETED), invalid=(invalid_line(),)) == 3
    assert code(in_state(State.COMPLETED, "R1"), in_state(State.PLANNED, "R2"), invalid=(invalid_line(),)) == 6


def test_a_line_that_cannot_be_read_never_hides_behind_a_row_that_is_paid() -> None:
    result = outcome(record(in_state(State.COMPLETED, "R1", in_file=False), invalid=(invalid_line("R1"),)))

    assert (result.exit_code, dict(result.counts)) == (3, {"COMPLETED": 1, "INVALID": 1})


def test_a_row_that_was_refused_and_cannot_be_read_any_more_counts_once() -> None:
    result = outcome(record(in_state(State.REJECTED, "R1", in_file=False), invalid=(invalid_line("R1"),)))

    assert (result.exit_code, dict(result.counts)) == (3, {"INVALID": 1})


@pytest.mark.parametrize("state", State)
def test_a_row_that_is_gone_from_the_file_counts_where_money_is_or_was_in_play(state: State) -> None:
    counts = state in {State.SENT, State.UNKNOWN, State.ACCEPTED, State.MISMATCH, State.COMPLETED}

    assert sum(outcome(record(in_state(state, in_file=False))).counts.values()) == counts


def test_a_batch_without_rows_is_paid() -> None:
    assert code() == 0


def test_the_last_attempt_that_was_not_withdrawn_says_where_a_row_stands() -> None:
    reopened = row_of(attempt("R1", State.COMPLETED), attempt("R1", State.WITHDRAWN, number=2))
    again = row_of(attempt("R2", State.FAILED), attempt("R2", State.COMPLETED, number=2))

    assert code(reopened, again) == 0


def test_what_was_paid_is_summed_by_currency_also_of_rows_that_are_gone() -> None:
    rows = [
        row("R1", State.COMPLETED),
        row("R2", State.COMPLETED, currency="EUR"),
        row_of(attempt("R3", State.COMPLETED), in_file=False),
        row("R4", State.UNKNOWN),
    ]

    assert dict(outcome(record(*rows)).paid) == {"EUR": Decimal("10.00"), "GBP": Decimal("20.00")}


def test_rows_are_counted_by_the_word_of_the_results() -> None:
    rows = [in_state(state, f"R{number}") for number, state in enumerate(State)]
    counts = outcome(record(*rows, invalid=(invalid_line(),))).counts

    words = [RESULT_WORDS[state] for state in State] + ["INVALID"]
    assert dict(counts) == {word: words.count(word) for word in words}


def test_what_was_kept_back_and_what_stopped_are_passed_on() -> None:
    result = outcome(record(in_state(State.HELD)), stops=[NO_FUNDS], kept_back={"R1": "old"}, interrupted=True)

    assert (result.stops, result.kept_back, result.interrupted) == ((NO_FUNDS,), {"R1": "old"}, True)
    assert result.environment == "PLAYGROUND (acme at playground.runa.io/v2)"


@pytest.mark.parametrize("state", State)
def test_progress_counts_each_state_in_at_most_one_place(state: State) -> None:
    progress = Progress([in_state(state)], sends_last_minute=lambda: 3, seconds_for=float)

    where = [
        progress.counts.paid,
        progress.counts.open,
        progress.counts.failed,
        progress.counts.unknown,
        progress.counts.waiting,
    ]
    assert sum(where) == (state is not State.WITHDRAWN)
    assert (progress.counts.total, progress.counts.sends_last_minute) == (1, 3)


def test_progress_follows_a_row_and_says_how_long_the_rest_takes() -> None:
    rows = [in_state(State.PLANNED, f"R{number}") for number in range(3)]
    progress = Progress(rows, sends_last_minute=lambda: 0, seconds_for=lambda sends: sends * 2.5)

    seen = [progress.counts.seconds_left]
    for state in (State.UNKNOWN, State.ACCEPTED, State.COMPLETED):
        progress.moved(rows[0], attempt("R0", state))
        seen.append(progress.counts.seconds_left)
    assert seen == [7.5, 5, 5, 5]
    assert (progress.counts.paid, progress.counts.unknown, progress.counts.open, progress.counts.waiting) == (
        1,
        0,
        0,
        2,
    )
