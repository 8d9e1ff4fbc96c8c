"""How a run ended, and the exit code that scripts rely on. It speaks of the batch, not of the last run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from batcher.lifecycle import Stop
from batcher.records import BatchRecord, RowRecord
from batcher.states import RESULT_WORDS, State

PAID_ALL = 0
SOME_FAILED = 3
REFUSED_BY_API = 4
SOME_UNSENT = 6
SOME_UNKNOWN = 7
INTERRUPTED = 130

_PRECEDENCE = (1, INTERRUPTED, REFUSED_BY_API, SOME_UNKNOWN, SOME_UNSENT, SOME_FAILED)
"""Where several codes hold, the first of these is it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Where a batch stands."""

    batch: str
    environment: str
    exit_code: int
    counts: Mapping[str, int]
    """Rows by the word that the results use."""
    paid: Mapping[str, Decimal]
    """Face value that was paid, per currency."""
    stops: tuple[Stop, ...] = ()
    kept_back: Mapping[str, str] | None = None
    """Why rows were not sent although they wait to be, by name."""
    needs_person: tuple[str, ...] = ()
    """Rows, by name, whose order contradicts what the row says: no run can settle those."""
    overtaken: tuple[str, ...] = ()
    """Those of them whose order came through after the row was changed: there is nothing to decide about the order."""
    never_made: tuple[str, ...] = ()
    """Rows, by name, whose order was never made: unknown no more, and not paid."""
    interrupted: bool = False
    journal: str = ""
    """The digest of the last event of its journal, in hex: kept elsewhere, it shows whether that was changed."""


def outcome(
    record: BatchRecord,
    *,
    stops: Sequence[Stop] = (),
    kept_back: Mapping[str, str] | None = None,
    interrupted: bool = False,
) -> Outcome:
    """What the ledger says of a batch after a run that was stopped by `stops`."""
    wanted = [row for row in record.rows if _counts(row)]
    words = [RESULT_WORDS[row.latest.state] for row in wanted] + ["INVALID"] * len(record.invalid)
    codes = {_CODES[word] for word in words} | {stop.exit_code for stop in stops if stop.exit_code == REFUSED_BY_API}
    if interrupted:
        codes.add(INTERRUPTED)
    if any(row.overtaken for row in wanted):
        codes.add(SOME_UNSENT)
    return Outcome(
        batch=record.name,
        environment=record.environment.label,
        exit_code=next((code for code in _PRECEDENCE if code in codes), PAID_ALL),
        counts={word: words.count(word) for word in dict.fromkeys(RESULT_WORDS.values()) if word in words}
        | ({"INVALID": words.count("INVALID")} if "INVALID" in words else {}),
        paid=record.paid,
        stops=tuple(stops),
        kept_back=dict(kept_back or {}),
        needs_person=tuple(row.name for row in record.rows if row.latest.state is State.MISMATCH or row.overtaken),
        overtaken=tuple(row.name for row in record.rows if row.overtaken),
        never_made=tuple(row.name for row in wanted if row.latest.state is State.ABSENT),
        interrupted=interrupted,
        journal=record.journal,
    )


_CODES = {
    "COMPLETED": PAID_ALL,
    "PROCESSING": SOME_UNKNOWN,
    "UNKNOWN": SOME_UNKNOWN,
    "NOT_SENT": SOME_UNSENT,
    "FAILED": SOME_FAILED,
    "REJECTED": SOME_FAILED,
    "INVALID": SOME_FAILED,
}


def _counts(row: RowRecord) -> bool:
    """Whether a row says something about its batch: it is in the file, or money is or was in play for it."""
    return row.in_file or row.paid_or_open
