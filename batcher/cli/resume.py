"""`batcher resume`: what is left of the last confirmed plan, from the ledger alone."""

from typing import TYPE_CHECKING

import click

from batcher.cli.common import Given, batch_name, common

if TYPE_CHECKING:
    from pydantic import SecretStr

    from batcher.assembly import Office
    from batcher.cli.telling import Telling
    from batcher.planning import Plan


@click.command(name="resume")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Taken for the sake of scripts: the plan was confirmed already.")
@click.option("--ignore-balance", is_flag=True, help="Send although the balance is short.")
@click.option("--no-canary", is_flag=True, help="Do not send the first payout of a new product and delivery alone.")
@common
def command(given: Given, name: str, yes: bool, ignore_balance: bool, no_canary: bool) -> int:
    """Go on with the batch NAME without its file: the last confirmed plan, and nothing else.

    What was not sent is sent, what is unknown is asked again under the same key, what is open is followed. Rows that
    were refused or failed stay as they are: a new attempt is made only by `batcher run`.
    """
    import os

    from batcher.assembly import Office
    from batcher.cli.interrupting import take_termination_for_interruption
    from batcher.cli.telling import telling
    from batcher.settings import load_api_key

    take_termination_for_interruption()
    settings = given.settings()
    batch = batch_name(given, name)
    api_key = load_api_key(settings, os.environ)
    with (
        Office(settings) as office,
        telling(given, office, settings, batch) as told,
        office.lock(f"batcher resume of batch {batch}"),
    ):
        office.check_account(api_key)
        plan = office.plan_to_resume(batch)
        return go_on(given, office, plan, api_key, ignore_balance=ignore_balance, canary=not no_canary, told=told)


def go_on(
    given: Given,
    office: "Office",
    plan: "Plan",
    api_key: "SecretStr",
    *,
    ignore_balance: bool,
    canary: bool,
    told: "Telling",
) -> int:
    """Carry out what is left of a confirmed plan, `Office.plan_to_resume`; gives the exit code."""
    from batcher.assembly.refusing import refuse_to_resume
    from batcher.cli.issuing import issue_and_report
    from batcher.cli.looking import look, prospect_in_words

    prospect = look(given, office, plan, api_key, settle=True)
    for line in prospect_in_words(prospect, office):
        given.say(line)
    refuse_to_resume(prospect, ignore_balance=ignore_balance)
    return issue_and_report(given, office, prospect, api_key, canary=canary, told=told)
