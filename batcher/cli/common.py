"""What all commands share: their options, their settings, and how they end."""

import contextlib
import functools
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from batcher.cli.failing import fail
from batcher.errors import UsageError
from batcher.logs import JsonLines, PlainLines, log_as_json

if TYPE_CHECKING:
    from batcher.settings import Settings


@dataclass(frozen=True, slots=True)
class Given:
    """The options that every command takes."""

    config: Path | None
    as_json: bool
    no_input: bool
    verbose: int

    @property
    def asks(self) -> bool:
        """Whether a question would reach a person."""
        return not self.no_input and not self.as_json and sys.stdin.isatty() and sys.stderr.isatty()

    def settings(self) -> "Settings":
        """The settings: config file and environment. Raises `UsageError`."""
        from batcher.settings import load_settings

        settings = load_settings(self.config, os.environ)
        self.log_by(settings)
        return settings

    def log_by(self, settings: "Settings") -> None:
        """Log from here on as the settings say; what was logged before they were read is for people."""
        if settings.logging.format == "json":
            log_as_json()

    def say(self, text: str = "") -> None:
        """A message for people: to stderr, and not at all where the answer is JSON."""
        if not self.as_json:
            # Nobody reads it any more where stderr is closed; what is being done goes on all the same.
            with contextlib.suppress(OSError):
                click.echo(text, err=True)


def common(function: Callable[..., int]) -> Callable[..., int]:
    """Give a command the shared options as its first argument, and turn what it raises into words and an exit code."""

    @click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        help="The config file (default: ./batcher.toml, then the one in your config folder).",
    )
    @click.option("--json", "as_json", is_flag=True, help="Print the answer, or the failure, as JSON on stdout.")
    @click.option("--no-input", is_flag=True, help="Never ask anything; what is not said is an error.")
    @click.option("--log-json", is_flag=True, help="Log to stderr as JSON, one object a line, as much as with -v.")
    @click.option("-v", "--verbose", count=True, help="Say more; twice for every request.")
    @functools.wraps(function)
    def wrapped(
        config: Path | None, as_json: bool, no_input: bool, log_json: bool, verbose: int, **options: Any
    ) -> int:
        _leave_no_core()
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonLines() if log_json else PlainLines())
        # Who asks for lines that a machine reads wants them: as with -v.
        level = {0: logging.WARNING, 1: logging.INFO}.get(max(verbose, int(log_json)), logging.DEBUG)
        logging.basicConfig(handlers=[handler], level=level)
        # Below these lie bodies and headers, and in them people's data and the key.
        for library in ("httpx", "httpcore", "alembic", "sqlalchemy", "asyncio"):
            logging.getLogger(library).setLevel(logging.WARNING)
        if verbose > 1:
            # One line for each request: method, address, status.
            logging.getLogger("httpx").setLevel(logging.INFO)
        try:
            return function(Given(config, as_json, no_input, verbose), **options)
        except (click.ClickException, click.exceptions.Exit, click.exceptions.Abort):
            raise
        except BrokenPipeError:
            # Whoever read the answer has read enough, as in `batcher check payouts.csv | head`.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last one who can say it in words
            return fail(error, as_json=as_json, verbose=bool(verbose))

    return wrapped


def _leave_no_core() -> None:
    """A crash of the interpreter writes no core file: the API key and the links would be in it."""
    with contextlib.suppress(ImportError, OSError, ValueError):  # no such limits on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def batch_name(given: Given, name: str | None, *, proposal: str = "", ask: bool = True) -> str:
    """The batch's name, asked for where a person is there to answer. Raises `UsageError`."""
    from batcher.assembly.refusing import refuse_name
    from batcher.model import BATCH_NAME

    if name is None and ask and given.asks:
        fits = BATCH_NAME.fullmatch(proposal) is not None
        name = click.prompt("Name of this batch", default=proposal if fits else None, err=True)
    if name is None:
        raise UsageError("The batch has no name.", "Say --batch NAME, such as --batch 2026-11-incentives.")
    refuse_name(name)
    return name
