"""Every command of the README is run: those that set something up in a copy of the project, the others at a sandbox."""

import json
import os
import re
import select
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest

from batcher.cli.app import COMMANDS, batcher
from batcher.cli.init import ENVIRONMENTS
from batcher.errors import BatcherError
from tests.docs.readme import README, ROOT, SERVER, Block, blocks, prose

TEXT = README.read_text(encoding="utf-8")
COMMAND_BLOCKS = [block for block in blocks(TEXT) if block.language == "sh"]
SETUPS = [block for block in COMMAND_BLOCKS if block.is_setup]
REAL_RUN = [block for block in COMMAND_BLOCKS if block.section == "A real run"]
"""In a new terminal."""
FIRST_RUN = [block for block in COMMAND_BLOCKS if not (block.is_setup or block.is_server or block in REAL_RUN)]
BASH = shutil.which("bash") or "bash"
START_DEADLINE_S, SETUP_DEADLINE_S, FIRST_RUN_DEADLINE_S = 60.0, 1500.0, 300.0


def test_every_block_is_one_of_commands() -> None:
    assert [block.language for block in blocks(TEXT) if block.language != "sh"] == []


def test_no_block_escapes_by_indentation_or_an_open_fence() -> None:
    left = prose(TEXT)
    assert "```" not in left
    assert "~~~" not in left
    assert not re.search(r"^(?: {4}|\t)\S", left, re.MULTILINE)


def test_the_two_commands_come_first_and_each_is_one_line() -> None:
    first, second = COMMAND_BLOCKS[:2]
    assert first.is_setup
    assert second.is_setup
    assert first.text.endswith("batcher demo\n")
    assert second.text.endswith("pytest -n auto\n")
    assert all(block.text.count("\n") == 1 for block in SETUPS)


def test_there_is_one_sandbox_and_it_is_started_before_it_is_spoken_to() -> None:
    servers = [place for place, block in enumerate(COMMAND_BLOCKS) if block.is_server]
    assert servers == [COMMAND_BLOCKS.index(FIRST_RUN[0]) - 1]


def test_the_config_of_the_first_run_names_the_sandbox_where_it_listens() -> None:
    assert FIRST_RUN[0].text.startswith("batcher init --no-input --environment sandbox ")
    port = next(option.default for option in _command("sandbox").params if option.name == "port")
    assert ENVIRONMENTS["sandbox"] == f"http://127.0.0.1:{port}/v2"


def test_every_command_is_in_the_table_in_the_order_of_the_help() -> None:
    assert re.findall(r"^\| `batcher ([a-z]+)", TEXT, re.MULTILINE) == list(COMMANDS)


def test_the_exit_codes_of_the_errors_are_in_the_table() -> None:
    table = {int(code) for code in re.findall(r"^\| (\d+) \| ", TEXT, re.MULTILINE)}
    errors: list[type[BatcherError]] = [BatcherError, *BatcherError.__subclasses__()]
    assert {kind.exit_code for kind in errors} <= table
    assert table == {0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 130}


@pytest.mark.process
@pytest.mark.parametrize("block", SETUPS, ids=lambda block: block.text.split()[-1])
def test_a_command_that_sets_up_passes_in_a_copy_of_the_project(block: Block, tmp_path: Path) -> None:
    copy = copied(tmp_path / "batcher")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("BATCHER_", "PYTEST_"))}
    done = subprocess.run(
        [BASH, "-euo", "pipefail", "-c", block.text],
        cwd=copy,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SETUP_DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    if block.text.endswith("batcher demo\n"):
        assert "The sandbox made 40 orders for 40 rows." in done.stderr


@pytest.mark.process
def test_the_first_run_goes_as_the_readme_says(tmp_path: Path) -> None:
    with sandbox(tmp_path) as url:
        done = typed(FIRST_RUN, tmp_path, {"BATCHER_API__BASE_URL": url})
        with urllib.request.urlopen(f"{url.removesuffix('/v2')}/_sandbox/dump") as answer:  # noqa: S310 - our own port
            orders = json.load(answer)["orders"]
    assert done.returncode == 0, done.stdout
    assert "Nothing is wrong." in done.stdout
    assert "Every row can be paid." in done.stdout
    assert "3 rows in = 3 paid." in done.stdout
    assert "The balance fell by exactly what was paid" in done.stdout
    assert done.stdout.count("3  paid already") == 2
    # Once for the order that failed, once with the ledger lost.
    assert done.stdout.count("exit code 3") == 2
    assert "3  has an order at Runa, is taken over" in done.stdout
    assert "Does not agree" not in done.stdout
    assert sorted(order["metadata"]["reference"] for order in orders) == [
        "2026-11-ann",
        "2026-11-ben",
        "2026-11-cleo",
        "2026-11-dan",
        "2026-12-ann",
    ]
    assert done.stdout.count("This plan was carried out on") == 1
    folder = tmp_path / "rehearsal" / "results"
    results = (folder / "2026-11-incentives.csv").read_text(encoding="utf-8-sig")
    assert (results.count(",COMPLETED,"), results.count(",FAILED,")) == (3, 1)
    assert (folder / "2026-11-incentives.xlsx").read_bytes().startswith(b"PK")
    assert re.search(r"^GBP +all +2 +37\.50 ", done.stdout, re.MULTILINE)
    assert "lost_reply" in done.stdout
    assert len(list((tmp_path / "home").rglob("ledger.sqlite3"))) == 2


@pytest.mark.process
def test_a_real_run_begins_as_the_readme_says(tmp_path: Path) -> None:
    with sandbox(tmp_path) as url:
        done = typed(REAL_RUN, tmp_path, {"BATCHER_API__BASE_URL": url, "RUNA_API_KEY": "xx.rehearsal"})
    assert done.returncode == 0, done.stdout
    folder = tmp_path / "home" / "payouts-playground"
    # What it writes where nobody answers is what Enter gives.
    assert "PLAYGROUND" in (folder / "batcher.toml").read_text(encoding="utf-8")
    assert (folder / "payouts-template.csv").is_file()
    assert "Nothing is wrong." in done.stdout


def typed(
    wanted: list[Block], folder: Path, variables: dict[str, str], *, exit_on_error: bool = True
) -> subprocess.CompletedProcess[str]:
    """What somebody types into one terminal, from the first of the blocks to the last; only the port is ours."""
    return subprocess.run(
        [BASH, "-euo" if exit_on_error else "-uo", "pipefail", "-c", "\n".join(block.text for block in wanted)],
        cwd=folder,
        env={**environment(folder), **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=FIRST_RUN_DEADLINE_S,
        check=False,
    )


def copied(folder: Path) -> Path:
    """What git would give to somebody else, and what is new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        source = ROOT / name
        if source.is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return folder


def environment(folder: Path) -> dict[str, str]:
    """That of somebody new to batcher: it is on the path, and nothing is set."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    return {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(home)}


@contextmanager
def sandbox(folder: Path) -> Iterator[str]:
    """The README's sandbox on a free port; gives the address that it prints."""
    process = subprocess.Popen(
        [BASH, "-c", f"exec {SERVER.strip()} --port 0"],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], START_DEADLINE_S)
        assert ready, "the sandbox did not start in time"
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate(timeout=START_DEADLINE_S)


def _command(name: str) -> click.Command:
    command = batcher.get_command(click.Context(batcher), name)
    assert command is not None
    return command
