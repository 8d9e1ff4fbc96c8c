"""`batcher status`: where batches stand."""

import json
from typing import TYPE_CHECKING

import click

from batcher.cli.common import Given, batch_name, common
from batcher.errors import UsageError

if TYPE_CHECKING:
    from batcher.records import BatchRecord


@click.command(name="status")
@click.argument("name", required=False)
@common
def command(given: Given, name: str | None) -> int:
    """Show where all batches stand, or the batch NAME; its exit code is then the one of its last run."""
    from batcher.assembly import Office
    from batcher.cli.words import outcome_as_json, outcome_in_words, summary_as_json, summary_in_words

    with Office(given.settings()) as office:
        if name is None:
            summaries = office.summaries()
            if given.as_json:
                click.echo(json.dumps({"batches": [summary_as_json(summary) for summary in summaries]}))
            for summary in [] if given.as_json else summaries:
                click.echo(summary_in_words(summary))
            if not summaries:
                given.say("The ledger knows no batch yet.")
            return 0
        require_known(office.batch(batch_name(given, name)))
        outcome = office.outcome(name)
    if given.as_json:
        click.echo(json.dumps(outcome_as_json(outcome), ensure_ascii=False))
        return outcome.exit_code
    click.echo(f"Batch {name} in {outcome.environment}")
    for line in outcome_in_words(outcome):
        click.echo(line)
    return outcome.exit_code


def require_known(record: "BatchRecord") -> None:
    """Raise `UsageError` for a batch that this environment does not have."""
    if record.last_confirmed_at is None:
        raise UsageError(
            f"There is no batch {record.name} in {record.environment.label}.",
            "`batcher status` lists the batches of every environment.",
        )
