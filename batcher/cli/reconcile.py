"""`batcher reconcile`: what is unknown is settled by evidence, and the batch is proven."""

import click

from batcher.cli.common import Given, batch_name, common


@click.command(name="reconcile")
@click.argument("name")
@common
def command(given: Given, name: str) -> int:
    """Settle what is unknown in the batch NAME by Runa's order list, follow what is open, print the closing proof.

    Nothing is sent. A row that the list cannot settle yet is named, with the reason and the time from which it can.
    """
    import os

    from batcher.assembly import Office
    from batcher.cli.interrupting import (
        ASKING_ENDS,
        heed_signals,
        run_interruptibly,
        take_termination_for_interruption,
    )
    from batcher.cli.issuing import report
    from batcher.cli.looking import end_of_pages, followed_told, pages_told
    from batcher.cli.status import require_known
    from batcher.settings import load_api_key

    take_termination_for_interruption()
    settings = given.settings()
    batch = batch_name(given, name)
    api_key = load_api_key(settings, os.environ)
    with Office(settings) as office, office.lock(f"batcher reconcile of batch {batch}"):
        office.check_account(api_key)
        require_known(office.batch(batch))
        given.say(f"Batch {batch} in {office.environment.label}")
        try:
            closing = run_interruptibly(
                office.casework.reconcile(
                    batch,
                    api_key,
                    told=pages_told(given),
                    watch=followed_told(given),
                    on_start=lambda halt: heed_signals(given, halt, words=ASKING_ENDS),
                )
            )
        finally:
            end_of_pages(given)
        return report(given, closing, office.write_results(batch))
