"""A schedule's plan above `[approval]` on the page: it waits there by itself, and is paid once somebody approves it."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from batcher.clock import SystemClock
from batcher.model import Instant
from batcher.roles import Role
from batcher.sandbox import SandboxThread, Switches
from tests.web.house import PASSWORD
from tests.web.paying import Till, row
from tests.web.sheets import sheet_of

QUICK = Switches(rate="none", complete_min_s=0, complete_max_s=0.02, late_s=0)


@dataclass
class Ahead:
    """The machine's clock, set forward by the test."""

    by: timedelta = timedelta(0)
    real: SystemClock = field(default_factory=SystemClock)

    def instant(self) -> Instant:
        """This moment, and so much more."""
        now = self.real.instant()
        return replace(now, at=now.at + self.by)

    async def sleep(self, seconds: float) -> None:
        """Sleep."""
        await self.real.sleep(seconds)


class Held(Till):
    """A page with a schedule that fell due since it was first looked at, and whose plan was prepared by itself."""

    def look(self) -> None:
        """What the desk does beside its runs, and then they."""

        async def looked() -> None:
            await self.house.schedules.look(self.house.desk)
            await self.house.desk.work_off()
            self.house.schedules.settle()

        asyncio.run(looked())


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Held]:
    config, clock = tmp_path / "batcher.toml", Ahead()
    config.write_text(
        f'[schedules.daily]\ncron = "0 9 * * *"\nzone = "UTC"\nfile = "{tmp_path}/{{period}}.csv"\n'
        'batch = "pay-{period}"\nceilings = ["GBP 100"]\nlate_hours = 48\n'
    )
    with (
        SandboxThread(QUICK) as sandbox,
        Held(tmp_path, sandbox, None, config, clock, APPROVAL__ABOVE="GBP 50") as at_till,
    ):
        at_till.look()
        clock.by = timedelta(days=1)
        (one,) = at_till.house.schedules.standings()
        (expected,) = at_till.office.scheduled.of(at_till.office.environment, "daily")
        assert one.next_period != expected.period
        path = tmp_path / f"{expected.period}.csv"
        path.write_bytes(sheet_of([row("R1", "40.00"), row("R2", "20.00")]))
        path.with_name(f"{path.name}.done").touch()
        at_till.look()
        yield at_till


def test_an_approver_finds_it_sees_every_row_approves_it_and_it_is_paid(till: Held) -> None:
    ben = till.user("ben", Role.APPROVER)
    (plan,) = till.office.approvals.waiting()
    page = ben.get(f"/plans/{plan.plan}").text
    assert f"/plans/{plan.plan}" in ben.get("/approvals").text
    assert "It waits for an approver: schedule daily prepared it. Nothing was sent." in page
    assert "r1@example.com" in page
    assert "r2@example.com" in page
    assert till.orders() == []

    assert ben.send(f"/plans/{plan.plan}/approve", {"password": PASSWORD}).status_code == 303
    assert till.orders() == []
    till.look()
    assert len(till.orders()) == 2
    assert "and carried out" in ben.get(f"/plans/{plan.plan}").text
    till.look()
    assert len(till.orders()) == 2


def test_approved_and_carried_out_on_the_page_it_is_paid_once_all_the_same(till: Held) -> None:
    ben = till.user("ben", Role.APPROVER)
    (plan,) = till.office.approvals.waiting()
    ben.send(f"/plans/{plan.plan}/approve", {"password": PASSWORD})
    assert ben.send(f"/plans/{plan.plan}/confirm").status_code == 303
    till.look()
    till.work()
    till.look()
    assert len(till.orders()) == 2
    (_, *periods) = till.office.scheduled.of(till.office.environment, "daily")[::-1]
    assert [str(row.state) for row in periods] == ["DONE"]


def test_what_ben_refuses_is_not_paid(till: Held) -> None:
    ben = till.user("ben", Role.APPROVER)
    (plan,) = till.office.approvals.waiting()
    assert ben.send(f"/plans/{plan.plan}/refuse", {"reason": "the wrong day"}).status_code == 303
    till.look()
    assert till.orders() == []
    assert "the wrong day" in till.house.schedules.standings()[0].open[0].why
