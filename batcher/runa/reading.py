"""From the bytes of an answer to a `Reply`: read tolerantly, in the older and the newer shape of the API.

What is missing or of a strange type becomes `None`, which proves nothing; only what is not the API's at all is a fault.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any

from batcher.model import Fault, Order, Reply

_LINK = re.compile(r"\w+://\S+")
_ORDER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MESSAGE_CHARACTERS = 300


def read_reply(status: int, headers: Mapping[str, str], answer: bytes | None) -> Reply:
    """What one answer says. `answer` is `None` where it was too long to be one."""
    date = _date(headers.get("date"))
    common: dict[str, Any] = {
        "http_status": status,
        "request_id": _text(headers.get("x-request-id"), 100),
        "date": date,
        "retry_after_s": _retry_after_s(headers.get("retry-after"), date),
    }
    content = _json(headers.get("content-type", ""), answer)
    if content is None:
        return Reply(fault=Fault.UNREADABLE, **common)
    if status >= 300:
        return Reply(
            error_type=_text(content.get("type"), 100),
            message=_words(content.get("message", content.get("error"))),
            **common,
        )
    return Reply(order=read_order(content), **common)


def read_order(content: Mapping[str, Any]) -> Order | None:
    """The order that an answer tells of, or `None` where it names none."""
    order_id = content.get("id")
    if not isinstance(order_id, str) or not _ORDER_ID.fullmatch(order_id):
        return None
    items = content.get("items")
    items = items if isinstance(items, list) else []
    item = _mapping(items[0]) if items else {}
    method = _mapping(item.get("distribution_method"))
    payout = _mapping(item.get("payout"))
    return Order(
        order_id=order_id,
        status=_text(content.get("status"), 40) or "",
        key=_text(_mapping(content.get("metadata")).get("idempotency_key"), 200),
        amount=_amount(item.get("face_value")),
        currency=_text(content.get("currency") or _mapping(content.get("payment_method")).get("currency"), 10),
        products=_products(_mapping(item.get("products"))),
        distribution=_text(method.get("type"), 40),
        email=_text(method.get("email_address"), 320),
        recipient_reference=_text(method.get("recipient_reference"), 255),
        item_count=len(items) or None,
        redemption_url=_text(payout.get("url"), 4000) or _text(item.get("redemption_url"), 4000),
        payout_status=_text(payout.get("status"), 40),
        expiry_date=_text(payout.get("expiry_date"), 40),
        price=_amount(item.get("price", content.get("total_price"))),
        created_at=_text(content.get("created_at"), 40),
        completed_at=_text(content.get("completed_at"), 40),
    )


def _json(content_type: str, answer: bytes | None) -> Mapping[str, Any] | None:
    """The JSON object that the answer is, if it is one."""
    if answer is None or "json" not in content_type.lower():
        return None
    try:
        content = json.loads(answer, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, ArithmeticError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object, longest: int) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= longest and _is_unicode(value) else None


def _is_unicode(text: str) -> bool:
    """JSON can escape half a character; no file and no database takes one."""
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


def _words(value: object) -> str | None:
    """The API's words for people, bounded and without links: one could be worth money."""
    if not isinstance(value, str) or not _is_unicode(value):
        return None
    return _LINK.sub("[link]", " ".join(value.split()))[:_MESSAGE_CHARACTERS] or None


def _amount(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return None
    # Beyond these bounds it is no money, and would fill a cell with a million digits.
    return amount if amount.is_finite() and -10 < amount.adjusted() < 20 else None


def _products(products: Mapping[str, Any]) -> tuple[str, ...] | None:
    values = products.get("values")
    if isinstance(values, list):
        return tuple(value for value in values if isinstance(value, str)) or None
    one = _text(products.get("value"), 200) or _text(products.get("template_id"), 200)
    return None if one is None else (one,)


def _date(value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        date = parsedate_to_datetime(value)
        date = date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    # A clock that says something else was never set; keys must not age by it.
    return date if 2020 <= date.year < 2200 else None


def _retry_after_s(value: str | None, date: datetime | None) -> float | None:
    """Seconds to wait: given as such, or as a date on the server's own clock."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return min(float(value), 86_400.0)
    until = _date(value)
    return None if until is None or date is None else max(0.0, (until - date).total_seconds())
