"""A large total is typed in on a terminal before it goes; elsewhere `--yes` confirms as ever."""

import os
import pty
import subprocess
import sys

import pytest

from tests.cli.desk import Desk, rows

ABOVE: dict[str, object] = {"type_total_above": ["GBP 5"]}


def at_a_terminal(desk: Desk, typed: str, *arguments: object) -> tuple[int, str]:
    """Run a command on a terminal where somebody types this; its exit code and all that the terminal shows."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "batcher", *map(str, arguments), "--config", str(desk.config())]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=desk.folder)
    os.close(theirs)
    os.write(ours, typed.encode() + b"\n")
    shown = bytearray()
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:
        pass  # how Linux says that the other end is closed
    finally:
        os.close(ours)
    desk.printed.append(shown.decode())
    return process.wait(), shown.decode()


@pytest.mark.process
@pytest.mark.parametrize(("typed", "code", "posts"), [("6.00", 0, 3), ("GBP 6", 0, 3), ("y", 8, 0), ("", 8, 0)])
def test_a_large_total_is_typed_in(desk: Desk, typed: str, code: int, posts: int) -> None:
    desk.settings["confirm"] = ABOVE
    ended, shown = at_a_terminal(desk, typed, "run", desk.sheet(rows(3)), "--batch", "march")

    assert (ended, desk.posts()) == (code, posts)
    assert "To confirm, type the total in GBP" in shown


@pytest.mark.process
def test_so_it_is_for_a_sealed_plan(desk: Desk) -> None:
    desk.settings["confirm"] = ABOVE
    plan = desk.folder / "march.plan"
    assert desk.batcher("plan", desk.sheet(rows(3)), "--batch", "march", "--out", plan).code == 0

    assert at_a_terminal(desk, "5.00", "run", "--plan", plan)[0] == 8
    assert at_a_terminal(desk, "6.00", "run", "--plan", plan)[0] == 0
    assert desk.posts() == 3


@pytest.mark.process
def test_a_total_up_to_the_bound_takes_a_yes(desk: Desk) -> None:
    desk.settings["confirm"] = {"type_total_above": ["GBP 6", "EUR 1"]}
    assert at_a_terminal(desk, "y", "run", desk.sheet(rows(3)), "--batch", "march")[0] == 0


def test_a_script_confirms_a_large_total_by_yes_and_by_nothing_less(desk: Desk) -> None:
    desk.settings["confirm"] = ABOVE
    sheet = desk.sheet(rows(3))

    assert desk.batcher("run", sheet, "--batch", "march").code == 8
    assert desk.pay(sheet).code == 0
