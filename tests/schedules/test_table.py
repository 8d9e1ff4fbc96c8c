"""The table of periods: a step is made only from where the period was read, and each thing is told once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from batcher.ledger import Ledger, ScheduledPeriods
from batcher.schedules import Definition, PeriodState, ReportKind, ScheduledPeriod
from tests.payouts import ENVIRONMENT

DUE = datetime(2026, 11, 28, 9, tzinfo=UTC)
MONTHLY = Definition(
    name="monthly",
    cron="0 9 28 * *",
    zone="UTC",
    file="/inbox/{period}.csv",
    batch="monthly-{period}",
    ceilings={"GBP": Decimal(1)},
    late=timedelta(hours=24),
)


@pytest.fixture
def table(tmp_path: Path) -> Iterator[ScheduledPeriods]:
    """One period that has fallen due."""
    with Ledger(f"sqlite:///{tmp_path}/ledger.sqlite3") as ledger:
        ledger.scheduled.note(ENVIRONMENT, MONTHLY, DUE - timedelta(days=1))
        ledger.scheduled.note(ENVIRONMENT, MONTHLY, DUE)
        yield ledger.scheduled


def due(table: ScheduledPeriods) -> ScheduledPeriod:
    return table.of(ENVIRONMENT, "monthly")[0]


def test_of_two_that_read_a_period_one_takes_it_further(table: ScheduledPeriods) -> None:
    read = due(table)
    assert read.state is PeriodState.WAITING_FOR_FILE
    later = DUE + timedelta(minutes=1)
    assert table.step(read, PeriodState.RUNNING, later)
    assert table.step(due(table), PeriodState.DONE, later, why="Every row is paid.")
    assert not table.step(read, PeriodState.MISSED, later, why="Nobody looked.")
    assert not table.step(read, PeriodState.RUNNING, later)
    assert (due(table).state, due(table).why) == (PeriodState.DONE, "Every row is paid.")


def test_back_in_the_same_state_it_is_another_period_than_the_one_that_was_read(table: ScheduledPeriods) -> None:
    read = due(table)
    assert table.step(read, PeriodState.WAITING_FOR_FILE, DUE + timedelta(minutes=1))
    assert not table.step(read, PeriodState.RUNNING, DUE + timedelta(minutes=2))


def test_a_thing_is_told_once(table: ScheduledPeriods) -> None:
    assert table.report(due(table).id, ReportKind.WAITING, "It waits.", DUE)
    assert not table.report(due(table).id, ReportKind.WAITING, "It waits still.", DUE + timedelta(minutes=1))
    assert (due(table).reported or {})[ReportKind.WAITING].endswith(" It waits.")


def test_looked_at_twice_a_period_is_there_once(table: ScheduledPeriods) -> None:
    assert table.note(ENVIRONMENT, MONTHLY, DUE) is None
    assert [row.period for row in table.of(ENVIRONMENT, "monthly")] == ["2026-11", "2026-12"]
