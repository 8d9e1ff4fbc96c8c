"""The whole campaign: `python -m tests.process.syscalls [--kills] [--errors] [--workers 2] [--points POINT …]`.

Every point is printed in a form that `--points` takes. With `--kept FILE`, a campaign that was stopped goes on.
"""

import argparse
import json
import multiprocessing
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path

from tests.process.syscalls.campaign import Struck
from tests.process.syscalls.crew import bench, strike
from tests.process.syscalls.points import Point, errors, kills
from tests.process.syscalls.tracing import now_s, why_not

SECOND_EVERY = 8
"""Of the calls of a second run, every so manieth is struck in the campaign."""


def _asked(arguments: argparse.Namespace) -> list[Point]:
    if arguments.points:
        return [Point.of(text) for text in arguments.points]
    here = bench()
    runs = here.plain_runs()
    wanted: list[Point] = []
    if arguments.errors or not arguments.kills:
        wanted += _spread(errors(runs, here.desk.state))
    if arguments.kills or not arguments.errors:
        wanted += _spread(kills(runs))
        wanted += _spread(kills(here.plain_runs(second=True), second=True)[::SECOND_EVERY])
    return wanted


def _spread(points: list[Point]) -> list[Point]:
    """In an order in which the first half says as much as the second."""
    return [point for step in range(7) for point in points[step::7]]


def table(done: Iterable[Struck]) -> Iterator[str]:
    """Lines that say, for each call and what it is about, how often it was struck and what came of it."""
    listed = list(done)
    rows = [("strike", "thread: call and file", "struck", "recoveries", "runs", "exit codes", "violations")]
    groups: dict[tuple[str, str], list[Struck]] = {}
    for each in listed:
        if each.call is not None:
            second = " (2nd run)" if each.point.second else ""
            what = f"{each.point.what}{' from then on' if each.point.lasting else ''}{second}"
            groups.setdefault((what, each.call), []).append(each)
    for (what, call), group in sorted(groups.items()):
        codes = Counter(each.code for each in group)
        rows.append(
            (
                what,
                call,
                str(len(group)),
                str(sum(each.recoveries for each in group)),
                str(sum(each.runs for each in group)),
                ", ".join(f"{code}: {count}" for code, count in sorted(codes.items())),
                str(sum(len(each.violations) for each in group)),
            )
        )
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def words(done: Iterable[Struck]) -> Iterator[str]:
    """What the runs said that were refused something, each once for each call and file."""
    said: dict[str, Counter[str]] = {}
    for each in done:
        if each.call is not None and each.point.what != "SIGKILL":
            told = each.said if each.code in {1, 2} else "(went on to the end)"
            said.setdefault(told, Counter())[f"{each.call} {each.point.what}{'+' * each.point.lasting}"] += 1
    for told, calls in sorted(said.items()):
        yield told
        yield from (f"    {count:3} x {call}" for call, count in sorted(calls.items()))


def _report(done: Sequence[Struck], seconds: float) -> None:
    print()
    for line in table(done):
        print(line)
    print()
    for line in words(done):
        print(line)
    missed = sorted(str(each.point) for each in done if each.call is None)
    print()
    print(f"{len(done)} points in {seconds / 60:.1f} min: {len(done) - len(missed)} struck, {len(missed)} not reached.")
    print(
        f"{sum(each.recoveries for each in done)} recoveries, {sum(each.runs for each in done)} runs after the strike."
    )
    print(f"{sum(bool(each.left) for each in done)} strikes left an unfinished results file beside the results.")
    if missed:
        print("Not reached in three tries, where a run makes fewer of these calls:", " ".join(missed))
    violations = [violation for each in done for violation in each.violations]
    print(f"{len(violations)} violations.")
    for violation in violations:
        print("  ", violation)
    if violations:
        again = " ".join(sorted({str(each.point) for each in done if each.violations}))
        print(f"Again: python -m tests.process.syscalls --points {again}")


def _kept(path: Path | None) -> list[Struck]:
    if path is None or not path.exists():
        return []
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [
        Struck(**{**line, "point": Point.of(line["point"]), "violations": tuple(line["violations"])}) for line in lines
    ]


def _keep(path: Path | None, struck: Struck) -> None:
    if path is not None:
        with path.open("a") as file:
            file.write(json.dumps({**asdict(struck), "point": str(struck.point)}) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.process.syscalls", description=__doc__)
    parser.add_argument("--kills", action="store_true", help="only kills")
    parser.add_argument("--errors", action="store_true", help="only ENOSPC and EIO")
    parser.add_argument("--workers", type=int, default=2, help="how many campaigns run side by side")
    parser.add_argument("--distinct", action="store_true", help="recover in all four ways only from each new state")
    parser.add_argument("--kept", type=Path, help="keep what is done in this file, and do only what it does not have")
    parser.add_argument("--points", nargs="+", metavar="POINT", help="only these, such as 1:pwrite64:37:SIGKILL")
    return parser.parse_args()


def _told(last: Struck, done: int, points: int, seconds: float) -> Iterator[str]:
    for violation in last.violations:
        yield f"VIOLATION {violation}"
    if done % 25 == 0 or points <= 25:
        yield (
            f"{done}/{points} after {seconds:.0f} s: {last.point} {last.call or 'not reached'}, exit {last.code}, "
            f"{last.runs} runs · {last.said}"
        )


def main() -> int:
    """Run it; 1 where anything was violated."""
    arguments = _arguments()
    if (reason := why_not()) is not None:
        print(f"Nothing was struck: {reason}.", file=sys.stderr)
        return 2
    began_s = now_s()
    points = _asked(arguments)
    done = _kept(arguments.kept)
    before = {each.point for each in done}
    left = [point for point in points if point not in before]
    print(f"{len(points)} points, {len(left)} of them to do, {arguments.workers} workers", flush=True)
    states = Path(tempfile.mkdtemp(prefix="batcher-states-")) if arguments.distinct else None
    with ProcessPoolExecutor(arguments.workers, mp_context=multiprocessing.get_context("spawn")) as workers:
        for future in as_completed([workers.submit(strike, point, states) for point in left]):
            done.append(future.result())
            _keep(arguments.kept, done[-1])
            for line in _told(done[-1], len(done), len(points), now_s() - began_s):
                print(line, flush=True)
    _report(done, now_s() - began_s)
    if states is not None:
        print(f"{len({mark.name.split('-')[0] for mark in states.iterdir()})} distinct states.")
        shutil.rmtree(states)
    return 1 if any(each.violations for each in done) else 0


if __name__ == "__main__":
    sys.exit(main())
