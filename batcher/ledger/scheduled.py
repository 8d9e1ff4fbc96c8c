"""Schedules and their periods: noted, taken from state to state, and told; each step is a transaction of its own."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from batcher.ledger import noted
from batcher.ledger.place import write_failed, writing_on
from batcher.ledger.restored import put_back_at
from batcher.ledger.tables import environments, scheduled_periods
from batcher.ledger.whose import is_of
from batcher.ledger.writing import environment_id
from batcher.model import Environment
from batcher.schedules import Definition, Due, PeriodState, ScheduledPeriod, Step, next_step


class ScheduledPeriods:
    """The periods of one ledger."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def note(self, environment: Environment, definition: Definition, now: datetime) -> Step | None:
        """Write down what has become due of a schedule, and what is expected next; gives it, or `None` for nothing.

        It is decided by what is read in the same transaction: of two processes, the second finds nothing to do.
        """
        if next_step(definition, self.of(environment, definition.name), now) is None:
            return None
        try:
            with writing_on(self._engine) as connection:
                step = next_step(definition, _rows(connection, environment, definition.name), now)
                if step is not None:
                    _write(connection, environment_id(connection, environment), definition, step, now)
                return step
        except SQLAlchemyError as error:
            raise write_failed(error) from error

    def put_back_at(self, now: datetime) -> datetime | None:
        """Where this ledger is a copy that was put back: when it was first asked so. Raises `OwnFault`."""
        return put_back_at(self._engine, now)

    def of(self, environment: Environment, schedule: str) -> list[ScheduledPeriod]:
        """Every period that a schedule ever had, by their moments."""
        with self._engine.connect() as connection:
            return _rows(connection, environment, schedule)

    def in_state(self, environment: Environment, states: Collection[PeriodState]) -> list[ScheduledPeriod]:
        """The periods of all schedules that stand so, oldest first."""
        with self._engine.connect() as connection:
            return _read(connection, environment, scheduled_periods.c.state.in_(states))

    def one(self, period_id: int) -> ScheduledPeriod | None:
        """The period of this id."""
        with self._engine.connect() as connection:
            found = connection.execute(select(scheduled_periods).where(scheduled_periods.c.id == period_id)).first()
        return None if found is None else _period(found)

    def step(self, row: ScheduledPeriod, state: PeriodState, now: datetime, **values: Any) -> bool:
        """Take a period to another state; false where it is no longer as it was read, and then nothing is changed."""
        return noted.step(self._engine, scheduled_periods, row, state, now, values)

    def report(self, period_id: int, kind: str, message: str, now: datetime) -> bool:
        """Note that somebody is told this of a period; false where they were told before."""
        return noted.report(self._engine, scheduled_periods, period_id, kind, message, now)


def _write(connection: Connection, here: int, definition: Definition, step: Step, now: datetime) -> None:
    mine = (scheduled_periods.c.environment_id == here, scheduled_periods.c.schedule == definition.name)
    expected = (*mine, scheduled_periods.c.state == PeriodState.EXPECTED)
    if step.left is not None and step.left.due_at <= now:
        why = "The schedule was changed before this period was looked at, and no longer has it."
        missed = {"state": PeriodState.MISSED, "changed_at": now, "why": why}
        connection.execute(update(scheduled_periods).where(*expected).values(missed))
    else:
        # What was expected is written anew: due by now, or no period of this schedule any more.
        connection.execute(delete(scheduled_periods).where(*expected))
    coming = [] if step.expected is None else [(step.expected, PeriodState.EXPECTED)]
    for due, state in [*((one, PeriodState.WAITING_FOR_FILE) for one in step.due), *coming]:
        connection.execute(insert(scheduled_periods).values(_values(here, definition, due, state, now)))


def _values(here: int, definition: Definition, due: Due, state: PeriodState, now: datetime) -> dict[str, Any]:
    return {
        "environment_id": here,
        "schedule": definition.name,
        "period": due.period,
        "due_at": due.due_at,
        "timing": definition.timing,
        "batch": definition.batch_of(due.period),
        "file": definition.file_of(due.period),
        "state": state,
        "noted_at": now,
        "changed_at": now,
        "file_digest": "",
        "why": "",
        "reported": {},
    }


def _rows(connection: Connection, environment: Environment, schedule: str) -> list[ScheduledPeriod]:
    return _read(connection, environment, scheduled_periods.c.schedule == schedule)


def _read(connection: Connection, environment: Environment, *conditions: Any) -> list[ScheduledPeriod]:
    query = (
        select(scheduled_periods)
        .join(environments)
        .where(is_of(environment), *conditions)
        .order_by(scheduled_periods.c.due_at, scheduled_periods.c.id)
    )
    return [_period(found) for found in connection.execute(query)]


def _period(found: Row[Any]) -> ScheduledPeriod:
    return ScheduledPeriod(
        id=found.id,
        schedule=found.schedule,
        period=found.period,
        due_at=found.due_at,
        timing=found.timing,
        batch=found.batch,
        file=found.file,
        state=PeriodState(found.state),
        noted_at=found.noted_at,
        changed_at=found.changed_at,
        run_id=found.run_id,
        file_digest=found.file_digest,
        exit_code=found.exit_code,
        why=found.why,
        reported=found.reported,
    )
