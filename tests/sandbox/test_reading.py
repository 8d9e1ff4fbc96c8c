from typing import Any

import pytest

from tests.sandbox.caller import Caller, kind, order


def filled(count: int = 7, **switches: object) -> tuple[Caller, list[str]]:
    """A caller and the ids of its completed orders, oldest first."""
    caller = Caller(**switches)
    made = []
    for at in range(count):
        made.append(caller.made(order(description=f"tag {at}", metadata={"at": "x"}), f"k{at}"))
        caller.later(1)
    caller.later(60)
    return caller, made


def walk(caller: Caller, limit: int, pages: int = 20) -> list[str]:
    """Every id that following `after` shows."""
    seen: list[str] = []
    target = f"/order?limit={limit}"
    for _ in range(pages):
        page: dict[str, Any] = caller.get(target)
        seen += [row["id"] for row in page["items"]]
        after = page["pagination"]["cursors"]["after"]
        if not page["items"] or after is None:
            return seen
        target = f"/order?limit={limit}&after={after}"
    raise AssertionError("the list has no end")


@pytest.mark.parametrize("end", ["empty_page", "null_cursor"])
@pytest.mark.parametrize("first", ["newest", "oldest"])
@pytest.mark.parametrize("limit", [1, 3, 7, 500])
def test_following_the_cursors_shows_every_order_once(end: str, first: str, limit: int) -> None:
    caller, made = filled(list_end=end, list_order=first)

    assert walk(caller, limit) == (made if first == "oldest" else made[::-1])


@pytest.mark.parametrize("first", ["newest", "oldest"])
def test_before_leads_back_to_the_page_beside(first: str) -> None:
    caller, made = filled(list_order=first)
    shown = made if first == "oldest" else made[::-1]
    second = caller.get("/order?limit=3&after=" + caller.get("/order?limit=3")["pagination"]["cursors"]["after"])

    back = caller.get("/order?limit=3&before=" + second["pagination"]["cursors"]["before"])

    assert [row["id"] for row in second["items"]] == shown[3:6]
    assert [row["id"] for row in back["items"]] == shown[:3]


def test_the_end_is_an_empty_page_or_a_null_cursor() -> None:
    empty, _ = filled(3, list_end="empty_page")
    null, _ = filled(3, list_end="null_cursor")

    last = empty.get("/order?limit=3")
    beyond = empty.get("/order?limit=3&after=" + last["pagination"]["cursors"]["after"])
    assert beyond["items"] == []
    assert null.get("/order?limit=3")["pagination"]["cursors"] == {"after": None, "before": None}


def test_new_orders_between_two_pages_shift_nothing() -> None:
    caller, made = filled(4, list_order="newest")
    page = caller.get("/order?limit=2")
    caller.made(order(), "new")

    rest = caller.get("/order?limit=2&after=" + page["pagination"]["cursors"]["after"])

    assert [row["id"] for row in rest["items"]] == made[1::-1]


def test_rows_hold_a_description_once_completed_and_neither_items_nor_metadata_ever() -> None:
    caller, _ = filled(1)
    caller.made(order(description="tag"), "processing")
    processing, completed = caller.get("/order")["items"]

    assert set(processing) == {"id", "status", "message"}
    assert completed["description"] == "tag 0"
    assert not {"items", "metadata"} & set(completed)


def test_a_list_that_lags_shows_an_order_later() -> None:
    caller = Caller(list_lag_s=10)
    caller.made(order())
    caller.later(9.9)
    assert caller.get("/order")["items"] == []

    caller.later(0.1)
    assert len(caller.get("/order")["items"]) == 1


def test_an_order_that_lags_is_not_found_at_first() -> None:
    caller = Caller(get_lag_s=5)
    order_id = caller.made(order())
    assert kind(caller.ask("GET", f"/v2/order/{order_id}")) == (404, "not_found")

    caller.later(5)
    assert caller.get(f"/order/{order_id}")["status"] == "COMPLETED"


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "limit=x", "after=AAAA", "after=x&before=y", "after=b3JkZXI6OTk="]
)
def test_what_is_no_page_is_a_pagination_error(query: str) -> None:
    caller, _ = filled(2)

    assert kind(caller.ask("GET", f"/v2/order?{query}")) == (400, "pagination_error")


def test_balances_above_zero_are_listed_and_one_is_told_alone() -> None:
    caller = Caller(balances={"GBP": "12.50", "USD": "0"})

    assert caller.get("/balance") == [
        {"currency": "EUR", "balance": "1000000.00"},
        {"currency": "GBP", "balance": "12.50"},
    ]
    assert caller.get("/balance?currency=USD") == {"currency": "USD", "balance": "0.00"}


def test_products_are_shown_one_by_one_and_all_together() -> None:
    caller = Caller()
    one = caller.get("/product/HARBOUR-GB")

    assert one in caller.get("/product")["catalog"]
    assert one["gift_card"]["denominations"]["type"] == "fixed"
    assert caller.get("/product/CLOSED-GB")["is_orderable"] is False
    assert kind(caller.ask("GET", "/v2/product/NONE")) == (404, "not_found")


def test_an_estimate_prices_without_making_anything() -> None:
    caller = Caller()
    answer = caller.ask("POST", "/v2/order/estimate", b"%s" % str(order(amount=100)).replace("'", '"').encode())

    assert (answer.status, b'"total_price":"98.00"' in answer.body) == (200, True)
    assert caller.orders() == []
