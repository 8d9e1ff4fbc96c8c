"""One point: a run is struck there, then taken up again in four ways, each from the same books and the same disk."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from batcher.sandbox.api import Api
from tests.process.syscalls import durability, judge
from tests.process.syscalls.bank import Bank
from tests.process.syscalls.batch import BETWEEN_RUNS_S, EDITED, SWITCHES, Desk, edited, rows
from tests.process.syscalls.points import KILLED_AT, Point
from tests.process.syscalls.tracing import Call, Tracer, inject, read, read_all
from tests.process.syscalls.zygote import ROOT, Command, Gate, Hung, Zygote

RECOVERIES = ("the same command", "resume", "a reordered file", "an edited file")
HALFWAY = Point(1, "pwrite64", 230, "SIGKILL")
"""Where the first run is killed before a second one is struck."""
MORE_RUNS = 6
TRIES = 3
"""How often a point is tried that a run did not reach: no two runs make quite the same calls."""

_DONE, _OPEN, _REFUSED_SHEET = 3, 7, 5
"""Exit codes: all settled, with some rows rightly not paid; some open; the sheet is doubtful."""


@dataclass(frozen=True, slots=True)
class Struck:
    """What came of one point."""

    point: Point
    call: str | None
    """The call that was struck and what it was about; `None` where no run came so far."""
    code: int
    """Of the run that was struck."""
    said: str
    """The last line that it wrote."""
    recoveries: int
    runs: int
    left: int
    """Files with links that lie beside the results after the strike."""
    violations: tuple[str, ...]


@dataclass(slots=True)
class _Story:
    point: Point
    wrong: list[str] = field(default_factory=list)
    runs: int = 0
    recovery: str = ""

    def add(self, when: str, wrong: list[str]) -> None:
        self.wrong += [f"{self.point} · {self.recovery or 'struck'} · {when}: {each}" for each in wrong]


class Bench:
    """A bank, a zygote and a desk: everything that one worker needs for any number of points."""

    def __init__(self, folder: Path, root: Path = ROOT) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.bank = Bank()
        self.zygote = Zygote(root)
        self.desk: Desk
        self._halfway: Api | None = None

    def __enter__(self) -> Self:
        self.bank.__enter__()
        self.desk = Desk(self._folder / "desk", self.bank.url)
        self._learn()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.zygote.__exit__(kind, error, trace)
        self.bank.__exit__(kind, error, trace)

    def _learn(self) -> None:
        """One run from nothing tells the zygote what there is to import."""
        self.begin()
        learned = self._folder / "modules.txt"
        command = self.desk.run(rows())
        teller = Command(command.arguments, folder=command.folder, environ={**command.environ, "LEARNED": str(learned)})
        self.zygote.start(teller).wait()
        self.zygote.learn(learned.read_text().splitlines())

    def begin(self) -> None:
        """Empty books, and nothing on the disk."""
        self.bank.open(**SWITCHES)
        shutil.rmtree(self.desk.state)
        self.desk.state.mkdir()

    def plain(self, *, second: bool = False) -> list[Call]:
        """The calls of a run that nobody strikes, of all its threads."""
        if second:
            self._begin_halfway()
        else:
            self.begin()
        return self.traced(self.desk.run(rows()), KILLED_AT)

    def posts(self, sheet: list[dict[str, str]]) -> list[Call]:
        """The calls of a run by which `durability.posts` can judge it."""
        return self.traced(self.desk.run(sheet), durability.CALLS, shown=durability.SHOWN)

    def traced(self, command: Command, calls: tuple[str, ...], *, shown: int = 64) -> list[Call]:
        """Those calls of a command that nobody strikes."""
        output = self._fresh("plain")
        gate = Gate(self.desk.folder, 0)
        run = self.zygote.start(command, gate)
        tid = run.at_gate(gate)
        assert tid is not None
        tracer = Tracer(tid, output, calls=calls, follow=True, shown=shown)
        gate.open()
        code = run.wait()
        tracer.wait()
        assert code in {0, _DONE, _OPEN}, self._errors()
        return read_all(output, run.pid)

    def plain_runs(self, runs: int = 3, *, second: bool = False) -> list[list[Call]]:
        """The calls of some plain runs; each call's path is below the desk's folder, or anything else."""
        return [self.plain(second=second) for _ in range(runs)]

    def _fresh(self, name: str) -> Path:
        folder = self._folder / "traces"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder / name

    def _begin_halfway(self) -> None:
        """The books and the disk of a first run that was killed halfway."""
        kept = self._folder / "halfway"
        if self._halfway is None:
            self.begin()
            self._hit(HALFWAY)
            self._halfway = self.bank.keep()
            shutil.copytree(self.desk.state, kept)
        self._put_back(self._halfway, kept)
        self.bank.advance(BETWEEN_RUNS_S)

    def _put_back(self, books: Api, state: Path) -> None:
        self.bank.put_back(books)
        shutil.rmtree(self.desk.state)
        shutil.copytree(state, self.desk.state)

    def _hit(self, point: Point) -> tuple[int, Call | None, list[str]]:
        """One run, struck at the point; gives its exit code, the call, and what was sent before its intent was safe."""
        gate = Gate(self.desk.folder, point.thread)
        output = self._fresh("struck")
        run = self.zygote.start(self.desk.run(rows()), gate)
        if (tid := run.at_gate(gate)) is None:
            return run.wait(), None, []
        killing = point.what == "SIGKILL"
        what = "signal=SIGKILL" if killing else f"error={point.what}"
        option = inject([point.call], what, f"{point.number}{'+' * point.lasting}")
        watched = (point.call,) if killing else tuple({*durability.CALLS, point.call})
        start = durability.files_of(self.desk.ledger)
        shown = 64 if killing else durability.SHOWN
        tracers = [Tracer(tid, output, calls=watched, more=option, shown=shown)]
        if not killing and tid != run.pid:
            tracers.append(Tracer(run.pid, output.with_name("main"), calls=durability.CALLS, shown=shown))
        gate.open()
        code = run.wait()
        for tracer in tracers:
            tracer.wait()
        calls = list(read(output, point.thread))
        struck = [call for call in calls if call.name == point.call and (call.injected or call.result is None)]
        early = []
        if len(tracers) > 1:
            calls += read(output.with_name("main"), 0)
            early = durability.violations(durability.posts(calls, self._folder / "scratch", start))
        return code, struck[0] if struck else None, early

    def strike(self, point: Point, recoveries: tuple[str, ...] = RECOVERIES, *, states: Path | None = None) -> Struck:
        """Strike, and recover in each way.

        With `states`, the folder of what was recovered from before: in one way, by turns, and in the others only where
        no strike has left an equal state before.
        """
        story = _Story(point)
        for _ in range(TRIES):
            if point.second:
                self._begin_halfway()
            else:
                self.begin()
            try:
                code, call, early = self._hit(point)
            except Hung as hung:
                story.add("the struck run", [str(hung)])
                return Struck(point, None, -1, "", 0, 1, 0, tuple(story.wrong))
            if call is not None:
                break
        else:
            return Struck(point, None, code, self._said(), 0, TRIES, 0, ())
        books, kept = self.bank.keep(), self._folder / "kept"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self.desk.state, kept)
        story.add("sent too early", early)
        story.add("after it", self._after_the_strike(point, code))
        said = self._said()
        about = f"{point.thread}:{call.name} {self._plain_path(call.path)}"
        left = len(list(self.desk.results.glob(".*"))) if self.desk.results.exists() else 0
        chosen = self._chosen(point, recoveries, states)
        for recovery in chosen:
            story.recovery = recovery
            self._put_back(books, kept)
            self._recover(recovery, story)
        return Struck(point, about, code, said, len(chosen), story.runs, left, tuple(story.wrong))

    def _chosen(self, point: Point, recoveries: tuple[str, ...], states: Path | None) -> list[str]:
        if states is None:
            return list(recoveries)
        # Its check has left a copy of the ledger there, which may be opened.
        copy = self._folder / "looked-at" / self.desk.ledger.name
        state = judge.state_of(copy, self.desk.results, self.bank.dump())
        in_turn = recoveries[point.number % len(recoveries)]
        return [each for each in recoveries if _first(states / f"{state}-{recoveries.index(each)}") or each == in_turn]

    def _said(self) -> str:
        lines = [line for line in self._errors().splitlines() if line.strip()]
        return " / ".join(lines[-2:])[:300].replace(str(self.desk.folder), "")

    def _errors(self) -> str:
        return (self.desk.folder / "err.txt").read_text(errors="replace")

    def _plain_path(self, path: str) -> str:
        if path.startswith("socket:"):
            return "socket"
        name = path.removeprefix(str(self.desk.folder))
        return name.rsplit(".november.csv", 1)[0] + ".november.csv.(new)" if "/.november.csv" in name else name

    def _after_the_strike(self, point: Point, code: int) -> list[str]:
        wrong = self._standing_wrong()
        if point.what == "SIGKILL":
            return wrong if code == -9 else [*wrong, f"the exit code is {code}, not that of a kill"]
        # It says so (1; where a place cannot be used at all: 2), or it could do without, and goes on to the right end.
        if code not in {1, 2, _DONE, _OPEN}:
            wrong.append(f"the exit code is {code}")
        if "Traceback" in self._errors():
            wrong.append("it ended with a traceback")
        return wrong

    def _standing_wrong(self) -> list[str]:
        """What may be at no moment."""
        dump = self.bank.dump()
        results = self.desk.results
        return [
            *judge.twice(dump),
            *judge.unsound(self.desk.ledger, dump, self._folder / "looked-at"),
            *judge.half_written(results),
            *judge.astray(results, dump),
        ]

    def _recover(self, recovery: str, story: _Story) -> None:
        sheet, name = rows(), "payouts.csv"
        if recovery == "resume":
            # 2: nothing was confirmed yet, or more is needed than was confirmed; the sheet, run next, says what.
            self._step(story, "resume", self.desk.resume(), {2, _DONE, _OPEN})
        elif recovery == "a reordered file":
            sheet, name = sheet[::-1], "again.csv"
        elif recovery == "an edited file":
            changed = edited(EDITED[story.point.number % 2])
            before = len(self.bank.dump()["posts"])
            code = self._step(story, "edited", self.desk.run(changed, "edited.csv"), {_DONE, _OPEN, _REFUSED_SHEET})
            if code != _REFUSED_SHEET:
                sheet, name = changed, "edited.csv"
            elif len(self.bank.dump()["posts"]) > before:
                story.add("edited", ["the sheet was refused, but something was sent"])
        missing = ["no run"]
        # In one recovery of each point, the order that comes through late is waited for.
        late_waits = RECOVERIES.index(recovery) != story.point.number // 2 % len(RECOVERIES)
        for number in range(1, MORE_RUNS + 1):
            code = self._step(story, f"{name}, run {number}", self.desk.run(sheet, name), {_DONE, _OPEN})
            missing = judge.unsettled(self.desk.results, self.bank.dump(), late_waits=late_waits)
            if not missing and code == _DONE:
                break
        story.add("the end", missing)
        if name == "edited.csv":
            before = len(self.bank.dump()["posts"])
            self._step(story, "the unedited file of an edited payment", self.desk.run(rows()), {_REFUSED_SHEET})
            if len(self.bank.dump()["posts"]) > before:
                story.add("the unedited file", ["the sheet was refused, but something was sent"])

    def _step(self, story: _Story, what: str, command: Command, expected: set[int]) -> int:
        self.bank.advance(BETWEEN_RUNS_S)
        story.runs += 1
        try:
            code = self.zygote.start(command, brief=True).wait()
        except Hung as hung:
            story.add(what, [str(hung)])
            return -1
        wrong = self._standing_wrong()
        if code not in expected:
            wrong.append(f"exit code {code}: {self._said()}")
        if "Traceback" in self._errors():
            wrong.append("a traceback")
        story.add(what, wrong)
        return code


def _first(mark: Path) -> bool:
    """Whether nobody has left this mark before, in any worker."""
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
