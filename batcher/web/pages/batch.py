"""One batch while it is sent: figures that change by themselves, pause and stop, every row and its story."""

from collections.abc import AsyncIterator, Callable

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from batcher.assembly.desk import Desk
from batcher.assembly.story import told
from batcher.assembly.watching import Seen
from batcher.ledger import ShownRow
from batcher.states import RESULT_WORDS, State
from batcher.web.refusals import not_found
from batcher.web.rendering import rendered
from batcher.web.routes import PageRoute
from batcher.web.visit import Visit

ROWS = 100
"""On one page."""

KINDS = {
    "paid": ("COMPLETED",),
    "open": ("PROCESSING",),
    "failed": ("FAILED", "REJECTED"),
    "unknown": ("UNKNOWN",),
    "waiting": ("NOT_SENT",),
}
"""What people call them, and the words of the results."""

ENDINGS = {
    None: ".",
    0: ": every row is paid.",
    3: ": some rows were refused, failed or are invalid.",
    6: " early; the rest is unsent.",
    7: ": some rows are unknown or still open.",
}
"""How a run ended, by its exit code; what is not here says why by itself."""

WISHES: dict[str, Callable[[Desk, int, str], None]] = {
    "pause": lambda desk, run_id, by: desk.pause(run_id),
    "go_on": lambda desk, run_id, by: desk.go_on(run_id),
    "stop": lambda desk, run_id, by: desk.stop(run_id, by=by),
}


async def seen(visit: Visit) -> Seen:
    """The batch that the path names, as it stands. Raises `Refused` where nobody ever asked for or confirmed one."""
    # Of a large batch that takes a second: beside the server, so that nobody else waits for it.
    return await run_in_threadpool(lambda: _seen(visit))


def _seen(visit: Visit) -> Seen:
    found = visit.house.watching.seen(visit.request.path_params["batch"])
    if found.run is None and found.elsewhere is None and not found.counts.total and not _is_known(visit):
        raise not_found()
    return found


def _is_known(visit: Visit) -> bool:
    office = visit.house.office
    return office.history.end(office.environment, visit.request.path_params["batch"]) > 0


async def batch(visit: Visit) -> Response:
    """Figures, what can be done, and rows."""
    asked = visit.request.query_params
    kind, page = asked.get("kind", ""), page_of(asked.get("page", "1"))
    now, rows, more = await run_in_threadpool(lambda: _page(visit, kind, page))
    return visit.render(
        "batch.html",
        seen=now,
        now=visit.house.clock.instant().at,
        rows=rows,
        more=more,
        page=page,
        kind=kind,
        kinds=KINDS,
        word_of=word_of,
        endings=ENDINGS,
    )


def _page(visit: Visit, kind: str, page: int) -> tuple[Seen, list[ShownRow], bool]:
    now, office = _seen(visit), visit.house.office
    states = [state for state, word in RESULT_WORDS.items() if word in KINDS.get(kind, ())]
    rows, more = office.history.rows(office.environment, now.batch, states, first=(page - 1) * ROWS, most=ROWS)
    return now, rows, more


def page_of(text: str) -> int:
    """The number of a page; the first for whatever is none."""
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 9 else 1


def word_of(state: State) -> str:
    """What people call where a row stands."""
    return kind_of(RESULT_WORDS[state])


def kind_of(result: str) -> str:
    """What people call a word of the results."""
    return next((name for name, words in KINDS.items() if result in words), result.lower())


async def live(visit: Visit) -> Response:
    """The figures as server-sent events, each the part of the page anew; it ends once nothing changes by itself."""
    name = (await seen(visit)).batch

    async def events() -> AsyncIterator[str]:
        ending = visit.house.ending
        async for now in visit.house.watching.changes(name, ended=ending.is_set, aside=run_in_threadpool):
            yield _event(rendered(visit, "batch_part.html", {"seen": now, "endings": ENDINGS}))
        if not ending.is_set():
            # The browser asks again where a server that was started anew goes on.
            yield "event: done\ndata: ended\n\n"

    return StreamingResponse(events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def _event(part: str) -> str:
    return "".join(f"data: {line}\n" for line in part.splitlines()) + "\n"


async def wish(visit: Visit) -> Response:
    """Pause, go on, or stop; each may be said twice."""
    now = await seen(visit)
    said, run = WISHES.get(visit.text("wish")), now.run
    if said is None or run is None:
        raise not_found()
    await run_in_threadpool(lambda: said(visit.house.desk, run.id, visit.signed_in.name))
    return visit.go_to("batch", batch=now.batch)


async def row(visit: Visit) -> Response:
    """One row and everything that happened to it."""
    office = visit.house.office
    now = await seen(visit)
    shown = await row_of(visit, now.batch)
    story = await run_in_threadpool(lambda: told(office.history.story(office.environment, now.batch, shown.row_id)))
    return visit.render("row.html", batch=now.batch, row=shown, word=word_of(shown.state), story=story, link=None)


async def row_of(visit: Visit, name: str) -> ShownRow:
    """The row that the path names. Raises `Refused` where the batch does not have it."""
    office, asked = visit.house.office, visit.request.path_params["row"]
    row_id = page_of(asked)
    found = await run_in_threadpool(lambda: office.history.row(office.environment, name, row_id))
    if found is None or not asked.isdigit():
        raise not_found()
    return found


ROUTES = (
    PageRoute(name="batch", path="/batches/{batch}", answer=batch),
    PageRoute(name="batch_live", path="/batches/{batch}/live", answer=live),
    PageRoute(name="batch_wish", path="/batches/{batch}/wish", answer=wish, method="POST"),
    PageRoute(name="batch_row", path="/batches/{batch}/rows/{row}", answer=row),
)
