"""Killed and refused at system calls, in a sample of the campaign; and the disk behind every order that is sent."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.syscalls import durability, judge
from tests.process.syscalls.batch import PAYABLE, SWITCHES, Desk, rows
from tests.process.syscalls.campaign import RECOVERIES, Bench
from tests.process.syscalls.points import Point, errors, kills
from tests.process.syscalls.tracing import inject, why_not
from tests.process.syscalls.zygote import ROOT, Command

# All of them by one worker, which makes the bench once.
pytestmark = [pytest.mark.process, pytest.mark.xdist_group("syscalls")]

KILLS, FAILURES = 8, 5
SEED = 7
"""Where in the campaign's points the sample begins."""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    if (reason := why_not()) is not None:
        pytest.skip(reason)
    with Bench(tmp_path_factory.mktemp("syscalls")) as made:
        yield made


def sample(points: list[Point], count: int) -> list[Point]:
    """So many, evenly spread over all threads and calls."""
    return points[SEED % len(points) :: len(points) // count][:count]


def test_no_order_leaves_before_its_own_intent_is_synced(bench: Bench, tmp_path: Path) -> None:
    bench.begin()
    calls = bench.posts(rows())
    found = durability.posts(calls, tmp_path / "disk")
    # Twenty rows; one reply is lost, and one order is answered with an error: both are sent again.
    assert len(found) == 22
    assert durability.violations(found) == []
    # The check can fail: had the thread that commits synced nothing, each of these orders would be told.
    unsynced = [call for call in calls if call.name != "fdatasync" or call.thread == 0]
    assert len(durability.violations(durability.posts(unsynced, tmp_path / "disk"))) == 22


def test_one_by_one_no_order_leaves_while_any_byte_of_the_ledger_is_unsynced(bench: Bench, tmp_path: Path) -> None:
    paid = [row for row in rows() if row["Reference"] in PAYABLE]
    bench.begin()
    found = []
    for count in range(1, 7):
        # Every run has one row more than the one before it, so that no other row is ever on its way.
        before = durability.files_of(bench.desk.ledger)
        found += durability.posts(bench.posts(paid[:count]), tmp_path / "disk", before)
    # The sixth order's reply is lost, so that it is sent again.
    assert [post.nth for post in found] == [1, 1, 1, 1, 1, 1, 2]
    assert durability.violations(found, strict=True) == []


def test_a_sample_of_kills_pays_each_row_once(bench: Bench) -> None:
    struck = [
        bench.strike(point, (RECOVERIES[at % len(RECOVERIES)],))
        for at, point in enumerate(sample(kills(bench.plain_runs(1)), KILLS))
    ]
    assert [violation for each in struck for violation in each.violations] == []
    assert sum(each.call is not None for each in struck) > KILLS // 2


def test_a_sample_of_disk_errors_pays_each_row_once(bench: Bench) -> None:
    struck = [
        bench.strike(point, (RECOVERIES[at % len(RECOVERIES)],))
        for at, point in enumerate(sample(errors(bench.plain_runs(1), bench.desk.state), FAILURES))
    ]
    assert [violation for each in struck for violation in each.violations] == []
    assert sum(each.call is not None for each in struck) > FAILURES // 2


def real(desk: Desk, command: Command, *before: str) -> "subprocess.CompletedProcess[str]":
    """The command as a person starts it, without any fork."""
    return subprocess.run(
        [*before, sys.executable, "-m", "batcher", *command.arguments],
        cwd=desk.folder,
        env={**command.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def without_numbers(text: str) -> str:
    """What differs between two runs taken out: the port, times, ids, who was faster."""
    return re.sub(r"\b[0-9a-f]{16}\b|[\d:.,-]*\d", "0", text)


def test_a_fork_behaves_as_the_real_command(bench: Bench, tmp_path: Path) -> None:
    said = []
    for forked in (True, False):
        bench.bank.open(**SWITCHES)
        folder = tmp_path / ("forked" if forked else "real")
        desk = Desk(folder, bench.bank.url)
        for command in (desk.run(rows()), desk.command("run", "missing.csv"), desk.command("status", "--json")):
            if forked:
                code = bench.zygote.start(command).wait()
                said.append((code, command.out.read_text(), command.err.read_text()))
            else:
                done = real(desk, command)
                said.append((done.returncode, done.stdout, done.stderr))
    told = [(code, without_numbers(out), without_numbers(err).replace("forked", "real")) for code, out, err in said]
    assert [code for code, _, _ in told[:2]] == [3, 2]
    assert told[:3] == told[3:]


@pytest.mark.parametrize(("call", "number"), [("pwrite64", 300), ("sendto", 30), ("rename", 1)])
def test_the_real_command_killed_at_a_call_pays_each_row_once(
    bench: Bench, tmp_path: Path, call: str, number: int
) -> None:
    bench.bank.open(**SWITCHES)
    desk = Desk(tmp_path / "desk", bench.bank.url)
    options = inject([call], "signal=SIGKILL", str(number))
    strace = ("strace", "-f", "-o", str(tmp_path / "trace"), "-e", f"trace={call}", *options)
    assert real(desk, desk.run(rows()), *strace).returncode == -9
    assert judge.unsound(desk.ledger, bench.bank.dump(), tmp_path / "copy") == []
    for _ in range(4):
        bench.bank.advance(90)
        done = real(desk, desk.run(rows()))
        assert judge.twice(bench.bank.dump()) == []
        if not judge.unsettled(desk.results, bench.bank.dump()):
            break
    assert done.returncode == 3, done.stderr
    assert judge.unsettled(desk.results, bench.bank.dump()) == []
    assert judge.astray(desk.results, bench.bank.dump()) == []
