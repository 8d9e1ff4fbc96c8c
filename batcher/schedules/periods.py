"""One period of one schedule, as the ledger keeps it: the truth about what was paid, and about what was said of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PeriodState(StrEnum):
    """Where a period stands."""

    EXPECTED = "EXPECTED"
    """Its moment has not come. A schedule has one such period; it says from when on the schedule is watched."""
    WAITING_FOR_FILE = "WAITING_FOR_FILE"
    """Its moment has come, and its run has not begun."""
    HELD_FOR_APPROVAL = "HELD_FOR_APPROVAL"
    """Above `[approval]`: another person has to approve it."""
    RUNNING = "RUNNING"
    """The desk was asked to carry it out."""
    UNFINISHED = "UNFINISHED"
    """Tried, and not at its end; it is tried again."""
    DONE = "DONE"
    """Carried out to its end; the exit code says how."""
    REFUSED = "REFUSED"
    """Not carried out as it is: something is wrong with the file, or it pays more than its ceiling."""
    MISSED = "MISSED"
    """Its time is over. Nothing pays it any more but a person."""


OPEN = frozenset(
    {
        PeriodState.WAITING_FOR_FILE,
        PeriodState.HELD_FOR_APPROVAL,
        PeriodState.RUNNING,
        PeriodState.UNFINISHED,
        PeriodState.REFUSED,
    }
)
"""What may still be carried out."""

ENDED = frozenset({PeriodState.DONE, PeriodState.MISSED})
"""What no schedule touches again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledPeriod:
    """One line of the table."""

    id: int
    schedule: str
    period: str
    due_at: datetime
    timing: str
    """`Definition.timing` when it was noted."""
    batch: str
    """As the definition had it when the period fell due; it stays, whatever the config says later."""
    file: str
    state: PeriodState
    noted_at: datetime
    changed_at: datetime
    """When it came into this state."""
    run_id: int | None = None
    """The run that the desk was asked for last."""
    file_digest: str = ""
    """Of the file that was looked at last; empty where none was."""
    exit_code: int | None = None
    """What the last try came to."""
    why: str = ""
    """A sentence on why it stands as it does."""
    reported: Mapping[str, str] | None = None
    """What somebody was told of it, and when."""
