"""Who is a user and what each role may do; and for everybody their own password and sessions."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from batcher.assembly import Refusal
from batcher.errors import UsageError
from batcher.roles import RIGHTS, Right, Role
from batcher.signing_in import PASSWORD_LEAST
from batcher.web import cookies
from batcher.web.refusals import not_found
from batcher.web.routes import PageRoute
from batcher.web.visit import Visit

WORDS = {
    Right.LOOK: "see batches, rows, plans and reports",
    Right.PREPARE: "upload a sheet and prepare a plan",
    Right.SEND: "start, pause and stop a plan that may go",
    Right.SETTLE: "settle what is unknown",
    Right.REVEAL: "see links, and files with links in them",
    Right.APPROVE: "approve or refuse a plan of somebody else",
}
"""What follows on “may”."""


async def people(visit: Visit) -> Response:
    """All users, and what their roles allow."""
    users = await run_in_threadpool(visit.house.office.people.users)
    return visit.render("people.html", users=users, roles=Role, rights=RIGHTS, words=WORDS)


async def account(visit: Visit) -> Response:
    """Who is signed in, and where."""
    return await _account(visit)


async def _account(visit: Visit, *, wrong: str = "", changed: bool = False, status: int = 200) -> Response:
    return visit.render(
        "account.html", status=status, refusal=None, wrong=wrong, changed=changed, **await _shown(visit)
    )


async def _shown(visit: Visit) -> dict[str, Any]:
    house, session = visit.house, visit.signed_in
    now = house.clock.instant().at
    sessions = await run_in_threadpool(lambda: house.office.people.open_sessions(session, now=now))
    return {"sessions": sessions, "least": PASSWORD_LEAST}


async def change_password(visit: Visit) -> Response:
    """Take a new password from who knows the old one. All sessions end, and this browser is given a new one."""
    house, session, new = visit.house, visit.signed_in, visit.password("new")
    if not session.is_user:
        raise not_found()
    if new != visit.password("again"):
        return await _account(visit, wrong="The new password was not typed the same twice.", status=422)
    now, password = house.clock.instant().at, visit.password("password")
    try:
        changed = await run_in_threadpool(
            lambda: house.office.people.change_password(session, password, new, address=visit.address, now=now)
        )
    except UsageError as error:
        return await _account(visit, wrong=str(error), status=422)
    if isinstance(changed, Refusal):
        return visit.render_refusal("account.html", changed, wrong="", changed=False, **await _shown(visit))
    response = visit.go_to("account_changed")
    cookies.give(response, house, changed.token)
    return response


async def changed(visit: Visit) -> Response:
    """The account, and that its password is a new one."""
    return await _account(visit, changed=True)


async def end_sessions(visit: Visit) -> Response:
    """End one of one's own sessions, or all but this one."""
    house, session, which = visit.house, visit.signed_in, visit.text("which")
    now, own = house.clock.instant().at, house.office.people
    found = await run_in_threadpool(lambda: own.open_sessions(session, now=now))
    ended = [one.id for one in found if (which == "others" and not one.is_this) or which == str(one.id)]
    await run_in_threadpool(lambda: own.end_sessions(session, ended))
    return visit.go_to("account")


ROUTES = (
    PageRoute(name="people", path="/people", answer=people),
    PageRoute(name="account", path="/account", answer=account),
    PageRoute(name="account_changed", path="/account/changed", answer=changed),
    PageRoute(name="account_password", path="/account/password", answer=change_password, method="POST"),
    PageRoute(name="account_sessions", path="/account/sessions", answer=end_sessions, method="POST"),
)
