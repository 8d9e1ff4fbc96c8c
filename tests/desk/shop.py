"""A desk in a simulated world: people who ask it for runs, processes that die, and what was really paid."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

from batcher.asked import AskedRun, RunState
from batcher.assembly import Office, Surroundings, load_sheet
from batcher.assembly.desk import Desk, asking_to_carry_out, asking_to_retry
from batcher.ledger import LedgerLock
from batcher.model import Sheet
from batcher.planning import Choices, SealedPlan, digest_of_sends
from batcher.sandbox import Switches
from tests.blank_ledger import lay_blank_ledger
from tests.simulation.process import Killed, Process, SimulatedLoop
from tests.simulation.world import API_KEY, Row, World

T = TypeVar("T")


def rows(count: int, *, start: int = 1) -> list[Row]:
    """So many payouts, each to another person."""
    return [Row(f"R{number}", number, 10 + number) for number in range(start, start + count)]


class _Office(Office):
    """Lets go of its locks when its process is killed, as the system does."""

    def __init__(self, world: World, life: int) -> None:
        self.locks: list[LedgerLock] = []
        surroundings = Surroundings(
            clock=world.clock,
            rng=world.chance("waits", life),
            transport=world.wires,
            commits=world.in_place,
        )
        super().__init__(world.settings, surroundings)

    def lock(self, doing: str) -> LedgerLock:
        self.locks.append(super().lock(doing))
        return self.locks[-1]


class Shop:
    """One world, several sheets, one desk after the other."""

    def __init__(self, folder: Path, *, per_minute: int = 60, **switches: Any) -> None:
        blank = lay_blank_ledger(folder / "blank.sqlite3")
        self.world = World(0, folder, blank, Switches(**{"rate": "none", **switches}), per_minute=per_minute)
        self.sealed: dict[str, SealedPlan] = {}
        self._lives = 0

    def file(self, batch: str, lines: Sequence[Row]) -> Path:
        """A batch's sheet, written anew."""
        path = self.world.folder / f"{batch}-sheet.csv"
        written = [f"{row.reference},{row.email},{row.amount},GBP,AMZ-GB,{row.distribution}" for row in lines]
        path.write_text("\n".join(["reference,email,amount,currency,product,distribution", *written]) + "\n")
        return path

    def sheet(self, batch: str, lines: Sequence[Row]) -> Sheet:
        """The same, read."""
        return load_sheet(self.file(batch, lines), self.world.settings)

    def office(self) -> _Office:
        """What a process opens when it starts."""
        self._lives += 1
        return _Office(self.world, self._lives)

    def desk(self, office: Office) -> Desk:
        """A desk as `batcher serve` has it."""
        return Desk(office, api_key=lambda: API_KEY, sealed_of=self.sealed.__getitem__)

    async def ask(self, batch: str, lines: Sequence[Row], **choices: Any) -> AskedRun:
        """Look at a sheet, and say yes to what is seen."""
        with self.office() as office:
            begun_at = office.now
            plan = office.plan(self.sheet(batch, lines), batch, Choices(**choices))
            prospect = await office.casework.look(plan, API_KEY, settle=False)
            file = self.file(batch, lines)
            sealed = office.sealing.seal(prospect.plan, file, prepared_at=begun_at, prepared_by="zoë")
            self.sealed[sealed.digest] = sealed
            return self.desk(office).ask(asking_to_carry_out(sealed, by="zoë", source=sealed.digest))

    async def retry(self, batch: str) -> AskedRun:
        """Look at what failed, and say yes to trying it once more."""
        with self.office() as office:
            prospect = await office.casework.look(office.plan_to_retry(batch), API_KEY, settle=False)
            digest = digest_of_sends(prospect.plan)
            return self.desk(office).ask(asking_to_retry(prospect.plan, digest=digest, by="zoë"))

    async def work_off(self, *, killed_at_step: int | None = None) -> bool:
        """A process that carries out what there is; whether it lived to the end."""
        with self.office() as office:
            process = Process(kill_at_step=killed_at_step)
            try:
                ended = await process.live(self.desk(office).work_off())
            finally:
                for lock in office.locks:
                    lock.__exit__(None, None, None)
            # What was on its way arrives, and nobody hears the answer.
            await self.world.clock.sleep(10)
            return ended is not Killed

    async def alive(self, main: Coroutine[Any, Any, Any]) -> None:
        """A process with this main, to its end: outside of one, nothing reaches the simulated disk."""
        await Process().live(main)

    async def until_paid(self, count: int) -> None:
        """Wait until so many orders were made."""
        while len(self.world.dump()["orders"]) < count:
            await self.world.clock.sleep(0.05)

    def live(self, story: Coroutine[Any, Any, T]) -> T:
        """What the story gives, in virtual time."""
        loop = SimulatedLoop()
        LOOPS.append(loop)
        with self.world.disk.mounted():
            return loop.run_until_complete(asyncio.ensure_future(story, loop=loop))

    def paid(self) -> dict[str, int]:
        """How many orders were really made, by batch and reference."""
        made = (order["metadata"] for order in self.world.dump()["orders"])
        return dict(Counter(f"{one['batch']}/{one['reference']}" for one in made))

    def runs(self, batch: str) -> list[AskedRun]:
        """Every run of a batch."""
        with self.office() as office:
            return office.runs.of_batch(office.environment, batch)

    def state(self, batch: str) -> RunState:
        """Where its last run stands."""
        return self.runs(batch)[-1].state

    def statuses(self, batch: str) -> list[str]:
        """Its rows by the word of the results."""
        with self.office() as office:
            return [word for word, count in office.outcome(batch).counts.items() for _ in range(count)]


LOOPS: list[SimulatedLoop] = []
"""Kept: see `SimulatedLoop`."""
