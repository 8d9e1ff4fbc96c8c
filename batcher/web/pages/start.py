"""The first page: a sheet is dropped here, or chosen."""

from starlette.responses import Response

from batcher.web.routes import PageRoute
from batcher.web.visit import Visit


async def start(visit: Visit) -> Response:
    """Where a payment begins."""
    return visit.render("start.html")


ROUTES = (PageRoute(name="start", path="/", answer=start),)
