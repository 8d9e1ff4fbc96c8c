"""The way in and out: by name and password, or, where there are no users, by a link in the terminal that opens once."""

import asyncio
from datetime import timedelta

from starlette.responses import RedirectResponse, Response

from batcher.assembly import Session
from batcher.web import cookies
from batcher.web.refusals import Refused, not_found, seconds_of
from batcher.web.routes import PageRoute
from batcher.web.visit import Visit

_USED = "A link opens once, and for 15 minutes. Open this page without it to have a new one printed in the terminal."


async def enter(visit: Visit) -> Response:
    """Ask who it is; or exchange the token of a link for a session."""
    if await visit.house.has_users():
        return visit.render("sign_in.html", refusal=None, name="")
    token = visit.request.query_params.get("token")
    if token is None or visit.request.method == "HEAD" or "prefetch" in visit.request.headers.get("sec-purpose", ""):
        return visit.render("enter.html", printed=False)
    now = visit.house.clock.instant().at
    # There is one link at a time, so guesses at it are counted together.
    _refuse_too_early(visit.house.failures.begin(now, link=""))
    if not visit.house.links.use(token):
        raise Refused(403, "This link does not open any more", _USED)
    visit.house.failures.succeeded(now, link="")
    people = visit.house.office.people
    return _let_in(visit, await asyncio.to_thread(people.let_in, visit.house.owner, now=now))


async def new_link(visit: Visit) -> Response:
    """Print another link in the terminal: whoever sees that may come in."""
    if await visit.house.has_users():
        raise not_found()
    _refuse_too_early(visit.house.failures.begin(visit.house.clock.instant().at, new_link=""))
    visit.house.tell(f"Open the page once with: {visit.house.new_link()}")
    return visit.render("enter.html", printed=True)


def _refuse_too_early(wait: timedelta) -> None:
    if wait:
        seconds = seconds_of(wait)
        words = f"Wait {seconds} second{'s' * (seconds != 1)}, then try again."
        raise Refused(429, "Too many failed attempts", words, retry_after_s=seconds)


async def sign_in(visit: Visit) -> Response:
    """Let in whose name and password these are."""
    name, people, now = visit.text("name"), visit.house.office.people, visit.house.clock.instant().at
    found = await asyncio.to_thread(people.sign_in, name, visit.password("password"), address=visit.address, now=now)
    if isinstance(found, Session):
        return _let_in(visit, found)
    return visit.render_refusal("sign_in.html", found, name=name)


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
