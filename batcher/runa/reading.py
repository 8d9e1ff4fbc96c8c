"""From the bytes of an answer to a `Reply`: read tolerantly, in the older and the newer shape of the API.

What is missing or of a strange type becomes `None`, which proves nothing; only what is not the API's at all is a fault.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from batcher.model import Answer, Fault, Order, Reply
from batcher.runa import fields

T = TypeVar("T")

_ORDER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_DESCRIPTION_CHARACTERS = 1000


def read_reply(status: int, headers: Mapping[str, str], answer: bytes | None) -> Reply:
    """What one answer about an order says. `answer` is `None` where it was too long to be one."""
    reply, content = _opened(status, headers, answer)
    if reply.fault is not None or status >= 300:
        return reply
    if not isinstance(content, dict):
        return replace(reply, fault=Fault.UNREADABLE)
    return replace(reply, order=read_order(content))


def read_answer(
    status: int, headers: Mapping[str, str], answer: bytes | None, meaning: Callable[[Any], T | None]
) -> Answer[T]:
    """What one answer to a question says. `meaning` reads its JSON; what it gives `None` for is unreadable.

    Only a 200 answers a question: what calls itself partial or empty must not be taken for the whole.
    """
    reply, content = _opened(status, headers, answer)
    if reply.fault is not None or status >= 300:
        return Answer(reply=reply)
    understood = meaning(content) if status == 200 else None
    if understood is None:
        return Answer(reply=replace(reply, fault=Fault.UNREADABLE))
    return Answer(reply=reply, content=understood)


def _opened(status: int, headers: Mapping[str, str], answer: bytes | None) -> tuple[Reply, Any]:
    """The reply without an order, and the JSON of a success."""
    date = fields.date(headers.get("date"))
    reply = Reply(
        http_status=status,
        request_id=fields.text(headers.get("x-request-id"), 100),
        date=date,
        retry_after_s=_retry_after_s(headers.get("retry-after"), date),
    )
    content = fields.json_value(headers.get("content-type", ""), answer)
    if content is None or (status >= 300 and not isinstance(content, dict)):
        return replace(reply, fault=Fault.UNREADABLE), None
    if status < 300:
        return reply, content
    message = fields.words(content.get("message", content.get("error")))
    return replace(reply, error_type=fields.text(content.get("type"), 100), message=message), None


def read_order(content: Mapping[str, Any]) -> Order | None:
    """The order that an answer tells of, or `None` where it names none. A row of the list is one, with less in it."""
    order_id = content.get("id")
    if not isinstance(order_id, str) or not _ORDER_ID.fullmatch(order_id):
        return None
    items = content.get("items")
    items = items if isinstance(items, list) else []
    item = fields.mapping(items[0]) if items else {}
    method = fields.mapping(item.get("distribution_method"))
    payout = fields.mapping(item.get("payout"))
    metadata = fields.mapping(content.get("metadata"))
    return Order(
        order_id=order_id,
        status=fields.text(content.get("status"), 40) or "",
        key=fields.text(metadata.get("idempotency_key"), 200),
        link_mark=fields.text(metadata.get("recipient"), 200),
        amount=fields.amount(item.get("face_value")),
        currency=_currency(content),
        products=_products(fields.mapping(item.get("products"))),
        distribution=fields.text(method.get("type"), 40),
        email=fields.text(method.get("email_address"), 320),
        recipient_reference=fields.text(method.get("recipient_reference"), 255),
        item_count=len(items) or None,
        # The key comes first in it: whatever somebody has added must not hide whose order this is.
        description=fields.beginning(content.get("description"), _DESCRIPTION_CHARACTERS),
        discount=fields.amount(content.get("total_discount")),
        redemption_url=fields.text(payout.get("url"), 4000) or fields.text(item.get("redemption_url"), 4000),
        payout_status=fields.text(payout.get("status"), 40),
        expiry_date=fields.text(payout.get("expiry_date"), 40),
        price=fields.amount(item.get("price", content.get("total_price"))),
        created_at=fields.text(content.get("created_at"), 40),
        completed_at=fields.text(content.get("completed_at"), 40),
    )


def _currency(content: Mapping[str, Any]) -> str | None:
    return fields.text(content.get("currency") or fields.mapping(content.get("payment_method")).get("currency"), 10)


def _products(products: Mapping[str, Any]) -> tuple[str, ...] | None:
    values = products.get("values")
    if isinstance(values, list):
        return tuple(value for value in values if isinstance(value, str)) or None
    one = fields.text(products.get("value"), 200) or fields.text(products.get("template_id"), 200)
    return None if one is None else (one,)


def _retry_after_s(value: str | None, date: datetime | None) -> float | None:
    """Seconds to wait: given as such, or as a date on the server's own clock."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return min(float(value), 86_400.0)
    until = fields.date(value)
    return None if until is None or date is None else max(0.0, (until - date).total_seconds())
