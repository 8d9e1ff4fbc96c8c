"""The guide for operators: its commands are run, block by block, and its tables lack nothing that anybody is told.

What root types is run with stand-ins for the few programs that would change this machine; `/srv`, `/opt` and `/etc` are
folders of the test.
"""

import json
import os
import re
import select
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from batcher.notices import Event
from batcher.schedules import ReportKind
from tests.docs.readme import OPERATORS, ROOT, Block, blocks
from tests.docs.test_readme import BASH, FIRST_RUN_DEADLINE_S, SETUP_DEADLINE_S, START_DEADLINE_S, copied, environment

TEXT = OPERATORS.read_text(encoding="utf-8")
BLOCKS = blocks(TEXT)
(SETUP,) = [block for block in BLOCKS if block.text.startswith("python3 -m venv ")]
(SANDBOX,) = [block for block in BLOCKS if block.text.startswith("batcher sandbox ")]
DRILL = BLOCKS[BLOCKS.index(SANDBOX) + 1 :]
SERVICE = [block for block in BLOCKS[: BLOCKS.index(SANDBOX)] if block is not SETUP]
"""All that stands before the drill, in its order: one machine, from its first day to its next key."""

FIRST_KEY, NEXT_KEY = "xx.first", "xx.next"
SHEET = """reference,email,amount,currency,product,distribution
2026-11-ann,ann@example.com,25.00,GBP,AMZ-GB,EMAIL
2026-11-ben,ben@example.com,12.50,GBP,AMZ-GB,EMAIL
"""
STAND_INS = {
    "useradd": "",
    # Nobody here is called batcher.
    "install": 'words=(); while [ $# -gt 0 ]; do case "$1" in -o|-g) shift 2;; *) words+=("$1"); shift;; esac; done; '
    'exec /usr/bin/install "${words[@]}"',
    # Whatever it is asked to do, it is asked with the names of units that are installed.
    "systemctl": 'for word in "$@"; do case "$word" in *.service|*.timer) test -f "$UNITS/$word" || exit 5;; esac; '
    "done",
}


def rows_of(title: str) -> list[list[str]]:
    """The lines of the table whose first column is called so."""
    (table,) = re.findall(rf"^\| {title} \|.*\n\|[-| ]+\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def test_every_block_is_one_of_commands() -> None:
    assert {block.language for block in BLOCKS} == {"sh"}


@pytest.mark.parametrize(("title", "known"), [("notice", list(Event)), ("report", list(ReportKind))])
def test_everything_that_people_are_told_is_in_its_table(title: str, known: list[str]) -> None:
    assert [row[0].strip("`") for row in rows_of(title)] == [str(one) for one in known]


def test_every_alert_is_in_its_table() -> None:
    (group,) = yaml.safe_load((ROOT / "docs" / "watching" / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    assert [row[0].strip("`") for row in rows_of("alert")] == [rule["alert"] for rule in group["rules"]]


def test_each_says_what_has_become_of_the_money_and_what_to_do() -> None:
    for title in ("notice", "report", "alert"):
        assert all(len(row) == 4 and all(row) for row in rows_of(title))


class Machine:
    """Folders in place of a machine's, and programs that stand in for those that would change it."""

    def __init__(self, folder: Path, url: str) -> None:
        self.payments = folder / "srv" / "payments"
        self._folder, self._page = folder, ""
        units, stand_ins = folder / "etc" / "systemd" / "system", folder / "stand-ins"
        for made in (units, stand_ins, folder / "srv"):
            made.mkdir(parents=True)
        for name, text in STAND_INS.items():
            (stand_ins / name).write_text(f"#!{BASH}\n{text}\n")
            (stand_ins / name).chmod(0o755)
        given = environment(folder)
        path = f"{stand_ins}{os.pathsep}{given['PATH']}"
        self.environ = {**given, "PATH": path, "UNITS": str(units), "BATCHER_API__BASE_URL": url}

    def text(self, block: Block) -> str:
        """What is typed, with the folders of the test."""
        text = re.sub(r"(?<![\w.])/(srv|opt|etc)/", rf"{self._folder}/\1/", block.text)
        return text.replace("http://127.0.0.1:8080", self._page)

    def type(self, block: Block, key: str) -> "subprocess.CompletedProcess[str]":
        """Type a block where it is said to be typed; whoever is asked for a key has `key`."""
        as_root = block.text.startswith("# as root")
        return subprocess.run(
            [BASH, "-euo", "pipefail", "-c", self.text(block)],
            cwd=ROOT if as_root else self.payments,
            env=self.environ,
            input=f"{key}\n",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=FIRST_RUN_DEADLINE_S,
            check=False,
        )

    @contextmanager
    def served(self) -> Iterator[None]:
        """The page, as its unit starts it, on a free port."""
        unit = (ROOT / "docs" / "units" / "batcher-serve.service").read_text(encoding="utf-8")
        (call,) = re.findall(r"^ExecStart=/opt/batcher/bin/(.*)$", unit, re.MULTILINE)
        command = self.text(Block("sh", f"exec {call} --port 0 --json"))
        process = subprocess.Popen(
            [BASH, "-c", command],
            cwd=self.payments,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert process.stdout is not None
            assert select.select([process.stdout], [], [], START_DEADLINE_S)[0], "the page did not start in time"
            self._page = json.loads(process.stdout.readline())["url"]
            yield
        finally:
            process.terminate()
            process.communicate(timeout=START_DEADLINE_S)


@contextmanager
def sandbox(folder: Path, command: str) -> Iterator[str]:
    """A sandbox on a free port; gives its address."""
    process = subprocess.Popen(
        [BASH, "-c", f"exec {command.strip()} --port 0"],
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], START_DEADLINE_S)[0], "the sandbox did not start in time"
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate(timeout=START_DEADLINE_S)


def asked(url: str, lever: str, content: object = None) -> dict[str, object]:
    """What a lever of the sandbox says."""
    data = None if content is None else json.dumps(content).encode()
    request = urllib.request.Request(f"{url.removesuffix('/v2')}/_sandbox/{lever}", data=data)  # noqa: S310 - our own
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - as above
        told: dict[str, object] = json.load(answer)
    return told


@pytest.mark.process
def test_a_service_is_installed_copied_put_back_upgraded_and_given_another_key(tmp_path: Path) -> None:
    with sandbox(tmp_path, "batcher sandbox") as url:
        machine = Machine(tmp_path, url)
        key = FIRST_KEY
        for block in SERVICE:
            if "api-key.new" in block.text:
                key = NEXT_KEY
                asked(url, "switches", {"accepted_keys": [NEXT_KEY]})
            if "batcher backup" in block.text and not (machine.payments / "2026-11.csv").exists():
                first_payment(machine, key)
            if "curl" in block.text:
                with machine.served():
                    done = machine.type(block, key)
                assert "ready" in done.stdout
            else:
                done = machine.type(block, key)
            assert done.returncode == 0, f"{block.text}\n{done.stdout}"
        orders = asked(url, "dump")["orders"]
    assert isinstance(orders, list)
    assert sorted(order["metadata"]["reference"] for order in orders) == ["2026-11-ann", "2026-11-ben"]
    copies = list((tmp_path / "srv" / "backups").glob("ledger-*.sqlite3"))
    assert len(copies) >= 2
    assert {path.stat().st_mode & 0o777 for path in [*copies, machine.payments / "ledger" / "ledger.sqlite3"]} == {
        0o600
    }


def first_payment(machine: Machine, key: str) -> None:
    """The payment of the month: what its commands are, the guide says."""
    (machine.payments / "2026-11.csv").write_text(SHEET, encoding="utf-8")
    done = machine.type(Block("sh", "batcher run 2026-11.csv --batch 2026-11-incentives --yes"), key)
    assert done.returncode == 0, done.stdout


@pytest.mark.process
def test_the_program_is_installed_from_its_lock(tmp_path: Path) -> None:
    copy = copied(tmp_path / "batcher")
    done = subprocess.run(
        [BASH, "-euo", "pipefail", "-c", SETUP.text.replace("/opt/", f"{tmp_path}/opt/")],
        cwd=copy,
        env={
            name: value for name, value in os.environ.items() if not name.startswith(("BATCHER_", "PYTEST_", "PYTHON"))
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SETUP_DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    program = tmp_path / "opt" / "batcher" / "bin" / "batcher"
    shown = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("batcher")


@pytest.mark.process
def test_the_drill_goes_as_it_says(tmp_path: Path) -> None:
    with sandbox(tmp_path, SANDBOX.text) as url:
        environ = {**environment(tmp_path), "BATCHER_API__BASE_URL": url}
        for block in DRILL:
            text = block.text.replace("http://127.0.0.1:8765", url.removesuffix("/v2"))
            done = subprocess.run(
                [BASH, "-euo", "pipefail", "-c", text],
                cwd=tmp_path,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=FIRST_RUN_DEADLINE_S,
                check=False,
            )
            assert done.returncode == 0, f"{block.text}\n{done.stdout}"
        dump = asked(url, "dump")
    assert done.stdout.strip() == "20"
    orders = dump["orders"]
    assert isinstance(orders, list)
    assert len({order["metadata"]["reference"] for order in orders}) == len(orders) == 20
