"""Schedules whose files come by an inbox: the period pays, and the inbox keeps."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from batcher.settings.schedules import Schedule
from tests.desk.shop import rows
from tests.inboxes.office import Clerk, inbox
from tests.simulation.world import Row


@pytest.fixture
def clerk(tmp_path: Path) -> Clerk:
    clerk = Clerk(tmp_path)
    clerk.schedules = {"incentives": schedule()}
    return clerk


def schedule(**values: Any) -> Schedule:
    given = {
        "cron": "0 9 28 * *",
        "zone": "Europe/London",
        "inbox": "payroll",
        "file": "incentives-{period}.csv",
        "batch": "monthly-{period}",
        "ceilings": ("GBP 1000",),
        "late_hours": 48,
    }
    return Schedule(**{**given, **values})


async def until(clerk: Clerk, day: int, hour: int = 10, month: int = 3) -> None:
    moment = datetime(2026, month, day, hour, tzinfo=UTC)
    await clerk.later(seconds=(moment - clerk.shop.world.clock.instant().at).total_seconds())


def periods(clerk: Clerk) -> dict[str, str]:
    with clerk.shop.office() as office:
        return {row.period: str(row.state) for row in office.scheduled.of(office.environment, "incentives")}


@pytest.mark.parametrize("batch", ["{name}", None])
def test_the_period_pays_at_its_time_and_the_inbox_keeps(clerk: Clerk, batch: str | None) -> None:
    clerk.inboxes = [inbox(batch=batch)]

    async def story() -> None:
        clerk.send("incentives-2026-03.csv")
        assert await clerk.run_due() == 0
        assert clerk.states() == [], "what a schedule waits for, the inbox does not pay"
        await until(clerk, 28, 9)
        assert await clerk.run_due() == 0
        assert await clerk.run_due() == 0

    clerk.live(story())
    assert clerk.paid() == {"monthly-2026-03": 3}
    assert periods(clerk) == {"2026-03": "DONE", "2026-04": "EXPECTED"}
    assert clerk.states() == [("incentives-2026-03.csv", "ARCHIVED")]
    assert set(clerk.store.folders) == {
        "archive/incentives-2026-03.csv",
        "archive/incentives-2026-03.results.csv",
    }
    assert clerk.told_of() == [("2026-03", "finished")]


def test_a_period_s_name_in_other_letters_is_paid_neither_before_its_time_nor_beside_it(clerk: Clerk) -> None:
    async def story() -> None:
        clerk.send("Incentives-2026-03.CSV")
        assert await clerk.run_due() == 0
        await until(clerk, 28)
        clerk.send("incentives-2026-03.csv", rows(3))
        assert await clerk.run_due() == 0
        assert await clerk.run_due() == 0

    clerk.live(story())
    assert clerk.paid() == {"monthly-2026-03": 3}
    assert list(clerk.store.files) == ["Incentives-2026-03.CSV"]


def test_a_file_that_comes_late_and_one_that_never_comes(clerk: Clerk) -> None:
    async def story() -> None:
        assert await clerk.run_due() == 0
        await until(clerk, 28)
        assert await clerk.run_due() == 0
        clerk.send("incentives-2026-03.csv")
        await until(clerk, 28, 20)
        assert await clerk.run_due() == 0
        await until(clerk, 28, 10, month=4)
        assert await clerk.run_due() == 0
        await until(clerk, 30, 12, month=4)
        assert await clerk.run_due() == 5

    clerk.live(story())
    assert clerk.paid() == {"monthly-2026-03": 3}
    assert periods(clerk) == {"2026-03": "DONE", "2026-04": "MISSED", "2026-05": "EXPECTED"}
    assert clerk.told_of() == [
        ("2026-03", "waiting"),
        ("2026-03", "started_late"),
        ("2026-03", "finished"),
        ("2026-04", "waiting"),
        ("2026-04", "missed"),
    ]


def test_a_broken_sheet_is_put_aside_and_a_mended_one_paid(clerk: Clerk) -> None:
    async def story() -> None:
        assert await clerk.run_due() == 0
        await until(clerk, 28)
        clerk.send("incentives-2026-03.csv", [Row("R1", 1, -1)])
        assert await clerk.run_due() == 5
        assert periods(clerk)["2026-03"] == "REFUSED"
        assert "rejected/incentives-2026-03.errors.xlsx" in clerk.store.folders
        assert clerk.store.files == {}
        clerk.send("incentives-2026-03.csv")
        await until(clerk, 28, 11)
        assert await clerk.run_due() == 0

    clerk.live(story())
    assert clerk.paid() == {"monthly-2026-03": 3}
    assert [state for _, state in clerk.states()] == ["PUT_ASIDE", "ARCHIVED"]


@pytest.mark.parametrize("same_again", [False, True])
def test_last_month_s_bytes_under_this_month_s_name_are_paid_only_where_that_is_said(
    clerk: Clerk, same_again: bool
) -> None:
    clerk.schedules = {"incentives": schedule(same_again=same_again)}

    async def story() -> None:
        assert await clerk.run_due() == 0
        await until(clerk, 28)
        clerk.send("incentives-2026-03.csv")
        assert await clerk.run_due() == 0
        await until(clerk, 28, 10, month=4)
        clerk.send("incentives-2026-04.csv")
        assert await clerk.run_due() == (0 if same_again else 5)

    clerk.live(story())
    assert clerk.paid() == {"monthly-2026-03": 3} | ({"monthly-2026-04": 3} if same_again else {})
    if not same_again:
        assert clerk.states()[-1] == ("incentives-2026-04.csv", "PUT_ASIDE")
        assert any("asks for exactly what batch monthly-2026-03 asked for" in one.message for one in clerk.told.reports)


def test_a_paid_period_s_name_with_other_bytes_is_put_aside(clerk: Clerk) -> None:
    async def story() -> None:
        assert await clerk.run_due() == 0
        await until(clerk, 28)
        clerk.send("incentives-2026-03.csv")
        assert await clerk.run_due() == 0
        clerk.send("incentives-2026-03.csv", rows(2, start=10))
        assert await clerk.run_due() == 5

    clerk.live(story())
    assert clerk.paid() == {"monthly-2026-03": 3}
    assert clerk.states()[-1] == ("incentives-2026-03.csv", "PUT_ASIDE")


def test_nobody_is_told_that_a_file_is_missing_where_nobody_can_look(clerk: Clerk) -> None:
    async def story() -> None:
        assert await clerk.run_due() == 0
        clerk.store.is_reachable = False
        await until(clerk, 28)
        assert await clerk.run_due() == 6
        await until(clerk, 30, 12)
        assert await clerk.run_due() == 6

    clerk.live(story())
    assert clerk.told_of() == [("payroll", "unreachable"), ("2026-03", "missed")]
    assert "Inbox payroll could not be looked into" in clerk.told.reports[-1].message


@pytest.mark.parametrize("moment", range(1, 30, 2))
def test_cut_off_at_any_moment_a_period_is_paid_once(clerk: Clerk, moment: int) -> None:
    async def story() -> None:
        assert await clerk.run_due() == 0
        await until(clerk, 28)
        clerk.send("incentives-2026-03.csv")
        await clerk.run_due(cut_at=moment)
        for hour in (11, 12, 13):
            await until(clerk, 28, hour)
            await clerk.run_due()
        assert await clerk.run_due() == 0

    clerk.live(story())
    assert clerk.paid() == {"monthly-2026-03": 3}
    assert periods(clerk)["2026-03"] == "DONE"
    assert clerk.states() == [("incentives-2026-03.csv", "ARCHIVED")]
