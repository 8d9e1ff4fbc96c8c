"""`batcher plan`: what a run would do."""

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from batcher.cli.again import told_by_plan
from batcher.cli.choosing import ManyValues, choices_from, choosing
from batcher.cli.common import Given, batch_name, common
from batcher.cli.reading import reading, said_of_file
from batcher.cli.signing_in import password_file, sign_in
from batcher.cli.telling import tell_of_waiting
from batcher.errors import ApiRefused, StoppedEarly, UsageError

if TYPE_CHECKING:
    from batcher.assembly import Office, Prospect
    from batcher.planning import Plan, SealedPlan
    from batcher.settings import Settings


@click.command(name="plan", cls=ManyValues)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--batch", metavar="NAME", help="The payment's name, such as 2026-11-incentives.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="PLAN", help="Seal the plan into this file, for `run --plan`."
)
@click.option(
    "--as", "user", metavar="USER", help="Who seals it, a batcher user: for a plan that another one has to approve."
)
@password_file
@choosing
@reading
@common
def command(
    given: Given,
    file: Path,
    batch: str | None,
    out: Path | None,
    user: str | None,
    password_file: Path | None,
    **options: Any,
) -> int:
    """Show what `batcher run FILE --batch NAME` would do: new rows, paid ones, retries, and what it would refuse.

    With an API key, Runa is asked about balance, products and earlier orders; without one, or without a network, the
    plan is made by the ledger alone, and says so. `batcher run --plan PLAN` carries out just the plan that `--out` has
    sealed, or nothing. What lies above `[approval] above` is sealed by a batcher user, with --as, and approved by
    another one.
    """
    from batcher.assembly import Office, load_sheet, refuse_to_replace
    from batcher.assembly.refusing import refuse, refuse_short
    from batcher.cli.looking import prospect_as_json, prospect_in_words

    settings = given.settings()
    choices = choices_from(options)
    if out is not None:
        refuse_to_replace(out)
    elif user is not None:
        raise UsageError("--as says who seals the plan, and nothing seals it.", "Say --out PLAN as well.")
    said = said_of_file(options)
    # As JSON, a plan has every line; and a sealed one binds them all.
    if out is None and not given.as_json and told_by_plan(settings, file, batch, said):
        return 0
    sheet = load_sheet(file, settings, said)
    with Office(settings) as office:
        begun_at = office.now
        plan = office.plan(sheet, batch_name(given, batch, proposal=file.stem.lower()), choices)
        prospect, why_not = _looked(given, office, plan, settings)
        sealed = None
        if out is not None and not prospect.plan.problems:
            by = preparer(given, office, prospect.plan, user, password_file)
            ignore = options["ignore_balance"]
            sealed = office.sealing.seal(
                prospect.plan, file, prepared_at=begun_at, said=said, ignore_balance=ignore, prepared_by=by
            )
            _keep(office, sealed, out, by)
            if by is not None and office.approvals.above(sealed.totals):
                tell_of_waiting(given, office, settings, sealed, by)
        short = prospect.preflight is not None and prospect.preflight.is_short and not options["ignore_balance"]
        if given.as_json and not prospect.plan.problems:
            code = StoppedEarly.exit_code if short else 0
            content = {**prospect_as_json(prospect, office), "not_asked": why_not, "exit_code": code}
            content |= {} if sealed is None else {"plan": {"path": str(out), "digest": sealed.digest}}
            click.echo(json.dumps(content, ensure_ascii=False))
            return code
        for line in [] if given.as_json else prospect_in_words(prospect, office):
            click.echo(line)
        if why_not:
            given.say(f"Runa was not asked: {why_not}")
        if sealed is not None:
            _tell_of(given, office, sealed, out)
    refuse(prospect.plan)
    refuse_short(prospect, ignored=not short)
    return 0


def _keep(office: "Office", sealed: "SealedPlan", out: Path, by: str | None) -> None:
    """Write it to its file, and note who has prepared it, where that is known."""
    from batcher.assembly import write_sealed

    write_sealed(sealed, out)
    if by is not None:
        office.approvals.prepare(sealed.digest, batch=sealed.batch, totals=sealed.totals, by=by, now=office.now)


def _tell_of(given: Given, office: "Office", sealed: "SealedPlan", out: Path | None) -> None:
    given.say(f"Sealed in {out}: digest {sealed.digest}.")
    if office.approvals.above(sealed.totals):
        given.say(f"Another user approves it with: {shlex.join(['batcher', 'approve', str(out)])}")
    given.say(f"Carry it out with: {shlex.join(['batcher', 'run', '--plan', str(out)])}")


def preparer(given: Given, office: "Office", plan: "Plan", user: str | None, password_file: Path | None) -> str | None:
    """The user who seals this plan, with their password; `None` where nobody is named and nobody has to be.

    Raises `UsageError` where somebody has to be named, `NotApproved` for whom it is not allowed.
    """
    if user is None and not office.approvals.above(plan.sends_total):
        return None
    if user is None and not given.asks:
        raise UsageError(
            "This plan needs the approval of another person, so it has to be known who prepared it.",
            "Say --as USER, a preparer or approver of `batcher user list`.",
        )
    by = sign_in(given, office, user, password_file).name
    office.approvals.check_preparer(by)
    return by


def _looked(given: Given, office: "Office", plan: "Plan", settings: "Settings") -> "tuple[Prospect, str]":
    """The plan held against what Runa says, or why Runa was not asked."""
    import os

    from batcher.assembly import Prospect
    from batcher.cli.looking import look
    from batcher.settings import load_api_key

    if plan.problems or plan.nothing_to_do:
        return Prospect(plan=plan), ""
    try:
        api_key = load_api_key(settings, os.environ)
        office.check_account(api_key)
        return look(given, office, plan, api_key, settle=False), ""
    except (UsageError, ApiRefused, StoppedEarly) as error:
        # What it says would stop a run; a plan is worth having all the same.
        return Prospect(plan=plan), str(error)
