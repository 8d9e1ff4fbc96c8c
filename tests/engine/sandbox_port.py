"""The sandbox behind the port of the use cases, without a socket: what its wire would do is done in virtual time."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TypeVar
from urllib.parse import urlencode

from batcher.model import Answer, Fault, OrderPage, Payout, Product, Reply
from batcher.runa.account import estimate_body, read_balances, read_prices, read_product, read_products
from batcher.runa.client import Reading
from batcher.runa.listing import read_page
from batcher.runa.reading import read_reply
from batcher.sandbox import Api as Sandbox
from batcher.sandbox import Request, Wire
from tests.lifecycle.bench import Note
from tests.virtual_time import VirtualClock

T = TypeVar("T")

HEADERS = {"x-api-key": "xx.secret", "x-api-version": "2024-02-05"}
TIMEOUT_S = 10.0


class SandboxPort:
    """Implements `batcher.ports.Api`, `OrderList` and `Account`. The sandbox outlives the processes that speak to it.

    Notes `create`, `replied` and `read` as `tests.lifecycle.bench.Note` says, and `page` with its cursor.
    """

    def __init__(
        self, sandbox: Sandbox, clock: VirtualClock, notes: list[Note], *, latency_s: float = 0.2, page_size: int = 500
    ) -> None:
        self._sandbox = sandbox
        self._clock = clock
        self._notes = notes
        self._latency_s = latency_s
        self._page_size = page_size

    async def create(self, *, key: str, body: bytes) -> Reply:
        self._notes.append(Note("create", key, self._clock.now_s, body))
        reply = (await self._ask("POST", "order", _only_reply, {"x-idempotency-key": key}, body)).reply
        self._notes.append(Note("replied", key, self._clock.now_s, reply))
        return reply

    async def read(self, order_id: str) -> Reply:
        self._notes.append(Note("read", order_id, self._clock.now_s))
        return (await self._ask("GET", f"order/{order_id}", _only_reply)).reply

    async def ping(self) -> Reply:
        return (await self._ask("GET", "ping", _only_reply)).reply

    async def page(self, *, after: str | None = None, before: str | None = None) -> Answer[OrderPage]:
        self._notes.append(Note("page", after or before or "", self._clock.now_s))
        cursors = {name: cursor for name, cursor in (("after", after), ("before", before)) if cursor is not None}
        return await self._ask("GET", f"order?{urlencode({'limit': self._page_size, **cursors})}", read_page)

    async def balances(self) -> Answer[Mapping[str, Decimal]]:
        return await self._ask("GET", "balance", read_balances)

    async def products(self) -> Answer[Sequence[Product]]:
        return await self._ask("GET", "product", read_products)

    async def product(self, code: str) -> Answer[Product]:
        return await self._ask("GET", f"product/{code}", read_product)

    async def prices(self, currency: str, payouts: Sequence[Payout]) -> Answer[Sequence[Decimal]]:
        reading = partial(read_prices, currency=currency, payouts=payouts)
        return await self._ask("POST", "order/estimate", reading, body=estimate_body(currency, payouts))

    async def _ask(
        self, method: str, target: str, reading: Reading[T], more: dict[str, str] | None = None, body: bytes = b""
    ) -> Answer[T]:
        await self._clock.sleep(self._latency_s / 2)
        request = Request.of(method, f"/v2/{target}", (HEADERS | (more or {})).items(), body)
        answer = self._sandbox.handle(request, self._clock.instant().at.timestamp(), self._clock.now_s)
        await self._clock.sleep(self._latency_s / 2)
        if answer.wire is Wire.REPLY and answer.status is not None:
            headers = {name.lower(): value for name, value in answer.headers}
            assert parsedate_to_datetime(headers["date"]) is not None
            return reading(answer.status, headers, answer.body)
        if answer.wire in (Wire.HANG, Wire.CONTINUE_102):
            await self._clock.sleep(TIMEOUT_S)
        return Answer(reply=Reply(fault=Fault.NO_ANSWER))


def _only_reply(status: int, headers: Mapping[str, str], answer: bytes | None) -> Answer[None]:
    return Answer(reply=read_reply(status, headers, answer))
