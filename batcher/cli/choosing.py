"""The flags by which a person says what is meant; `plan` and `run` share them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from batcher.errors import UsageError

if TYPE_CHECKING:
    from batcher.planning import Choices


class ManyValues(click.Command):
    """Lets `--pay-again` take several references in a row, up to the next option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Say the option's name again before each further value."""
        spread: list[str] = []
        many = False
        for index, arg in enumerate(args):
            if arg == "--":
                spread += args[index:]
                break
            if many and not arg.startswith("-") and spread[-1] != "--pay-again":
                spread.append("--pay-again")
            elif arg.startswith("-"):
                many = arg == "--pay-again"
            spread.append(arg)
        return super().parse_args(ctx, spread)


def choosing(function: Callable[..., int]) -> Callable[..., int]:
    """Add the flags; the command gets them as `choices`, unmade."""
    for option in reversed(
        [
            click.option("--accept-missing", is_flag=True, help="Go on without rows that were sent and are gone."),
            click.option(
                "--pay-again",
                multiple=True,
                metavar="REFERENCE…",
                help="Pay these doubtful rows. Takes several, so FILE comes first.",
            ),
            click.option("--repeats", metavar="BATCH", help="This batch repeats that one on purpose; needs --reason."),
            click.option("--reason", metavar="TEXT", help="Why a batch is repeated; kept in the ledger."),
            click.option("--no-retry", is_flag=True, help="Leave rows that were refused or failed as they are."),
            click.option("--skip-invalid", is_flag=True, help="Send the valid rows although others are invalid."),
            click.option("--ignore-balance", is_flag=True, help="Send although the balance is short."),
            click.option("--never-sent", is_flag=True, help="This batch was never sent from anywhere else."),
        ]
    ):
        function = option(function)
    return function


def choices_from(options: dict[str, Any]) -> "Choices":
    """The flags as the plan takes them. Raises `UsageError`."""
    from batcher.planning import Choices

    if (options["repeats"] is None) != (options["reason"] is None):
        raise UsageError(
            "--repeats BATCH and --reason TEXT belong together.", "Say which batch is repeated, and why it is."
        )
    return Choices(
        accept_missing=options["accept_missing"],
        pay_again=frozenset(options["pay_again"]),
        repeats=options["repeats"],
        reason=options["reason"],
        retry=not options["no_retry"],
        skip_invalid=options["skip_invalid"],
        never_sent=options["never_sent"],
    )
