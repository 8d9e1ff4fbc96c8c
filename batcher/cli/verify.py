"""`batcher verify`: whether journal, ledger and results still say what was written."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from batcher.cli.common import Given, batch_name, common
from batcher.errors import UsageError

if TYPE_CHECKING:
    from batcher.assembly import Verified
    from batcher.records import Discrepancy
    from batcher.results import FileCheck

LISTED = 20
"""How many places the screen names; --json names all."""

_DIGEST = re.compile(r"[0-9a-f]{16,64}")


@click.command(name="verify")
@click.argument("name")
@click.option(
    "--head",
    metavar="DIGEST",
    help="A digest that you kept outside, whole or its first 16 digits or more: it must be in the journal.",
)
@click.option(
    "--file",
    "files",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    multiple=True,
    help="Look at this results file; may be said several times. Without it, at those in the results folder.",
)
@common
def command(given: Given, name: str, head: str | None, files: tuple[Path, ...]) -> int:
    """Compute the journal of the batch NAME again, and hold the ledger and its results files against it.

    Names the place of every byte that was changed: the event, the row and the field; in results the line and column.
    Exit code 0 where all agrees, 1 where something was changed. Sends nothing and asks nobody, so it may run beside
    anything. Who can write the ledger could make a whole journal anew: only a digest kept elsewhere tells that.
    """
    from batcher.assembly import Office
    from batcher.cli.status import require_known
    from batcher.records import BatchRecord

    settings = given.settings()
    batch = batch_name(given, name)
    if head is not None and not _DIGEST.fullmatch(head := head.strip().lower()):
        raise UsageError(
            f"{head!r} is no digest of a journal.", "Give at least the first 16 of its 64 digits and letters a to f."
        )
    with Office(settings) as office:
        found = office.keeping.verify(batch, head=head, files=files or None)
        if not found.journal.digests and not found.journal.discrepancies:
            # Not read as a batch: one that somebody has changed may not be readable as one.
            require_known(BatchRecord(environment=office.environment, name=batch))
    code = 0 if found.agrees else 1
    if given.as_json:
        click.echo(json.dumps(_as_json(found, code), ensure_ascii=False))
        return code
    for line in _in_words(found):
        click.echo(line)
    return code


def _as_json(found: "Verified", code: int) -> dict[str, Any]:
    return {
        "batch": found.batch,
        "environment": found.environment,
        "exit_code": code,
        "agrees": found.agrees,
        "events": len(found.journal.digests),
        "journal": found.journal.head,
        "register_events": len(found.register.digests),
        "head_at": found.head_at,
        "files": [
            {
                "file": str(check.path),
                "agrees": not check.discrepancies,
                "events_since": check.events_since,
                "without_digest": check.without_digest,
            }
            for check in found.files
        ],
        "changed": [_place(one) for one in found.discrepancies],
    }


def _place(one: "Discrepancy") -> dict[str, Any]:
    return {
        "where": one.where,
        "message": one.message,
        "event": one.event,
        "row": one.row,
        "field": one.field,
        "file": one.file,
        "line": one.line,
    }


def _in_words(found: "Verified") -> Iterable[str]:
    yield f"Batch {found.batch} in {found.environment}"
    events = len(found.journal.digests)
    if not found.journal.discrepancies:
        yield click.style("Agrees: ", fg="green") + f"{events:,} events of the journal, and what the ledger says."
    if found.register.digests and not found.register.discrepancies:
        told = len(found.register.digests)
        yield click.style("Agrees: ", fg="green") + f"{told:,} event{'s' * (told != 1)} of users and approvals."
    if found.head_at is not None:
        since = events - found.head_at
        more = "it is the last" if since == 0 else f"{since:,} event{'s' * (since != 1)} came after it"
        yield click.style("Agrees: ", fg="green") + f"the digest you gave is that of event {found.head_at:,}; {more}."
    for check in found.files:
        if not check.discrepancies:
            yield click.style("Agrees: ", fg="green") + f"{check.path}{_remark(check, found.batch)}."
    places = found.discrepancies
    for one in places[:LISTED]:
        yield click.style("Changed: ", fg="red") + f"{one.where} {one.message}."
    if len(places) > LISTED:
        yield f"… and {len(places) - LISTED:,} more places; --json lists all."
    yield from _advice(found)
    yield f"Journal: {found.journal.head}"


def _remark(check: "FileCheck", batch: str) -> str:
    if check.events_since:
        many = f"{check.events_since:,} event{'s' * (check.events_since != 1)}"
        return f", as far as it goes: it was written {many} ago (`batcher results {batch}` writes it anew)"
    return ", which an older release wrote without a digest" if check.without_digest else ""


def _advice(found: "Verified") -> Iterable[str]:
    if found.journal.discrepancies or found.register.discrepancies:
        yield (
            "Somebody has changed the ledger. Send nothing from it: keep a copy, restore the back-up from before, and "
            "run `batcher reconcile`; Runa's order list knows what was paid."
        )
    elif found.head is not None:
        yield (
            "The ledger agrees with itself, so it is another one than when the digest was written down, such as a "
            "back-up. Send nothing from it before `batcher reconcile` has asked Runa what was paid."
        )
    elif found.discrepancies:
        yield f"The ledger itself agrees: `batcher results {found.batch}` writes the files anew; keep the changed one."
