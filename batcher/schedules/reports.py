"""What somebody is told of a schedule or an inbox, once each. Where it is said is for whoever implements `Reports`."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class ReportKind(StrEnum):
    """What has happened."""

    WAITING = "waiting"
    """The moment has come, and the file has not."""
    STARTED_LATE = "started_late"
    FINISHED = "finished"
    UNFINISHED = "unfinished"
    """Tried, and not at its end; it is tried again by itself."""
    NEEDS_APPROVAL = "needs_approval"
    DID_NOT_START = "did_not_start"
    """Refused: it waits for a person, or for a better file."""
    MISSED = "missed"
    """Nothing pays it any more but a person."""
    NEEDS_PERSON = "needs_person"
    """Begun and not finished, and not tried again."""
    UNREACHABLE = "unreachable"
    """An inbox cannot be looked into, or written to."""
    FILE_CHANGED = "file_changed"
    """Paid, and its file is another one since: what it says now is not what was paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One thing that somebody is told. No link, address or key is in it."""

    kind: ReportKind
    schedule: str = ""
    """Empty where it is about an inbox, and so is the period."""
    period: str = ""
    inbox: str = ""
    """Empty where it is about a schedule, and so is the file."""
    file: str = ""
    """What its sender called it, as people can read it."""
    batch: str
    message: str
    """A sentence, or two."""
    exit_code: int
    """What it adds to the exit code of `batcher schedule run-due`."""
    at: datetime

    @property
    def subject(self) -> str:
        """What it is about."""
        if self.schedule:
            return f"Schedule {self.schedule}, {self.period}"
        return f"Inbox {self.inbox}, {self.file}" if self.file else f"Inbox {self.inbox}"


class Reports(Protocol):
    """Whoever passes reports on. It is told after the ledger has noted the report, and each one once."""

    def tell(self, report: Report) -> None:
        """Pass it on. What cannot be delivered stops nothing: this raises nothing."""
        ...
