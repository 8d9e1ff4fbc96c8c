"""Runa's webhooks: what is signed, new and fresh is a hint to read an order back now. Nothing in it is believed.

A payload can only make batcher look sooner at what it would have looked at anyway. So what is lost, late, sent twice or
about an order that nobody follows changes nothing; each is counted.
"""

import asyncio
import json
import logging
from collections import Counter
from enum import StrEnum

from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from batcher.lifecycle import Hints
from batcher.ports import Clock
from batcher.web.doors.sizes import bounded
from batcher.web.refusals import Refused

PATH = "/webhooks/runa"
MOST_BYTES = 64_000
"""What a delivery may weigh; an order without its items has about one thousand."""
ANSWER_WITHIN_S = 10.0
"""Runa waits 15 s."""
AGE_S = 300
"""How far the time of a signature may be from ours, in seconds: what `standardwebhooks` allows."""
MOST_REMEMBERED = 10_000
"""Ids of deliveries that are known again; the oldest make way."""
_EVENT = "order.completion"
_MOST_ID = 100

_LOG = logging.getLogger("batcher.webhooks")


class Delivery(StrEnum):
    """What became of a delivery."""

    HEEDED = "heeded"
    """Its order is followed by a run of this process, and is read now."""
    NOT_FOLLOWED = "not_followed"
    """Nobody follows its order: it is unknown, or done, or another process has it, or it is not noted yet."""
    OTHER_EVENT = "other_event"
    REPEATED = "repeated"
    """This very delivery was here before."""
    FORGED = "forged"
    """The signature is missing, or is not Runa's."""
    OLD = "old"
    """It was signed too long ago, or in the future."""
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    UNREADABLE = "unreadable"
    """It is signed, and is no JSON that names an order; or it did not arrive whole."""


_STATUS = {
    Delivery.FORGED: 401,
    Delivery.OLD: 400,
    Delivery.TOO_LARGE: 413,
    Delivery.TOO_SLOW: 408,
    Delivery.UNREADABLE: 400,
}
"""Every other one is 204: sending it again would change nothing."""


class Webhooks:
    """The endpoint, as an ASGI app of its own: no session, no cookie, no form has anything to do with it."""

    def __init__(self, secret: SecretStr, *, hints: Hints, clock: Clock) -> None:
        self._webhook = Webhook(secret.get_secret_value())
        self._hints = hints
        self._clock = clock
        self._seen: dict[str, None] = {}
        self.counts: Counter[Delivery] = Counter()
        """How many deliveries became what, since the server began."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one delivery."""
        request = Request(scope, bounded(receive, MOST_BYTES))
        if request.method != "POST":
            await PlainTextResponse("Only Runa's webhooks come here.\n", 405, {"Allow": "POST"})(scope, receive, send)
            return
        what = await self._taken(request)
        self.counts[what] += 1
        _LOG.info("A webhook was %s.", what)
        status = _STATUS.get(what, 204)
        await Response(status_code=status, headers={"Connection": "close"} if status >= 400 else None)(
            scope, receive, send
        )

    async def _taken(self, request: Request) -> Delivery:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                body = await request.body()
        except TimeoutError:
            return Delivery.TOO_SLOW
        except Refused as refused:
            return Delivery.TOO_LARGE if refused.status == 413 else Delivery.TOO_SLOW
        except ClientDisconnect:
            return Delivery.UNREADABLE
        named = {name: request.headers.get(f"svix-{name}", "") for name in ("id", "timestamp", "signature")}
        return self._refusal(named, body) or self._heeded(named["id"], body)

    def _refusal(self, named: dict[str, str], body: bytes) -> Delivery | None:
        """Why a delivery is not Runa's, or not a fresh one."""
        try:
            if abs(self._clock.instant().at.timestamp() - int(named["timestamp"])) > AGE_S:
                return Delivery.OLD
            self._webhook.verify(body, {f"webhook-{name}": value for name, value in named.items()}, json_parse=False)
        except (WebhookVerificationError, ValueError, OverflowError):
            return Delivery.FORGED
        return None

    def _heeded(self, delivery_id: str, body: bytes) -> Delivery:
        if delivery_id in self._seen:
            return Delivery.REPEATED
        self._seen[delivery_id] = None
        while len(self._seen) > MOST_REMEMBERED:
            del self._seen[next(iter(self._seen))]
        try:
            order_id = _order_in(body)
        except (ValueError, RecursionError):
            return Delivery.UNREADABLE
        if order_id is None:
            return Delivery.OTHER_EVENT
        return Delivery.HEEDED if self._hints.tell(order_id) else Delivery.NOT_FOLLOWED


def _order_in(body: bytes) -> str | None:
    """The id of the order that is over: in the payload itself, or in its `data`; `None` where it is another event."""
    payload = json.loads(body)
    if not isinstance(payload, dict):
        raise ValueError("no object")  # noqa: TRY004 - one error for everything that names no order
    # Runa documents an order without its items, and no name of the event in it.
    if payload.get("type", _EVENT) != _EVENT:
        return None
    data = payload.get("data")
    order_id = data.get("id") if isinstance(data, dict) else payload.get("id")
    if not isinstance(order_id, str) or not 0 < len(order_id) <= _MOST_ID:
        raise ValueError("no order is named")
    return order_id
