"""The echo: a contradiction is named, silence proves nothing."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.echo import contradictions
from batcher.keys import link_mark
from batcher.model import Distribution, Order, Payout
from tests.core.payouts import ANN, UNHURRIED, payouts

KEY = "1c5f6c62-9b6d-8f0e-a1b2-0123456789ab"
LINK = replace(ANN, distribution=Distribution.PAYOUT_LINK)
RECIPIENT = replace(ANN, distribution=Distribution.RECIPIENT, recipient_reference="emp-7")


def echo_of(payout: Payout, **said: Any) -> Order:
    """An order that repeats the row, but for what it is told to say."""
    order = Order(
        order_id="O-1",
        status="COMPLETED",
        key=KEY,
        amount=payout.amount,
        currency=payout.currency,
        products=payout.products,
        distribution=payout.distribution.value,
        email=payout.email,
        recipient_reference=payout.recipient_reference,
        item_count=1,
    )
    return replace(order, **said)


@UNHURRIED
@given(payouts())
def test_an_order_that_repeats_the_row_agrees(payout: Payout) -> None:
    assert contradictions(payout, key=KEY, order=echo_of(payout)) == ()


@UNHURRIED
@given(
    payouts(),
    st.sets(
        st.sampled_from(
            ["amount", "currency", "distribution", "products", "email", "recipient_reference", "item_count", "key"],
        )
    ),
)
def test_what_is_left_out_proves_nothing(payout: Payout, silent: set[str]) -> None:
    order = echo_of(payout, **dict.fromkeys(silent))
    assert contradictions(payout, key=KEY, order=order) == ()


@pytest.mark.parametrize("nothing", ["", "UNKNOWN"])
def test_an_empty_or_unknown_word_proves_nothing(nothing: str) -> None:
    said = echo_of(
        RECIPIENT,
        key=nothing,
        currency=nothing,
        distribution=nothing,
        email=nothing,
        recipient_reference=nothing,
        products=(nothing,),
    )
    assert contradictions(RECIPIENT, key=KEY, order=said) == ()


@pytest.mark.parametrize(
    "said",
    [
        {"amount": Decimal(10)},
        {"amount": Decimal("10.0000")},
        {"amount": Decimal("1E+1")},
        {"currency": "gbp"},
        {"distribution": "email"},
        {"email": "ANN@Example.COM"},
        {"email": " ann@example.com "},
        {"products": ("amz-gb",)},
        {"key": KEY.upper()},
        {"products": ()},
    ],
)
def test_another_spelling_is_no_contradiction(said: dict[str, Any]) -> None:
    assert contradictions(ANN, key=KEY, order=echo_of(ANN, **said)) == ()


def test_the_order_of_products_is_no_contradiction() -> None:
    both = replace(ANN, products=("AIRBNB-GB", "AMZ-GB"))
    assert contradictions(both, key=KEY, order=echo_of(both, products=("amz-gb", "AIRBNB-GB"))) == ()


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"amount": Decimal("10.01")}, "amount"),
        ({"amount": Decimal(100)}, "amount"),
        ({"amount": Decimal("-10.00")}, "amount"),
        ({"amount": Decimal(0)}, "amount"),
        ({"currency": "EUR"}, "currency"),
        ({"distribution": "EMAIL"}, "distribution"),
        ({"distribution": "A_NEW_WAY"}, "distribution"),
        ({"email": "anne@example.com"}, "recipient"),
        ({"recipient_reference": "emp-8"}, "recipient reference"),
        ({"recipient_reference": "EMP-7"}, "recipient reference"),
        ({"products": ("AMZ-DE",)}, "products"),
        ({"products": ("AMZ-GB", "AMZ-DE")}, "products"),
        ({"key": KEY.replace("1c", "2c")}, "idempotency key"),
        ({"item_count": 2}, "number of items"),
        ({"item_count": 0}, "number of items"),
    ],
)
def test_a_contradiction_is_named(said: dict[str, Any], named: str) -> None:
    assert contradictions(RECIPIENT, key=KEY, order=echo_of(RECIPIENT, **said)) == (named,)


def test_all_contradictions_are_named_in_a_fixed_order_and_without_values() -> None:
    somebody_elses = Order(
        order_id="O-2",
        status="COMPLETED",
        key="another",
        amount=Decimal(99),
        currency="EUR",
        products=("ZZZ-DE",),
        distribution="PAYOUT_LINK",
        email="bob@example.com",
        recipient_reference="emp-9",
        item_count=3,
    )
    assert contradictions(RECIPIENT, key=KEY, order=somebody_elses) == (
        "amount",
        "currency",
        "distribution",
        "recipient",
        "recipient reference",
        "products",
        "idempotency key",
        "number of items",
    )


def test_a_link_is_sent_to_nobody_so_its_recipient_is_not_compared() -> None:
    order = echo_of(LINK, email="somebody@example.com", recipient_reference="anything")
    assert contradictions(LINK, key=KEY, order=order) == ()


def test_a_link_that_was_made_for_somebody_is_nobody_elses() -> None:
    bob, nobody = replace(LINK, email="bob@example.com"), replace(LINK, email=None)
    made = echo_of(LINK, link_mark=link_mark(LINK))
    assert contradictions(LINK, key=KEY, order=made) == ()
    assert contradictions(bob, key=KEY, order=made) == ("recipient",)
    assert contradictions(nobody, key=KEY, order=made) == ("recipient",)
    assert contradictions(bob, key=KEY, order=echo_of(LINK)) == (), "an order without the mark proves nothing"


def test_a_mail_that_went_out_although_the_row_has_no_address_is_a_contradiction() -> None:
    nobody = replace(ANN, email=None)
    assert contradictions(nobody, key=KEY, order=echo_of(nobody, email="bob@example.com")) == ("recipient",)


@UNHURRIED
@given(payouts(), payouts())
def test_an_order_for_another_row_agrees_only_where_nothing_of_it_differs(ours: Payout, theirs: Payout) -> None:
    found = contradictions(ours, key=KEY, order=echo_of(theirs))
    assert ("amount" in found) == (ours.amount != theirs.amount)
    assert ("currency" in found) == (ours.currency != theirs.currency)
    assert ("distribution" in found) == (ours.distribution != theirs.distribution)
    assert "idempotency key" not in found
