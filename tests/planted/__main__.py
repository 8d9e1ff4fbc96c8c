"""Plant bugs one by one in copies of the project, and see which test catches each: `python -m tests.planted`."""

import argparse
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter

from tests.planted.copies import WHOLE_DEADLINE_S, Ran, assert_is_tested, copied, run_tests
from tests.planted.patches import Bug, all_bugs

HEALTHY = "--deselect=tests/planted/test_bugs.py"
"""Of the whole suite the one part that sees any change of the code, whatever it does: it is no judge here."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one bug."""

    bug: Bug
    ran: Ran
    by: str
    """Which tests judged last: `named` or `whole`."""
    seconds: float

    @property
    def caught(self) -> bool:
        """Whether a test failed; one that could not be run is no catch."""
        return self.ran.failed is not None and self.ran.broken is None

    @property
    def words(self) -> str:
        """The first test that failed, or that none did."""
        if self.ran.broken is not None:
            return f"NOTHING RAN: {self.ran.broken}"
        return self.ran.failed or "ESCAPED"


def judged(bug: Bug, folder: Path, *, whole: bool, named: bool) -> Verdict:
    """Plant one bug in a copy of its own, and run its tests; where they let it through, or for `whole`, all of them.

    `named`: never all of them, which takes minutes.
    """
    began = perf_counter()
    copy = copied(folder / bug.name)
    assert_is_tested(copy)
    bug.plant(copy)
    by, ran = "named", run_tests(copy, bug.tests)
    if whole or (not named and ran == Ran(None)):
        by, ran = "whole", run_tests(copy, [HEALTHY], deadline_s=WHOLE_DEADLINE_S)
    return Verdict(bug, ran, by, perf_counter() - began)


def healthy(bugs: Iterable[Bug], folder: Path) -> Ran:
    """Without a bug every test that is named passes; else what it says of a bug would mean nothing."""
    copy = copied(folder / "healthy")
    assert_is_tested(copy)
    return run_tests(copy, sorted({test for bug in bugs for test in bug.tests}), deadline_s=WHOLE_DEADLINE_S)


def table(verdicts: Sequence[Verdict]) -> str:
    """Markdown: bug, who caught it, seconds."""
    lines = ["| bug | caught by | tests | s |", "|---|---|---|---:|"]
    lines += [f"| {one.bug.name} | {one.words} | {one.by} | {one.seconds:.0f} |" for one in verdicts]
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Exit code 1 where a bug escapes, 2 where the tests fail without one."""
    parser = argparse.ArgumentParser(prog="python -m tests.planted", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="bugs whose names begin so (default: all)")
    extent = parser.add_mutually_exclusive_group()
    extent.add_argument("--whole", action="store_true", help="run the whole default suite against each")
    extent.add_argument("--named", action="store_true", help="run no more than the tests that each names")
    parser.add_argument("--workers", type=int, default=2, help="how many at one time")
    asked = parser.parse_args(arguments)
    bugs = [bug for bug in all_bugs() if not asked.names or bug.name.startswith(tuple(asked.names))]
    if not bugs:
        parser.error("no bug has such a name")
    with tempfile.TemporaryDirectory(prefix="planted-") as name, ThreadPoolExecutor(asked.workers) as workers:
        folder = Path(name)
        sound = workers.submit(healthy, bugs, folder)
        verdicts = []
        for verdict in workers.map(partial(judged, folder=folder, whole=asked.whole, named=asked.named), bugs):
            verdicts.append(verdict)
            print(f"{verdict.bug.name}: {verdict.words} ({verdict.seconds:.0f} s)", file=sys.stderr, flush=True)
        if (ran := sound.result()) != Ran(None):
            print(f"Without any bug the tests do not pass, so they say nothing: {ran.broken or ran.failed}")
            return 2
    caught = sum(verdict.caught for verdict in verdicts)
    print(f"{table(verdicts)}\n\n{caught} of {len(bugs)} planted bugs are caught.")
    return 0 if caught == len(bugs) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
