"""Figures for whoever watches from outside: counts and ages, and nothing of any person."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, or_, select

from batcher.inboxes import OPEN as IN_THE_INBOX
from batcher.inboxes import UNCONFIRMED, FileState
from batcher.ledger.tables import (
    approvals,
    asked_runs,
    attempts,
    inbox_files,
    inbox_troubles,
    notices,
    scheduled_periods,
    sends,
)
from batcher.ledger.whose import is_in
from batcher.model import Environment
from batcher.policy import Finding
from batcher.schedules import OPEN, PeriodState, ReportKind
from batcher.states import State

_OPEN = (State.SENT, State.UNKNOWN, State.ACCEPTED, State.MISMATCH)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxGauges:
    """One moment's figures of all inboxes. A schedule's file counts once it is to leave the inbox: its period waits."""

    files: Mapping[tuple[str, str], int]
    """That are not at their end, by inbox and state."""
    oldest_s: Mapping[tuple[str, str], float]
    """Since the oldest of them was taken."""
    left: Mapping[str, int]
    """Files that nothing brings to an end any more but a person, by inbox."""
    put_aside: Mapping[str, int]
    """By inbox, ever."""
    unreachable_s: Mapping[str, float]
    """Since when an inbox cannot be worked with; only those that cannot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauges:
    """One moment's figures of an environment."""

    attempts: Mapping[str, int]
    """By state."""
    refusals: Mapping[str, int]
    """Answers that refused an order or turned it away, by type."""
    sends_last_minute: int
    """Of all environments: the limit is one for all."""
    oldest_open_s: float
    """Since the oldest attempt was planned that is neither settled nor certainly unsent; 0 where there is none."""
    runs: Mapping[str, int]
    """What was asked for on the page, by state."""
    approvals_waiting: int
    notices_undelivered: int
    late_s: Mapping[tuple[str, str], float]
    """Since the oldest period fell due that is not over, by schedule and state; of `EXPECTED` nobody has noted it."""
    missed: Mapping[str, int]
    """Periods whose time was over before they were paid, by schedule."""
    left: Mapping[str, int]
    """Periods that were begun, and that nothing ends any more but a person, by schedule."""
    inboxes: InboxGauges


def gauges(engine: Engine, environment: Environment, now: datetime) -> Gauges:
    """Read them."""
    states = select(attempts.c.state, func.count()).where(is_in(attempts, environment))
    oldest = select(func.min(attempts.c.planned_at)).where(is_in(attempts, environment))
    refusals = (
        select(sends.c.cause, func.count())
        .join(attempts, sends.c.attempt_id == attempts.c.id)
        .where(is_in(attempts, environment), sends.c.finding.in_((Finding.REFUSED, Finding.TURNED_AWAY)))
    )
    runs = select(asked_runs.c.state, func.count()).where(is_in(asked_runs, environment))
    waiting = select(func.count()).where(is_in(approvals, environment), approvals.c.approved.is_(None))
    undelivered = select(func.count()).where(is_in(notices, environment), notices.c.delivered_at.is_(None))
    periods = select(scheduled_periods.c.schedule, func.count()).where(is_in(scheduled_periods, environment))
    missed = periods.where(scheduled_periods.c.state == PeriodState.MISSED)
    with engine.connect() as connection:
        since = connection.scalar(oldest.where(attempts.c.state.in_(_OPEN)))
        return Gauges(
            attempts=_counted(connection, states.group_by(attempts.c.state)),
            refusals=_counted(connection, refusals.group_by(sends.c.cause)),
            sends_last_minute=connection.scalar(
                select(func.count()).where(sends.c.sent_at > now - timedelta(minutes=1))
            )
            or 0,
            oldest_open_s=0.0 if since is None else _since(since, now),
            runs=_counted(connection, runs.group_by(asked_runs.c.state)),
            approvals_waiting=connection.scalar(waiting) or 0,
            notices_undelivered=connection.scalar(undelivered) or 0,
            late_s=_late(connection, environment, now),
            missed=_counted(connection, missed.group_by(scheduled_periods.c.schedule)),
            left=_left(connection, environment),
            inboxes=_of_inboxes(connection, environment, now),
        )


def _late(connection: Connection, environment: Environment, now: datetime) -> dict[tuple[str, str], float]:
    period = scheduled_periods.c
    query = (
        select(period.schedule, period.state, func.min(period.due_at))
        .where(is_in(scheduled_periods, environment), period.state.in_(OPEN | {PeriodState.EXPECTED}))
        .group_by(period.schedule, period.state)
    )
    found = connection.execute(query)
    return {(schedule, str(state)): _since(since, now) for schedule, state, since in found}


def _left(connection: Connection, environment: Environment) -> dict[str, int]:
    period = scheduled_periods.c
    unfinished = (is_in(scheduled_periods, environment), period.state == PeriodState.UNFINISHED)
    told = connection.execute(select(period.schedule, period.reported).where(*unfinished))
    return Counter(schedule for schedule, reported in told if ReportKind.NEEDS_PERSON in reported)


def _of_inboxes(connection: Connection, environment: Environment, now: datetime) -> InboxGauges:
    file, here = inbox_files.c, is_in(inbox_files, environment)
    ours = or_(file.schedule == "", file.state.in_((FileState.DONE, FileState.REFUSED)))
    waiting = (
        select(file.inbox, file.state, func.count(), func.min(file.noted_at))
        .where(here, ours, file.state.in_(IN_THE_INBOX))
        .group_by(file.inbox, file.state)
    )
    found = {(inbox, str(state)): (count, since) for inbox, state, count, since in connection.execute(waiting)}
    told = select(file.inbox, file.reported).where(here, file.schedule == "", file.state.in_(UNCONFIRMED))
    put_aside = select(file.inbox, func.count()).where(here, file.state == FileState.PUT_ASIDE).group_by(file.inbox)
    troubles = select(inbox_troubles.c.inbox, inbox_troubles.c.since).where(is_in(inbox_troubles, environment))
    return InboxGauges(
        files={place: count for place, (count, _) in found.items()},
        oldest_s={place: _since(since, now) for place, (_, since) in found.items()},
        left=Counter(inbox for inbox, reported in connection.execute(told) if ReportKind.NEEDS_PERSON in reported),
        put_aside=_counted(connection, put_aside),
        unreachable_s={inbox: _since(since, now) for inbox, since in connection.execute(troubles)},
    )


def _since(moment: datetime, now: datetime) -> float:
    return max(0.0, (now - moment).total_seconds())


def _counted(connection: Connection, query: Select[tuple[Any, int]]) -> dict[str, int]:
    return {str(name): count for name, count in connection.execute(query)}
