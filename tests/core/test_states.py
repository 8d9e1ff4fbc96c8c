"""The table of states: what it allows, where it begins and ends, and that its drawing says the same."""

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.states import (
    LIVE,
    OPEN,
    PAID_OR_OPEN,
    RESULT_WORDS,
    SPENT,
    TRANSITIONS,
    UNSENT,
    IllegalTransition,
    State,
    may_attempt_again,
    mermaid,
    step,
)
from tests.core.payouts import UNHURRIED

AGREED = {
    "PLANNED": {"SENT", "WITHDRAWN", "ACCEPTED"},
    "SENT": {"ACCEPTED", "COMPLETED", "REJECTED", "HELD", "UNKNOWN"},
    "HELD": {"SENT", "WITHDRAWN", "ACCEPTED"},
    "UNKNOWN": {"SENT", "ACCEPTED", "ABSENT"},
    "ACCEPTED": {"COMPLETED", "FAILED", "MISMATCH"},
    "MISMATCH": {"ACCEPTED", "ABSENT"},
    "COMPLETED": set(),
    "FAILED": {"ACCEPTED"},
    "REJECTED": {"ACCEPTED"},
    "ABSENT": {"ACCEPTED"},
    "WITHDRAWN": {"PLANNED", "ACCEPTED"},
}
"""What was agreed, written a second time: who changes the one has to change the other, and say why."""


def test_the_table_is_what_was_agreed() -> None:
    assert {str(state): set(map(str, following)) for state, following in TRANSITIONS.items()} == AGREED


def test_every_state_is_in_the_table_and_has_a_word_for_the_results() -> None:
    assert set(TRANSITIONS) == set(State)
    assert set(RESULT_WORDS) == set(State)
    words = {"COMPLETED", "FAILED", "REJECTED", "UNKNOWN", "PROCESSING", "NOT_SENT"}
    assert set(RESULT_WORDS.values()) == words


@pytest.mark.parametrize(
    ("states", "word"),
    [
        ({State.PLANNED, State.HELD, State.WITHDRAWN}, "NOT_SENT"),
        ({State.SENT, State.UNKNOWN, State.MISMATCH, State.ABSENT}, "UNKNOWN"),
        ({State.ACCEPTED}, "PROCESSING"),
        ({State.COMPLETED}, "COMPLETED"),
        ({State.FAILED}, "FAILED"),
        ({State.REJECTED}, "REJECTED"),
    ],
)
def test_the_words_of_the_results(states: set[State], word: str) -> None:
    assert {state for state, said in RESULT_WORDS.items() if said == word} == states


def test_no_word_of_the_results_hides_money_that_may_be_out() -> None:
    assert not {RESULT_WORDS[state] for state in OPEN} & {"NOT_SENT", "REJECTED", "FAILED", "COMPLETED"}


def test_every_state_can_be_reached_from_planned() -> None:
    assert _reached({State.PLANNED}) == set(State)


def test_only_ends_are_left_by_nothing() -> None:
    ends = {state for state, following in TRANSITIONS.items() if not following}
    assert ends == {State.COMPLETED}


def test_what_counts_as_spent_is_left_only_for_an_order_that_exists_after_all() -> None:
    for state in SPENT:
        assert TRANSITIONS[state] == {State.ACCEPTED}


def test_nothing_that_was_taken_in_is_sent_again_but_what_is_unknown() -> None:
    assert {state for state in State if State.SENT in TRANSITIONS[state]} == {State.PLANNED, State.HELD, State.UNKNOWN}


def test_what_may_have_reached_the_api_is_never_withdrawn_or_planned_again() -> None:
    assert {state for state in State if State.WITHDRAWN in TRANSITIONS[state]} == set(UNSENT)
    assert {state for state in State if State.PLANNED in TRANSITIONS[state]} == {State.WITHDRAWN}


def test_what_is_unknown_is_never_held_or_refused_by_itself() -> None:
    assert not TRANSITIONS[State.UNKNOWN] & {State.HELD, State.REJECTED, State.FAILED, State.WITHDRAWN}


def test_the_groups_share_no_state_and_leave_out_none() -> None:
    groups = [SPENT, UNSENT, OPEN, {State.COMPLETED}, {State.WITHDRAWN}]
    assert sum(len(group) for group in groups) == len(State)
    assert set().union(*groups) == set(State)
    assert OPEN | {State.COMPLETED} == PAID_OR_OPEN
    assert LIVE == PAID_OR_OPEN | UNSENT


@pytest.mark.parametrize(("current", "following"), list(product(State, State)))
def test_a_step_is_what_the_table_says_or_a_defect(current: State, following: State) -> None:
    if following in TRANSITIONS[current]:
        assert step(current, following) is following
        return
    with pytest.raises(IllegalTransition, match=f"{current} is never followed by {following}"):
        step(current, following)


@UNHURRIED
@given(st.lists(st.sampled_from(State)))
def test_a_row_gets_another_attempt_only_beside_nothing_that_lives(states: list[State]) -> None:
    assert may_attempt_again(states) == (not set(states) & LIVE)


def test_the_drawing_has_every_way_and_no_other() -> None:
    first, *lines = mermaid().splitlines()
    assert first == "stateDiagram-v2"
    drawn = [re.fullmatch(r"    (\S+) --> (\S+)", line) for line in lines]
    ways = [(way[1], way[2]) for way in drawn if way is not None]
    assert len(ways) == len(lines)
    assert len(set(ways)) == len(ways)
    between = {way for way in ways if "[*]" not in way}
    assert between == {(str(state), str(next_)) for state, following in TRANSITIONS.items() for next_ in following}
    assert {way for way in ways if way[0] == "[*]"} == {("[*]", "PLANNED")}
    ends = {"COMPLETED", "FAILED", "REJECTED", "ABSENT"}
    assert {way[0] for way in ways if way[1] == "[*]"} == ends


def _reached(states: set[State]) -> set[State]:
    further = states | {following for state in states for following in TRANSITIONS[state]}
    return states if further == states else _reached(further)
