"""All batches, and every payout that was ever made, found by recipient, reference or order id."""

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from batcher.asked import AskedRun
from batcher.engine import counts_of
from batcher.ledger import KnownBatch
from batcher.web.pages.batch import page_of, word_of
from batcher.web.routes import PageRoute
from batcher.web.visit import Visit

SHOWN = 50
"""On one page."""


async def history(visit: Visit) -> Response:
    """What runs or waits, then batches, the last first."""
    return await _history(visit, "", page_of(visit.request.query_params.get("page", "1")))


async def find(visit: Visit) -> Response:
    """The payouts that begin so. By a form, as what is looked for may be an address, and addresses stand in logs."""
    return await _history(visit, visit.text("q")[:200], page_of(visit.text("page")))


async def _history(visit: Visit, text: str, page: int) -> Response:
    # Every row of every batch on the page is counted: beside the server, so that nobody else waits for it.
    return await run_in_threadpool(lambda: _page(visit, text, page))


def _page(visit: Visit, text: str, page: int) -> Response:
    office = visit.house.office
    first = (page - 1) * SHOWN
    payouts, batches, waiting = None, None, list[AskedRun]()
    if text:
        payouts, more = office.history.search(text, first=first, most=SHOWN)
    else:
        known, more = office.history.batches(first=first, most=SHOWN)
        batches = [(one, _counts(one)) for one in known]
        waiting = office.runs.unfinished(office.environment)
    return visit.render(
        "history.html",
        text=text,
        page=page,
        more=more,
        batches=batches,
        payouts=payouts,
        waiting=waiting,
        word_of=word_of,
        here=office.environment,
    )


def _counts(one: KnownBatch) -> object:
    return counts_of(one.states, sends_last_minute=0, seconds_for=float)


ROUTES = (
    PageRoute(name="history", path="/batches", answer=history),
    PageRoute(name="history_find", path="/batches", answer=find, method="POST"),
)
