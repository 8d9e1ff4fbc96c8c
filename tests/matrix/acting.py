"""A cell lived through: what led to its moment, the run that meets the fault, and the runs of its recovery."""

import asyncio
import shutil
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from tests.matrix.scene import STRUCK, Scene
from tests.matrix.strikes import MEANT_TWICE, STRIKES, Strike
from tests.matrix.terms import Moment, Recovery, Sent, Step
from tests.simulation.laws import Laws
from tests.simulation.life import Command, Ended, live
from tests.simulation.process import Process, SimulatedLoop
from tests.simulation.wire import Trouble

BETWEEN_S = 960.0
"""Between two runs: a little more than readings of the order list must be apart."""
DAY_S = 86_400.0
AWAY = Strike(trouble=Trouble.REFUSED)
LOST = Strike(trouble=Trouble.LOST)
UNHEARD = Strike(trouble=Trouble.UNHEARD)
UNREAD = Strike(read={"get_reset": 1})
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """What the run that meets the fault came to."""

    exit_code: int
    sends: int
    sent: Sent
    state: str
    orders: int
    commits: int
    """How often it wrote into the ledger."""


class Struck:
    """A world after the fault: each recovery goes on from a copy of it."""

    def __init__(self, name: str, moment: Moment, folder: Path, ways: "Ways", *, commit: int = 0) -> None:
        """Live until the fault is over. Raises `Broken` where a law does not hold.

        `commit` is the one that a fault of the disk strikes, from 1.
        """
        self._folder = folder
        folder.mkdir()
        self._stage = ways.to(name, moment).copy(folder / "struck", STRIKES[name], commit)
        self.met = _lived(self._stage, self._stage.until_met(moment))

    def recover(self, recovery: Recovery, expected: Sequence[Step]) -> tuple[tuple[Step, ...], str]:
        """Live on, with as many runs as are expected: what they came to, and the row's state. Raises `Broken`."""
        copy = self._stage.copy(self._folder / recovery.value)
        return _lived(copy, copy.after(recovery, expected)), copy.state()

    @property
    def told(self) -> tuple[str, ...]:
        """What each run until then said of itself."""
        return tuple(self._stage.told)

    def bury(self) -> None:
        """Take its files away."""
        shutil.rmtree(self._folder)


class Ways:
    """Worlds just before the fault. Many faults share one: the way to a moment is the same for them."""

    def __init__(self, folder: Path, blank: Path) -> None:
        self._folder = folder
        self._blank = blank
        self._stages: dict[tuple[object, ...], _Stage] = {}

    def to(self, name: str, moment: Moment) -> "_Stage":
        """The world in which a fault is about to strike."""
        strike = STRIKES[name]
        alike = moment, strike.word, strike.no_funds, strike.found, bool(strike.sheet)
        if alike not in self._stages:
            stage = _Stage(Scene(self._folder / f"way-{len(self._stages)}", self._blank, strike), strike, 0)
            _lived(stage, stage.lead_to(moment))
            self._stages[alike] = stage
        return self._stages[alike]


def _lived(stage: "_Stage", story: Coroutine[Any, Any, T]) -> T:
    loop = SimulatedLoop()
    try:
        with stage.scene.disk.mounted():
            return loop.run_until_complete(story)
    finally:
        loop.close()


class _Stage:
    def __init__(self, scene: Scene, strike: Strike, commit: int) -> None:
        self.scene = scene
        self.laws = Laws(scene)
        self.told: list[str] = []
        self._strike = strike
        self._commit = commit
        self._lives = 0
        self._began_s = self._ended_s = 0.0
        self._used: dict[str, bytes] = {}

    def copy(self, folder: Path, strike: Strike | None = None, commit: int = 0) -> "_Stage":
        """The same once more, in a loop that begins anew; with another fault, where one is given."""
        other = _Stage(self.scene.copy(folder), strike or self._strike, commit)
        other.told, other._lives, other._used = list(self.told), self._lives, dict(self._used)
        other._began_s = self._ended_s
        other.laws.may_be_paid = self.laws.may_be_paid.copy()
        return other

    async def until_met(self, moment: Moment) -> Met:
        """The run that meets the fault, and the end of the fault."""
        await self.scene.clock.sleep(self._began_s)
        met = await self._meet(moment)
        self.scene.end(self._strike)
        await self._wait(self._strike.later_s)
        self._ended_s = self.scene.clock.now_s
        return met

    async def after(self, recovery: Recovery, expected: Sequence[Step]) -> tuple[Step, ...]:
        """The runs of a recovery."""
        await self.scene.clock.sleep(self._began_s)
        seen = tuple([await self.step(recovery, step) for step in expected])
        self.laws.check()
        return seen

    async def _wait(self, besides_s: float) -> None:
        await self.scene.clock.sleep(BETWEEN_S + besides_s)

    # Until the fault

    async def lead_to(self, moment: Moment) -> None:
        """The run before, which leaves the row as the moment has it."""
        scene = self.scene
        if moment is Moment.FIRST:
            if self._strike.sheet:
                # A file can only differ from one that was there before.
                scene.strike = AWAY
                await self._led(6, "HELD")
            return
        scene.hidden = self._strike.found and moment is Moment.RESEND
        scene.reading = moment is Moment.ACCEPTED
        scene.strike = UNREAD if moment is Moment.ACCEPTED else UNHEARD if self._strike.found else LOST
        await self._led(7, "ACCEPTED" if moment is Moment.ACCEPTED else "UNKNOWN")

    async def _led(self, exit_code: int, state: str) -> None:
        ended = await self._live(Command(name="run"))
        self.scene.strike, self.scene.hidden = None, False
        assert (ended.exit_code, self.state()) == (exit_code, state), f"the way there: {ended}, {self.state()}"
        self._note_keys()
        await self._wait(0.0)
        self._ended_s = self.scene.clock.now_s

    async def _meet(self, moment: Moment) -> Met:
        scene, strike = self.scene, self._strike
        before, commits = len(scene.tries), scene.disk.commits
        self.laws.may_be_paid[STRUCK] += strike.sheet == MEANT_TWICE
        scene.begin(strike, reading=moment is Moment.ACCEPTED or strike.found)
        if strike.twice:
            first, second = await asyncio.gather(self._live(Command(name="run")), self._live(Command(name="run")))
            assert first.exit_code != 11, "the first of the two has the ledger"
            ended = second
        else:
            ended = await self._live(Command(name="run"), struck=True)
        return Met(
            exit_code=ended.exit_code,
            sends=len(scene.tries) - before,
            sent=self._sent(before),
            state="-" if strike.ledger else self.state(),
            orders=len(scene.orders()),
            commits=scene.disk.commits - commits,
        )

    def state(self) -> str:
        """Where the row's newest attempt stands; `-` where it has none."""
        attempts = self.scene.attempts()
        return attempts[-1][1] if attempts else "-"

    # After it

    async def step(self, recovery: Recovery, step: Step) -> Step:
        """One run of a recovery, and what it came to."""
        scene = self.scene
        await scene.clock.sleep(DAY_S * step.days)
        scene.usual_sheet()
        if not step.back and recovery is Recovery.EDITED:
            scene.change_sheet("edited")
        if not step.back and recovery is Recovery.REORDERED:
            scene.change_sheet("reordered")
        before = len(scene.tries)
        resumes = recovery is Recovery.RESUME and not step.back
        ended = await self._live(Command(name="resume" if resumes else "run"))
        if ended.exit_code == 0 and not resumes:
            self.laws.zero_means_paid()
            self.laws.every_row_is_there()
        seen = replace(step, exit_code=ended.exit_code, sent=self._sent(before))
        await self._wait(0.0)
        return seen

    def _sent(self, before: int) -> Sent:
        tries = self.scene.tries[before:]
        known = dict(self._used)
        self._note_keys()
        keys = list(dict.fromkeys(key for key, _ in tries))
        if not keys:
            return Sent.NOTHING
        if not known:
            return Sent.FIRST
        if any(key not in known for key in keys):
            return Sent.NEW
        return Sent.SAME if all(known[key] == body for key, body in tries) else Sent.AMENDED

    def _note_keys(self) -> None:
        self._used.update(dict(self.scene.tries))

    # A process

    async def _live(self, command: Command, *, struck: bool = False) -> Ended:
        self._lives += 1
        process, number = Process(), self._lives
        if struck and self._strike.fate is not None:
            self.scene.doom(process, self._commit, self._strike.fate)
        try:
            ended = await process.live(live(self.scene, command, number))
        finally:
            self.scene.ended(process)
        assert isinstance(ended, Ended), "nobody is killed here"
        self.told.append(f"{command.name}: {ended.exit_code}, {ended.words}")
        self.laws.check()
        return ended
