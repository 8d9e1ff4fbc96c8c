"""The way in and out: by name and password, or, where there are no users, by a link in the terminal that opens once."""

import asyncio

from starlette.responses import RedirectResponse, Response

from batcher.assembly import Refusal, Session
from batcher.web import cookies
from batcher.web.refusals import Refused, not_found
from batcher.web.routes import PageRoute
from batcher.web.visit import Visit

_LINK = "one-time link"
"""Under which failures are counted: there is one link at a time, so guesses at it are counted together."""
_USED = "A link opens once, and for 15 minutes. Open this page without it to have a new one printed in the terminal."


async def enter(visit: Visit) -> Response:
    """Ask who it is; or exchange the token of a link for a session."""
    if await visit.house.has_users():
        return visit.render("sign_in.html", refusal=None, name="")
    token = visit.request.query_params.get("token")
    if token is None or visit.request.method == "HEAD" or "prefetch" in visit.request.headers.get("sec-purpose", ""):
        return visit.render("enter.html", printed=False)
    visit.house.slowing.ask(_LINK)
    if not visit.house.links.use(token):
        visit.house.slowing.failed(_LINK)
        raise Refused(403, "This link does not open any more", _USED)
    visit.house.slowing.passed(_LINK)
    people, now = visit.house.office.people, visit.house.clock.instant().at
    return _let_in(visit, await asyncio.to_thread(people.let_in, visit.house.owner, now=now))


async def new_link(visit: Visit) -> Response:
    """Print another link in the terminal: whoever sees that may come in."""
    if await visit.house.has_users():
        raise not_found()
    visit.house.slowing.ask("new link")
    visit.house.slowing.failed("new link")
    visit.house.tell(f"Open the page once with: {visit.house.new_link()}")
    return visit.render("enter.html", printed=True)


async def sign_in(visit: Visit) -> Response:
    """Let in whose name and password these are."""
    name, given = visit.text("name"), visit.form.get("password")
    password = given if isinstance(given, str) else ""
    people, now = visit.house.office.people, visit.house.clock.instant().at
    address = visit.request.client.host if visit.request.client else ""
    found = await asyncio.to_thread(people.sign_in, name, password, address=address, now=now)
    if isinstance(found, Session):
        return _let_in(visit, found)
    return _turned_away(visit, found, name)


def _turned_away(visit: Visit, refusal: Refusal, name: str) -> Response:
    wait_s = int(refusal.wait.total_seconds() + 0.999)
    response = visit.render("sign_in.html", status=429 if wait_s else 403, refusal=refusal, name=name)
    if wait_s:
        response.headers["Retry-After"] = str(wait_s)
    return response


def _let_in(visit: Visit, session: Session) -> Response:
    response = RedirectResponse(visit.url("start"), 303)
    cookies.give(response, visit.house, session.token)
    return response


async def leave(visit: Visit) -> Response:
    """End the session."""
    await asyncio.to_thread(visit.house.office.people.sign_out, visit.signed_in.token)
    response = visit.go_to("enter")
    cookies.take_back(response, visit.house)
    return response


ROUTES = (
    PageRoute(name="enter", path="/enter", answer=enter),
    PageRoute(name="new_link", path="/enter", answer=new_link, method="POST"),
    PageRoute(name="sign_in", path="/sign-in", answer=sign_in, method="POST"),
    PageRoute(name="leave", path="/leave", answer=leave, method="POST"),
)
