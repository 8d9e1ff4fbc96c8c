"""`batcher results`: the results file again, from the ledger."""

import json

import click

from batcher.cli.common import Given, batch_name, common
from batcher.cli.status import require_known


@click.command(name="results")
@click.argument("name")
@common
def command(given: Given, name: str) -> int:
    """Write results/NAME.csv anew. It holds redemption links: whoever has one has the money."""
    from batcher.assembly import Office

    with Office(given.settings()) as office:
        require_known(office.batch(batch_name(given, name)))
        path = office.write_results(name)
    if given.as_json:
        click.echo(json.dumps({"batch": name, "results": str(path), "exit_code": 0}))
    else:
        click.echo(path)
    return 0
