"""The httpx client: exact bytes out, bounded answers in, every fault a value."""

import asyncio
import ssl
from types import TracebackType
from typing import Self

import httpx

from batcher import __version__
from batcher.model import Fault, Reply, Speaker
from batcher.runa.reading import read_reply

MAX_ANSWER_BYTES = 1 << 20
"""Where reading an answer ends: one order is some kilobytes."""

MAX_CONNECTIONS = 24
"""As many as there can be requests at one time: none that the ledger has as sent waits for a connection.

httpx's pool costs more for each request the more connections it holds; at usual answer times it holds two or three.
"""

NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
"""Raised only before a byte of the request is written."""


class RunaClient:
    """Implements `batcher.ports.Api`. The API key is in its headers and nowhere else."""

    def __init__(
        self,
        speaker: Speaker,
        *,
        api_key: str,
        timeout_s: float,
        transport: httpx.AsyncBaseTransport | None = None,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        """Ask at `speaker.base_url` with `api_key`.

        `timeout_s` bounds each wait of a request: to connect, to write, for the next piece of the answer, for all of
        it. A request ends within five times as long, answered or not.
        """
        self._timeout_s = timeout_s
        self._client = httpx.AsyncClient(
            base_url=f"{speaker.base_url}/",
            headers={
                "Accept": "application/json",
                "User-Agent": f"batcher/{__version__}",
                "X-Api-Key": api_key,
                "X-Api-Version": speaker.api_version,
            },
            # Neither proxies nor certificates from the environment, and never to another host.
            trust_env=False,
            follow_redirects=False,
            verify=verify,
            timeout=httpx.Timeout(timeout_s, connect=min(10.0, timeout_s), pool=4 * timeout_s),
            limits=httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS),
            transport=transport,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def create(self, *, key: str, body: bytes) -> Reply:
        """Send one order with exactly these bytes."""
        headers = {
            "Content-Type": "application/json",
            "X-Idempotency-Key": key,
            "X-Execution-Mode": "async",
        }
        return await self._ask("POST", "order", headers=headers, content=body)

    async def read(self, order_id: str) -> Reply:
        """Read one order back. An answer about another order is unreadable."""
        reply = await self._ask("GET", f"order/{order_id}")
        if reply.order is not None and reply.order.order_id != order_id:
            return Reply(fault=Fault.UNREADABLE, http_status=reply.http_status, date=reply.date)
        return reply

    async def ping(self) -> Reply:
        """Whether the API is there and takes our key and version."""
        return await self._ask("GET", "ping")

    async def _ask(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, content: bytes | None = None
    ) -> Reply:
        try:
            # httpx bounds each read; this bounds an answer that trickles, and one that waits for the pool.
            async with asyncio.timeout(5 * self._timeout_s):
                async with self._client.stream(method, path, headers=headers, content=content) as response:
                    async with asyncio.timeout(self._timeout_s):
                        answer = await _bounded(response)
                return read_reply(response.status_code, response.headers, answer)
        except NEVER_LEFT:
            return Reply(fault=Fault.NOT_SENT)
        except (httpx.HTTPError, httpx.StreamError, TimeoutError):
            return Reply(fault=Fault.NO_ANSWER)


async def _bounded(response: httpx.Response) -> bytes | None:
    """The answer's body, or `None` where it is longer than an answer can be."""
    answer = bytearray()
    async for piece in response.aiter_bytes():
        answer += piece
        if len(answer) > MAX_ANSWER_BYTES:
            return None
    return bytes(answer)
