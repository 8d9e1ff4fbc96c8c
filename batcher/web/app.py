"""Pages, doors and errors put together."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from batcher.web import cookies, webhooks
from batcher.web.doors.headers import HeadersDoor
from batcher.web.doors.hosts import HostsDoor
from batcher.web.doors.origins import OriginsDoor
from batcher.web.doorway import Doorway, as_refusal, refused
from batcher.web.house import House
from batcher.web.pages import ROUTES
from batcher.web.routes import PageRoute
from batcher.web.visit import Visit
from batcher.web.watched import Watched

STATIC = Path(__file__).parent / "static"


def make_app(house: House, routes: Sequence[PageRoute] = ROUTES) -> ASGIApp:
    """The whole page. Raises `LookupError` for a route that no line of `rights.NEEDS` names."""
    app = Starlette(
        routes=[
            *(Route(one.path, Doorway(house, one), methods=[one.method], name=one.name) for one in routes),
            Mount("/static", _Static(directory=STATIC), name="static"),
        ],
        exception_handlers={HTTPException: _Errors(house)},
    )
    app.router.redirect_slashes = False
    inside: ASGIApp = OriginsDoor(app, house.address.origins)
    if house.webhooks is not None:
        # Runa is no browser: what guards it is the signature.
        inside = _Beside(inside, {webhooks.PATH: house.webhooks})
    return HeadersDoor(Watched(HostsDoor(inside, house.address.hosts), house))


class _Beside:
    """Apps of their own at paths of their own; no door of the pages is before them."""

    def __init__(self, app: ASGIApp, beside: Mapping[str, ASGIApp]) -> None:
        self._app, self._beside = app, beside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._beside.get(scope.get("path", ""), self._app)(scope, receive, send)


class _Errors:
    """What Starlette refuses by itself: no such page, or not this way."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def __call__(self, request: Request, error: Exception) -> Response:
        session = await self._house.session(request.cookies.get(cookies.name(self._house)))
        return refused(Visit(request=request, house=self._house, session=session), as_refusal(error))


class _Static(StaticFiles):
    """Our own files; they hold nobody's data, and are asked for again in case a new version has others."""

    def file_response(self, *arguments: object, **options: object) -> Response:
        response: Response = super().file_response(*arguments, **options)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = "no-cache"
        return response
