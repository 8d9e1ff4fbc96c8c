"""httpx's transport onto the sandbox's logic: requests take time, get lost, arrive late or twice; answers as well.

What is on its way when a process dies still arrives: bytes have no undo.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import StrEnum

import httpx

from batcher.sandbox import Answer, Request, Wire
from tests.simulation.process import SimulatedLoop

SILENT = frozenset({Wire.HANG, Wire.CONTINUE_102})
"""After these the caller waits until its patience ends: a 102 alone is no answer."""


class Trouble(StrEnum):
    """What the network does with one request."""

    NONE = "none"
    REFUSED = "refused"
    """No connection; nothing leaves."""
    LOST = "lost"
    """The request never arrives."""
    UNHEARD = "unheard"
    """It arrives, and the connection breaks before the answer."""
    LATE = "late"
    """It arrives after the caller has given up."""
    TWICE = "twice"
    """Something between repeats it."""


@dataclass(frozen=True, slots=True)
class Passage:
    """How one request travels."""

    trouble: Trouble
    there_s: float
    back_s: float


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request as it reaches the server."""

    request: Request
    trouble: Trouble
    again: bool
    """Whether it is the repetition."""
    sent_by: object
    """Whatever the sender was when it left, as `Wires` was told."""


class Wires(httpx.AsyncBaseTransport):
    """Implements httpx's transport in virtual time. One of them outlives all processes.

    `passage` draws how a request travels, `arrive` is the server, `sender` says whose request it is, and is called when
    the request leaves.
    """

    def __init__(
        self,
        passage: Callable[[Request], Passage],
        arrive: Callable[[Arrival], Answer],
        sender: Callable[[], object],
    ) -> None:
        self._passage = passage
        self._arrive = arrive
        self._sender = sender

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry the request there, and what comes of it back."""
        assert isinstance(request.stream, httpx.AsyncByteStream)
        body = b"".join([part async for part in request.stream])
        headers = [(name.decode("ascii"), value.decode("ascii")) for name, value in request.headers.raw]
        asked = Request.of(request.method, request.url.raw_path.decode("ascii"), headers, body)
        passage = self._passage(asked)
        timeouts = request.extensions["timeout"]
        if passage.trouble is Trouble.REFUSED:
            await self._wait(passage.there_s)
            raise httpx.ConnectError("refused", request=request)
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._send(asked, passage, answered, timeouts["read"])
        try:
            async with asyncio.timeout(timeouts["read"]):
                answer = await answered
        except TimeoutError as error:
            raise httpx.ReadTimeout("no answer in time", request=request) from error
        return _response(answer, passage, request)

    def _send(self, asked: Request, passage: Passage, answered: "asyncio.Future[Answer]", patience_s: float) -> None:
        """Let it arrive, or not; from here on it is out of the caller's hands."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        sender = self._sender()

        def arrive(*, again: bool = False) -> None:
            answer = self._arrive(Arrival(asked, passage.trouble, again, sender))
            if not again and answer.wire not in SILENT:
                loop.in_the_world(answer.delay_s + passage.back_s, lambda: _tell(answered, answer))

        if passage.trouble is Trouble.LOST:
            loop.in_the_world(passage.there_s, lambda: _tell(answered, Answer(Wire.RESET)))
            return
        late_s = patience_s if passage.trouble is Trouble.LATE else 0.0
        loop.in_the_world(passage.there_s + late_s, arrive)
        if passage.trouble is Trouble.TWICE:
            loop.in_the_world(passage.there_s + 2 * passage.back_s + late_s, lambda: arrive(again=True))

    @staticmethod
    async def _wait(seconds: float) -> None:
        await asyncio.sleep(seconds)  # noqa: TID251 - the network's own time is virtual


def _tell(answered: "asyncio.Future[Answer]", answer: Answer) -> None:
    if not answered.done():
        answered.set_result(answer)


def _response(answer: Answer, passage: Passage, request: httpx.Request) -> httpx.Response:
    """What the caller sees of an answer."""
    if answer.wire in (Wire.RESET, Wire.CLOSE) or passage.trouble is Trouble.UNHEARD:
        raise httpx.ReadError("connection reset", request=request)
    assert answer.status is not None
    cut = len(answer.body) // 2 if answer.wire is Wire.TRUNCATE else None
    return httpx.Response(answer.status, headers=list(answer.headers), stream=_Body(answer.body, cut))


class _Body(httpx.AsyncByteStream):
    """A body, or its beginning and then a broken connection."""

    def __init__(self, body: bytes, cut: int | None) -> None:
        self._body, self._cut = body, cut

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body[: self._cut]
        if self._cut is not None:
            raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")
