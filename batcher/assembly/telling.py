"""What is told of a schedule's periods, in words: each thing once, by where the period stands."""

from collections.abc import Callable
from datetime import datetime, timedelta

from batcher.model import without_links
from batcher.schedules import PeriodState, Report, ReportKind, ScheduledPeriod

STARTED_LATE_AFTER = timedelta(hours=1)
"""A run that begins so long after its moment is told apart: a file came late, or the machine slept."""

_KINDS = {
    PeriodState.HELD_FOR_APPROVAL: ReportKind.NEEDS_APPROVAL,
    PeriodState.UNFINISHED: ReportKind.UNFINISHED,
    PeriodState.DONE: ReportKind.FINISHED,
    PeriodState.REFUSED: ReportKind.DID_NOT_START,
    PeriodState.MISSED: ReportKind.MISSED,
}
"""What is told of a period that stands so."""

WORDS = {
    ReportKind.WAITING: "waits for its file",
    ReportKind.STARTED_LATE: "has begun late",
    ReportKind.FINISHED: "is finished",
    ReportKind.UNFINISHED: "is not finished, and is tried again",
    ReportKind.NEEDS_APPROVAL: "needs an approval",
    ReportKind.DID_NOT_START: "did not start",
    ReportKind.MISSED: "was missed: nothing pays it any more but a person",
    ReportKind.NEEDS_PERSON: "was begun and not finished: it needs a person",
    ReportKind.UNREACHABLE: "cannot be worked with now, and is tried again",
    ReportKind.FILE_CHANGED: "is finished, and its file has changed since it was taken",
}

CODES = {
    0: "every row is paid",
    3: "some rows were refused, failed or are invalid",
    7: "some rows are unknown or still processing",
    130: "interrupted",
}


def report_of(row: ScheduledPeriod) -> tuple[str, str, int] | None:
    """Kind, words and exit code of what is to be told of a period as it stands; `None` where that was told."""
    kind = _KINDS.get(row.state)
    if kind is None or key_of(row, kind) in (row.reported or {}):
        return None
    words = row.why or CODES.get(row.exit_code or 0, "")
    return key_of(row, kind), words, row.exit_code or 0


def key_of(row: ScheduledPeriod, kind: ReportKind) -> str:
    """Under what a report is noted: once for each period, of a refusal once for each file, and for each plan held."""
    if kind is ReportKind.NEEDS_APPROVAL:
        return f"{kind}:{row.changed_at:%Y%m%dT%H%M%S}"
    return f"{kind}:{row.file_digest[:12]}" if kind is ReportKind.DID_NOT_START else kind


def started_late(row: ScheduledPeriod, now: datetime) -> str:
    """How late a run begins, in words; empty where it does not, or was tried before."""
    if row.state is not PeriodState.WAITING_FOR_FILE or now - row.due_at < STARTED_LATE_AFTER:
        return ""
    return f"It was due on {row.due_at:%Y-%m-%d %H:%M} UTC, and begins on {now:%Y-%m-%d %H:%M} UTC."


def told(row: ScheduledPeriod, key: str, words: str, exit_code: int, now: datetime) -> Report:
    """The report, with its whole sentence."""
    kind = ReportKind(key.partition(":")[0])
    first = f"Schedule {row.schedule}, {row.period}: batch {row.batch} {WORDS[kind]}."
    return Report(
        kind=kind,
        schedule=row.schedule,
        period=row.period,
        batch=row.batch,
        message=sentences(first, words),
        exit_code=exit_code,
        at=now,
    )


def sentences(first: str, words: str) -> str:
    """A sentence, and what else there is to say as one more."""
    return without_links(f"{first} {sentence(words)}") if words else first


def sentence(words: str) -> str:
    """Words with a capital and a full stop; nothing stays nothing."""
    return f"{words[:1].upper()}{words[1:]}{'' if not words or words.endswith('.') else '.'}"


class Told:
    """Implements `batcher.schedules.Reports`: says each report to whoever listens, such as a terminal."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell

    def tell(self, report: Report) -> None:
        """Say it."""
        self._tell(report.message)
