"""Pages of the order list. A page is read whole or not at all: a lost row could be an order that has been paid.

What is cut off or strange is never an end: a page says that nothing follows only by a cursor that is null or missing.
"""

from collections.abc import Mapping
from typing import Any

from batcher.model import Answer, Order, OrderPage
from batcher.runa import fields
from batcher.runa.reading import read_answer, read_order

MOST_ROWS = 10_000
"""Where a page is no page any more: one of 500 orders was asked for at most."""

_CURSOR_CHARACTERS = 4000


def read_page(status: int, headers: Mapping[str, str], answer: bytes | None) -> Answer[OrderPage]:
    """What one page of the list says. A row that names no order, or a strange cursor, makes all of it unreadable."""
    return read_answer(status, headers, answer, _page)


def _page(content: Any) -> OrderPage | None:
    told = fields.mapping(content)
    orders, cursors = _orders(told.get("items")), _cursors(told)
    return None if orders is None or cursors is None else OrderPage(orders=orders, after=cursors[0], before=cursors[1])


def _orders(rows: object) -> tuple[Order, ...] | None:
    if not isinstance(rows, list) or len(rows) > MOST_ROWS:
        return None
    orders = tuple(order for row in rows if (order := read_order(fields.mapping(row))) is not None)
    return orders if len(orders) == len(rows) else None


def _cursors(content: Mapping[str, Any]) -> tuple[str | None, str | None] | None:
    """The cursors after and before the page, where both are cursors or absent."""
    cursors = content
    for name in ("pagination", "cursors"):
        within = cursors.get(name)
        if within is not None and not isinstance(within, dict):
            return None
        cursors = within or {}
    after, before = cursors.get("after"), cursors.get("before")
    return (after or None, before or None) if _is_cursor(after) and _is_cursor(before) else None


def _is_cursor(value: object) -> bool:
    """Whether it is one, or says that there is none: null, missing, or an empty text."""
    return value is None or value == "" or fields.text(value, _CURSOR_CHARACTERS) is not None
