"""The states of one attempt, and every way from one to another. Nothing else in batcher decides what may follow what.

The diagram in `docs/architecture.md` is drawn from `TRANSITIONS` by `mermaid`.
"""

from collections.abc import Sequence
from enum import StrEnum


class State(StrEnum):
    """Where one attempt (one key, one body) stands."""

    PLANNED = "PLANNED"
    """Key and body are fixed, nothing was sent."""
    SENT = "SENT"
    """A request may have reached the API."""
    HELD = "HELD"
    """Every send was turned away at the door: nothing created, nothing stored."""
    UNKNOWN = "UNKNOWN"
    """Some send has no usable answer, whatever came later."""
    ACCEPTED = "ACCEPTED"
    """The API gave it an order id."""
    MISMATCH = "MISMATCH"
    """The order contradicts the row; no link is stored. A person decides."""
    COMPLETED = "COMPLETED"
    """Paid; links recorded."""
    FAILED = "FAILED"
    """The order failed, and that was read back."""
    REJECTED = "REJECTED"
    """Every send was answered, and the answer is a refusal of the row, which the API stores under the key."""
    ABSENT = "ABSENT"
    """Proven never created, and the key is spent or too old."""
    WITHDRAWN = "WITHDRAWN"
    """Never taken in, and no longer wanted."""


TRANSITIONS: dict[State, frozenset[State]] = {
    # Found in the order list although it was never sent from here: another machine, or a ledger that is lost, sent it.
    State.PLANNED: frozenset({State.SENT, State.WITHDRAWN, State.ACCEPTED}),
    State.SENT: frozenset({State.ACCEPTED, State.COMPLETED, State.REJECTED, State.HELD, State.UNKNOWN}),
    State.HELD: frozenset({State.SENT, State.WITHDRAWN, State.ACCEPTED}),
    State.UNKNOWN: frozenset({State.SENT, State.ACCEPTED, State.ABSENT}),
    State.ACCEPTED: frozenset({State.COMPLETED, State.FAILED, State.MISMATCH}),
    # A person decides: the order is the row's all the same, or the row was never paid.
    State.MISMATCH: frozenset({State.ACCEPTED, State.ABSENT}),
    State.COMPLETED: frozenset(),
    # An order that failed is read once more before a new attempt; where it no longer failed, it is followed again.
    State.FAILED: frozenset({State.ACCEPTED}),
    # Evidence that turns up later wins: an order with its key was made after all.
    State.REJECTED: frozenset({State.ACCEPTED}),
    State.ABSENT: frozenset({State.ACCEPTED}),
    # The key was never taken in, so the same attempt may be planned again, with the body that is wanted then.
    State.WITHDRAWN: frozenset({State.PLANNED, State.ACCEPTED}),
}
"""From each state to those that may follow it."""

SPENT = frozenset({State.FAILED, State.REJECTED, State.ABSENT})
"""The attempt paid nothing and its key is used up: the row may get a new attempt."""

UNSENT = frozenset({State.PLANNED, State.HELD})
"""Nothing was taken in: the attempt waits to be sent, and may be withdrawn."""

OPEN = frozenset({State.SENT, State.UNKNOWN, State.ACCEPTED, State.MISMATCH})
"""It may have paid, or may still pay."""

PAID_OR_OPEN = OPEN | {State.COMPLETED}
"""Money was, may be or may have been paid: such a row is never edited, dropped or paid beside."""

LIVE = PAID_OR_OPEN | UNSENT
"""No second attempt of the row may exist beside one of these."""

RESULT_WORDS: dict[State, str] = {
    State.PLANNED: "NOT_SENT",
    State.HELD: "NOT_SENT",
    State.WITHDRAWN: "NOT_SENT",
    State.SENT: "UNKNOWN",
    State.UNKNOWN: "UNKNOWN",
    State.MISMATCH: "UNKNOWN",
    State.ABSENT: "UNKNOWN",
    State.ACCEPTED: "PROCESSING",
    State.COMPLETED: "COMPLETED",
    State.FAILED: "FAILED",
    State.REJECTED: "REJECTED",
}
"""The word that the results use."""


class IllegalTransition(Exception):
    """A defect: somebody asked for a step that the table does not have. Nothing was changed."""


def step(current: State, following: State) -> State:
    """`following`, if the table allows it after `current`; raises `IllegalTransition` otherwise."""
    if following not in TRANSITIONS[current]:
        raise IllegalTransition(f"{current} is never followed by {following}")
    return following


def may_attempt_again(states: Sequence[State]) -> bool:
    """Whether a row whose attempts stand at `states` may get one more: only if each is spent, or was never taken in."""
    return all(state in SPENT or state is State.WITHDRAWN for state in states)


def mermaid() -> str:
    """The table as a Mermaid state diagram, for the documentation."""
    lines = ["stateDiagram-v2", "    [*] --> PLANNED"]
    for current, following in TRANSITIONS.items():
        lines += [f"    {current} --> {state}" for state in State if state in following]
    ends = [state for state in State if state in SPENT or not TRANSITIONS[state]]
    lines += [f"    {state} --> [*]" for state in ends]
    return "\n".join(lines)
