"""What a seed decides, and the telling of it.

The world: the limit, how the sandbox shows its list, how long orders take, which answers it keeps. Then, one after the
other: processes that run, resume or reconcile, killed at any step or any commit, beside each other or alone; faults of
the server, the network and the disk; clocks that jump and machines that start anew; ledgers lost and put back; rows
added, edited, renamed, dropped; orders of others. At the end the faults end, and everything has to settle.
"""

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random  # noqa: TID251 - drawn by name from the seed

from batcher.planning import Choices, Standing
from batcher.sandbox import Switches
from batcher.states import OPEN, State
from tests.simulation.disk import Fate
from tests.simulation.laws import Broken, Laws
from tests.simulation.life import Command, Ended, live
from tests.simulation.process import Killed, Process, SimulatedLoop
from tests.simulation.world import Row, World, person_of

DAY_S = 86_400.0
FAULTS = (
    "reset_before", "reset_after", "lost_reply", "hang_before", "hang_after", "error_made", "error_unmade",
    "error_made_stored", "error_unmade_stored", "in_progress_reply", "broken_json", "truncated", "no_id",
    "foreign_type", "too_many", "unauthorized", "forbidden", "proxy_401", "proxy_403", "version_gone", "redirect",
    "get_error", "get_too_many", "get_hang", "get_truncated", "get_broken_json", "get_unknown_status", "get_reset",
    "list_error", "list_too_many", "list_truncated",
)  # fmt: skip
CALM_RUNS = 12
LOOPS: list[SimulatedLoop] = []
"""Never closed: what the dead have left must not unwind."""
SETTLED = frozenset({0, 2, 3})
"""Exit codes of a run after which nothing is left to do; 2: nothing to send, and the last payment is long ago."""
UNPAYABLE = frozenset({"fail", "fail-full", "product", "invalid"})


class Story:
    """One seed, from its world to its end."""

    def __init__(self, seed: int, folder: Path, blank: Path) -> None:
        self.seed = seed
        self.lines: list[str] = []
        rng = self._rng = Random(f"story/{seed}")  # noqa: S311 - a simulated world, no secret
        switches = _switches(rng)
        per_minute = rng.choice([2, 5, 20, 60])
        self.world = World(seed, folder, blank, switches, per_minute=per_minute)
        self.laws = Laws(self.world)
        self._lives = 0
        self._people = 0
        self._backups: list[Path] = []
        self._tell(f"seed {seed}: {per_minute} a minute, {_told(switches)}")
        for _ in range(rng.randint(2, 7)):
            self._add_row()

    def run(self) -> None:
        """Live it. Raises `Broken`, with the whole story, where a law does not hold."""
        loop = SimulatedLoop()
        LOOPS.append(loop)
        with self.world.disk.mounted():
            try:
                loop.run_until_complete(self._all())
            except Exception as error:
                raise Broken("\n".join([*self.lines, f"BROKEN: {type(error).__name__}: {error}"])) from error

    @property
    def digest(self) -> str:
        """Of everything that arrived at the server and everything that was told."""
        trace = self.world.trace.copy()
        trace.update("\n".join(self.lines).encode())
        return trace.hexdigest()

    async def _all(self) -> None:
        events: list[tuple[Callable[[], object], int]] = [
            (self._live, 10), (self._killed, 6), (self._cut_at_a_commit, 5), (self._two_at_once, 1),
            (self._faults, 4), (self._network, 3), (self._calm, 3), (self._wait, 4), (self._days, 1),
            (self._clock, 1), (self._reboot, 1), (self._lose, 1), (self._back_up, 1), (self._restore, 1),
            (self._add_row, 2), (self._edit, 1), (self._rename, 1), (self._drop, 1), (self._others, 1),
            (self._interrupted, 2), (self._person, 2), (self._claimed, 1), (self._funds, 1),
        ]  # fmt: skip
        for _ in range(self._rng.randint(5, 14)):
            event = self._rng.choices([one for one, _ in events], [weight for _, weight in events])[0]
            done = event()
            if asyncio.iscoroutine(done):
                await done
            # Whatever took so long was no two commands within a second.
            await self.world.clock.sleep(2.0)
            self.laws.check()
        await self._settle()

    # Processes

    async def _live(self) -> None:
        await self._spawn(self._command())

    async def _killed(self) -> None:
        at = int(10 ** self._rng.uniform(0.5, 3.6))
        await self._spawn(self._command(), kill_at_step=at)

    async def _interrupted(self) -> None:
        after_s = round(self._rng.uniform(0.0, 20.0), 2)
        await self._spawn(replace(self._command(), name="run", interrupted_after_s=after_s))

    async def _cut_at_a_commit(self) -> None:
        fate = self._rng.choice([fate for fate in Fate if fate is not Fate.MADE])
        await self._spawn(self._command(), doom=(self._rng.randint(1, 25), fate))

    async def _two_at_once(self) -> None:
        await asyncio.gather(self._spawn(self._command()), self._spawn(self._command()))

    async def _spawn(
        self, command: Command, *, kill_at_step: int | None = None, doom: tuple[int, Fate] | None = None
    ) -> Ended | None:
        """Let a process live; `None` where it was killed."""
        self._lives += 1
        process, number = Process(kill_at_step=kill_at_step), self._lives
        if doom is not None:
            self.world.doom(process, *doom)
        said = f"{number} {command.name}" + (f", killed at step {kill_at_step}" if kill_at_step else "")
        said += f", interrupted after {command.interrupted_after_s} s" if command.interrupted_after_s else ""
        said += f", commit {doom[0]}: {doom[1]}" if doom else ""
        ended = None
        try:
            outcome = await process.live(live(self.world, command, number))
            ended = outcome if isinstance(outcome, Ended) else None
        except Killed:
            pass
        finally:
            self.world.ended(process)
        self._tell(f"{said} -> {'killed' if ended is None else f'{ended.exit_code}, {ended.words}'}")
        self.laws.check()
        if ended is not None and ended.exit_code == 0 and command.name == "run":
            self.laws.zero_means_paid()
            self.laws.every_row_is_there()
        return ended

    def _command(self) -> Command:
        name = self._rng.choices(["run", "resume", "reconcile", "refresh"], [12, 4, 4, 1])[0]
        choices = Choices(accept_missing=self._rng.random() < 0.3, retry=self._rng.random() < 0.8)
        return Command(name=name, choices=choices, canary=self._rng.random() < 0.5, shuffled=self._rng.random() < 0.5)

    # What breaks

    def _faults(self) -> None:
        chosen = {
            name: 1 if self._rng.random() < 0.3 else round(self._rng.uniform(0.1, 0.9), 2)
            for name in self._rng.sample(FAULTS, self._rng.randint(1, 3))
        }
        chosen["faults_per_key"] = self._rng.choice([1, 2, 4, 50])
        self._tell(f"the server: {chosen}")
        self.world.sandbox.change(chosen)

    def _network(self) -> None:
        self.world.trouble = self._rng.choice([0.05, 0.2, 0.5])
        self._tell(f"the network troubles {self.world.trouble:.0%} of the requests")

    def _calm(self) -> None:
        self._tell("faults end")
        self.world.trouble = 0.0
        self.world.sandbox.change(dict.fromkeys(FAULTS, 0))

    async def _wait(self) -> None:
        await self._pass(60.0 * self._rng.choice([1, 5, 16, 60]))

    async def _days(self) -> None:
        await self._pass(DAY_S * self._rng.choice([1, 15, 31]))

    async def _pass(self, seconds: float) -> None:
        self._tell(f"{seconds / 60:.0f} minutes pass")
        await self.world.clock.sleep(seconds)

    def _clock(self) -> None:
        jump = self._rng.choice([-31.0, -1.0, -0.01, 0.01, 1.0, 31.0])
        self._tell(f"the machine's clock jumps by {jump} days")
        self.world.clock.offset += timedelta(days=jump)

    async def _reboot(self) -> None:
        """Its clock is right again afterwards; a wrong one within a minute of a send is documented as not covered."""
        self._tell("the machine starts anew, with its clock set right")
        if self.world.clock.offset:
            await self.world.clock.sleep(70.0)
        self.world.clock.offset = timedelta(0)
        self.world.clock.boot += "'"

    # The ledger

    def _lose(self) -> None:
        self._tell("the ledger is lost")
        self.world.lose_ledger()

    def _back_up(self) -> None:
        self._tell("the ledger is backed up")
        backup = self.world.folder / f"backup-{len(self._backups)}"
        self.world.copy_ledger(backup)
        self._backups.append(backup)

    def _restore(self) -> None:
        if self._backups:
            self._tell("an old ledger is put back")
            self.world.restore_ledger(self._rng.choice(self._backups))

    # The sheet and the account

    def _add_row(self) -> None:
        self._people += 1
        words = ["person", "fail", "fail-full", "late", "slow", "product", "invalid"]
        word = self._rng.choices(words, [12, 1, 1, 1, 1, 1, 1])[0]
        # An address is how a failing order is made, so those rows have one that Runa sees.
        plain = word == "person"
        row = Row(
            reference=f"R{self._people}",
            person=self._people,
            pounds=self._rng.randint(1, 50),
            word=word,
            distribution=self._rng.choice(["EMAIL", "PAYOUT_LINK"]) if plain else "EMAIL",
        )
        self._tell(f"a row: {row.reference} {row.word} {row.amount} {row.distribution}")
        self.world.rows.append(row)

    def _edit(self) -> None:
        self._change(lambda row: replace(row, pounds=self._rng.randint(1, 50)))

    def _rename(self) -> None:
        self._change(lambda row: replace(row, reference=f"{row.reference}x"))

    def _change(self, change: Callable[[Row], Row]) -> None:
        at = self._rng.randrange(len(self.world.rows))
        before, after = self.world.rows[at], change(self.world.rows[at])
        self._tell(f"{before.reference} {before.amount} becomes {after.reference} {after.amount}")
        self.world.rows[at] = after

    def _drop(self) -> None:
        if len(self.world.rows) > 1:
            row = self.world.rows.pop(self._rng.randrange(len(self.world.rows)))
            self._tell(f"{row.reference} is dropped")

    def _others(self) -> None:
        self._tell("somebody else makes orders")
        given = {"count": self._rng.randint(1, 4), "currency": "EUR", "amount": "5.00"}
        self.world.sandbox.make_foreign(given, self.world.now_s)

    def _claimed(self) -> None:
        """Recipients claim what they got, or somebody cancels it."""
        status = self._rng.choice(["CLAIMED", "CANCELLED", "EXPIRED"])
        for order in self.world.dump()["orders"]:
            if order["status"] == "COMPLETED":
                self.world.sandbox.set_payout(order["id"], status, self.world.now_s)
        self._tell(f"what is paid by now is {status}")

    def _funds(self) -> None:
        amount = self._rng.choice(["0.00", "40.00", "1000000.00"])
        self._tell(f"the balance is {amount}")
        self.world.sandbox.set_balances({"GBP": amount}, self.world.now_s)

    # The end

    async def _settle(self) -> None:
        """Faults have ended: runs, with a quarter of an hour between them, come to an end with every row."""
        self._calm()
        self.world.sandbox.set_balances({"GBP": "1000000.00"}, self.world.now_s)
        self.world.clock.offset = timedelta(0)
        self._tell("from here on nothing breaks")
        ended: Ended | None = None
        for number in range(CALM_RUNS):
            # A key that Runa keeps a refusal under is let go only when it is old.
            await self._pass(DAY_S * 31 if number == CALM_RUNS // 2 else 60.0 * 16)
            ended = await self._spawn(Command(name="run", choices=Choices(accept_missing=True)))
            self._mend(ended)
            if number > CALM_RUNS // 2:
                await self._person()
            if not self.world.rows:
                break  # all were paid under other names
            if ended is not None and (ended.exit_code in SETTLED or self._only_persons_left()) and not self._unpaid():
                break
        else:
            states = ", ".join(f"{reference} {state}" for reference, state in self.laws.states())
            raise Broken(f"not settled; not paid: {self._unpaid()}; the ledger: {states}")
        self.laws.check()

    def _only_persons_left(self) -> bool:
        """Whether all that is open is a paid order that contradicts its row: that is for a person to decide."""
        return {state for _, state in self.laws.states()} & OPEN == {State.MISMATCH}

    async def _person(self) -> None:
        """What a person does about rows that are unknown, a while later, by what Runa's portal shows.

        An order that failed and says nothing else may be anybody's, so evidence alone does not end every row.
        """
        await self.world.clock.sleep(60.0)
        found = {
            order["metadata"].get("reference"): order["id"]
            for order in self.world.dump()["orders"]
            if order["status"] != "FAILED"
        }
        for reference, state in self.laws.states():
            if state == State.UNKNOWN:
                await self._spawn(Command(name="decide", row=reference, order_id=found.get(reference, "")))

    def _mend(self, ended: Ended | None) -> None:
        """What a person does about a refusal: the row as it was paid, or without the row that would pay again."""
        if ended is None or ended.plan is None:
            return
        for line in ended.plan.of(Standing.EDITED, Standing.DOUBTFUL):
            at = next(at for at, row in enumerate(self.world.rows) if row.reference == line.name)
            row = self.world.rows[at]
            record = line.record
            if line.standing is Standing.EDITED and record is not None:
                amount = record.latest.order.payout.amount
                self.world.rows[at] = replace(row, pounds=int(amount))
                self._tell(f"{row.reference} is put back to {self.world.rows[at].amount}")
            elif self.world.rows[at].person in self._paid():
                self.world.rows.pop(at)
                self._tell(f"{row.reference} is paid under another name, and taken out")
            else:
                known = self.laws.names().get(row.person, f"R{row.person}")
                self.world.rows[at] = replace(row, reference=known)
                self._tell(f"{row.reference} gets back the name {known}, which the ledger knows")

    def _paid(self) -> set[int]:
        orders = self.world.dump()["orders"]
        return {person_of(order["amount"]) for order in orders if order["status"] == "COMPLETED"}

    def _unpaid(self) -> list[int]:
        """Persons in the sheet who should be paid by now, and are not."""
        paid = self._paid()
        return [row.person for row in self.world.rows if row.word not in UNPAYABLE and row.person not in paid]

    def _tell(self, line: str) -> None:
        at = timedelta(seconds=round(self.world.clock.now_s))
        self.lines.append(f"{at!s:>16}  {line}")


def live_story(seed: int, folder: Path, blank: Path) -> Story:
    """Live a seed in a folder that is empty before and gone after. Raises `Broken`."""
    place = folder / f"seed-{seed}"
    place.mkdir(parents=True)
    try:
        story = Story(seed, place, blank)
        story.run()
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return story


def _switches(rng: Random) -> Switches:
    return Switches(
        rate="none",
        list_order=rng.choice(["newest", "oldest"]),
        list_end=rng.choice(["empty_page", "null_cursor"]),
        list_page=rng.choice([2, 3, 500]),
        list_lag_s=rng.choice([0.0, 0.0, 20.0]),
        get_lag_s=rng.choice([0.0, 0.0, 5.0]),
        failed_shape=rng.choice(["bare", "full", "either"]),
        complete_min_s=0.05,
        complete_max_s=rng.choice([0.5, 5.0, 25.0]),
        slow_s=60.0,
        late_s=0.5,
        store_door=rng.random() < 0.15,
        in_progress=rng.choice(["400", "102"]),
        in_progress_s=rng.choice([0.0, 0.0, 3.0]),
        key_compare=rng.choice(["bytes", "json"]),
        retry_after=rng.choice(["none", "seconds", "date"]),
    )


def _told(switches: Switches) -> str:
    usual, given = Switches().document(), switches.document()
    return ", ".join(f"{name} {value}" for name, value in given.items() if value != usual[name])
