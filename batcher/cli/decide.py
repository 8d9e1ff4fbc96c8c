"""`batcher decide`: a person settles what evidence cannot."""

import asyncio
import json
from typing import TYPE_CHECKING

import click

from batcher.cli.common import Given, batch_name, common
from batcher.errors import UsageError

if TYPE_CHECKING:
    from batcher.assembly import Office
    from batcher.records import AttemptRecord
    from batcher.settings import Settings


@click.command(name="decide")
@click.argument("name")
@click.argument("reference")
@click.option("--order", "order_id", metavar="ID", help="This order of Runa's is the row's.")
@click.option("--never-created", is_flag=True, help="No order was ever made for the row; a run may then pay it anew.")
@click.option("--reason", metavar="TEXT", help="How you know; kept in the ledger with your name and the time.")
@common
def command(
    given: Given, name: str, reference: str, order_id: str | None, never_created: bool, reason: str | None
) -> int:
    """Decide about the row REFERENCE of the batch NAME, where evidence cannot: look it up in Runa's portal first.

    An order that contradicts the row is put aside the first time, with what differs; the same decision again takes it
    as it is.
    """
    from batcher.assembly import Office
    from batcher.cli.status import require_known

    if (order_id is None) == (not never_created):
        raise UsageError("Say either --order ID or --never-created.", "See batcher decide --help.")
    if reason is None or not reason.strip():
        raise UsageError("A decision needs --reason TEXT.", "Say how you know, for whoever reads the ledger later.")
    settings = given.settings()
    batch = batch_name(given, name)
    with Office(settings) as office, office.lock(f"batcher decide in batch {batch}"):
        require_known(office.batch(batch))
        if order_id is not None:
            attempt = _decide_order(office, settings, batch, reference, order_id, reason.strip())
        else:
            attempt = asyncio.run(office.casework.decide_never_created(batch, reference, reason.strip()))
        office.write_results(batch)
        outcome = office.outcome(batch)
        why = next((row.latest.error_message or "" for row in office.batch(batch).rows if row.name == reference), "")
    if given.as_json:
        content = {"batch": batch, "row": reference, "state": attempt.state.value, "exit_code": outcome.exit_code}
        click.echo(json.dumps(content, ensure_ascii=False))
    else:
        given.say(_words(reference, attempt, why))
    return outcome.exit_code


def _decide_order(
    office: "Office", settings: "Settings", batch: str, reference: str, order_id: str, reason: str
) -> "AttemptRecord":
    import os

    from batcher.settings import load_api_key

    api_key = load_api_key(settings, os.environ)
    office.check_account(api_key)
    return asyncio.run(office.casework.decide_order(batch, reference, order_id, reason, api_key))


def _words(reference: str, attempt: "AttemptRecord", why: str) -> str:
    """What the decision has come to. `why` is what is wrong with the order, if anything is."""
    from batcher.states import State

    match attempt.state:
        case State.COMPLETED:
            return f"'{reference}' is paid by order {attempt.order_id}."
        case State.FAILED:
            return f"Order {attempt.order_id} of '{reference}' failed; the next run may make a new attempt."
        case State.ACCEPTED:
            return f"Order {attempt.order_id} is that of '{reference}'. It is not finished; the next run follows it."
        case State.ABSENT:
            return f"'{reference}' was never paid. The next run may pay it under a new key."
    return (
        f"Order {attempt.order_id} contradicts '{reference}', so no link was kept. {why} If it is the row's order all "
        "the same, decide once more."
    )
