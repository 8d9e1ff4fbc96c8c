"""How far a run is, for whoever watches."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from batcher.records import AttemptRecord, RowRecord
from batcher.states import RESULT_WORDS, UNSENT, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many rows of a batch stand where, at one moment."""

    total: int
    """Rows of the batch that are in the file, or still open."""
    paid: int
    open: int
    """Their order is not finished."""
    failed: int
    """Refused, or their order failed."""
    unknown: int
    """It is not known whether they were paid."""
    waiting: int
    """Not sent yet."""
    sends_last_minute: int
    seconds_left: float
    """How long the rows that wait take at the limit."""

    def at_pace(self, sends_last_minute: int) -> "Counts":
        """The same rows, with another number of sends in the last minute."""
        return replace(self, sends_last_minute=sends_last_minute)


def counts_of(states: Mapping[State, int], *, sends_last_minute: int, seconds_for: Callable[[int], float]) -> Counts:
    """Rows by their latest attempt's state, as people count them."""
    waiting = sum(states.get(state, 0) for state in UNSENT)
    return Counts(
        total=sum(states.values()),
        paid=states.get(State.COMPLETED, 0),
        open=states.get(State.ACCEPTED, 0),
        failed=states.get(State.FAILED, 0) + states.get(State.REJECTED, 0),
        unknown=sum(count for state, count in states.items() if RESULT_WORDS[state] == "UNKNOWN"),
        waiting=waiting,
        sends_last_minute=sends_last_minute,
        seconds_left=seconds_for(waiting),
    )


class Progress:
    """Where the rows of a run stand; changes while the run goes on."""

    def __init__(
        self,
        rows: Iterable[RowRecord],
        *,
        sends_last_minute: Callable[[], int],
        seconds_for: Callable[[int], float],
    ) -> None:
        """`seconds_for` says how long so many sends take at the limit."""
        self._states = {row.id: row.latest.state for row in rows}
        self._counts = Counter(self._states.values())
        self._sends_last_minute = sends_last_minute
        self._seconds_for = seconds_for

    def moved(self, row: RowRecord, attempt: AttemptRecord) -> None:
        """Note where a row stands now."""
        self._counts[self._states[row.id]] -= 1
        self._states[row.id] = attempt.state
        self._counts[attempt.state] += 1

    @property
    def counts(self) -> Counts:
        """Where they stand now."""
        return counts_of(self._counts, sends_last_minute=self._sends_last_minute(), seconds_for=self._seconds_for)


class Observer(Protocol):
    """Whoever watches a run."""

    def changed(self, progress: Progress) -> None:
        """Something happened; called often, so be quick."""
        ...
