from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from batcher.sandbox.validation import Asked, read_order
from tests.sandbox.caller import Caller, kind, order, said

Change = Callable[[dict[str, Any]], object]


def item(**changes: object) -> Change:
    return lambda body: body["items"][0].update(changes)


def body_with(**changes: object) -> Change:
    return lambda body: body.update(changes)


def single(code: str) -> dict[str, str]:
    return {"type": "SINGLE", "value": code}


INVALID: list[tuple[str, Change]] = [
    ("no items", body_with(items=[])),
    ("201 items", lambda body: body.update(items=body["items"] * 201)),
    ("items no list", body_with(items={})),
    ("face value a text", item(face_value="10")),
    ("face value true", item(face_value=True)),
    ("face value too small", item(face_value=0.009)),
    ("face value with three places", item(face_value=10.001)),
    ("face value negative", item(face_value=-10)),
    ("no recipient", item(distribution_method={"type": "EMAIL"})),
    ("no address", item(distribution_method={"type": "EMAIL", "email_address": "ada"})),
    ("carrier pigeon", item(distribution_method={"type": "PIGEON"})),
    (
        "reference with a space",
        item(distribution_method={"type": "RECIPIENT", "recipient_reference": "a b", "email_address": "a@b.example"}),
    ),
    ("no product", item(products=None)),
    ("one of several", item(products={"type": "MULTIPLE", "values": ["AMZ-GB"]})),
    ("fraction of several", item(face_value=10.5, products={"type": "MULTIPLE", "values": ["AMZ-GB", "SLOW-GB"]})),
    ("fraction of a template", item(face_value=10.5, products={"type": "TEMPLATE", "template_id": "PT-THANKS-GB"})),
    ("another payment", body_with(payment_method={"type": "CARD", "currency": "GBP"})),
    ("long description", body_with(description="x" * 129)),
    ("metadata no text", body_with(metadata={"key": 1})),
    ("21 pairs", body_with(metadata={str(at): "" for at in range(21)})),
    ("long name", body_with(metadata={"x" * 41: ""})),
    ("long value", body_with(metadata={"x": "y" * 201})),
]

REFUSED: list[tuple[str, Change, str]] = [
    ("unknown product", item(products=single("NONE-GB")), "product_validation_error"),
    ("closed product", item(products=single("CLOSED-GB")), "product_validation_error"),
    ("value between fixed ones", item(face_value=30, products=single("HARBOUR-GB")), "product_validation_error"),
    ("value above the maximum", item(face_value=1000.01), "product_validation_error"),
    ("unknown template", item(products={"type": "TEMPLATE", "template_id": "PT-NONE"}), "product_validation_error"),
    ("euro product", item(products=single("AMZ-DE")), "currency_mismatch"),
    ("euro template", item(products={"type": "TEMPLATE", "template_id": "PT-THANKS-DE"}), "currency_mismatch"),
    (
        "no such balance",
        body_with(payment_method={"type": "ACCOUNT_BALANCE", "currency": "JPY"}),
        "payment_method_unavailable",
    ),
]

VALID: list[tuple[str, Change]] = [
    ("smallest", item(face_value=0.01)),
    ("fixed value of another scale", item(face_value=25, products=single("HARBOUR-GB"))),
    ("several", item(products={"type": "MULTIPLE", "values": ["AMZ-GB", "SLOW-GB"]})),
    ("template", item(products={"type": "TEMPLATE", "template_id": "PT-THANKS-GB"})),
    (
        "whole number written with places",
        item(face_value=10.0, products={"type": "TEMPLATE", "template_id": "PT-THANKS-GB"}),
    ),
    ("link", item(distribution_method={"type": "PAYOUT_LINK"})),
    ("200 items", lambda body: body.update(items=body["items"] * 200)),
    ("longest texts", body_with(description="x" * 128, metadata={"x" * 40: "y" * 200})),
    ("degraded product", item(products=single("SLOW-GB"))),
]


def ids(cases: list[Any]) -> list[str]:
    return [case[0] for case in cases]


@pytest.mark.parametrize(("_name", "change"), INVALID, ids=ids(INVALID))
def test_a_malformed_body_is_a_422_that_says_where(_name: str, change: Change) -> None:
    caller, body = Caller(), order()
    change(body)

    answer = caller.post(body)

    assert kind(answer) == (422, "validation_error")
    assert said(answer)["details"][0]["location"][0] == "body"
    assert caller.orders() == []


@pytest.mark.parametrize(("_name", "change", "expected"), REFUSED, ids=ids(REFUSED))
def test_what_cannot_be_ordered_is_a_400_of_its_kind(_name: str, change: Change, expected: str) -> None:
    caller, body = Caller(), order()
    change(body)

    assert kind(caller.post(body)) == (400, expected)
    assert caller.orders() == []


@pytest.mark.parametrize(("_name", "change"), VALID, ids=ids(VALID))
def test_what_the_api_allows_is_accepted(_name: str, change: Change) -> None:
    caller, body = Caller(), order()
    change(body)

    assert caller.post(body).status == 202


@pytest.mark.parametrize("raw", [b"", b"{", b'{"a": NaN}', b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_a_bad_request(raw: bytes) -> None:
    assert kind(Caller().post(raw)) == (400, "bad_request")


@pytest.mark.parametrize("raw", [b"null", b"[]", b'"text"', b"1"])
def test_what_is_no_object_is_not_valid(raw: bytes) -> None:
    assert kind(Caller().post(raw)) == (422, "validation_error")


def test_a_huge_exponent_is_refused_and_not_computed() -> None:
    body = order()
    body["items"][0]["face_value"] = Decimal("1E+999999")

    assert not isinstance(read_order(body), Asked)
