"""The way in and out, where no users are set up: a link in the terminal that opens once."""

from starlette.responses import RedirectResponse, Response

from batcher.web import cookies
from batcher.web.people import owner
from batcher.web.refusals import Refused
from batcher.web.routes import PageRoute
from batcher.web.visit import Visit

_NAME = "one-time link"
"""Under which failures are counted: there is one link at a time, so guesses at it are counted together."""


async def enter(visit: Visit) -> Response:
    """Exchange the token of a link for a session, or say where a link is to be had."""
    token = visit.request.query_params.get("token")
    if token is None or visit.request.method == "HEAD" or "prefetch" in visit.request.headers.get("sec-purpose", ""):
        return visit.render("enter.html", printed=False)
    visit.house.slowing.ask(_NAME)
    if not visit.house.links.use(token):
        visit.house.slowing.failed(_NAME)
        raise Refused(403, "This link does not open any more", _USED)
    visit.house.slowing.passed(_NAME)
    response = RedirectResponse(visit.url("start"), 303)
    cookies.give(response, visit.house, visit.house.sessions.open(owner("owner")))
    return response


_USED = "A link opens once, and for 15 minutes. Open this page without it to have a new one printed in the terminal."


async def new_link(visit: Visit) -> Response:
    """Print another link in the terminal: whoever sees that may come in."""
    visit.house.slowing.ask("new link")
    visit.house.slowing.failed("new link")
    visit.house.tell(f"Open the page once with: {visit.house.new_link()}")
    return visit.render("enter.html", printed=True)


async def leave(visit: Visit) -> Response:
    """End the session."""
    visit.house.sessions.close(visit.request.cookies.get(cookies.name(visit.house)))
    response = visit.go_to("enter")
    cookies.take_back(response, visit.house)
    return response


ROUTES = (
    PageRoute(name="enter", path="/enter", answer=enter),
    PageRoute(name="new_link", path="/enter", answer=new_link, method="POST"),
    PageRoute(name="leave", path="/leave", answer=leave, method="POST"),
)
