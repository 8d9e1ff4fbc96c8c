"""Definition, rows and now to what has become due; and what is to be done about a period. Pure: nothing here acts.

Each schedule has one period that is expected. When its moment has passed, everything due since then is, and a new one
is expected. So a first start pays nothing of the past, a machine that slept finds every period that it slept over, and
a clock that is set back finds nothing due twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile

from batcher.schedules.definition import Definition, moments
from batcher.schedules.periods import PeriodState, ScheduledPeriod

TRY_AGAIN_AFTER = timedelta(minutes=15)
"""How long after a try that came to no end it is tried again."""

TRIED_FOR = timedelta(days=1)
"""For how long after its deadline a run that came to no end is still tried again."""

_LONGEST_PERIOD = timedelta(days=32)
"""A month, and what lies between two zones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A period and its moment."""

    period: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is to be written down about a schedule, in one transaction."""

    due: tuple[Due, ...]
    """Periods whose moment has come, oldest first. One of them may be the one that was expected."""
    left: ScheduledPeriod | None
    """The expected one that the changed schedule no longer has. It is missed if its moment has passed, else gone."""
    expected: Due | None
    """The next one; `None` where the schedule has no further moment."""


def next_step(definition: Definition, rows: Sequence[ScheduledPeriod], now: datetime) -> Step | None:
    """What has changed for a schedule by the time; `None` where nothing has. `rows` are all that it ever had."""
    expected = next((row for row in rows if row.state is PeriodState.EXPECTED), None)
    known = {row.period for row in rows if row is not expected}
    if expected is None:
        # Looked at for the first time, or it had no further moment: what was before that is nobody's promise.
        coming = _expected(definition, known, now)
        return None if coming is None else Step(due=(), left=None, expected=coming)
    if expected.timing == definition.timing and now < expected.due_at:
        return None
    due = _due(definition, expected, known, now)
    coming = _expected(definition, known | {one.period for one in due}, now)
    # Due by now, or expected at another moment: then it is written anew.
    kept = expected.period in {one.period for one in (*due, coming) if one is not None}
    return Step(due=due, left=None if kept else expected, expected=coming)


def coming_of(definition: Definition, rows: Sequence[ScheduledPeriod], now: datetime) -> Due | None:
    """What is due next, whatever was noted; `None` where the schedule has no further moment."""
    known = {row.period for row in rows if row.state is not PeriodState.EXPECTED}
    return _expected(definition, known, now)


def _due(definition: Definition, expected: ScheduledPeriod, known: set[str], now: datetime) -> tuple[Due, ...]:
    """What has become due since the expected one was noted; where the schedule was changed, of what it is now."""
    found: dict[str, Due] = {}
    if expected.timing == definition.timing:
        found[expected.period] = Due(period=expected.period, due_at=expected.due_at)
        since = expected.noted_at
    else:
        # The period that was promised may have had its new moment before it was noted.
        since = min(expected.noted_at, expected.due_at - _LONGEST_PERIOD)
    for moment in takewhile(lambda one: one <= now, moments(definition, since)):
        one = Due(period=definition.period(moment), due_at=moment)
        # A changed schedule asks for nothing before the change, but for the period that was promised.
        promised = one.period == expected.period or moment > expected.due_at
        if promised and one.period not in known:
            found.setdefault(one.period, one)
    return tuple(sorted(found.values(), key=lambda one: one.due_at))


def _expected(definition: Definition, known: set[str], now: datetime) -> Due | None:
    """The first moment from now on whose period is a new one."""
    for moment in moments(definition, now):
        if (period := definition.period(moment)) not in known:
            return Due(period=period, due_at=moment)
    return None


class Act(StrEnum):
    """What is to be done about a period."""

    NOTHING = "nothing"
    START = "start"
    """Plan it, and ask the desk for it."""
    WAIT = "wait"
    """Say once that the file has not come."""
    SETTLE = "settle"
    """Look what has become of its run."""
    MISS = "miss"
    GIVE_UP = "give_up"
    """Leave what was begun to a person."""


def deadline(definition: Definition, row: ScheduledPeriod) -> datetime:
    """Until when a period may begin by itself."""
    return row.due_at + definition.late


def act_of(
    definition: Definition,
    row: ScheduledPeriod,
    now: datetime,
    *,
    file_digest: str | None,
    confirmed: bool,
    decided: bool = False,
) -> Act:
    """What is to be done about a period that is open.

    `file_digest` is of its file as it lies there, `None` where there is none; `confirmed`, whether a plan of its batch
    was confirmed since the period came into its state, by a person or by this schedule; `decided`, whether a person has
    dealt with one that is held or refused: by a yes or no to its plan, or by running its batch.
    """
    in_time = now <= deadline(definition, row)
    match row.state:
        case PeriodState.RUNNING:
            return Act.SETTLE
        case PeriodState.WAITING_FOR_FILE:
            if not in_time:
                return Act.MISS
            return Act.WAIT if file_digest is None else Act.START
        case PeriodState.UNFINISHED:
            return _act_of_unfinished(definition, row, now, confirmed=confirmed)
        case PeriodState.HELD_FOR_APPROVAL if confirmed:
            return Act.START
        case PeriodState.HELD_FOR_APPROVAL | PeriodState.REFUSED:
            if not in_time:
                return Act.MISS
            is_new = file_digest != row.file_digest
            return Act.START if file_digest is not None and (decided or is_new) else Act.NOTHING
    return Act.NOTHING


def _act_of_unfinished(definition: Definition, row: ScheduledPeriod, now: datetime, *, confirmed: bool) -> Act:
    if now > deadline(definition, row) + (TRIED_FOR if confirmed else timedelta(0)):
        return Act.GIVE_UP if confirmed else Act.MISS
    # A clock that was set back makes it wait longer than it is worth.
    return Act.START if abs(now - row.changed_at) >= TRY_AGAIN_AFTER else Act.NOTHING
