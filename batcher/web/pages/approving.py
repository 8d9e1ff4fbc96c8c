"""Plans that need a second person: those that wait, each on a page of its own, and what was said of them."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from batcher import planning
from batcher.approval import Approval, Stage
from batcher.assembly import Refusal
from batcher.assembly.notifying import notice_of_waiting
from batcher.assembly.review import Review, review_of
from batcher.errors import BatcherError, NotApproved, UsageError
from batcher.planning import SealedPlan
from batcher.web.pages.batch import page_of
from batcher.web.pages.paying import CHOICES, confirmed
from batcher.web.refusals import not_found
from batcher.web.routes import PageRoute
from batcher.web.visit import Visit

ROWS = 100
"""Rows of a plan on one page."""
CLOSED = 50
"""Plans that are over, on one page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A plan as its page shows it."""

    approval: Approval
    sealed: SealedPlan | None
    """`None` where it is not on this server: it was prepared in a terminal, or has been removed."""
    stale: str
    """Why it would be refused now although nobody said no: its file, the settings or the batch have moved on."""
    recipients: Mapping[int, str]
    """By line of the file, as far as it is still the one that was sealed."""
    why_not_approve: str
    why_not_refuse: str
    why_not_use: str


async def approvals(visit: Visit) -> Response:
    """Plans that wait, those that may be carried out, and those that are over."""
    page = page_of(visit.request.query_params.get("page", "1"))
    waiting, approved, closed, more, orders = await run_in_threadpool(lambda: _listed(visit, page))
    return visit.render(
        "approvals.html", waiting=waiting, approved=approved, closed=closed, more=more, page=page, orders=orders
    )


def _listed(
    visit: Visit, page: int
) -> tuple[list[Approval], list[Approval], list[Approval], bool, Mapping[str, int | None]]:
    office, plans = visit.house.office, visit.house.plans
    waiting, approved = office.approvals.waiting(), office.approvals.approved()
    closed, more = office.approvals.closed(first=(page - 1) * CLOSED, most=CLOSED)
    return waiting, approved, closed, more, {one.plan: plans.orders(one.plan) for one in (*waiting, *approved)}


async def plan(visit: Visit) -> Response:
    """One plan: what it would send, how it stands, and what may be said of it."""
    return visit.render("plan.html", refusal=None, **await _shown(visit))


async def _shown(visit: Visit) -> dict[str, Any]:
    """What the template needs."""
    shown = await run_in_threadpool(lambda: _looked(visit))
    page = page_of(visit.request.query_params.get("page", "1"))
    rows = () if shown.sealed is None else shown.sealed.rows
    return {
        "shown": shown,
        "approval": shown.approval,
        "sealed": shown.sealed,
        "meant": () if shown.sealed is None else tuple(_meant(shown.sealed)),
        "large": planning.large_totals(shown.approval.totals, visit.house.office.type_total_above),
        "rows": rows[(page - 1) * ROWS : page * ROWS],
        "page": page,
        "more": len(rows) > page * ROWS,
    }


def _looked(visit: Visit) -> Shown:
    approval, office, name = _approval(visit), visit.house.office, visit.signed_in.name
    sealed, stale, recipients = _sealed(visit, approval), "", dict[int, str]()
    if sealed is not None and approval.stage in {Stage.WAITING, Stage.APPROVED}:
        try:
            recipients = _recipients(office.sealing.plan_again(sealed))
        except BatcherError as error:
            if error.exit_code == 1:
                raise
            stale = error.message
    is_user = visit.signed_in.is_user
    return Shown(
        approval=approval,
        sealed=sealed,
        stale=stale,
        recipients=recipients,
        why_not_approve=office.approvals.why_not_approve(approval, name) if is_user else "There are no users.",
        why_not_refuse=office.approvals.why_not_refuse(approval, name) if is_user else "There are no users.",
        why_not_use=office.approvals.why_not_use(approval),
    )


def _approval(visit: Visit) -> Approval:
    """What the ledger knows of the plan that the path names. Raises `Refused` where it is none of this environment."""
    office = visit.house.office
    found = office.approvals.of(visit.request.path_params["plan"])
    if found is None or found.environment != office.environment:
        raise not_found()
    return found


def _sealed(visit: Visit, approval: Approval) -> SealedPlan | None:
    """What is in it. The ledger is believed, and a file that says something else is not."""
    try:
        sealed = visit.house.plans.find(approval.plan)
    except UsageError:
        return None
    told = (sealed.environment, sealed.batch, sealed.totals)
    return sealed if told == (approval.environment, approval.batch, dict(approval.totals)) else None


def _recipients(again: planning.Plan) -> dict[int, str]:
    lines = ((line.line, line.payout) for line in again.lines)
    return {
        line: payout.email or payout.recipient_reference or ""
        for line, payout in lines
        if line is not None and payout is not None
    }


def _meant(sealed: SealedPlan) -> Iterator[str]:
    """What whoever prepared it has said beside the name."""
    said = sealed.meant
    ticked = {
        "skip_invalid": said.skip_invalid,
        "accept_missing": said.accept_missing,
        "no_retry": not said.retry,
        "never_sent": said.never_sent,
        "ignore_balance": sealed.ignore_balance,
    }
    yield from (words for name, words in CHOICES if ticked[name])
    if said.pay_again:
        yield f"Pay these doubtful rows: {', '.join(sorted(said.pay_again))}"
    if said.repeats:
        yield f"Repeats batch {said.repeats} on purpose: {said.reason}"


async def look(visit: Visit) -> Response:
    """The whole review once more, as things stand now. Nothing is sent."""
    approval = _approval(visit)
    sealed = _sealed(visit, approval)
    if sealed is None:
        raise not_found()
    looked = await run_in_threadpool(lambda: _reviewed(visit, sealed))
    return visit.render(
        "review.html",
        upload=None,
        said=None,
        choices=CHOICES,
        review=looked,
        sealed=None,
        retry=None,
        approval=approval,
    )


def _reviewed(visit: Visit, sealed: SealedPlan) -> Review:
    """Raises `InputInvalid` where it is no longer what was sealed."""
    house, office = visit.house, visit.house.office
    api_key = house.api_key()
    office.check_account(api_key)
    before = office.sealing.plan_again(sealed)
    prospect = asyncio.run(office.casework.look(before, api_key, settle=False))
    office.sealing.refuse_unless_same(sealed, prospect.plan, before=before)
    return review_of(office, prospect)


async def ask(visit: Visit) -> Response:
    """Ask another person to approve a plan: only who made it does, as they are then the one who prepared it."""
    house, name = visit.house, visit.signed_in.name
    sealed = await run_in_threadpool(lambda: house.plans.find(visit.request.path_params["plan"]))
    if sealed.prepared_by != name:
        raise NotApproved(
            f"{sealed.prepared_by} made this plan, and nobody else asks for its approval.",
            "Look at the sheet yourself, and ask for the plan that you see then.",
        )
    now = house.clock.instant().at
    await run_in_threadpool(
        lambda: house.office.approvals.prepare(
            sealed.digest, batch=sealed.batch, totals=sealed.totals, by=name, now=now
        )
    )
    await run_in_threadpool(lambda: house.notify(notice_of_waiting(sealed.batch, sealed.totals, by=name)))
    return visit.go_to("plan", plan=sealed.digest)


async def approve(visit: Visit) -> Response:
    """Approve a plan that can be seen here. Whoever is signed in shows by their password that it is still them."""
    house, name, now = visit.house, visit.signed_in.name, visit.house.clock.instant().at
    found = _approval(visit)
    if await run_in_threadpool(lambda: _sealed(visit, found)) is None:
        raise NotApproved(
            "What this plan would send is not known here, so it cannot be approved here.",
            "Whoever has its file approves it in the terminal: batcher approve PLAN.",
        )
    password, people = visit.password("password"), house.office.people
    user = await run_in_threadpool(lambda: people.recognise(name, password, address=visit.address, now=now))
    if isinstance(user, Refusal):
        return visit.render_refusal("plan.html", user, **await _shown(visit))
    await run_in_threadpool(lambda: house.office.approvals.approve(found.plan, by=user.name, now=now))
    return visit.go_to("plan", plan=found.plan)


async def refuse(visit: Visit) -> Response:
    """Refuse a plan, or take an approval back that was not used."""
    house, now, found = visit.house, visit.house.clock.instant().at, _approval(visit)
    name, reason = visit.signed_in.name, visit.text("reason")
    await run_in_threadpool(lambda: house.office.approvals.refuse(found.plan, by=name, reason=reason, now=now))
    return visit.go_to("plan", plan=found.plan)


ROUTES = (
    PageRoute(name="approvals", path="/approvals", answer=approvals),
    PageRoute(name="plan", path="/plans/{plan}", answer=plan),
    PageRoute(name="plan_look", path="/plans/{plan}/look", answer=look),
    PageRoute(name="plan_ask", path="/plans/{plan}/ask", answer=ask, method="POST"),
    PageRoute(name="plan_approve", path="/plans/{plan}/approve", answer=approve, method="POST"),
    PageRoute(name="plan_confirm", path="/plans/{plan}/confirm", answer=confirmed, method="POST"),
    PageRoute(name="plan_refuse", path="/plans/{plan}/refuse", answer=refuse, method="POST"),
)
