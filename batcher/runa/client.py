"""The httpx client: exact bytes out, bounded answers in, every fault a value."""

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote

import httpx

from batcher import __version__
from batcher.model import Answer, Fault, OrderPage, Payout, Product, Reply, Speaker
from batcher.runa.account import estimate_body, read_balances, read_prices, read_product, read_products
from batcher.runa.listing import read_page
from batcher.runa.reading import read_reply

T = TypeVar("T")

MAX_ANSWER_BYTES = 1 << 20
"""Where reading an answer ends: one order is some kilobytes."""

MAX_LIST_BYTES = 16 << 20
"""Where reading a page of orders or the catalogue ends: they hold hundreds of them."""

MAX_CONNECTIONS = 24
"""As many as there can be requests at one time: none that the ledger has as sent waits for a connection.

httpx's pool costs more for each request the more connections it holds; at usual answer times it holds two or three.
"""

NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
"""Raised only before a byte of the request is written."""

_JSON_BODY = {"Content-Type": "application/json"}

LONG_ENOUGH = 16
"""From so many characters on the secret part of a key stands in no answer by chance, as a word might."""

Reading = Callable[[int, Mapping[str, str], bytes | None], Answer[T]]
"""From a status, headers and a body (`None`: too long) to what they say."""


class RunaClient:
    """Implements `batcher.ports.Api`, `OrderList` and `Account`. The API key is in its headers and nowhere else."""

    def __init__(
        self,
        speaker: Speaker,
        *,
        api_key: str,
        timeout_s: float,
        page_size: int = 500,
        transport: httpx.AsyncBaseTransport | None = None,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        """Ask at `speaker.base_url` with `api_key`.

        `timeout_s` bounds each wait of a request: to connect, to write, for the next piece of the answer, for all of
        it. A request ends within five times as long, answered or not. `page_size` is how many orders a page of the list
        is asked for, 500 at most.
        """
        self._timeout_s = timeout_s
        self._page_size = page_size
        self._blotted = _spellings(api_key)
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
        headers = {**_JSON_BODY, "X-Idempotency-Key": key, "X-Execution-Mode": "async"}
        return (await self._ask("POST", "order", _only_reply, headers=headers, content=body)).reply

    async def read(self, order_id: str) -> Reply:
        """Read one order back. An answer about another order is unreadable."""
        reply = (await self._ask("GET", f"order/{order_id}", _only_reply)).reply
        if reply.order is not None and reply.order.order_id != order_id:
            return Reply(fault=Fault.UNREADABLE, http_status=reply.http_status, date=reply.date)
        return reply

    async def ping(self) -> Reply:
        """Whether the API is there and takes our key and version."""
        return (await self._ask("GET", "ping", _only_reply)).reply

    async def page(self, *, after: str | None = None, before: str | None = None) -> Answer[OrderPage]:
        """One page of the order list: the one at a cursor (one of the two at most), or the first."""
        cursors = {name: cursor for name, cursor in (("after", after), ("before", before)) if cursor is not None}
        asked = {"limit": str(self._page_size), **cursors}
        return await self._ask("GET", "order", read_page, params=asked, most_bytes=MAX_LIST_BYTES)

    async def balances(self) -> Answer[Mapping[str, Decimal]]:
        """What each currency's balance holds; one that is empty may be left out."""
        return await self._ask("GET", "balance", read_balances)

    async def products(self) -> Answer[Sequence[Product]]:
        """The catalogue."""
        return await self._ask("GET", "product", read_products, most_bytes=MAX_LIST_BYTES)

    async def product(self, code: str) -> Answer[Product]:
        """One product by its code. An answer about another one is unreadable."""
        answer = await self._ask("GET", f"product/{quote(code, safe='')}", read_product)
        if answer.content is not None and answer.content.code.casefold() != code.casefold():
            return Answer(reply=Reply(fault=Fault.UNREADABLE, http_status=answer.reply.http_status))
        return answer

    async def prices(self, currency: str, payouts: Sequence[Payout]) -> Answer[Sequence[Decimal]]:
        """What each of these payouts (1 to 500, all in this currency) would cost, in their order. Buys nothing."""
        body = estimate_body(currency, payouts)
        reading = partial(read_prices, currency=currency, payouts=payouts)
        return await self._ask("POST", "order/estimate", reading, headers=_JSON_BODY, content=body)

    async def _ask(
        self,
        method: str,
        path: str,
        reading: Reading[T],
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        most_bytes: int = MAX_ANSWER_BYTES,
    ) -> Answer[T]:
        try:
            # httpx bounds each read; this bounds an answer that trickles, and one that waits for the pool.
            async with asyncio.timeout(5 * self._timeout_s):
                streamed = self._client.stream(method, path, headers=headers, params=params, content=content)
                async with streamed as response:
                    async with asyncio.timeout(self._timeout_s):
                        answer = await _bounded(response, most_bytes)
            readable = None if answer is None else self._without_key(answer)
            return reading(response.status_code, self._headers_of(response), readable)
        except NEVER_LEFT:
            return Answer(reply=Reply(fault=Fault.NOT_SENT))
        except (httpx.HTTPError, httpx.StreamError, TimeoutError):
            return Answer(reply=Reply(fault=Fault.NO_ANSWER))

    def _without_key(self, told: bytes) -> bytes:
        """What was told, our key blotted out: what repeats it would carry it into the ledger and the results."""
        for spelling in self._blotted:
            told = told.replace(spelling, b"[key]")
        return told

    def _headers_of(self, response: httpx.Response) -> httpx.Headers:
        return httpx.Headers([(name, self._without_key(value)) for name, value in response.headers.raw])


def _spellings(api_key: str) -> tuple[bytes, ...]:
    """How an answer may repeat the key, as text and as JSON: its secret part, or all of it where that is short."""
    secret = api_key.partition(".")[2]
    repeated = secret if len(secret) >= LONG_ENOUGH else api_key
    return tuple(text.encode() for text in {repeated, repeated.replace("/", "\\/")} if text)


def _only_reply(status: int, headers: Mapping[str, str], answer: bytes | None) -> Answer[None]:
    return Answer(reply=read_reply(status, headers, answer))


async def _bounded(response: httpx.Response, most_bytes: int) -> bytes | None:
    """The answer's body, or `None` where it is longer than an answer can be."""
    answer = bytearray()
    async for piece in response.aiter_bytes():
        answer += piece
        if len(answer) > most_bytes:
            return None
    return bytes(answer)
