"""Order lists as no documentation says they are not: scripted, page by page."""

from collections.abc import Callable, Mapping, Sequence

from batcher.model import Answer, Fault, Order, OrderPage, Reply

FOUND = Reply(http_status=200)
TOO_MANY = Reply(http_status=429, message="rate exceeded")
BROKEN = Reply(http_status=200, fault=Fault.UNREADABLE)
NO_ANSWER = Reply(fault=Fault.NO_ANSWER)


def answered(status: int, error_type: str | None = None) -> Reply:
    return Reply(http_status=status, error_type=error_type)


def tagged(order_id: str, description: str | None = "Christmas", status: str = "COMPLETED") -> Order:
    """An order that says whose it is."""
    return Order(order_id=order_id, status=status, description=description)


class Scripted:
    """Implements `batcher.ports.OrderList`: a page for each cursor, and answers in the place of the first of them."""

    def __init__(
        self,
        pages: Mapping[str, OrderPage],
        *,
        failing: Sequence[Reply] = (),
        by_id: Callable[[str], Order | None] = lambda order_id: None,
    ) -> None:
        self.pages = dict(pages)
        self.failing = list(failing)
        self.asked: list[str] = []
        self.read_by_id: list[str] = []
        self._by_id = by_id

    async def page(self, *, after: str | None = None, before: str | None = None) -> Answer[OrderPage]:
        cursor = f"after {after}" if after else f"before {before}" if before else ""
        self.asked.append(cursor)
        if self.failing:
            return Answer(reply=self.failing.pop(0))
        page = self.pages.get(cursor)
        if page is None:
            return Answer(reply=answered(400, "pagination_error"))
        return Answer(reply=FOUND, content=page)

    async def read(self, order_id: str) -> Reply:
        self.read_by_id.append(order_id)
        order = self._by_id(order_id)
        return answered(404, "not_found") if order is None else Reply(http_status=200, order=order)


def page(*order_ids: str, after: str | None = None, before: str | None = None) -> OrderPage:
    """A page with these orders."""
    return OrderPage(orders=tuple(tagged(one) for one in order_ids), after=after, before=before)


class Sorted:
    """Implements `batcher.ports.OrderList`: orders in any order that `sorting` gives, with cursors that name orders."""

    def __init__(self, *order_ids: str, size: int = 3, sorting: Callable[[str], object] = lambda one: one) -> None:
        self.order_ids = list(order_ids)
        self.size = size
        self.asked = 0
        self._sorting = sorting

    async def page(self, *, after: str | None = None, before: str | None = None) -> Answer[OrderPage]:
        self.asked += 1
        ids = sorted(self.order_ids, key=self._sorting)  # type: ignore[arg-type]
        if before is not None:
            end = ids.index(before)
            shown = ids[max(0, end - self.size) : end]
        else:
            start = 0 if after is None else ids.index(after) + 1
            shown = ids[start : start + self.size]
        cursors = (shown[-1], shown[0]) if shown else (after, before)
        return Answer(reply=FOUND, content=page(*shown, after=cursors[0], before=cursors[1]))

    async def read(self, order_id: str) -> Reply:
        return Reply(http_status=200, order=tagged(order_id))
