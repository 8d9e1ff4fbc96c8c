"""Whole processes side by side: how long each takes from its start to its end, and the most memory that it held.

The kernel counts both (`os.wait4`): what imports, the interpreter and the clean-up take is all in it.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from batcher.clock import SystemClock

ROOT = Path(__file__).parents[2]
_KIB = 1024


@dataclass(frozen=True, slots=True)
class Command:
    """What is started."""

    arguments: tuple[str, ...]
    """Of the interpreter."""
    exit_code: int = 0
    """Any other is a defect of the benchmark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One process that has ended."""

    wall_s: float
    """From before its start until it was waited for."""
    cpu_s: float
    """Of all its threads, in user and system."""
    peak_mb: float
    """The most memory that was resident at once, in millions of bytes."""
    printed: bytes
    """To the standard output alone."""
    output: int
    """Bytes that were written to the standard output and beside it."""

    @property
    def own_s(self) -> float:
        """The seconds that `own_work` has printed."""
        return float(self.printed.split()[0])

    @property
    def own_cpu_s(self) -> float:
        """The same of processor time."""
        return float(self.printed.split()[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Median:
    """What several runs of one command come to."""

    runs: tuple[Run, ...]

    @property
    def wall_s(self) -> float:
        """The median of the seconds on the clock."""
        return statistics.median(run.wall_s for run in self.runs)

    @property
    def cpu_s(self) -> float:
        """The median of the seconds of processor time."""
        return statistics.median(run.cpu_s for run in self.runs)

    @property
    def peak_mb(self) -> float:
        """The median of the peaks."""
        return statistics.median(run.peak_mb for run in self.runs)

    @property
    def output(self) -> int:
        """How many bytes the last run wrote to the screen."""
        return self.runs[-1].output

    @property
    def own_s(self) -> float:
        """The median of what `own_work` has printed."""
        return statistics.median(run.own_s for run in self.runs)

    @property
    def own_cpu_s(self) -> float:
        """The same of processor time."""
        return statistics.median(run.own_cpu_s for run in self.runs)


def own_work(work: Callable[[], object]) -> None:
    """In a process that is measured: do it, and print the seconds that it alone takes, on the clock and of processor
    time."""
    clock = SystemClock()
    began_s, used_s = clock.instant().monotonic_s, _used_s(resource.getrusage(resource.RUSAGE_SELF))
    work()
    print(
        clock.instant().monotonic_s - began_s,
        _used_s(resource.getrusage(resource.RUSAGE_SELF)) - used_s,
    )


class Processes:
    """Starts processes in a folder of their own, where no config, ledger or library of the user's is found."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._clock = SystemClock()
        home = folder / "home"
        home.mkdir()
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        self._environ = {**kept, "HOME": str(home), "PYTHONPATH": str(ROOT)}

    def run(self, command: Command) -> Run:
        """Start it, wait until it has ended, and make sure that the peak is its own."""
        seen = self.do(command)
        if seen.peak_mb <= _peak_mb(resource.getrusage(resource.RUSAGE_SELF)):
            # A process begins as a copy of this one, whose peak then counts as its own.
            raise RuntimeError(f"{command.arguments}: its peak is no larger than the benchmark's own")
        return seen

    def do(self, command: Command) -> Run:
        """Start it, and wait until it has ended."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            began_s = self._clock.instant().monotonic_s
            process = subprocess.Popen(
                [sys.executable, *command.arguments], cwd=self.folder, env=self._environ, stdout=out, stderr=err
            )
            _, status, used = os.wait4(process.pid, 0)
            wall_s = self._clock.instant().monotonic_s - began_s
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            err.seek(0)
            printed, beside = out.read(), err.read()
            if process.returncode != command.exit_code:
                raise RuntimeError(f"{command.arguments}: exit {process.returncode}\n{beside.decode()[-2000:]}")
        return Run(
            wall_s=wall_s,
            cpu_s=_used_s(used),
            peak_mb=_peak_mb(used),
            printed=printed,
            output=len(printed) + len(beside),
        )

    def in_turns(self, commands: Mapping[str, Command], rounds: int) -> dict[str, Median]:
        """Run each once per round, one after the other, so that what slows the machine down slows all of them."""
        runs: dict[str, list[Run]] = {name: [] for name in commands}
        for number in range(rounds):
            for name in _turned(list(commands), number):
                runs[name].append(self.run(commands[name]))
        return {name: Median(runs=tuple(of)) for name, of in runs.items()}


def _turned(names: Sequence[str], by: int) -> Sequence[str]:
    """The names, another one first in each round."""
    at = by % len(names)
    return [*names[at:], *names[:at]]


def _used_s(used: resource.struct_rusage) -> float:
    return used.ru_utime + used.ru_stime


def _peak_mb(used: resource.struct_rusage) -> float:
    return used.ru_maxrss * (1 if sys.platform == "darwin" else _KIB) / 1e6
