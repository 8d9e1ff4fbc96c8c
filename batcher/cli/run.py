"""`batcher run`: the plan, a confirmation, the orders, the results."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from batcher.cli.again import known_finished, told_by_run
from batcher.cli.choosing import ManyValues, choices_from, choosing
from batcher.cli.common import Given, batch_name, common
from batcher.cli.interrupting import take_termination_for_interruption
from batcher.cli.issuing import issue_and_report
from batcher.cli.looking import look, prospect_in_words
from batcher.cli.reading import reading, said_of_file
from batcher.cli.telling import telling, told_if_not_begun
from batcher.errors import NotConfirmed, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from batcher.planning import Plan
    from batcher.settings import Settings


@click.command(name="run", cls=ManyValues)
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--batch", metavar="NAME", help="The payment's name, such as 2026-11-incentives.")
@click.option(
    "--plan",
    "plan_path",
    type=click.Path(path_type=Path),
    metavar="PLAN",
    help="Carry out this sealed plan, or nothing; in place of FILE, --batch and all that it binds.",
)
@click.option("--yes", is_flag=True, help="Confirm the plan without being asked; says nothing more.")
@click.option("--no-canary", is_flag=True, help="Do not send the first payout of a new product and delivery alone.")
@choosing
@reading
@common
def command(
    given: Given,
    file: Path | None,
    batch: str | None,
    plan_path: Path | None,
    yes: bool,
    no_canary: bool,
    **options: Any,
) -> int:
    """Pay the rows of FILE: plan, confirm, send, follow, write results/NAME.csv.

    The same command again goes on where it stopped: what is paid stays paid, what is unknown is asked again under the
    same key, and what was refused or failed gets one new attempt. With --plan, what `batcher plan --out` has sealed is
    carried out, once, if nothing has changed since.
    """
    import os

    from batcher.assembly import Office, load_sheet
    from batcher.assembly.refusing import refuse_to_run
    from batcher.settings import load_api_key

    take_termination_for_interruption()
    if plan_path is not None:
        from batcher.cli.carrying_out import carry_out, refuse_what_is_bound

        refuse_what_is_bound(file=file, batch=batch, **options)
        return carry_out(given, plan_path, yes=yes, canary=not no_canary)
    if file is None:
        raise UsageError("Nothing to run is named.", "Say FILE and --batch NAME, or --plan PLAN.")
    settings = given.settings()
    choices = choices_from(options)
    name = batch_name(given, batch, proposal=file.stem.lower(), ask=not yes)
    said = said_of_file(options)
    with told_if_not_begun(given, settings, name):
        known = known_finished(settings, file, name, said)
        sheet = None if known is not None and known.proven else load_sheet(file, settings, said)
        api_key = load_api_key(settings, os.environ)
    with (
        Office(settings) as office,
        telling(given, office, settings, name) as told,
        office.lock(f"batcher run of batch {name}"),
    ):
        office.check_account(api_key)
        if sheet is None:
            # Asked again: until the lock was there, another process may have been at it.
            if (code := told_by_run(given, office, file, name, office.finished(file, name, said))) is not None:
                return code
            sheet = load_sheet(file, settings, said)
        plan = office.plan(sheet, name, choices)
        prospect = look(given, office, plan, api_key, settle=True)
        for line in prospect_in_words(prospect, office):
            given.say(line)
        refuse_to_run(prospect, office.now, ignore_balance=options["ignore_balance"])
        office.approvals.require(prospect.plan.sends_total, plan=None)
        confirm(given, prospect.plan, settings, yes=yes)
        office.confirm(prospect.plan, api_key)
        return issue_and_report(given, office, prospect, api_key, canary=not no_canary, told=told)


def confirm(given: Given, plan: "Plan", settings: "Settings", *, yes: bool) -> None:
    """Have the plan confirmed where it would send or take back anything. Raises `NotConfirmed`."""
    from batcher import money
    from batcher.planning import Standing, large_totals

    again = plan.of(Standing.UNKNOWN)
    if yes or not (plan.to_send or again or plan.of(Standing.WITHDRAWN)):
        return
    if not given.asks:
        raise NotConfirmed(
            "Nobody confirmed the plan; nothing was sent.", "Say --yes in scripts, or run it on a terminal."
        )
    total = money.display_totals(dict(plan.sends_total))
    asked_again = f", and ask again about {len(again)} unknown row{'s' * (len(again) != 1)}," if again else ""
    orders = f"{len(plan.to_send)} order{'s' * (len(plan.to_send) != 1)}"
    question = f"Send {orders} for {total}{asked_again} in {plan.environment.kind}?"
    large = large_totals(plan.sends_total, settings.confirm.type_total_above_by_currency)
    if large:
        have_typed(question, large)
    elif not click.confirm(question, default=False, err=True):
        raise NotConfirmed("Not confirmed; nothing was sent.")


def have_typed(question: str, large: "Mapping[str, Decimal]") -> None:
    """Have each of these totals typed in, which answers the question. Raises `NotConfirmed`."""
    from batcher.planning import is_typed

    click.echo(question, err=True)
    for currency, total in large.items():
        typed = click.prompt(f"To confirm, type the total in {currency}", default="", show_default=False, err=True)
        if not is_typed(typed, total, currency):
            raise NotConfirmed(f"That is not the total in {currency}; nothing was sent.", "Read the plan once more.")
