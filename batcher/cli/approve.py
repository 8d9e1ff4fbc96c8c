"""`batcher approve`: another person than the one who prepared it says yes or no to a sealed plan."""

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from batcher.cli.common import Given, common
from batcher.cli.signing_in import password_file, sign_in
from batcher.errors import NotApproved, NotConfirmed, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batcher.approval import Approval
    from batcher.assembly import Office
    from batcher.planning import SealedPlan


@click.command(name="approve")
@click.argument("path", metavar="[PLAN]", required=False, type=click.Path(path_type=Path))
@click.option("--as", "user", metavar="USER", help="Who you are: an approver, and not who prepared the plan.")
@password_file
@click.option("--refuse", is_flag=True, help="Say no, or take back an approval that was not used.")
@click.option("--reason", metavar="TEXT", help="Why it is refused; kept in the ledger.")
@click.option("--yes", is_flag=True, help="Decide without being asked once more; for who has looked at the plan.")
@common
def command(
    given: Given,
    path: Path | None,
    user: str | None,
    password_file: Path | None,
    refuse: bool,
    reason: str | None,
    yes: bool,
) -> int:
    """Approve the sealed plan in the file PLAN, or refuse it, as another person than the one who prepared it.

    Shows what it would send, and asks. The approval is of this plan and of no other, and is used once: by
    `batcher run --plan PLAN`. A plan of a schedule, an inbox or the page has no file of yours: name the first signs of
    its digest; what a schedule or an inbox prepared waits for any approver. Without PLAN it lists the plans that wait.
    Sends nothing.
    """
    from batcher.assembly import Office

    if refuse and not (reason or "").strip():
        raise UsageError("A refusal needs --reason TEXT.", "Say what is wrong, for whoever prepared the plan.")
    if reason and not refuse:
        raise UsageError("--reason is for a refusal.", "Say --refuse as well, or leave it out.")
    with Office(given.settings()) as office:
        if path is None:
            return _list(given, office.approvals.waiting())
        sealed = _sealed(office, path)
        approval = _prepared(office, sealed)
        for line in _in_words(sealed, approval):
            given.say(line)
        by = sign_in(given, office, user, password_file).name
        _ask(given, sealed, refuse=refuse, yes=yes)
        if refuse:
            decided = office.approvals.refuse(sealed.digest, by=by, reason=reason or "", now=office.now)
        else:
            decided = office.approvals.approve(sealed.digest, by=by, now=office.now)
    if given.as_json:
        click.echo(json.dumps(_as_json(decided), ensure_ascii=False))
    elif refuse:
        given.say(f"Refused by {by}. Nobody can carry it out.")
    else:
        given.say(f"Approved by {by}. {_how(approval, path)}")
    return 0


def _list(given: Given, waiting: "list[Approval]") -> int:
    from batcher import money

    if given.as_json:
        click.echo(json.dumps({"waiting": [_as_json(one) for one in waiting], "exit_code": 0}, ensure_ascii=False))
        return 0
    if not waiting:
        given.say("No plan waits for an approval.")
    for one in waiting:
        sums = money.display_totals(dict(one.totals))
        made = f"prepared by {one.prepared_by} on {one.prepared_at:%Y-%m-%d %H:%M} UTC"
        click.echo(f"{one.plan[:12]}  batch {one.batch}  {sums}  {made}")
    return 0


def _sealed(office: "Office", path: Path) -> "SealedPlan":
    """The plan in that file; or the one that is kept beside the ledger, by the first signs of its digest."""
    from batcher.assembly import read_sealed
    from batcher.assembly.plans import Plans, plans_folder

    if path.exists() or not _DIGEST.fullmatch(str(path)):
        return read_sealed(path)
    approvals = office.approvals
    of_this = [one.plan for one in (*approvals.waiting(), *approvals.approved()) if one.plan.startswith(str(path))]
    if len(of_this) != 1:
        raise UsageError(
            f"{'More than one plan begins' if of_this else 'No plan that waits or is approved begins'} with {path}.",
            "batcher approve lists the plans that wait.",
        )
    return Plans(plans_folder(office.settings)).find(of_this[0])


_DIGEST = re.compile(r"[0-9a-f]{8,64}")


def _how(approval: "Approval", path: Path) -> str:
    if not approval.is_a_users:
        # A schedule looks by itself.
        return f"The {approval.prepared_by} carries it out with its next look."
    if not path.exists():
        return "It is carried out on the page."
    return f"It is carried out with: {shlex.join(['batcher', 'run', '--plan', str(path)])}"


def _prepared(office: "Office", sealed: "SealedPlan") -> "Approval":
    """What the ledger knows of the plan: it is believed, and the file is not. Raises `NotApproved` or `UsageError`."""
    if sealed.environment != office.environment:
        raise UsageError(
            f"This plan is for {sealed.environment.label}; the config says {office.environment.label}.",
            "Name the config of that environment with --config.",
        )
    approval = office.approvals.of(sealed.digest)
    if approval is None or (approval.batch, dict(approval.totals)) != (sealed.batch, sealed.totals):
        raise NotApproved(
            "No user has prepared this plan for an approval, as far as this ledger knows.",
            "Whoever prepares it says who they are: batcher plan FILE --batch NAME --out PLAN --as USER.",
        )
    return approval


def _in_words(sealed: "SealedPlan", approval: "Approval") -> "Iterator[str]":
    from batcher import money

    orders = f"{sealed.orders:,} order{'s' * (sealed.orders != 1)}"
    yield f"Batch {sealed.batch} in {sealed.environment.label}"
    yield f"Sends {orders} for {money.display_totals(dict(approval.totals))}, from {sealed.file.name}."
    yield f"Prepared by {approval.prepared_by} on {approval.prepared_at:%Y-%m-%d %H:%M} UTC. Digest {sealed.digest}."


def _ask(given: Given, sealed: "SealedPlan", *, refuse: bool, yes: bool) -> None:
    from batcher import money

    if yes:
        return
    if not given.asks:
        raise NotConfirmed(
            "Nobody said yes; nothing was decided.", "Say --yes where nobody can be asked, or use a terminal."
        )
    question = f"{'Refuse' if refuse else 'Approve'} {money.display_totals(sealed.totals)}?"
    if not click.confirm(question, default=False, err=True):
        raise NotConfirmed("Nothing was decided.")


def _as_json(decided: "Approval") -> dict[str, Any]:
    return {
        "plan": decided.plan,
        "batch": decided.batch,
        "environment": decided.environment.label,
        "totals": {currency: format(amount, "f") for currency, amount in decided.totals.items()},
        "prepared_by": decided.prepared_by,
        "stage": decided.stage.value,
        "decided_by": decided.decided_by,
        "reason": decided.reason,
        "exit_code": 0,
    }
