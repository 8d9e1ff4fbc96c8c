"""The order list: every order of a page is read, and nothing that is cut off or strange looks like an end."""

import json
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher import keys
from batcher.model import Answer, Fault, OrderPage
from batcher.ports import OrderList
from batcher.runa import RunaClient
from batcher.runa.client import MAX_LIST_BYTES
from batcher.runa.listing import MOST_ROWS, read_page
from batcher.sandbox import Sandbox
from tests.core.payouts import ANN
from tests.runa.asking import answering, client_of, response, story_of
from tests.runa.test_hostile import UNHURRIED, VALUES

JSON = {"content-type": "application/json"}
ROW = {
    "id": "O-1",
    "status": "COMPLETED",
    "description": "k-1 november R1",
    "payment_method": {"type": "ACCOUNT_BALANCE", "currency": "GBP"},
    "currency": "GBP",
    "total_price": "9.80",
    "total_discount": "0.20",
}
KEY = "0e9b9b2a-7a55-8c5e-8f0a-3b1d8a2c4e6f"


def page(items: object, cursors: object = None, **more: object) -> dict[str, Any]:
    """A page of the list, as the API writes it."""
    return {"items": items, "pagination": {"cursors": cursors, "page": {"limit": 500}}, **more}


def read(content: object, status: int = 200) -> Answer[OrderPage]:
    return read_page(status, JSON, json.dumps(content).encode())


def understood(content: object) -> OrderPage:
    answer = read(content)
    assert answer.content is not None, answer.reply
    return answer.content


def ids(answer: Answer[OrderPage]) -> list[str]:
    assert answer.content is not None, answer.reply
    return [order.order_id for order in answer.content.orders]


def test_the_client_is_an_order_list() -> None:
    reader: OrderList = client_of("http://127.0.0.1:9/v2")

    assert isinstance(reader, RunaClient)


@pytest.mark.parametrize("shape", ["strings", "numbers"])
def test_a_row_says_what_it_is_called_what_it_cost_and_what_was_saved(shape: str) -> None:
    numbers = b'"total_price":9.80,"total_discount":0.20'
    row = json.dumps(ROW).encode().replace(b'"total_price": "9.80", "total_discount": "0.20"', numbers)
    text = b'{"items":[%s]}' % (row if shape == "numbers" else json.dumps(ROW).encode())
    assert (numbers in text) == (shape == "numbers")

    answer = read_page(200, JSON, text)

    assert answer.content is not None
    (order,) = answer.content.orders
    assert (order.description, order.currency, order.status) == ("k-1 november R1", "GBP", "COMPLETED")
    assert (order.price, order.discount) == (Decimal("9.80"), Decimal("0.20"))
    assert (order.amount, order.key, order.item_count) == (None, None, None)


def test_a_row_in_process_says_hardly_anything_and_counts_all_the_same() -> None:
    (order,) = understood(page([{"id": "O-1", "status": "PROCESSING", "message": "m"}])).orders

    assert (order.order_id, order.status, order.description) == ("O-1", "PROCESSING", None)


def test_cursors_are_given_as_they_are() -> None:
    told = understood(page([ROW], {"after": "b3JkZXI6MQ==", "before": "ß&=?#"}))

    assert (told.after, told.before) == ("b3JkZXI6MQ==", "ß&=?#")


@pytest.mark.parametrize(
    "content",
    [
        page([]),
        page([], {"after": None, "before": None}),
        page([], {"after": ""}),
        page([], {}),
        {"items": []},
        {"items": [], "pagination": None},
        {"items": [], "pagination": {}},
    ],
)
def test_an_absent_cursor_is_none(content: object) -> None:
    assert understood(content) == OrderPage(orders=(), after=None, before=None)


@pytest.mark.parametrize("cursor", [7, 0, True, False, [], ["x"], {}, {"after": "x"}, 1.5, "\ud800", "x" * 4001])
@pytest.mark.parametrize("side", ["after", "before"])
def test_a_cursor_of_a_strange_type_is_no_end(side: str, cursor: object) -> None:
    assert read(page([ROW], {side: cursor})).reply.fault is Fault.UNREADABLE
    assert read(page([], {side: cursor})).content is None


@pytest.mark.parametrize("strange", [[], "", "end", 0, False, [{"after": "x"}]])
def test_cursors_in_a_strange_place_are_no_end(strange: object) -> None:
    assert read(page([ROW], strange)).reply.fault is Fault.UNREADABLE
    assert read({"items": [ROW], "pagination": strange}).reply.fault is Fault.UNREADABLE


@pytest.mark.parametrize(
    "content",
    [
        {},
        None,
        [],
        [ROW],
        "",
        0,
        {"items": None},
        {"items": {}},
        {"items": {"O-1": ROW}},
        {"items": ""},
        {"items": 0},
        {"items": False},
        {"item": [ROW]},
        {"items": None, "pagination": {"cursors": {"after": None, "before": None}}},
        {"message": "no orders"},
    ],
)
def test_what_holds_no_list_of_orders_is_no_empty_list(content: object) -> None:
    answer = read(content)

    assert (answer.reply.fault, answer.reply.http_status, answer.content) == (Fault.UNREADABLE, 200, None)


@pytest.mark.parametrize(
    "row", [None, {}, [], "O-2", 7, {"id": None}, {"id": 2}, {"id": ""}, {"id": "../balance"}, {"order_id": "O-2"}]
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_row_without_a_usable_id_makes_the_page_unreadable(row: object, place: int) -> None:
    rows: list[object] = [ROW, ROW]
    rows.insert(place, row)

    assert read(page(rows)).reply.fault is Fault.UNREADABLE


@pytest.mark.parametrize("status", [201, 202, 203, 204, 206, 226])
def test_only_a_200_is_a_whole_page(status: int) -> None:
    answer = read(page([ROW]), status)

    assert (answer.reply.fault, answer.reply.http_status, answer.content) == (Fault.UNREADABLE, status, None)


def test_a_page_with_more_rows_than_anybody_asks_for_is_unreadable_at_once() -> None:
    assert len(understood(page([ROW] * MOST_ROWS)).orders) == MOST_ROWS
    assert read(page([ROW] * (MOST_ROWS + 1))).reply.fault is Fault.UNREADABLE


def test_every_cut_of_a_page_is_unreadable() -> None:
    whole = json.dumps(page([ROW], {"after": "x"})).encode()

    for length in range(len(whole)):
        assert read_page(200, JSON, whole[:length]).content is None, whole[:length]
    assert read_page(200, JSON, whole).content is not None


@pytest.mark.parametrize("error", [{"type": "pagination_error", "message": "no"}, page([ROW])])
def test_a_refusal_has_no_content_whatever_it_says(error: object) -> None:
    answer = read(error, 400)

    assert (answer.reply.fault, answer.reply.http_status, answer.content) == (None, 400, None)


@pytest.mark.parametrize(
    ("said", "begins"),
    [
        (f"{KEY} \ud800 broken", f"{KEY} \ufffd broken"),
        (f"{KEY} " + "x" * 5000, f"{KEY} xxx"),
    ],
)
def test_a_description_that_cannot_be_kept_whole_still_says_whose_order_it_is(said: str, begins: str) -> None:
    (order,) = understood(page([ROW | {"description": said}])).orders

    assert order.description is not None
    assert order.description.startswith(begins)
    assert len(order.description) <= 1000


@pytest.mark.parametrize("said", [None, "", 7, ["k-1"], {"text": "k-1"}, True])
def test_a_description_that_is_no_text_is_none(said: object) -> None:
    (order,) = understood(page([ROW | {"description": said}])).orders

    assert order.description is None


@UNHURRIED
@given(items=VALUES, cursors=VALUES, pagination=VALUES, status=st.integers(100, 999))
def test_no_page_makes_reading_raise_or_loses_a_row(items: Any, cursors: Any, pagination: Any, status: int) -> None:
    for content in (page(items, cursors), {"items": items, "pagination": pagination}, {"items": [ROW, items]}, items):
        answer = read(content, status)
        assert (answer.content is None) or (status == 200 and answer.reply.fault is None)
        if answer.content is not None:
            assert len(answer.content.orders) == len(content["items"])
            assert all(cursor is None or cursor.encode() for cursor in (answer.content.after, answer.content.before))


def test_a_page_is_asked_for_with_its_size_and_its_cursor() -> None:
    odd = "a&b=c d+e/ß?#%"
    empty = response("200 OK", b'{"items":[]}')

    async def all_three(client: RunaClient) -> None:
        await client.page()
        await client.page(after=odd)
        await client.page(before=odd)

    _, requests = answering(empty, all_three)

    targets = [urlsplit(request.split(b" ")[1].decode()) for request in requests]
    assert {target.path for target in targets} == {"/v2/order"}
    assert [parse_qs(target.query) for target in targets] == [
        {"limit": ["500"]},
        {"limit": ["500"], "after": [odd]},
        {"limit": ["500"], "before": [odd]},
    ]


def test_the_longest_page_is_read_and_a_longer_one_is_unreadable() -> None:
    end = b'","items":[]}'
    longest = b'{"pad":"' + b"x" * (MAX_LIST_BYTES - 8 - len(end)) + end
    assert len(longest) == MAX_LIST_BYTES

    whole, _ = answering(response("200 OK", longest), RunaClient.page, timeout_s=20)
    longer, _ = answering(response("200 OK", longest + b" "), RunaClient.page, timeout_s=20)

    assert whole.content == OrderPage(orders=(), after=None, before=None)
    assert (longer.reply.fault, longer.reply.http_status, longer.content) == (Fault.UNREADABLE, 200, None)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("list_truncated", (Fault.NO_ANSWER, None)),
        ("list_too_many", (None, 429)),
        ("list_error", (None, 500)),
        ("get_hang", (Fault.NO_ANSWER, None)),
        ("get_broken_json", (Fault.UNREADABLE, 200)),
    ],
)
def test_a_page_that_does_not_come_is_a_value(fault: str, told: tuple[Fault | None, int | None]) -> None:
    async def twice(_: Sandbox, client: RunaClient) -> list[Answer[OrderPage]]:
        return [await client.page(), await client.page()]

    switches: dict[str, Any] = {fault: [1], "error_statuses": [500], "error_html": 0}
    first, second = story_of(twice, **switches)

    assert (first.reply.fault, first.reply.http_status) == told
    assert first.content is None
    assert ids(second) == []


@pytest.mark.parametrize("shape", ["never", "always"])
@pytest.mark.parametrize("end", ["empty_page", "null_cursor"])
def test_the_sandboxs_list_is_walked_to_its_end_and_our_tag_is_found(end: str, shape: str) -> None:
    tag = keys.tag(key=KEY, batch="november", payout=ANN)

    async def walk(sandbox: Sandbox, client: RunaClient) -> tuple[list[str], list[str], list[str | None]]:
        made = sandbox.make_foreign(count=5, settle_s=0, description="somebody else's")
        ours = await client.create(key=KEY, body=keys.body(key=KEY, batch="november", payout=ANN))
        assert ours.order is not None
        sandbox.advance(60)
        seen, tags, after = [], [], None
        for _ in range(10):
            told = (await client.page(after=after)).content
            assert told is not None
            seen += [order.order_id for order in told.orders]
            tags += [order.order_id for order in told.orders if order.description == tag]
            after = told.after
            if not told.orders or after is None:
                return [*made, ours.order.order_id], seen[::-1], [*tags, ours.order.order_id]
        raise AssertionError("the list has no end")

    made, seen, (found, ours) = story_of(walk, page_size=2, list_end=end, old_shape=shape)

    assert seen == made
    assert found == ours
