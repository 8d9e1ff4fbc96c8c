"""The command `batcher`. Each command's own file is imported only when that command is called."""

import importlib
import sys
from typing import Any

import click

from batcher import __version__
from batcher.cli.failing import colours, fail

COMMANDS = {
    "demo": "The whole job on sample data, against a sandbox on this machine; nothing to set up.",
    "init": "Ask what is needed, and write batcher.toml and a template sheet.",
    "template": "A sheet to fill, as CSV or as a workbook with drop-downs.",
    "doctor": "What is wrong with key, network, balance, ledger, inboxes or disk, and what to do.",
    "inspect": "How a file is read: encoding, delimiter, header line, columns, rows, doubts.",
    "check": "Every problem of every row of a sheet; sends nothing.",
    "plan": "What a run would do; sends no order.",
    "run": "The plan, a confirmation, then issue, follow and write the results.",
    "approve": "Another person says yes or no to a sealed plan.",
    "resume": "Go on with a batch without its file: the last confirmed plan, nothing else.",
    "reconcile": "Settle what is unknown by Runa's order list, and print the closing proof.",
    "decide": "A person settles what evidence cannot.",
    "status": "Where batches stand.",
    "results": "Write a batch's results file again from the ledger.",
    "verify": "Whether anybody has changed a batch's journal, ledger or results, and where.",
    "backup": "Copy the ledger, also while it is being sent from.",
    "purge": "Remove names, addresses and links from a batch that is over; it stays paid once.",
    "serve": "The whole job in a browser, on a port of this machine.",
    "schedule": "Payments that come again and again: when they are due, and running what is due now.",
    "inbox": "Places where sheets arrive: what lies there, what was taken, and where each sheet stands.",
    "user": "Who may sign in, and as what: preparer, approver, viewer.",
    "sandbox": "Runa's API as batcher knows it, on a port of this machine, to rehearse on.",
}
"""Each command and its one line in the help; its code is in the file of its name."""


class LateCommands(click.Group):
    """Knows its commands by name, and imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order in which a person meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"batcher.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=LateCommands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 every row paid, 1 our own fault or a closing proof that does not agree, 2 usage or "
    "configuration, 3 some rows refused, failed or invalid, 4 the API refuses the key or the version, 5 the input is "
    "invalid or doubtful, 6 stopped early, the rest unsent, 7 some rows unknown or still processing, 8 not confirmed "
    "or not approved, 11 another process has the ledger, 130 interrupted.",
)
@click.version_option(__version__, prog_name="batcher")
def batcher() -> None:
    """Turn a spreadsheet of payouts into Runa orders: each row is paid once, whatever breaks.

    Try `batcher demo` first. A real run is `batcher run payouts.csv --batch 2026-11-incentives`; the same command
    again goes on where it stopped, and pays nobody twice.
    """


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line and leave the process with its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        code = batcher.main(args=given, prog_name="batcher", standalone_mode=False, color=colours())
    except click.exceptions.Abort:
        code = fail(KeyboardInterrupt(), as_json="--json" in given)
    except click.ClickException as error:
        code = fail(error, as_json="--json" in given)
    sys.exit(code if isinstance(code, int) else 0)
