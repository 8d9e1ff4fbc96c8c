"""Webhooks as Svix sends them for Runa: one for each order that is over, signed, and again until somebody takes it."""

import asyncio
import base64
import hashlib
import heapq
import hmac
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from batcher.sandbox import jsontext, views
from batcher.sandbox.clock import MovableClock, wait_s
from batcher.sandbox.orders import Order, Orders

WAITS_S = (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 36_000.0)
"""Seconds from one delivery that nobody took to the next; after the last there is none."""
PATIENCE_S = 15.0
"""How long an answer may take, in real seconds."""
_LOOK_S = 0.05
_ABREAST = 8


@dataclass(frozen=True, slots=True)
class Hook:
    """Where webhooks go, and what they are signed with."""

    url: str
    secret: str
    """`whsec_` and base64."""

    def headers(self, message_id: str, now_s: float, body: bytes) -> dict[str, str]:
        """What makes a delivery Runa's."""
        stamp = str(int(now_s))
        encoded = self.secret.removeprefix("whsec_")
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4))
        digest = hmac.digest(key, f"{message_id}.{stamp}.".encode() + body, hashlib.sha256)
        signature = f"v1,{base64.b64encode(digest).decode()}"
        return {
            "Content-Type": "application/json",
            "svix-id": message_id,
            "svix-timestamp": stamp,
            "svix-signature": signature,
        }


@dataclass(frozen=True, slots=True, order=True)
class Message:
    """One webhook, and when it is sent next."""

    due_s: float
    number: int
    """The order's, and so the message's: one order has one for each time that it changes."""
    nth: int
    since_s: float
    tries: int = 0

    @property
    def id(self) -> str:
        """The same however often it is sent."""
        return f"msg_{self.number}_{self.nth}"


class Outbox:
    """What is still to be sent; it keeps no time."""

    def __init__(self) -> None:
        self._seen = 0
        self._waiting: list[Message] = []

    def due(self, orders: Orders, now_s: float) -> list[Message]:
        """What is to be sent now, oldest first. What is given here is in `answered`'s hands."""
        for order in orders.numbered(self._seen + 1, len(orders)):
            for nth, (since_s, _) in enumerate(order.life[1:], start=1):
                heapq.heappush(self._waiting, Message(since_s, order.number, nth, since_s))
        self._seen = len(orders)
        taken = []
        while self._waiting and self._waiting[0].due_s <= now_s:
            taken.append(heapq.heappop(self._waiting))
        return taken

    def answered(self, message: Message, status: int | None, now_s: float) -> None:
        """Note what became of a delivery: what nobody took comes again, until its waits are used up."""
        if (status is not None and 200 <= status < 300) or message.tries >= len(WAITS_S):
            return
        again = replace(message, due_s=now_s + WAITS_S[message.tries], tries=message.tries + 1)
        heapq.heappush(self._waiting, again)


def body(order: Order, now_s: float) -> bytes:
    """What a webhook says: the order without its items, or only that it failed."""
    return jsontext.write(views.list_row(order, now_s, old_shape=False))


async def deliver(hook: Hook, orders: Callable[[], Orders], clock: MovableClock) -> None:
    """Send what is due until cancelled."""
    outbox, places, under_way = Outbox(), asyncio.Semaphore(_ABREAST), set[asyncio.Task[None]]()

    async def send(message: Message, content: bytes) -> None:
        async with places:
            headers = hook.headers(message.id, clock.now_s(), content)
            status = await asyncio.to_thread(_post, hook.url, headers, content)
            outbox.answered(message, status, clock.now_s())

    try:
        while True:
            for message in outbox.due(orders(), clock.now_s()):
                (order,) = orders().numbered(message.number, message.number)
                task = asyncio.create_task(send(message, body(order, message.since_s)))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
            await wait_s(_LOOK_S)
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


def _post(url: str, headers: Mapping[str, str], content: bytes) -> int | None:
    """The status of the answer; `None` where there is none. A redirect is an answer, and is not followed."""
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    try:
        with closing(kind(parts.netloc, timeout=PATIENCE_S)) as connection:
            connection.request("POST", parts.path or "/", content, dict(headers))
            return connection.getresponse().status
    except (OSError, HTTPException, ValueError):
        return None
