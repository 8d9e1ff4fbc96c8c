"""How a failure is told: one sentence on what is wrong, one on what to do, and the exit code."""

import json
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from batcher.errors import BatcherError, InputInvalid, unforeseen
from batcher.model import Problem
from batcher.words.problems import problems_in_words


def colours() -> bool | None:
    """Whether to print them: never where NO_COLOR says so, else `None`, which leaves it to whether it is a terminal."""
    return False if os.environ.get("NO_COLOR") else None


def fail(error: BaseException, *, as_json: bool, verbose: bool = False) -> int:
    """Tell of `error` on stderr, or as JSON on stdout; gives the exit code."""
    code, content = _told(error)
    if as_json:
        click.echo(json.dumps({"error": content, "exit_code": code}, ensure_ascii=False))
        return code
    if isinstance(error, InputInvalid):
        show_problems(error.problems)
    if isinstance(error, click.UsageError) and error.ctx is not None:
        click.echo(error.ctx.get_usage(), err=True)
    if verbose and code == 1:
        traceback.print_exception(error, file=sys.stderr)
    click.echo(click.style("Stopped: ", fg="red", bold=True) + content["message"], err=True, color=colours())
    if content["fix"]:
        click.echo(content["fix"], err=True)
    return code


def show_problems(problems: Sequence[Problem]) -> None:
    """Show problems to a person, by kind, on stderr; `--json` has all."""
    for line in problems_in_words(problems):
        click.echo(line, err=True)


def _told(error: BaseException) -> tuple[int, dict[str, Any]]:
    if isinstance(error, BatcherError):
        content: dict[str, Any] = {"kind": error.kind, "message": error.message, "fix": error.fix}
        if isinstance(error, InputInvalid):
            content["problems"] = [asdict(problem) for problem in error.problems]
        return error.exit_code, content
    if isinstance(error, click.ClickException):
        return 2, {"kind": "usage", "message": error.format_message(), "fix": "See --help."}
    if isinstance(error, KeyboardInterrupt):
        return 130, {"kind": "interrupted", "message": "Interrupted.", "fix": "The same command goes on from here."}
    fault = unforeseen(error)
    fix = "Run again with -v for the details, and report them; the ledger knows what was sent."
    return fault.exit_code, {"kind": fault.kind, "message": fault.message, "fix": fix}
