"""`batcher purge`: names, addresses and links are removed from a batch that is over."""

import json

import click

from batcher.cli.common import Given, batch_name, common
from batcher.errors import NotConfirmed
from batcher.records import PURGED_AFTER_DAYS, PURGED_AFTER_DAYS_LEAST


@click.command(name="purge")
@click.argument("name")
@click.option(
    "--older-than-days",
    "days",
    type=click.IntRange(min=PURGED_AFTER_DAYS_LEAST),
    default=PURGED_AFTER_DAYS,
    show_default=True,
    metavar="N",
    help=f"Refuse while something has happened to the batch in the last N days; {PURGED_AFTER_DAYS_LEAST} at least.",
)
@click.option("--yes", is_flag=True, help="Do not ask: remove it.")
@common
def command(given: Given, name: str, days: int, yes: bool) -> int:
    """Remove names, addresses and links from the batch NAME, in the ledger and in its results files.

    What stays: references, amounts, products, states, order ids, keys, reasons that somebody gave, and digests by which
    a payment is known again, so that nothing of it is ever paid twice. A reference that is a person's name stays,
    because the key hangs on it. Links cannot be had back from here. Refused while any row is unsettled. Copies that you
    have made of the files, and back-ups, are yours to remove.
    """
    from batcher.assembly import Office
    from batcher.cli.status import require_known

    settings = given.settings()
    batch = batch_name(given, name)
    with Office(settings) as office, office.lock(f"batcher purge of batch {batch}"):
        require_known(office.batch(batch))
        office.keeping.refuse_to_purge(batch, days)
        _confirm(given, batch, office.environment.label, yes=yes)
        purged = office.keeping.purge(batch, older_than_days=days)
        label = office.environment.label
    if given.as_json:
        content = {
            "batch": batch,
            "environment": label,
            "exit_code": 0,
            "purged": purged.count,
            "files": [str(path) for path in purged.paths],
            "journal": purged.journal,
        }
        click.echo(json.dumps(content, ensure_ascii=False))
        return 0
    rows = f"{purged.count:,} row{'s' * (purged.count != 1)}"
    given.say(f"Names, addresses and links of {rows} removed from batch {batch} in {label}.")
    for path in purged.paths:
        given.say(f"Written anew without them: {path}")
    given.say(f"Journal: {purged.journal}")
    return 0


def _confirm(given: Given, batch: str, label: str, *, yes: bool) -> None:
    if yes:
        return
    if not given.asks:
        raise NotConfirmed("Nobody confirmed; nothing was removed.", "Say --yes in scripts, or run it on a terminal.")
    question = f"Remove names, addresses and links from batch {batch} in {label}? They cannot be had back."
    if not click.confirm(question, default=False, err=True):
        raise NotConfirmed("Not confirmed; nothing was removed.")
