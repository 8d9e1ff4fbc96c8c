"""What only a process of its own can show: signals, pipes and what the libraries would log."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.desk import API_KEY, Desk, row, rows

pytestmark = pytest.mark.process


def started(desk: Desk, *arguments: object, **environ: str) -> "subprocess.Popen[str]":
    """The command line in a process of its own."""
    command = [sys.executable, "-m", "batcher", *map(str, arguments), "--config", str(desk.config())]
    pipe: Any = subprocess.PIPE
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=pipe,
        stderr=pipe,
        text=True,
        cwd=desk.folder,
        env=os.environ | environ,
    )


def ended(desk: Desk, process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    """Its exit code and what it said."""
    out, err = process.communicate(timeout=60)
    desk.printed += [out, err]
    return process.returncode, out, err


def until_sent(desk: Desk) -> None:
    """Wait until the first order has left; each look takes its turn on the sandbox's own thread."""
    while not desk.posts():
        pass


def until_told(process: "subprocess.Popen[str]", word: str) -> None:
    assert process.stderr is not None
    while word not in (line := process.stderr.readline()):
        assert line, f"it ended without saying {word!r}"


def test_a_second_signal_ends_at_once_and_no_order_is_lost(desk: Desk) -> None:
    desk.settings["api"] = {"timeout_s": 100}
    desk.sandbox.switch(hang_after=[1])
    sheet = desk.sheet(rows(1))
    process = started(desk, "run", sheet, "--batch", "march", "--yes")
    until_sent(desk)
    process.send_signal(signal.SIGINT)
    until_told(process, "Stopping")
    process.send_signal(signal.SIGINT)
    code, _, err = ended(desk, process)

    assert code == 130
    assert "Traceback" not in err
    assert desk.pay(sheet).code == 0
    assert len(desk.orders()) == 1


def test_however_much_is_said_neither_key_nor_link_is(desk: Desk) -> None:
    sheet = desk.sheet([*rows(2), row("M1", Email="mismatch-amount@example.com"), row("B1", "x")])
    process = started(desk, "run", sheet, "--batch", "march", "--yes", "--skip-invalid", "-vv")
    code, out, err = ended(desk, process)

    assert code == 7
    assert "POST" in err, "every request must have been logged, or the silence says nothing"
    for link in (order["redemption_url"] for order in desk.orders()):
        assert link.rpartition("/")[2] not in out + err
    assert API_KEY not in out + err


def test_without_a_place_for_its_words_a_run_still_pays(desk: Desk) -> None:
    process = started(desk, "run", desk.sheet(rows(3)), "--batch", "march", "--yes")
    for stream in (process.stdout, process.stderr):
        assert stream is not None
        stream.close()

    assert process.wait(timeout=60) == 0
    assert [line["status"] for line in desk.results()] == ["COMPLETED"] * 3


@pytest.mark.parametrize(("no_colour", "coloured"), [("", True), ("1", False)])
@pytest.mark.parametrize("arguments", [["check"], ["run"], ["no-such-command"]])
def test_a_terminal_gets_colours_unless_it_says_no(
    desk: Desk, arguments: list[str], no_colour: str, *, coloured: bool
) -> None:
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "batcher", *arguments, str(desk.sheet(rows(1)))]
    process = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=slave,
        cwd=desk.folder,
        env=os.environ | {"NO_COLOR": no_colour},
        check=False,
    )
    os.close(slave)
    with os.fdopen(master, "rb", buffering=0) as terminal:
        said = terminal.read(100_000)

    assert process.returncode in (0, 2)
    assert (b"\x1b[" in said) is coloured


def test_a_reader_who_has_read_enough_is_no_fault_of_ours(tmp_path: Path) -> None:
    sheet = tmp_path / "long.csv"
    # More than a pipe holds, so that the command still writes when the reader goes.
    lines = "".join(f"R{number},jo@example.com,ten,GBP,AMZ-GB,EMAIL\n" for number in range(5000))
    sheet.write_text(f"reference,email,amount,currency,product,distribution\n{lines}", encoding="utf-8")
    check = subprocess.Popen(
        [sys.executable, "-m", "batcher", "inspect", "--rows", "--json", str(sheet)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert check.stdout is not None
    check.stdout.read(10)
    check.stdout.close()

    assert check.stderr is not None
    assert check.stderr.read() == b""
    check.stderr.close()
    check.wait(timeout=60)
