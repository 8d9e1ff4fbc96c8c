"""`batcher status`: where batches stand."""

import json
from typing import TYPE_CHECKING

import click

from batcher.cli.common import Given, batch_name, common
from batcher.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batcher.notices import KeptNotice
    from batcher.records import BatchRecord, BatchSummary


@click.command(name="status")
@click.argument("name", required=False)
@common
def command(given: Given, name: str | None) -> int:
    """Show where all batches stand, or the batch NAME; its exit code is then the one of its last run."""
    from batcher.assembly import Office
    from batcher.cli.words import outcome_as_json, outcome_in_words

    with Office(given.settings()) as office:
        undelivered = office.notices.undelivered(office.environment)
        if name is None:
            _all(given, office.summaries(), undelivered)
            return 0
        require_known(office.batch(batch_name(given, name)))
        outcome = office.outcome(name)
    if given.as_json:
        click.echo(json.dumps(outcome_as_json(outcome), ensure_ascii=False))
        return outcome.exit_code
    click.echo(f"Batch {name} in {outcome.environment}")
    for line in outcome_in_words(outcome):
        click.echo(line)
    for kept in undelivered:
        if kept.notice.batch == name:
            click.echo(undelivered_in_words(kept))
    return outcome.exit_code


def _all(given: Given, summaries: "Sequence[BatchSummary]", undelivered: "Sequence[KeptNotice]") -> None:
    """Where all batches stand."""
    from batcher.cli.words import summary_as_json, summary_in_words

    if given.as_json:
        content: dict[str, object] = {"batches": [summary_as_json(summary) for summary in summaries]}
        if undelivered:
            content["undelivered"] = [undelivered_as_json(kept) for kept in undelivered]
        click.echo(json.dumps(content, ensure_ascii=False))
        return
    for line in [*map(summary_in_words, summaries), *map(undelivered_in_words, undelivered)]:
        click.echo(line)
    if not summaries:
        given.say("The ledger knows no batch yet.")


def require_known(record: "BatchRecord") -> None:
    """Raise `UsageError` for a batch that this environment does not have."""
    if record.last_confirmed_at is None:
        raise UsageError(
            f"There is no batch {record.name} in {record.environment.label}.",
            "`batcher status` lists the batches of every environment.",
        )


def undelivered_in_words(kept: "KeptNotice") -> str:
    """A notification that has not arrived."""
    goes_on = "was given up" if kept.given_up else "is tried again by batcher serve, or with the next run"
    why = f" ({kept.last_error})" if kept.last_error else ""
    tried = "once" if kept.tries == 1 else f"{kept.tries} times"
    return f"Not delivered to {kept.outlet}: {kept.notice.title}. Tried {tried}{why}; it {goes_on}."


def undelivered_as_json(kept: "KeptNotice") -> dict[str, object]:
    """The same for scripts."""
    return {
        "batch": kept.notice.batch,
        "event": kept.notice.event,
        "outlet": kept.outlet,
        "made_at": kept.made_at.isoformat(),
        "tries": kept.tries,
        "last_error": kept.last_error,
        "given_up": kept.given_up,
    }
