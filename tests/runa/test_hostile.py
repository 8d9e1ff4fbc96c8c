"""No answer, however strange, makes reading it raise; and nothing that is read is more than it says."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.model import Fault, Order, Reply
from batcher.runa.reading import read_reply

JSON = {"content-type": "application/json"}
UNHURRIED = settings(deadline=None, max_examples=150)

NAMES = st.sampled_from(
    [
        "id",
        "status",
        "items",
        "metadata",
        "currency",
        "payment_method",
        "face_value",
        "price",
        "total_price",
        "products",
        "values",
        "value",
        "template_id",
        "distribution_method",
        "email_address",
        "recipient_reference",
        "payout",
        "url",
        "expiry_date",
        "redemption_url",
        "type",
        "message",
        "error",
        "created_at",
        "completed_at",
        "idempotency_key",
    ]
)
ODD_TEXTS = st.sampled_from(
    ["", "O-1", "10.00", "1e999999999999999999999", "NaN", "-0", "Infinity", "\ud800", "\x00", "²"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | ODD_TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6), max_leaves=25
)
ORDERS = st.dictionaries(NAMES, VALUES, max_size=10).map(lambda fields: {"id": "O-1", **fields})
DATES = st.text(max_size=40) | st.sampled_from(
    [
        "Fri, 31 Dec 9999 23:59:59 -0500",
        "Mon, 01 Jan 0001 00:00:00 +1400",
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        "Fri, 31 Dec 2020 23:59:59 -99999999999999999999999",
        "Mon, 02 Mar 2026 09:00:00 GMT",
        "Mon, 02 Mar 2026 09:00:00",
        "9" * 5000,
    ]
)
HEADERS = st.fixed_dictionaries(
    {"content-type": st.just("application/json") | st.text(max_size=30)},
    optional={"date": DATES, "retry-after": DATES, "x-request-id": st.text(max_size=200)},
)
STATUSES = st.integers(100, 999)


def is_sound(reply: Reply) -> bool:
    """What is promised of every reply, whatever it was read from."""
    told = [reply.error_type, reply.message, reply.request_id]
    if isinstance(reply.order, Order):
        order = reply.order
        told += [order.order_id, order.status, order.key, order.currency, order.email, order.recipient_reference]
        told += [order.redemption_url, order.payout_status, order.expiry_date, order.created_at, order.completed_at]
        assert all(amount is None or amount.is_finite() for amount in (order.amount, order.price))
        assert reply.http_status is not None
        assert reply.fault is None
        assert reply.http_status < 300
    assert reply.retry_after_s is None or 0 <= reply.retry_after_s < float("inf")
    assert reply.date is None or reply.date.utcoffset() is not None
    for text in told:
        assert isinstance((text or "").encode(), bytes)  # half a character would raise
    return reply.message is None or (len(reply.message) <= 300 and "://" not in reply.message)


@UNHURRIED
@given(status=STATUSES, headers=HEADERS, answer=st.none() | st.binary(max_size=200))
def test_no_bytes_and_no_headers_make_reading_raise(status: int, headers: dict[str, str], answer: bytes | None) -> None:
    assert is_sound(read_reply(status, headers, answer))


@UNHURRIED
@given(status=STATUSES, headers=HEADERS, content=ORDERS | VALUES)
def test_wrong_types_everywhere_are_read_as_nothing(status: int, headers: dict[str, str], content: Any) -> None:
    answer = json.dumps(content).encode()

    assert is_sound(read_reply(status, headers, answer))
    assert is_sound(read_reply(200, JSON, answer))


@UNHURRIED
@given(message=st.text(max_size=400), link=st.from_regex(r"https?://[a-z.]{1,20}/[\w/]{0,30}", fullmatch=True))
def test_no_link_survives_in_the_apis_words(message: str, link: str) -> None:
    answer = json.dumps({"type": "bad_request", "message": f"{message} {link} {message}"}).encode()

    assert link not in (read_reply(400, JSON, answer).message or "")


@pytest.mark.parametrize(
    "answer",
    [
        b'{"id":"O-1","items":[{"face_value":NaN}]}',
        b'{"id":"O-1","items":[{"face_value":Infinity}]}',
        b'{"id":"O-1","items":[{"face_value":1e99999999999999999999}]}',
        b'{"id":' + b"9" * 5000 + b"}",
        b"[" * 500_000,
        b'{"a":' * 100_000,
        b'["id","O-1"]',
        b'"O-1"',
        b"null",
        b"\xff\xfe",
        b"",
    ],
)
def test_what_is_no_json_object_is_unreadable(answer: bytes) -> None:
    assert read_reply(202, JSON, answer) == Reply(fault=Fault.UNREADABLE, http_status=202)


def test_half_a_character_is_read_as_nothing_because_no_ledger_could_keep_it() -> None:
    reply = read_reply(400, JSON, b'{"type":"\\ud800","message":"broken \\udfff"}')

    assert (reply.error_type, reply.message) == (None, None)
