"""Only our own names. A page elsewhere can point a name of its own at this machine; its requests carry that name."""

from collections.abc import Collection

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class HostsDoor:
    """Refuses what names another host, none, or several."""

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        """`hosts` as browsers write them: lower case, with the port where it is not the usual one."""
        self._app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through that names one of our hosts."""
        if scope["type"] == "http" and not self._is_ours(scope):
            refused = PlainTextResponse(
                "This address is not one of batcher's. Open the one that `batcher serve` has printed.\n", 421
            )
            await refused(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_ours(self, scope: Scope) -> bool:
        named = [value.decode("latin-1").lower() for name, value in scope["headers"] if name == b"host"]
        return len(named) == 1 and named[0] in self._hosts
