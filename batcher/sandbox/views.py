"""How an order looks from outside at a moment: as one read by its id, and as a row of the list."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from batcher.sandbox.orders import Order, item_price
from batcher.sandbox.outcomes import Outcome
from batcher.sandbox.validation import AskedItem

VALID_DAYS = 365
PAYOUT_STATUSES = ("ACTIVE", "CLAIMED", "CANCELLED", "EXPIRED")


def timestamp(time_s: float, *, days: int = 0) -> str:
    """A time as the API writes it: UTC, microseconds, `Z`."""
    moment = datetime.fromtimestamp(time_s, UTC) + timedelta(days=days)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_by_id(order: Order, now_s: float, *, old_shape: bool) -> dict[str, Any]:
    """What `GET /order/{id}` says."""
    status = order.status(now_s)
    if status == "PROCESSING":
        return {"id": order.id, "status": status, "message": "This order is being processed."}
    if status == "FAILED" and not order.reads_whole_when_failed:
        return {"id": order.id, "status": status}
    metadata = dict(order.asked.metadata)
    if order.outcome is Outcome.MISMATCH_KEY:
        metadata = {name: f"{value}-other" for name, value in metadata.items()}
    items = [_item(order, at, now_s, old_shape=old_shape) for at in range(len(order.asked.items))]
    return {**_head(order, now_s, old_shape=old_shape), "items": items, "metadata": metadata}


def list_row(order: Order, now_s: float, *, old_shape: bool) -> dict[str, Any]:
    """What `GET /order` says of it: neither items nor metadata, and hardly anything while it is processed."""
    whole = read_by_id(order, now_s, old_shape=old_shape)
    return {name: value for name, value in whole.items() if name not in ("items", "metadata")}


def _head(order: Order, now_s: float, *, old_shape: bool) -> dict[str, Any]:
    status = order.status(now_s)
    return {
        "id": order.id,
        "status": status,
        "created_at": timestamp(order.created_s),
        "completed_at": timestamp(order.changed_s(now_s)) if status == "COMPLETED" else None,
        "description": order.asked.description,
        "payment_method": {"type": "ACCOUNT_BALANCE", "currency": order.asked.currency},
        "currency": order.asked.currency,
        "total_price": money(order.price, old_shape=old_shape),
        "total_discount": money(order.face_value - order.price, old_shape=old_shape),
        "transaction_detail": None,
    }


def money(amount: Decimal, *, old_shape: bool) -> object:
    """An amount: a string, or in the older shape a number."""
    return amount if old_shape else format(amount, "f")


def _item(order: Order, at: int, now_s: float, *, old_shape: bool) -> dict[str, Any]:
    item, status = order.asked.items[at], order.status(now_s)
    face_value = item.face_value + (1 if order.outcome is Outcome.MISMATCH_AMOUNT else 0)
    url = None if order.outcome is Outcome.NO_LINK or status == "FAILED" else order.url(at)
    expires = timestamp(order.created_s, days=VALID_DAYS)[:10]
    shown: dict[str, Any] = {
        "id": f"I-{order.id[2:]}{at:X}",
        "distribution_method": _distribution(order, item),
        "products": item.products,
        "face_value": money(face_value, old_shape=old_shape),
        "price": money(item_price(item), old_shape=old_shape),
    }
    if old_shape:
        return {**shown, "redemption_url": url, "expiry_date": expires}
    since_s, state = payout(order, now_s)
    payout_shown = {"status": state, "status_updated_at": timestamp(since_s), "url": url, "expiry_date": expires}
    return {**shown, "payout": payout_shown}


def payout(order: Order, now_s: float) -> tuple[float, str]:
    """Since when its payouts are what, as long as there are any."""
    if order.status(now_s) == "FAILED":
        return order.changed_s(now_s), "CANCELLED"
    return order.payout or (order.changed_s(now_s), "ACTIVE")


def _distribution(order: Order, item: AskedItem) -> Mapping[str, str]:
    if order.outcome is not Outcome.MISMATCH_ADDRESS:
        return item.distribution
    other = {"email_address": "somebody.else@payouts.example", "recipient_reference": "somebody-else"}
    return {name: other.get(name, value) for name, value in item.distribution.items()}
