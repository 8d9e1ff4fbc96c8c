"""The sandbox as a whole: the API, its clock and its port, for callers with an event loop and for those without."""

import asyncio
import copy
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Future
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

from batcher.sandbox import control
from batcher.sandbox.api import Api
from batcher.sandbox.clock import MovableClock
from batcher.sandbox.message import Answer, Request
from batcher.sandbox.server import listen
from batcher.sandbox.switches import Switches
from batcher.sandbox.webhooks import Hook, deliver

T = TypeVar("T")

START_S = 30.0
"""How long a thread may take to open its port, and a call to it to return."""


class Sandbox:
    """An API with its own clock. What happened stays between two servings, as if the host had only been away."""

    def __init__(self, switches: Switches | None = None, seed: int = 0, hook: Hook | None = None) -> None:
        """`hook`: where it sends its webhooks while it serves. Without one it sends none, as Runa's playground."""
        self._api = Api(switches, seed)
        self._clock = MovableClock()
        self._hook = hook

    @asynccontextmanager
    async def serve(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
        """Serve within the block; gives the base URL, such as `http://127.0.0.1:8765/v2`. Port 0: any free one."""
        async with listen(self._handle, host, port) as bound, self._delivering():
            yield f"http://{f'[{host}]' if ':' in host else host}:{bound}/v2"

    @asynccontextmanager
    async def _delivering(self) -> AsyncIterator[None]:
        if self._hook is None:
            yield
            return
        task = asyncio.create_task(deliver(self._hook, lambda: self._api.orders, self._clock))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    def _handle(self, request: Request) -> Answer:
        if request.path.startswith(control.PREFIX):
            return control.handle(self._api, self._clock, request)
        return self._api.handle(request, self._clock.now_s(), self._clock.monotonic_s())

    def keep(self) -> Api:
        """A copy of everything that it knows, to be put back later."""
        return copy.deepcopy(self._api)

    def put_back(self, kept: Api) -> None:
        """Go on from a copy of what was kept; the clock goes on as it is."""
        self._api = copy.deepcopy(kept)

    def dump(self) -> dict[str, Any]:
        """What was really issued: see `batcher.sandbox.dump` for its shape."""
        return self._api.dump(self._clock.now_s())

    def advance(self, seconds: float) -> None:
        """Move its clock on."""
        self._clock.advance(seconds)

    def switch(self, **given: object) -> None:
        """Set switches while it runs; raises `ValueError` for what is unknown or wrong."""
        self._api.change(given)

    def set_balance(self, **amounts: str) -> None:
        """Let accounts hold exactly that much: `set_balance(GBP="100.00")`."""
        self._api.set_balances(amounts, self._clock.now_s())

    def make_foreign(self, **given: object) -> list[str]:
        """Let somebody else make orders: `make_foreign(count=3, amount="12.00")`; see `Api.make_foreign`."""
        return self._api.make_foreign(given, self._clock.now_s())

    def set_payout(self, order_id: str, status: str) -> None:
        """Let the payouts of a completed order be ACTIVE, CLAIMED, CANCELLED or EXPIRED."""
        self._api.set_payout(order_id, status, self._clock.now_s())


class SandboxThread:
    """A sandbox that serves from its own thread, within a `with` block: for callers without an event loop."""

    url: str
    """The base URL, once the block has begun."""

    def __init__(
        self,
        switches: Switches | None = None,
        seed: int = 0,
        host: str = "127.0.0.1",
        port: int = 0,
        hook: Hook | None = None,
    ) -> None:
        self._sandbox = Sandbox(switches, seed, hook)
        self._host, self._port = host, port
        self._ready: Future[str] = Future()
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event

    def __enter__(self) -> Self:
        self._thread.start()
        self.url = self._ready.result(START_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(START_S)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - whatever it is, the thread that waits must hear of it
            if not self._ready.done():
                self._ready.set_exception(error)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with self._sandbox.serve(self._host, self._port) as url:
            self._ready.set_result(url)
            await self._stop.wait()

    def _call(self, function: Callable[[], T]) -> T:
        """Run it where the requests are handled, so that nothing changes halfway."""

        async def called() -> T:
            return function()

        return asyncio.run_coroutine_threadsafe(called(), self._loop).result(START_S)

    def keep(self) -> Api:
        """See `Sandbox.keep`."""
        return self._call(self._sandbox.keep)

    def put_back(self, kept: Api) -> None:
        """See `Sandbox.put_back`."""
        self._call(lambda: self._sandbox.put_back(kept))

    def dump(self) -> dict[str, Any]:
        """See `Sandbox.dump`."""
        return self._call(self._sandbox.dump)

    def advance(self, seconds: float) -> None:
        """See `Sandbox.advance`."""
        self._call(lambda: self._sandbox.advance(seconds))

    def switch(self, **given: object) -> None:
        """See `Sandbox.switch`."""
        self._call(lambda: self._sandbox.switch(**given))

    def set_balance(self, **amounts: str) -> None:
        """See `Sandbox.set_balance`."""
        self._call(lambda: self._sandbox.set_balance(**amounts))

    def make_foreign(self, **given: object) -> list[str]:
        """See `Sandbox.make_foreign`."""
        return self._call(lambda: self._sandbox.make_foreign(**given))

    def set_payout(self, order_id: str, status: str) -> None:
        """See `Sandbox.set_payout`."""
        self._call(lambda: self._sandbox.set_payout(order_id, status))


async def serve_forever(
    host: str, port: int, switches: Switches | Mapping[str, object], on_ready: Callable[[str], None], seed: int = 0
) -> None:
    """Serve until cancelled; `on_ready` is given the base URL once the port is open."""
    chosen = switches if isinstance(switches, Switches) else Switches.from_mapping(switches)
    async with Sandbox(chosen, seed).serve(host, port) as url:
        on_ready(url)
        await asyncio.Event().wait()
