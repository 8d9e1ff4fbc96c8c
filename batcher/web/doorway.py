"""The way to every page: who is it, may they, is the form ours; and what goes wrong becomes a page in our words."""

import logging
import traceback
from dataclasses import replace

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from batcher.errors import BatcherError
from batcher.web import cookies, rights
from batcher.web.doors import csrf
from batcher.web.doors.forms import form_of
from batcher.web.doors.origins import SAFE
from batcher.web.doors.sizes import bounded
from batcher.web.house import House
from batcher.web.refusals import OTHERS, Refused, form_expired, not_allowed, own_fault
from batcher.web.routes import PageRoute
from batcher.web.visit import Visit

_LOG = logging.getLogger("batcher.web")
_SIGN_IN_AGAIN = "You are not signed in any more. Reload the page to sign in, then do it again."


class Doorway:
    """One route as an ASGI app."""

    def __init__(self, house: House, route: PageRoute) -> None:
        if route.name not in rights.NEEDS:
            raise LookupError(f"{route.name} is in no line of rights.NEEDS")
        self._house, self._route = house, route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, bounded(receive, self._route.most_bytes), send)
        visit = Visit(request=request, house=self._house, session=None)
        try:
            session = await self._house.session(request.cookies.get(cookies.name(self._house)))
            visit = replace(visit, session=session)
            response = await self._answer(visit)
        except Exception as error:  # noqa: BLE001 - the last one who can say it in words
            response = refused(visit, as_refusal(error))
        await response(scope, receive, send)

    async def _answer(self, visit: Visit) -> Response:
        name = self._route.name
        if not rights.may_pass(visit.session, name):
            return _turned_away(visit)
        if visit.request.method in SAFE:
            return await self._route.answer(visit)
        form = await form_of(visit.request)
        try:
            if rights.NEEDS[name] is not rights.ANYONE:
                _require_token(visit, form)
            return await self._route.answer(replace(visit, form=form))
        finally:
            await form.close()


def _require_token(visit: Visit, form: FormData) -> None:
    if visit.session is None or not csrf.is_ours(visit.session.csrf_secret, visit.request.headers, form):
        raise form_expired()


def _turned_away(visit: Visit) -> Response:
    if visit.session is not None:
        raise not_allowed()
    if visit.request.method in SAFE and not visit.is_part:
        return RedirectResponse(visit.url("enter"), 303)
    raise Refused(401, "Sign in first", _SIGN_IN_AGAIN)


def as_refusal(error: Exception) -> Refused:
    """What went wrong, as a page says it. A fault of our own is told in the log, without the values in it."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, HTTPException) and error.status_code in OTHERS:
        return OTHERS[error.status_code]
    if isinstance(error, BatcherError) and error.exit_code != 1:
        return Refused(409, error.message, error.fix)
    frames = "".join(traceback.format_tb(error.__traceback__))
    _LOG.error("A fault of batcher's own: %s\n%s", type(error).__name__, frames)
    return Refused(500, error.message, error.fix) if isinstance(error, BatcherError) else own_fault()


def refused(visit: Visit, error: Refused) -> Response:
    """The page of a refusal."""
    template = "refused_part.html" if visit.is_part else "refused.html"
    response = visit.render(template, status=error.status, refusal=error)
    if error.retry_after_s is not None:
        response.headers["Retry-After"] = str(error.retry_after_s)
    if error.status in {400, 408, 413}:
        # What is left of the body is not read.
        response.headers["Connection"] = "close"
    return response
