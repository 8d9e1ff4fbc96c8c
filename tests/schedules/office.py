"""A schedule in a simulated world: files that come or do not, processes that look, and what was really paid."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from batcher.approval import Approval as Prepared
from batcher.assembly import Office, load_sheet
from batcher.assembly.desk import Desk
from batcher.assembly.duties import Duties, duties_over
from batcher.assembly.plans import Plans
from batcher.assembly.unattended import is_unattended, worst
from batcher.errors import UsageError
from batcher.inboxes import Store
from batcher.planning import Choices
from batcher.roles import Role
from batcher.schedules import Report, ScheduledPeriod
from batcher.settings import Settings
from batcher.settings.approval import Approval
from batcher.settings.schedules import Schedule
from tests.desk.shop import Shop, rows
from tests.simulation.process import Killed, Process
from tests.simulation.world import API_KEY, Row

MONTHLY = "0 9 28 * *"


@dataclass
class Told:
    """Implements `batcher.schedules.Reports`."""

    reports: list[Report] = field(default_factory=list)

    def tell(self, report: Report) -> None:
        """Keep it."""
        self.reports.append(report)


class Payer:
    """One config with one schedule, and one machine that is asked now and then what is due."""

    def __init__(self, folder: Path, *, approval: tuple[str, ...] = (), **schedule: Any) -> None:
        self.shop = Shop(folder)
        self.inbox = folder / "inbox"
        self.inbox.mkdir()
        self.told = Told()
        self.define(**schedule)
        self.approval = Approval(above=approval)
        self.has_key = True

    def define(self, **schedule: Any) -> None:
        """Write the schedule into the config, or change it there."""
        given = {
            "cron": MONTHLY,
            "zone": "Europe/London",
            "file": str(self.inbox / "incentives-{period}.csv"),
            "batch": "incentives-{period}",
            "ceilings": ("GBP 1000",),
            "late_hours": 48,
            "same_again": True,
        }
        self.schedules = {"incentives": Schedule(**{**given, **schedule})}

    def file(self, period: str, lines: list[Row] | None = None) -> Path:
        """The sheet of a period, put into the inbox."""
        written = self.shop.file(period, rows(3) if lines is None else lines)
        path = self.inbox / f"incentives-{period}.csv"
        written.replace(path)
        return path

    async def until(self, year: int, month: int, day: int, hour: int = 9, minute: int = 0) -> None:
        """Nobody looks until this moment, in UTC: the machine sleeps, and Runa's clock goes on."""
        world = self.shop.world
        slept = datetime(year, month, day, hour, minute, tzinfo=UTC) - world.clock.instant().at
        world.clock.offset += slept
        world.slept_s += slept.total_seconds()
        await world.clock.sleep(0)

    def _api_key(self) -> SecretStr:
        if not self.has_key:
            raise UsageError("There is no API key.")
        return API_KEY

    def settings(self) -> Settings:
        """The config as it is now."""
        return self.shop.world.settings.model_copy(update={"schedules": self.schedules, "approval": self.approval})

    def _at_work(self, office: Office) -> Duties:
        plans = Plans(self.shop.world.folder / "plans")
        nowhere: dict[str, Store] = {}
        return duties_over(
            office, (), store_of=nowhere.__getitem__, api_key=self._api_key, plans=plans, reports=self.told
        )

    async def run_due(self, *, killed_at_step: int | None = None) -> int | None:
        """What `batcher schedule run-due` does; its exit code, `None` where it was killed."""
        shop = self.shop
        shop.world.settings = self.settings()
        with shop.office() as office:
            process = Process(kill_at_step=killed_at_step)
            duties = self._at_work(office)
            find = Plans(shop.world.folder / "plans").find
            desk = Desk(office, api_key=self._api_key, sealed_of=find, takes=is_unattended)
            try:
                ended = await process.live(duties.run_due(desk))
            finally:
                for lock in office.locks:
                    lock.__exit__(None, None, None)
            await shop.world.clock.sleep(10)
            return None if ended is Killed else worst(duties.codes)

    async def serve(self, seconds: float) -> None:
        """What `batcher serve` does by itself, for so long."""
        shop = self.shop
        shop.world.settings = self.settings()
        with shop.office() as office:
            find = Plans(shop.world.folder / "plans").find
            desk = Desk(office, api_key=self._api_key, sealed_of=find, duty=self._at_work(office))

            async def closes() -> None:
                await shop.world.clock.sleep(seconds)
                desk.close()

            await asyncio.gather(shop.alive(desk.work()), closes())

    async def confirm_by_hand(self, period: str) -> None:
        """A person has the plan of a period approved and confirmed, and nothing is sent yet."""
        shop = self.shop
        shop.world.settings = shop.world.settings.model_copy(update={"approval": Approval()})
        with shop.office() as office:
            sheet = load_sheet(self.inbox / f"incentives-{period}.csv", shop.world.settings)
            office.confirm(office.plan(sheet, f"incentives-{period}", Choices()), API_KEY, by="zoë")

    def decide(self, *, reason: str = "") -> None:
        """An approver says yes to the one plan that waits, or no for a reason."""
        with self.shop.office() as office:
            if not office.people.has_users():
                office.people.add("zoe", Role.APPROVER, "correct horse battery staple", by="root", now=office.now)
            (plan,) = (one.plan for one in office.approvals.waiting())
            if reason:
                office.approvals.refuse(plan, by="zoe", reason=reason, now=office.now)
            else:
                office.approvals.approve(plan, by="zoe", now=office.now)

    def plans(self) -> list[Prepared]:
        """Every plan that waited for somebody, oldest first."""
        with self.shop.office() as office:
            approvals = office.approvals
            open_ = [*approvals.waiting(), *approvals.approved(), *approvals.closed(first=0, most=99)[0]]
            return sorted(open_, key=lambda one: one.prepared_at)

    def periods(self) -> dict[str, ScheduledPeriod]:
        """What the table says."""
        with self.shop.office() as office:
            return {row.period: row for row in office.scheduled.of(office.environment, "incentives")}

    def states(self) -> dict[str, str]:
        """The same, the state alone."""
        return {period: str(row.state) for period, row in self.periods().items()}

    def told_of(self) -> list[tuple[str, str]]:
        """Every report, by period and kind."""
        return [(one.period, str(one.kind)) for one in self.told.reports]

    def paid(self) -> Mapping[str, int]:
        """How many orders were made, by period."""
        made: dict[str, int] = {}
        for name, count in self.shop.paid().items():
            assert count == 1, f"{name} was paid {count} times"
            period = name.partition("/")[0].removeprefix("incentives-")
            made[period] = made.get(period, 0) + 1
        return made
