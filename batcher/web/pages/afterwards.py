"""What is done with a batch that was sent: links, results, another try, evidence, a decision, the report."""

import asyncio

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from batcher import planning
from batcher.asked import Asking, RunKind
from batcher.assembly.afterwards import Afterwards
from batcher.assembly.desk import asking_to_retry
from batcher.assembly.review import Review, review_of
from batcher.assembly.story import told
from batcher.errors import UsageError
from batcher.results import FORMATS
from batcher.web.pages.batch import kind_of, row_of, seen, word_of
from batcher.web.pages.paying import CHOICES, refuse_untyped
from batcher.web.pages.uploading import download
from batcher.web.refusals import not_found
from batcher.web.routes import PageRoute
from batcher.web.visit import Visit


def afterwards(visit: Visit) -> Afterwards:
    """What this person does."""
    return Afterwards(visit.house.office, visit.signed_in.name)


async def link(visit: Visit) -> Response:
    """Show one row's link: who sees it is in the journal first."""
    now, office = await seen(visit), visit.house.office
    shown = await row_of(visit, now.batch)
    links = await run_in_threadpool(lambda: afterwards(visit).links(now.batch, [shown.row_id]))
    story = await run_in_threadpool(lambda: told(office.history.story(office.environment, now.batch, shown.row_id)))
    return visit.render(
        "row.html",
        batch=now.batch,
        row=shown,
        word=word_of(shown.state),
        story=story,
        link=links.get(shown.row_id),
    )


async def results(visit: Visit) -> Response:
    """The results as a file, with all links; who has it is in the journal first."""
    now, word = await seen(visit), visit.text("format")
    if word not in FORMATS:
        raise not_found()
    content = await run_in_threadpool(lambda: afterwards(visit).results(now.batch, word))
    return download(content, f"{now.batch}.{word}")


async def results_masked(visit: Visit) -> Response:
    """The results without links, for everybody who may look."""
    now, word = await seen(visit), visit.request.path_params["form"]
    if word not in FORMATS:
        raise not_found()
    content = await run_in_threadpool(lambda: afterwards(visit).results_without_links(now.batch, word))
    return download(content, f"{now.batch}-without-links.{word}")


async def go_on(visit: Visit) -> Response:
    """Go on with what is left of the last confirmed plan."""
    return await _ask(visit, RunKind.RESUME)


async def reconcile(visit: Visit) -> Response:
    """Settle what is unknown by Runa's order list, and prove. Nothing is sent."""
    return await _ask(visit, RunKind.RECONCILE)


async def _ask(visit: Visit, kind: RunKind) -> Response:
    now = await seen(visit)
    asking = Asking(batch=now.batch, kind=kind, by=visit.signed_in.name)
    await run_in_threadpool(lambda: visit.house.desk.ask(asking))
    return visit.go_to("batch", batch=now.batch)


async def retry(visit: Visit) -> Response:
    """What a new attempt for each row that paid nothing would send."""
    name = (await seen(visit)).batch
    looked, digest = await run_in_threadpool(lambda: _retried(visit, name))
    return visit.render(
        "review.html", upload=None, said=None, choices=CHOICES, review=looked, sealed=None, retry=digest, wrong=None
    )


def _retried(visit: Visit, name: str) -> tuple[Review, str | None]:
    house, office = visit.house, visit.house.office
    api_key = house.api_key()
    office.check_account(api_key)
    prospect = asyncio.run(office.casework.look(office.plan_to_retry(name), api_key, settle=False))
    looked = review_of(office, prospect)
    if looked.problems or looked.nothing_to_do or looked.is_short:
        return looked, None
    return looked, planning.digest_of_sends(prospect.plan)


async def retry_confirm(visit: Visit) -> Response:
    """Say yes to that: it is looked at once more, and has to be the same."""
    name = (await seen(visit)).batch
    office = visit.house.office
    plan = await run_in_threadpool(lambda: office.plan_to_retry(name))
    refuse_untyped(visit, planning.large_totals(plan.sends_total, office.type_total_above))
    await run_in_threadpool(lambda: office.approvals.require(plan.sends_total, plan=None))
    asking = asking_to_retry(plan, digest=visit.text("digest"), by=visit.signed_in.name)
    await run_in_threadpool(lambda: visit.house.desk.ask(asking))
    return visit.go_to("batch", batch=name)


async def decide(visit: Visit) -> Response:
    """Say what a row came to, where evidence cannot."""
    now = await seen(visit)
    name, order_id, reason = (await row_of(visit, now.batch)).name, visit.text("order"), visit.text("reason")
    what = visit.text("what")
    if not reason:
        raise UsageError("A decision needs a reason.", "Say how you know, for whoever reads the ledger later.")
    doing = afterwards(visit)
    if what == "order" and order_id:
        api_key = visit.house.api_key()
        await run_in_threadpool(lambda: doing.decide_order(now.batch, name, order_id, reason, api_key))
    elif what == "never_created":
        await run_in_threadpool(lambda: doing.decide_never_created(now.batch, name, reason))
    else:
        raise UsageError("Say which order is the row's, or that none was ever made.", "Look it up in Runa's portal.")
    return visit.go_to("batch_row", batch=now.batch, row=visit.request.path_params["row"])


async def report(visit: Visit) -> Response:
    """The batch on paper: what it cost, the proof, the digest of its journal."""
    name = (await seen(visit)).batch
    found = await run_in_threadpool(lambda: Afterwards(visit.house.office, "").report(name))
    return visit.render("report.html", report=found, kind_of=kind_of, now=visit.house.clock.instant().at)


ROUTES = (
    PageRoute(name="batch_link", path="/batches/{batch}/rows/{row}/link", answer=link, method="POST"),
    PageRoute(name="batch_decide", path="/batches/{batch}/rows/{row}/decide", answer=decide, method="POST"),
    PageRoute(name="batch_results", path="/batches/{batch}/results", answer=results, method="POST"),
    PageRoute(name="batch_results_masked", path="/batches/{batch}/results-without-links.{form}", answer=results_masked),
    PageRoute(name="batch_go_on", path="/batches/{batch}/go-on", answer=go_on, method="POST"),
    PageRoute(name="batch_reconcile", path="/batches/{batch}/reconcile", answer=reconcile, method="POST"),
    PageRoute(name="batch_retry", path="/batches/{batch}/retry", answer=retry),
    PageRoute(name="batch_retry_confirm", path="/batches/{batch}/retry", answer=retry_confirm, method="POST"),
    PageRoute(name="batch_report", path="/batches/{batch}/report", answer=report),
)
