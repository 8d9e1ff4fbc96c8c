"""`batcher backup`: a copy of the ledger, also while it is being sent from."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from batcher.cli.common import Given, common

if TYPE_CHECKING:
    from batcher.ledger import LedgerCopy

LISTED = 12
"""How many batches the screen names; --json names all."""


@click.command(name="backup")
@click.argument("to", type=click.Path(path_type=Path))
@common
def command(given: Given, to: Path) -> int:
    """Copy the ledger into the new file TO, or into the folder TO under the name of this moment.

    Works at any time, also while another process sends, and keeps nobody waiting. The copy is whole or not there, for
    you alone, checked, and never in the place of another file. Keep the digests that are printed somewhere else:
    `batcher verify NAME --head DIGEST` holds the copy, or the ledger, against them.

    Redemption links are in it: encrypt what leaves this machine. Config, API key, sheets and results are not.
    """
    from batcher.assembly.backing_up import back_up
    from batcher.clock import SystemClock

    copied = back_up(given.settings(), to, now=SystemClock().instant().at)
    if given.as_json:
        click.echo(json.dumps(_as_json(copied), ensure_ascii=False))
        return 0
    for line in _in_words(copied):
        click.echo(line)
    return 0


def _as_json(copied: "LedgerCopy") -> dict[str, object]:
    return {
        "file": str(copied.path),
        "bytes": copied.bytes,
        "version": copied.version,
        "exit_code": 0,
        "batches": [
            {
                "batch": one.name,
                "environment": one.environment.label,
                "events": one.events,
                "journal": one.journal,
            }
            for one in copied.batches
        ],
    }


def _in_words(copied: "LedgerCopy") -> Iterable[str]:
    count = len(copied.batches)
    yield f"Back-up: {copied.path}"
    if copied.is_of_another_release:
        yield f"{copied.bytes:,} bytes, checked; a ledger of another release ({copied.version}), not read further."
        return
    yield f"{copied.bytes:,} bytes, checked, with {count:,} batch{'es' * (count != 1)}."
    for one in copied.batches[:LISTED]:
        yield f"  {one.name:<40} {one.environment.kind:<11} {one.events:>7,} events  {one.journal[:16]}"
    if count > LISTED:
        yield f"  … and {count - LISTED:,} more; --json lists all."
