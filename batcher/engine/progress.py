"""How far a run is, for whoever watches."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Protocol

from batcher.records import AttemptRecord, RowRecord
from batcher.states import RESULT_WORDS, UNSENT, State


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
    def total(self) -> int:
        """Rows of the batch that are in the file, or still open."""
        return len(self._states)

    @property
    def paid(self) -> int:
        """Rows that are paid."""
        return self._counts[State.COMPLETED]

    @property
    def open(self) -> int:
        """Rows whose order is not finished."""
        return self._counts[State.ACCEPTED]

    @property
    def failed(self) -> int:
        """Rows that were refused, or whose order failed."""
        return self._counts[State.FAILED] + self._counts[State.REJECTED]

    @property
    def unknown(self) -> int:
        """Rows of which it is not known whether they were paid."""
        return sum(count for state, count in self._counts.items() if RESULT_WORDS[state] == "UNKNOWN")

    @property
    def waiting(self) -> int:
        """Rows that are not sent yet."""
        return sum(self._counts[state] for state in UNSENT)

    @property
    def sends_last_minute(self) -> int:
        """Orders sent in the last 60 seconds."""
        return self._sends_last_minute()

    @property
    def seconds_left(self) -> float:
        """How long the rows that wait take at the limit."""
        return self._seconds_for(self.waiting)


class Observer(Protocol):
    """Whoever watches a run."""

    def changed(self, progress: Progress) -> None:
        """Something happened; called often, so be quick."""
        ...
