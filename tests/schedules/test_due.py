"""What is due, by definition, rows and now: tables for the calendar, properties for everything else."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.schedules import (
    Definition,
    PeriodState,
    ScheduledPeriod,
    Unit,
    moments,
    next_step,
    unit_of,
)


def definition(cron: str = "0 9 28 * *", zone: str = "Europe/London") -> Definition:
    return Definition(
        name="incentives",
        cron=cron,
        zone=zone,
        file="/inbox/{period}.csv",
        batch="incentives-{period}",
        ceilings={"GBP": Decimal(1)},
        late=timedelta(hours=24),
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Table:
    """The ledger's table as the pure part sees it."""

    def __init__(self) -> None:
        self.rows: list[ScheduledPeriod] = []

    def look(self, of: Definition, now: datetime) -> list[str]:
        """Note what has changed; gives the periods that have become due."""
        step = next_step(of, self.rows, now)
        if step is None:
            return []
        self.rows = [row for row in self.rows if row.state is not PeriodState.EXPECTED]
        if step.left is not None and step.left.due_at <= now:
            self._add(of, step.left.period, step.left.due_at, PeriodState.MISSED, now)
        for due in step.due:
            self._add(of, due.period, due.due_at, PeriodState.WAITING_FOR_FILE, now)
        if step.expected is not None:
            self._add(of, step.expected.period, step.expected.due_at, PeriodState.EXPECTED, now)
        return [due.period for due in step.due]

    def _add(self, of: Definition, period: str, due_at: datetime, state: PeriodState, now: datetime) -> None:
        assert period not in [row.period for row in self.rows], "a period twice"
        row = ScheduledPeriod(
            id=len(self.rows),
            schedule=of.name,
            period=period,
            due_at=due_at,
            timing=of.timing,
            batch=of.batch_of(period),
            file=of.file_of(period),
            state=state,
            noted_at=now,
            changed_at=now,
        )
        self.rows.append(row)

    @property
    def fallen(self) -> list[str]:
        """Every period that has become due or is missed."""
        return [row.period for row in self.rows if row.state is not PeriodState.EXPECTED]


MOMENTS = [
    # Summer time: 01:30 does not exist on the last Sunday of March, and comes twice on that of October.
    ("30 1 * * *", "Europe/London", "2026-03-28T12:00", ["2026-03-29T01:00", "2026-03-30T00:30"]),
    ("30 1 * * *", "Europe/London", "2026-10-24T12:00", ["2026-10-25T00:30", "2026-10-26T01:30"]),
    # Looked at in the second of the two hours: the first one is over.
    ("30 1 * * *", "Europe/London", "2026-10-25T01:10", ["2026-10-26T01:30"]),
    ("0 9 28 * *", "Europe/London", "2026-03-01T00:00", ["2026-03-28T09:00", "2026-04-28T08:00"]),
    ("0 9 31 * *", "UTC", "2026-01-01T00:00", ["2026-01-31T09:00", "2026-03-31T09:00"]),
    ("0 9 L * *", "UTC", "2028-01-31T10:00", ["2028-02-29T09:00", "2028-03-31T09:00"]),
    ("0 9 29 2 *", "UTC", "2026-01-01T00:00", ["2028-02-29T09:00", "2032-02-29T09:00"]),
    ("0 0 1 * *", "Pacific/Auckland", "2026-11-30T00:00", ["2026-11-30T11:00", "2026-12-31T11:00"]),
]


@pytest.mark.parametrize(("cron", "zone", "after", "expected"), MOMENTS)
def test_moments(cron: str, zone: str, after: str, expected: list[str]) -> None:
    found = list(islice(moments(definition(cron, zone), at(after)), len(expected)))
    assert found == [at(text) for text in expected]


@pytest.mark.parametrize(
    ("cron", "unit", "period"),
    [
        ("0 9 28 * *", Unit.MONTH, "2027-01"),
        ("0 9 L * *", Unit.MONTH, "2027-01"),
        ("0 9 * * MON#1", Unit.MONTH, "2027-01"),
        ("0 9 1 1,4,7,10 *", Unit.MONTH, "2027-01"),
        ("0 9 * * FRI", Unit.WEEK, "2026-w53"),
        ("0 9 * * 1-5", Unit.DAY, "2027-01-01"),
        ("0 9 1,15 * *", Unit.DAY, "2027-01-01"),
        ("0 9 1 * MON", Unit.DAY, "2027-01-01"),
    ],
)
def test_a_period_is_as_long_as_no_two_moments_share_one(cron: str, unit: Unit, period: str) -> None:
    assert unit_of(cron) is unit
    assert definition(cron).period(at("2027-01-01T12:00")) == period
    many = list(islice(moments(definition(cron), at("2026-01-01T00:00")), 400))
    assert len({definition(cron).period(moment) for moment in many}) == len(many)


@pytest.mark.parametrize(
    "cron", ["", "0 9 28 *", "0 0 9 28 * *", "61 9 28 * *", "0 9 30 2 *", "*/5 * * * *", "0 9,10 * * *"]
)
def test_what_is_no_schedule_says_what_it_must_be(cron: str) -> None:
    with pytest.raises(ValueError, match="a cron expression"):
        unit_of(cron)


def test_the_period_is_that_of_the_schedules_zone() -> None:
    of = definition("0 0 1 * *", "Pacific/Auckland")
    assert of.period(at("2026-11-30T11:00")) == "2026-12"


def test_a_first_start_pays_nothing_of_the_past() -> None:
    table = Table()
    assert table.look(definition(), at("2026-11-28T09:00")) == []
    assert [row.period for row in table.rows] == ["2026-12"]


def test_a_machine_that_slept_finds_every_period_that_it_slept_over() -> None:
    table = Table()
    table.look(definition(), at("2026-01-01T00:00"))
    assert table.look(definition(), at("2026-04-28T08:00")) == ["2026-01", "2026-02", "2026-03", "2026-04"]


def test_a_clock_that_is_set_back_makes_nothing_due_twice() -> None:
    table = Table()
    table.look(definition(), at("2026-01-01T00:00"))
    assert table.look(definition(), at("2026-02-28T09:00")) == ["2026-01", "2026-02"]
    assert table.look(definition(), at("2026-01-15T09:00")) == []
    assert table.look(definition(), at("2026-02-28T09:00")) == []
    assert table.look(definition(), at("2026-03-28T09:00")) == ["2026-03"]


@pytest.mark.parametrize(
    ("before", "after", "changed_at", "due_then", "next_period"),
    [
        # Later in the month, before its day: the same period, later.
        ("0 9 20 * *", "0 9 28 * *", "2026-11-10T00:00", [], "2026-11"),
        # Earlier, and that day is over: the period was promised, so it is due.
        ("0 9 28 * *", "0 9 5 * *", "2026-11-10T00:00", ["2026-11"], "2026-12"),
        # From every month to every week: the past weeks are nobody's promise.
        ("0 9 28 * *", "0 9 * * MON", "2026-11-10T00:00", [], "2026-w47"),
        # Paid on the 5th already: not once more on the 28th.
        ("0 9 5 * *", "0 9 28 * *", "2026-11-10T00:00", ["2026-11"], "2026-12"),
    ],
)
def test_a_definition_changed_in_mid_year(
    before: str, after: str, changed_at: str, due_then: list[str], next_period: str
) -> None:
    table = Table()
    table.look(definition(before), at("2026-10-30T00:00"))
    due = table.look(definition(before), at("2026-11-09T00:00")) + table.look(definition(after), at(changed_at))
    assert due == due_then
    assert next(row.period for row in table.rows if row.state is PeriodState.EXPECTED) == next_period


@pytest.mark.parametrize("noted", ["0 9 28 * *", "0 9 27 * *"])
def test_a_promised_period_is_not_lost_where_its_new_day_was_over_before_it_was_noted(noted: str) -> None:
    table = Table()
    table.look(definition("0 9 28 * *"), at("2026-10-30T00:00"))
    table.look(definition(noted), at("2026-11-16T00:00"))
    assert table.look(definition("0 9 15 * *"), at("2026-11-20T00:00")) == ["2026-11"]
    assert table.rows[0].due_at == at("2026-11-15T09:00")


def test_a_schedule_that_is_new_and_changed_has_its_first_period_still() -> None:
    table = Table()
    table.look(definition("0 9 28 * *"), at("2026-11-16T00:00"))
    assert table.look(definition("0 9 15 * *"), at("2026-11-20T00:00")) == ["2026-11"]


def test_changed_while_nobody_looked_no_period_is_lost() -> None:
    table = Table()
    table.look(definition(), at("2026-10-30T00:00"))
    assert table.look(definition("0 9 * * MON"), at("2026-12-08T00:00")) == ["2026-w49", "2026-w50"]
    assert table.fallen == ["2026-11", "2026-w49", "2026-w50"]
    assert table.rows[0].state is PeriodState.MISSED


CRONS = st.sampled_from(["0 9 28 * *", "30 1 * * *", "0 9 L * *", "15 2 * * SUN", "0 9 31 * *", "0 23 * * 1-5"])
ZONES = st.sampled_from(["Europe/London", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kathmandu"])
LOOKS = st.lists(st.integers(0, 40 * 24 * 60), min_size=1, max_size=12)


@given(CRONS, ZONES, LOOKS)
def test_however_often_it_is_looked_each_period_falls_due_once(cron: str, zone: str, steps: list[int]) -> None:
    of, table, now = definition(cron, zone), Table(), at("2026-01-01T00:00")
    start = now
    table.look(of, now)
    due = []
    for minutes in steps:
        now += timedelta(minutes=minutes)
        due += table.look(of, now)
    wanted = []
    for moment in moments(of, start):
        if moment > now:
            break
        wanted.append(of.period(moment))
    assert due == wanted


@given(ZONES, st.lists(st.tuples(CRONS, st.integers(-20 * 24 * 60, 40 * 24 * 60)), min_size=1, max_size=8))
def test_whatever_is_changed_and_wherever_the_clock_goes_no_period_is_there_twice(
    zone: str, steps: list[tuple[str, int]]
) -> None:
    table, now = Table(), at("2026-01-01T00:00")
    for cron, minutes in steps:
        now += timedelta(minutes=minutes)
        table.look(definition(cron, zone), now)
        assert sum(row.state is PeriodState.EXPECTED for row in table.rows) == 1
        assert table.look(definition(cron, zone), now) == []
