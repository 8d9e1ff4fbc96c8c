"""`batcher run --plan`: a sealed plan carried out, once, or refused because something has changed since."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from batcher.cli.common import Given
from batcher.cli.interrupting import run_interruptibly
from batcher.cli.issuing import issue_and_report, report
from batcher.cli.looking import look, prospect_in_words
from batcher.cli.telling import Telling, telling
from batcher.errors import UsageError

if TYPE_CHECKING:
    from pydantic import SecretStr

    from batcher.assembly import Office, Prospect
    from batcher.assembly.sealing import CarriedOut
    from batcher.planning import SealedPlan


def refuse_what_is_bound(**options: Any) -> None:
    """Raise `UsageError` for what the plan has said already: beside it, it would be said twice or otherwise."""
    named = [
        name.upper() if name == "file" else f"--{name.replace('_', '-')}" for name, value in options.items() if value
    ]
    if named:
        raise UsageError(
            f"--plan takes no {' and no '.join(named)}: the plan binds what it was made with.",
            "Leave that out, or make another plan with it: batcher plan FILE --batch NAME --out PLAN.",
        )


def carry_out(given: Given, path: Path, *, yes: bool, canary: bool) -> int:
    """Carry out the sealed plan in the file at `path`; gives the exit code of its batch."""
    import os

    from batcher.assembly import Office, read_sealed
    from batcher.settings import load_api_key

    sealed = read_sealed(path)
    settings = given.settings()
    api_key = load_api_key(settings, os.environ)
    with (
        Office(settings) as office,
        telling(given, office, settings, sealed.batch) as told,
        office.lock(f"batcher run of batch {sealed.batch}"),
    ):
        office.check_account(api_key)
        before = office.sealing.carried_out(sealed)
        if before is not None:
            return _once_more(given, office, sealed, before, api_key, canary=canary, told=told)
        office.approvals.require(sealed.totals, plan=sealed.digest)
        prospect = _prospect(given, office, sealed, api_key)
        from batcher.cli.run import confirm

        confirm(given, prospect.plan, settings, yes=yes)
        office.confirm(prospect.plan, api_key, sealed=sealed.digest)
        return issue_and_report(given, office, prospect, api_key, canary=canary, told=told)


def _prospect(given: Given, office: "Office", sealed: "SealedPlan", api_key: "SecretStr") -> "Prospect":
    """The plan made again and held against Runa's answers: to the digest the one that was sealed."""
    from batcher.assembly import Prospect
    from batcher.assembly.refusing import refuse, refuse_short, refuse_stale

    plan = office.sealing.plan_again(sealed)
    refuse(plan, fix=_AGAIN)
    if plan.nothing_to_do:
        refuse_stale(plan, office.now)
        prospect = Prospect(plan=plan)
    else:
        prospect = look(given, office, plan, api_key, settle=True)
    for line in prospect_in_words(prospect, office):
        given.say(line)
    refuse(prospect.plan, fix=_AGAIN)
    office.sealing.refuse_unless_same(sealed, prospect.plan, before=plan)
    refuse_short(prospect, ignored=sealed.ignore_balance)
    return prospect


_AGAIN = "It was none of this when the plan was sealed: mend it, or say what is meant, and make the plan again."


def _once_more(
    given: Given,
    office: "Office",
    sealed: "SealedPlan",
    before: "CarriedOut",
    api_key: "SecretStr",
    *,
    canary: bool,
    told: Telling,
) -> int:
    """A plan that was carried out, or begun: what is left of it, and nothing new."""
    from batcher.assembly.refusing import refuse_stale
    from batcher.cli.resume import go_on

    batch = sealed.batch
    when = f"{before.at:%Y-%m-%d %H:%M} UTC"
    if not before.is_last:
        given.say(f"This plan was carried out on {when}, and batch {batch} was confirmed anew since. Nothing is sent.")
        ended = office.outcome(batch)
        closing = run_interruptibly(office.casework.close(batch, api_key, ended=ended, ask=False))
        return report(given, closing, office.write_results(batch))
    plan = office.plan_to_resume(batch)
    if plan.nothing_to_do:
        given.say(f"This plan was carried out on {when}. Nothing is sent.")
        refuse_stale(plan, office.now)
    else:
        given.say(f"This plan was confirmed on {when}, and is gone on with: nothing new is made.")
    return go_on(given, office, plan, api_key, ignore_balance=sealed.ignore_balance, canary=canary, told=told)
