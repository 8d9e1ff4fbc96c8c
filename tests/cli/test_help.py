"""The help is there, is quick, and the shell can complete."""

import gc
import subprocess
import sys

import click
import pytest

from batcher.cli.app import COMMANDS, batcher
from tests.cli.desk import Desk, row

HEAVY = ["pandas", "pyarrow", "numpy", "sqlalchemy", "alembic", "pydantic", "httpx", "rich", "tenacity"]

HELP_OF_EVERYTHING = f"""
import sys
from batcher.cli import main
for arguments in [["--help"], ["--version"], *([name, "--help"] for name in {list(COMMANDS)!r})]:
    try:
        main(arguments)
    except SystemExit as left:
        assert left.code == 0, arguments
    heavy = [name for name in {HEAVY!r} if name in sys.modules]
    assert not heavy, (arguments, heavy)
"""


def test_no_help_imports_what_is_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", HELP_OF_EVERYTHING], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("Usage: batcher") == len(COMMANDS) + 1


CHECK = """
import sys
from batcher.cli import main
try:
    main(["check", sys.argv[1]])
except SystemExit as left:
    assert left.code == 0, left.code
heavy = [name for name in sys.argv[2].split() if name in sys.modules]
assert not heavy, heavy
"""
NEVER = "pandas sqlalchemy httpx"
NOT_FOR_PLAIN_ROWS = "asyncio concurrent email_validator iso4217 numpy.ma pydantic_settings batcher.planning"


def test_a_check_imports_neither_pandas_nor_the_ledger_nor_the_client(desk: Desk) -> None:
    sheet = str(desk.sheet([row("007"), row("R2", Email="zoé@example.com"), row("R3", "£3.00")]))
    done = subprocess.run([sys.executable, "-c", CHECK, sheet, NEVER], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr.count("Every row can be paid.")) == (0, 1), done.stderr


def test_a_check_of_plain_rows_imports_nothing_that_only_others_need(desk: Desk) -> None:
    sheet, names = str(desk.sheet([row("R1"), row("R2", "3.00")])), f"{NEVER} {NOT_FOR_PLAIN_ROWS}"
    done = subprocess.run([sys.executable, "-c", CHECK, sheet, names], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr.count("Every row can be paid.")) == (0, 1), done.stderr


def test_a_check_leaves_the_collector_of_cycles_as_it_was(desk: Desk) -> None:
    for sheet in (desk.sheet([row("R1")]), desk.sheet([row("R1", "x")])):
        desk.call("check", str(sheet))
        assert gc.isenabled()


def whole_names() -> list[str]:
    """Every command, and in place of one that has commands of its own, each of these."""
    context = click.Context(batcher)
    found = {name: batcher.get_command(context, name) for name in COMMANDS}
    return [
        one
        for name, command in found.items()
        for one in ([f"{name} {sub}" for sub in command.commands] if isinstance(command, click.Group) else [name])
    ]


@pytest.mark.parametrize("command", whole_names())
def test_every_command_has_its_help_with_the_shared_options(desk: Desk, command: str) -> None:
    done = desk.call(*command.split(), "--help")

    assert done.code == 0
    assert done.out.startswith(f"Usage: batcher {command}")
    for option in ("--config", "--json", "--no-input", "-v"):
        assert option in done.out


def test_the_help_lists_every_command_and_the_exit_codes(desk: Desk) -> None:
    done = desk.call("--help")

    assert [name for name in COMMANDS if f"\n  {name} " not in done.out] == []
    told = done.out.partition("Exit codes:")[2]
    assert [int(word) for word in told.split() if word.isdecimal()] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 130]


def test_without_arguments_the_help_is_shown(desk: Desk) -> None:
    done = desk.call()

    assert "Usage: batcher" in done.out + done.err


def test_the_options_of_run_are_those_that_were_promised(desk: Desk) -> None:
    out = desk.call("run", "--help").out

    for option in ("--batch", "--yes", "--accept-missing", "--pay-again", "--repeats", "--reason", "--no-retry"):
        assert option in out
    for option in ("--skip-invalid", "--never-sent"):
        assert option in out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_gets_a_script_that_completes(desk: Desk, monkeypatch: pytest.MonkeyPatch, shell: str) -> None:
    monkeypatch.setenv("_BATCHER_COMPLETE", f"{shell}_source")

    assert f"{shell}_complete" in desk.call().out


@pytest.mark.parametrize(
    ("words", "completed"),
    [("batcher st", "status"), ("batcher run --acc", "--accept-missing"), ("batcher re", "results")],
)
def test_commands_and_options_are_completed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, words: str, completed: str
) -> None:
    monkeypatch.setenv("_BATCHER_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(words.count(" ")))

    assert f"plain,{completed}\n" in desk.call().out
