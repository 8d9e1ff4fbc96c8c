"""The other side of every run: a sandbox whose whole state can be kept and put back, always on the same port."""

import asyncio
import copy
import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar

from batcher.sandbox.api import Api
from batcher.sandbox.clock import MovableClock, wait_s
from batcher.sandbox.message import Answer, Request
from batcher.sandbox.server import listen
from batcher.sandbox.switches import Switches

T = TypeVar("T")
START_S = 30.0
TURNS = 60
"""Turns of the event loop after which every byte that a dead process had sent is read and acted on."""


class Bank:
    """Serves from its own thread within a `with` block; it goes through many campaigns' worth of states."""

    url: str

    def __init__(self) -> None:
        self._api = Api()
        self._clock = MovableClock()
        self._ready: Future[str] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="bank", daemon=True)
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

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with listen(self._handle, "127.0.0.1", 0) as port:
            self._ready.set_result(f"http://127.0.0.1:{port}/v2")
            await self._stop.wait()

    def _handle(self, request: Request) -> Answer:
        return self._api.handle(request, self._clock.now_s(), self._clock.monotonic_s())

    def open(self, **switches: object) -> None:
        """Begin anew, with empty books."""
        self.put_back(Api(Switches.from_mapping(switches)))

    def keep(self) -> Api:
        """The books as they are, once everything that was sent has been read."""
        return self._call(lambda: copy.deepcopy(self._api))

    def put_back(self, books: Api) -> None:
        """Go on from a copy of these books."""

        def put() -> None:
            self._api = copy.deepcopy(books)

        self._call(put)

    def advance(self, seconds: float) -> None:
        """Move the clock on."""
        self._call(lambda: self._clock.advance(seconds))

    def dump(self) -> dict[str, Any]:
        """What was really issued: see `batcher.sandbox.dump`."""
        return self._call(lambda: self._api.dump(self._clock.now_s()))

    def _call(self, function: Callable[[], T]) -> T:
        async def called() -> T:
            for _ in range(TURNS):
                await wait_s(0)
            return function()

        return asyncio.run_coroutine_threadsafe(called(), self._loop).result(START_S)
