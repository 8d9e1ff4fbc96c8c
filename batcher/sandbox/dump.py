"""The witness's statement: plain JSON values, to be compared with what somebody else believes has happened.

    {"seed": 0, "now": "2026-…Z", "balances": {"GBP": "999990.00"},
     "orders": [{"id", "idempotency_key", "amount": "10.00", "price": "9.80", "currency", "recipient",
                 "products": [code], "description", "metadata": {}, "status", "payout_status", "created_at",
                 "redemption_url",
                 "items": [{"amount", "recipient", "products", "redemption_url"}]}],
     "posts": [{"number", "nth", "key", "clock_s", "monotonic_s", "status", "wire", "fault", "order_id", "made"}],
     "reads": {"GET /v2/order/O-…": 3}}

`recipient` is the e-mail address, else the recipient reference, else `None`; an order's is that of its first item.
`idempotency_key` is `None` where somebody else made the order. `payout_status` is `None` while it is PROCESSING.
`amount` is the face value. A failed order keeps its redemption_url here, although nobody was ever shown it.
"""

from dataclasses import asdict

from batcher.sandbox import views
from batcher.sandbox.orders import Order
from batcher.sandbox.views import timestamp
from batcher.sandbox.witness import Post
from batcher.sandbox.world import World


def document(world: World, now_s: float) -> dict[str, object]:
    """The whole statement at that time."""
    return {
        "seed": world.seed,
        "now": timestamp(now_s),
        "balances": {currency: format(amount, "f") for currency, amount in world.orders.balances(now_s).items()},
        "orders": [_order(order, now_s) for order in world.orders.numbered(1, len(world.orders))],
        "posts": [_post(post) for post in world.witness.posts],
        "reads": dict(world.witness.reads),
    }


def _post(post: Post) -> dict[str, object]:
    return {**asdict(post), "wire": str(post.wire)}


def _order(order: Order, now_s: float) -> dict[str, object]:
    items = [
        {
            "amount": format(item.face_value, "f"),
            "recipient": next(iter(item.recipients), None),
            "products": list(item.codes),
            "redemption_url": order.url(at),
        }
        for at, item in enumerate(order.asked.items)
    ]
    return {
        "id": order.id,
        "idempotency_key": order.key or None,
        "amount": format(order.face_value, "f"),
        "price": format(order.price, "f"),
        "currency": order.asked.currency,
        "recipient": items[0]["recipient"],
        "products": items[0]["products"],
        "description": order.asked.description,
        "metadata": dict(order.asked.metadata),
        "status": order.status(now_s),
        "payout_status": None if order.status(now_s) == "PROCESSING" else views.payout(order, now_s)[1],
        "created_at": timestamp(order.created_s),
        "redemption_url": items[0]["redemption_url"],
        "items": items,
    }
