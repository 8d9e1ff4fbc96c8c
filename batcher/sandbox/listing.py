"""Pages of the order list. A cursor is the number of the order at a page's edge, so new orders shift no page."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

from batcher.sandbox.message import Reply, refused
from batcher.sandbox.orders import Order, Orders
from batcher.sandbox.switches import Switches

DEFAULT_LIMIT = 50
MOST = 500


@dataclass(frozen=True, slots=True)
class Page:
    """Some orders in the order of the list, and where the pages beside them begin."""

    orders: tuple[Order, ...]
    after: str | None
    before: str | None
    limit: int


def read_page(orders: Orders, query: Mapping[str, str], switches: Switches, now_s: float) -> Page | Reply:
    """The page that the query asks for, or the 400 that refuses it."""
    limit_text = query.get("limit", str(DEFAULT_LIMIT))
    limit = int(limit_text) if limit_text.isascii() and limit_text.isdigit() and len(limit_text) < 9 else 0
    if not 1 <= limit <= MOST or ("after" in query and "before" in query):
        return refused(400, "pagination_error", f"A limit from 1 to {MOST} and one cursor at most are possible.")
    limit = min(limit, switches.list_page)
    shown = orders.made_until(now_s - switches.list_lag_s)
    edge = _number(query.get("after", query.get("before", "")), shown)
    if edge is None:
        return refused(400, "pagination_error", "The cursor is unknown.")
    newest_first = switches.list_order == "newest"
    upwards = newest_first == ("before" in query)
    if upwards:
        found = orders.numbered(edge + 1, min(shown, edge + limit))
    else:
        top = min(shown, edge - 1) if edge else shown
        found = orders.numbered(max(1, top - limit + 1), top)
    if newest_first:
        found.reverse()
    return _page(found, query, limit, (1, shown), switches)


def _page(found: list[Order], query: Mapping[str, str], limit: int, ends: tuple[int, int], switches: Switches) -> Page:
    if not found:
        keep = switches.list_end == "empty_page"
        return Page((), query.get("after") if keep else None, query.get("before") if keep else None, limit)
    hides_ends = switches.list_end == "null_cursor"
    first, last = found[0].number, found[-1].number
    start, end = (ends[1], ends[0]) if switches.list_order == "newest" else ends
    return Page(
        tuple(found),
        None if hides_ends and last == end else _cursor(last),
        None if hides_ends and first == start else _cursor(first),
        limit,
    )


def _cursor(number: int) -> str:
    return base64.urlsafe_b64encode(f"order:{number}".encode()).decode()


def _number(cursor: str, shown: int) -> int | None:
    """The order number in the cursor, 0 for no cursor, `None` for one that this sandbox never gave."""
    if not cursor:
        return 0
    try:
        word, _, digits = base64.urlsafe_b64decode(cursor.encode()).decode("ascii").partition(":")
    except (ValueError, binascii.Error):
        return None
    known = word == "order" and digits.isdigit() and len(digits) < 16 and 1 <= int(digits) <= shown
    return int(digits) if known else None
