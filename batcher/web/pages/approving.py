"""A sealed plan that needs a second person: asked for by one, approved by another, then sent by whoever may."""

from starlette.responses import Response

from batcher import planning
from batcher.web.pages.paying import confirmed
from batcher.web.routes import PageRoute
from batcher.web.visit import Visit


async def plan(visit: Visit) -> Response:
    """What was sealed, who prepared it, and what somebody has said of it."""
    house = visit.house
    sealed = house.plans.find(visit.request.path_params["plan"])
    return visit.render(
        "plan.html",
        sealed=sealed,
        approval=house.office.approvals.of(sealed.digest),
        above=house.office.approvals.above(sealed.totals),
        large=planning.large_totals(sealed.totals, house.office.type_total_above),
    )


async def ask(visit: Visit) -> Response:
    """Have another person look at it."""
    house = visit.house
    sealed = house.plans.find(visit.request.path_params["plan"])
    house.office.approvals.prepare(
        sealed.digest, batch=sealed.batch, totals=sealed.totals, by=visit.signed_in.name, now=house.office.now
    )
    return visit.go_to("plan", plan=sealed.digest)


async def decide(visit: Visit) -> Response:
    """Approve it, or refuse it with a reason; never one's own."""
    house, by = visit.house, visit.signed_in.name
    sealed = house.plans.find(visit.request.path_params["plan"])
    if visit.text("what") == "approve":
        house.office.approvals.approve(sealed.digest, by=by, now=house.office.now)
    else:
        house.office.approvals.refuse(sealed.digest, by=by, reason=visit.text("reason"), now=house.office.now)
    return visit.go_to("plan", plan=sealed.digest)


ROUTES = (
    PageRoute(name="plan", path="/plans/{plan}", answer=plan),
    PageRoute(name="plan_ask", path="/plans/{plan}/ask", answer=ask, method="POST"),
    PageRoute(name="plan_decide", path="/plans/{plan}/decide", answer=decide, method="POST"),
    PageRoute(name="plan_confirm", path="/plans/{plan}/confirm", answer=confirmed, method="POST"),
)
