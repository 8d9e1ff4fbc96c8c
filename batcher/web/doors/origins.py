"""Only our own pages may make a browser send anything, or load anything but a page as a whole."""

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

SAFE = frozenset({"GET", "HEAD"})


class OriginsDoor:
    """Asks where a request comes from, by `Sec-Fetch-Site` and by `Origin`: what either denies is refused."""

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        """`origins` such as `http://127.0.0.1:8080`."""
        self._app = app
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request of our own pages through, and a person who follows a link or types an address."""
        if scope["type"] == "http" and not self._may_pass(scope["method"], Headers(scope=scope)):
            refused = PlainTextResponse("This was sent by another page than batcher's, and was refused.\n", 403)
            await refused(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _may_pass(self, method: str, headers: Headers) -> bool:
        site, origins = headers.get("sec-fetch-site"), headers.getlist("origin")
        if method in SAFE:
            navigates = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
            return site in {None, "same-origin", "none"} or navigates
        if origins:
            return len(origins) == 1 and origins[0] in self._origins and site in {None, "same-origin"}
        # Every browser of the last years sends one of the two; what sends neither is none of our pages.
        return site == "same-origin"
