"""An inbox in a simulated world: files that are sent, processes that look and die, and what was really paid."""

import asyncio
import os
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from pydantic import SecretStr

from batcher.assembly import Office, load_sheet
from batcher.assembly.desk import Desk
from batcher.assembly.duties import Duties, duties_over
from batcher.assembly.inboxes import Found
from batcher.assembly.plans import Plans
from batcher.assembly.unattended import is_unattended, worst
from batcher.errors import UsageError
from batcher.inboxes import Inbox, InboxFile
from batcher.ledger import InboxFiles
from batcher.planning import Choices
from batcher.roles import Role
from batcher.settings import Settings
from batcher.settings.approval import Approval
from batcher.settings.schedules import Schedule
from tests.desk.shop import Shop, rows
from tests.inboxes.store import Cutter, FakeStore, PowerCut
from tests.schedules.office import Told
from tests.simulation.process import Killed, Process
from tests.simulation.world import API_KEY, Row

T = TypeVar("T")


class _Lines:
    """The table, with a power cut before or after any change of it."""

    def __init__(self, lines: InboxFiles, clerk: "Clerk") -> None:
        self._lines, self._cutter, self._clerk = lines, clerk.cutter, clerk

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._lines, name)
        if name not in {"take", "step", "keep_as", "report"}:
            return method

        def changes(*arguments: Any, **named: Any) -> Any:
            self._cutter.moment()
            if name == "take":
                self._clerk.before_taking(self._lines, *arguments, **named)
            given = method(*arguments, **named)
            self._cutter.moment()
            return given

        return changes


async def in_place(work: Callable[[], T]) -> T:
    """What a thread would do, at once: virtual time waits for none."""
    return work()


class Clerk:
    """One machine with inboxes, which is asked now and then what has come."""

    def __init__(self, folder: Path, *, approval: tuple[str, ...] = (), **switches: Any) -> None:
        self.shop = Shop(folder, **switches)
        self.stores = {"payroll": FakeStore()}
        self.inboxes = [inbox()]
        self.schedules: dict[str, Schedule] = {}
        self.told = Told()
        self.approval = Approval(above=approval)
        self.has_key = True
        self.cutter = Cutter()
        self.before_taking: Callable[..., None] = lambda lines, *arguments, **named: None
        """What another process does just before this one notes a file."""

    @property
    def store(self) -> FakeStore:
        """The first inbox."""
        return self.stores["payroll"]

    def sheet(self, lines: Sequence[Row]) -> bytes:
        """A sheet of these payouts."""
        return self.shop.file("sent", lines).read_bytes()

    def send(self, name: str = "march.csv", lines: Sequence[Row] | None = None, inbox: str = "payroll") -> None:
        """Somebody sends a sheet."""
        self.stores[inbox].write(name, self.sheet(rows(3) if lines is None else lines))

    async def later(self, **time: float) -> None:
        """The machine sleeps, and Runa's clock goes on."""
        slept = timedelta(**time)
        self.shop.world.clock.offset += slept
        self.shop.world.slept_s += slept.total_seconds()
        await self.shop.world.clock.sleep(0)

    def _api_key(self) -> SecretStr:
        if not self.has_key:
            raise UsageError("There is no API key.")
        return API_KEY

    def settings(self) -> Settings:
        """The config as it is now."""
        return self.shop.world.settings.model_copy(update={"schedules": self.schedules, "approval": self.approval})

    def _office(self) -> Any:
        self.shop.world.settings = self.settings()
        office = self.shop.office()
        lines = _Lines(office.inbox_files, self)
        # The same office, but for the table.
        office.__class__ = type("Watched", (office.__class__,), {"inbox_files": property(lambda _: lines)})
        return office

    def duties(self, office: Office) -> Duties:
        """What asks the desk for runs by itself."""
        for store in self.stores.values():
            store.cutter = self.cutter
        plans = Plans(self.shop.world.folder / "plans")
        return duties_over(
            office,
            self.inboxes,
            store_of=self.stores.__getitem__,
            api_key=self._api_key,
            plans=plans,
            reports=self.told,
            aside=in_place,
        )

    async def run_due(self, *, killed_at_step: int | None = None, cut_at: int | None = None) -> int | None:
        """What `batcher schedule run-due` does; its exit code, `None` where the process came to no end."""
        shop = self.shop
        self.cutter = Cutter(at=cut_at)
        with self._office() as office:
            process = Process(kill_at_step=killed_at_step)
            duties = self.duties(office)
            find = Plans(shop.world.folder / "plans").find
            desk = Desk(office, api_key=self._api_key, sealed_of=find, takes=is_unattended)
            try:
                ended = await process.live(duties.run_due(desk))
            except PowerCut:
                process.kill()
                ended = Killed
            finally:
                for lock in office.locks:
                    lock.__exit__(None, None, None)
            await shop.world.clock.sleep(10)
            return None if ended is Killed else worst(duties.codes)

    async def serve(self, seconds: float) -> None:
        """What `batcher serve` does by itself, for so long."""
        with self._office() as office:
            find = Plans(self.shop.world.folder / "plans").find
            desk = Desk(office, api_key=self._api_key, sealed_of=find, duty=self.duties(office))

            async def closes() -> None:
                await self.shop.world.clock.sleep(seconds)
                desk.close()

            await asyncio.gather(self.shop.alive(desk.work()), closes())

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

    async def confirm_by_hand(self, batch: str, content: bytes) -> None:
        """A person has the plan of a batch approved and confirmed, and nothing is sent yet."""
        shop = self.shop
        shop.world.settings = shop.world.settings.model_copy(update={"approval": Approval()})
        with shop.office() as office:
            path = shop.world.folder / "by-hand.csv"
            path.write_bytes(content)
            plan = office.plan(load_sheet(path, shop.world.settings), batch, Choices())
            office.confirm(plan, API_KEY, by="zoë")

    def lines(self, inbox: str = "payroll") -> list[InboxFile]:
        """What the table says."""
        with self.shop.office() as office:
            return office.inbox_files.of(office.environment, inbox)

    def states(self, inbox: str = "payroll") -> list[tuple[str, str]]:
        """The same: names and states, in the order in which they were taken."""
        return [(line.name, str(line.state)) for line in self.lines(inbox)]

    def told_of(self) -> list[tuple[str, str]]:
        """Every report, by file and kind."""
        return [(one.file or one.period or one.inbox, str(one.kind)) for one in self.told.reports]

    def paid(self) -> dict[str, int]:
        """How many orders were made, by batch; each row once."""
        made: dict[str, int] = {}
        for name, count in self.shop.paid().items():
            assert count == 1, f"{name} was paid {count} times"
            batch = name.partition("/")[0]
            made[batch] = made.get(batch, 0) + 1
        return made

    async def found(self) -> list[Found]:
        """What `batcher inbox list` shows."""
        with self._office() as office:
            return await self.duties(office).inboxes.found()

    def here(self) -> list[str]:
        """What is left on this machine of what was taken."""
        return [path.name for path in self._kept()]

    def private(self) -> Path:
        """The folder of what was taken."""
        ledger = self.shop.world.ledger
        return ledger.with_name(f"{ledger.name}.inboxes")

    def lose_copies(self) -> None:
        """The disk that they were on is gone."""
        for path in self._kept():
            path.unlink()

    async def a_day_later(self) -> None:
        """What is here is old by now."""
        for path in self._kept():
            os.utime(path, (0, 0))
        await self.later(days=1)
        assert await self.run_due() == 0

    def _kept(self) -> list[Path]:
        return [path for path in self.private().rglob("*") if path.is_file()]

    def live(self, story: Any) -> Any:
        """What the story gives, in virtual time."""
        return self.shop.live(story)


def inbox(name: str = "payroll", **values: Any) -> Inbox:
    """An inbox that pays what comes."""
    given = {"name": name, "batch": "{name}", "ceilings": {"GBP": Decimal(1000)}}
    return Inbox(**{**given, **values})
