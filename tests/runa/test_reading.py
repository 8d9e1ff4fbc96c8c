"""Both shapes of the API's replies come to the same order."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from batcher.model import Order, Reply
from batcher.runa.reading import read_order, read_reply
from batcher.sandbox import Sandbox
from tests.runa.asking import client_of

JSON = {"content-type": "application/json"}
DATE = "Mon, 02 Mar 2026 09:00:00 GMT"

NEW: dict[str, Any] = {
    "id": "O-1",
    "status": "COMPLETED",
    "currency": "GBP",
    "created_at": "2026-03-02T09:00:00.000000Z",
    "completed_at": "2026-03-02T09:00:01.000000Z",
    "total_price": "9.80",
    "items": [
        {
            "distribution_method": {"type": "RECIPIENT", "email_address": "a@example.com", "recipient_reference": "E7"},
            "products": {"type": "MULTIPLE", "values": ["AMZ-GB", "AIRBNB-GB"]},
            "face_value": "10.00",
            "price": "9.80",
            "payout": {"status": "ACTIVE", "url": "https://spend.example/1", "expiry_date": "2027-03-02"},
        }
    ],
    "metadata": {"idempotency_key": "k-1"},
}
READ = Order(
    distribution="RECIPIENT",
    order_id="O-1",
    status="COMPLETED",
    key="k-1",
    amount=Decimal("10.00"),
    currency="GBP",
    products=("AMZ-GB", "AIRBNB-GB"),
    email="a@example.com",
    recipient_reference="E7",
    item_count=1,
    redemption_url="https://spend.example/1",
    payout_status="ACTIVE",
    expiry_date="2027-03-02",
    price=Decimal("9.80"),
    created_at="2026-03-02T09:00:00.000000Z",
    completed_at="2026-03-02T09:00:01.000000Z",
)


def item(**changes: object) -> dict[str, Any]:
    """The newer reply with changes to its item; `None` leaves a field out."""
    changed = {name: value for name, value in (NEW["items"][0] | changes).items() if value is not None}
    return NEW | {"items": [changed]}


def test_the_newer_shape_is_read_whole() -> None:
    assert read_order(NEW) == READ


def test_the_older_shape_has_its_link_on_the_item_and_numbers_for_strings() -> None:
    older = b"""{"id":"O-1","status":"COMPLETED","currency":"GBP","items":[{"face_value":10.10,"price":9.8,
        "redemption_url":"https://spend.example/1","products":{"type":"SINGLE","value":"AMZ-GB"}}]}"""
    order = read_reply(200, JSON, older).order

    assert order is not None
    assert (order.redemption_url, order.amount, order.price) == (READ.redemption_url, Decimal("10.10"), Decimal("9.8"))
    assert order.products == ("AMZ-GB",)


def test_the_payouts_own_link_wins_where_both_are_there() -> None:
    order = read_order(item(redemption_url="https://spend.example/old"))

    assert order is not None
    assert order.redemption_url == "https://spend.example/1"


def test_a_payout_without_a_link_falls_back_to_the_items() -> None:
    order = read_order(item(redemption_url="https://spend.example/old", payout={"status": "ACTIVE", "url": None}))

    assert order is not None
    assert order.redemption_url == "https://spend.example/old"


def test_what_is_left_out_is_none() -> None:
    assert read_order({"id": "O-1", "status": "PROCESSING"}) == Order(order_id="O-1", status="PROCESSING")


def test_the_currency_is_found_in_the_payment_method_where_it_is_nowhere_else() -> None:
    order = read_order({"id": "O-1", "payment_method": {"type": "ACCOUNT_BALANCE", "currency": "EUR"}})

    assert order is not None
    assert order.currency == "EUR"


def test_a_template_is_read_as_its_product() -> None:
    order = read_order(item(products={"type": "TEMPLATE", "template_id": "PT-9"}))

    assert order is not None
    assert order.products == ("PT-9",)


@pytest.mark.parametrize("order_id", [None, 7, "", " ", "../balance", "a/b", "O-1\n", "x" * 101, ["O-1"], "O 1"])
def test_what_cannot_be_an_order_id_names_no_order(order_id: object) -> None:
    assert read_order({"id": order_id, "status": "PROCESSING"}) is None


def test_an_amount_is_never_a_float_on_its_way() -> None:
    order = read_reply(200, JSON, b'{"id":"O-1","items":[{"face_value":0.1000000000000000055511151231257827}]}').order

    assert order is not None
    assert str(order.amount) == "0.1000000000000000055511151231257827"


@pytest.mark.parametrize("status", [300, 307, 400, 404, 500])
def test_only_a_success_names_an_order(status: int) -> None:
    assert read_reply(status, JSON, b'{"id":"O-1","status":"COMPLETED"}').order is None


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/problem+json"]
)
def test_json_has_many_names(content_type: str) -> None:
    assert read_reply(202, {"content-type": content_type}, b'{"id":"O-1"}').order is not None


def test_a_date_counts_seconds_from_the_servers_own_clock() -> None:
    headers = {"date": DATE, "retry-after": "Mon, 02 Mar 2026 09:02:00 GMT"}

    assert read_reply(429, JSON | headers, b'{"error":"rate exceeded"}') == Reply(
        http_status=429, message="rate exceeded", date=datetime(2026, 3, 2, 9, 0, tzinfo=UTC), retry_after_s=120.0
    )


@pytest.mark.parametrize(
    ("retry_after", "wait_s"),
    [("0", 0), (" 7 ", 7), ("99999999", 86_400), ("9" * 5000, 86_400), ("-1", None), ("1.5", None), ("soon", None)],
)
def test_a_retry_after_is_bounded_and_what_cannot_be_read_is_none(retry_after: str, wait_s: float | None) -> None:
    assert read_reply(429, JSON | {"date": DATE, "retry-after": retry_after}, b"{}").retry_after_s == wait_s


def test_a_date_that_has_passed_asks_for_no_wait() -> None:
    headers = {"date": DATE, "retry-after": "Mon, 02 Mar 2026 08:00:00 GMT"}

    assert read_reply(429, JSON | headers, b"{}").retry_after_s == 0.0


def test_a_date_to_wait_for_says_nothing_where_the_server_does_not_say_what_time_it_is() -> None:
    assert read_reply(429, JSON | {"retry-after": DATE}, b"{}").retry_after_s is None


def test_the_sandbox_in_both_shapes_reads_as_the_same_order() -> None:
    body = (
        b'{"items":[{"distribution_method":{"email_address":"a@example.com","type":"EMAIL"},"face_value":12.50,'
        b'"products":{"type":"SINGLE","value":"AMZ-GB"}}],"metadata":{"idempotency_key":"k-1"},'
        b'"payment_method":{"currency":"GBP","type":"ACCOUNT_BALANCE"}}'
    )

    async def story() -> list[Order]:
        sandbox, seen = Sandbox(), []
        async with sandbox.serve() as url, client_of(url) as client:
            made = await client.create(key="k-1", body=body)
            assert made.order is not None
            sandbox.advance(10)
            for shape in ("never", "always"):
                sandbox.switch(old_shape=shape)
                order = (await client.read(made.order.order_id)).order
                assert order is not None
                seen.append(order)
        return seen

    newer, older = asyncio.run(story())

    assert newer.redemption_url is not None
    assert newer.amount == Decimal("12.50")
    assert (newer.key, newer.email, newer.currency) == ("k-1", "a@example.com", "GBP")
    # The older shape knows no status of the payout.
    assert replace(older, payout_status=None, expiry_date=None) == replace(newer, payout_status=None, expiry_date=None)
