"""What somebody else does with the account meanwhile: orders from the portal, and payouts that change."""

from typing import Any

import pytest

from tests.sandbox.caller import Caller, order


def foreign(caller: Caller, **given: object) -> list[str]:
    """The ids of orders that somebody else has made."""
    return caller.api.make_foreign(given, caller.now_s)


def completed(**switches: object) -> tuple[Caller, str]:
    """A caller and its one order, completed."""
    caller = Caller(**switches)
    made = caller.made(order())
    caller.later(60)
    return caller, made


def test_foreign_orders_carry_no_key_and_no_metadata_and_take_the_money() -> None:
    caller = Caller(balances={"GBP": "100.00"})
    ids = foreign(caller, count=3, amount="12.00", description="Bonus for Ann", email="ann@payouts.example")
    orders = caller.orders()

    assert [each["id"] for each in orders] == ids
    assert len(set(ids)) == 3
    assert {each["idempotency_key"] for each in orders} == {None}
    assert [(each["metadata"], each["description"], each["recipient"]) for each in orders] == [
        ({}, "Bonus for Ann", "ann@payouts.example")
    ] * 3
    assert caller.get("/balance?currency=GBP")["balance"] == "64.72"  # 3 times 12.00 less 2 %
    assert caller.posts() == []


def test_a_foreign_order_reads_like_any_other() -> None:
    caller = Caller(balances={"EUR": "50"})
    (made,) = foreign(caller, currency="EUR", amount="20.00")
    assert caller.get("/order")["items"] == [caller.get(f"/order/{made}")]

    caller.later(60)
    read = caller.get(f"/order/{made}")
    assert (read["status"], read["currency"], read["description"]) == ("COMPLETED", "EUR", None)
    assert read["items"][0]["distribution_method"] == {"type": "PAYOUT_LINK"}
    assert read["items"][0]["face_value"] == "20.00"
    assert caller.get("/order")["items"][0]["total_discount"] == "0.40"


def test_two_foreign_orders_never_share_their_id_with_an_order_of_the_api() -> None:
    caller = Caller()
    ids = [*foreign(caller, count=2), caller.made(order(), "None"), caller.made(order(), "-"), *foreign(caller)]

    assert len(set(ids)) == 5


@pytest.mark.parametrize("settle_s", [0, 30, 7200.5])
def test_a_foreign_order_is_settled_when_it_is_told_to_be(settle_s: float) -> None:
    caller = Caller()
    (made,) = foreign(caller, settle_s=settle_s)

    if settle_s:
        caller.later(settle_s - 0.1)
        assert caller.get(f"/order/{made}")["status"] == "PROCESSING"
        caller.later(0.1)
    assert caller.get(f"/order/{made}")["status"] == "COMPLETED"


def test_without_a_time_a_foreign_order_settles_as_every_order_does() -> None:
    caller = Caller(complete_min_s=40, complete_max_s=40)
    (made,) = foreign(caller)

    caller.later(39)
    assert caller.get(f"/order/{made}")["status"] == "PROCESSING"
    caller.later(1)
    assert caller.get(f"/order/{made}")["status"] == "COMPLETED"


def test_a_foreign_recipients_name_asks_for_its_outcome_too() -> None:
    caller = Caller(balances={"GBP": "12.00"})
    (made,) = foreign(caller, email="fail@payouts.example", settle_s=5)
    caller.later(5)

    assert caller.get(f"/order/{made}")["status"] == "FAILED"
    assert caller.get("/balance?currency=GBP")["balance"] == "12.00"


@pytest.mark.parametrize(
    "given",
    [
        {"count": 0},
        {"count": 10_001},
        {"count": 1.5},
        {"currency": "XXX"},
        {"currency": None},
        {"amount": "much"},
        {"amount": "0.00"},
        {"amount": "1000.01"},
        {"description": "x" * 129},
        {"description": 7},
        {"email": "nobody"},
        {"email": "funds@payouts.example"},
        {"settle_s": -1},
        {"settle_s": "soon"},
        {"colour": "red"},
        {"count": 9, "amount": "12.00"},
    ],
)
def test_what_the_api_would_not_make_is_refused_whole(given: dict[str, object]) -> None:
    caller = Caller(balances={"GBP": "100.00"})

    with pytest.raises((TypeError, ValueError)):
        foreign(caller, **given)

    assert caller.orders() == []
    assert caller.get("/balance?currency=GBP")["balance"] == "100.00"


def test_a_list_that_grows_has_new_orders_after_each_page_and_ends() -> None:
    caller = Caller(list_grows=2, list_grows_most=5)
    counts = []
    for _ in range(4):
        counts.append(len(caller.get("/order")["items"]))
        caller.later(1)

    assert counts == [0, 2, 4, 5]
    assert {each["idempotency_key"] for each in caller.orders()} == {None}


def test_a_growing_list_read_from_its_old_end_is_chased_and_caught() -> None:
    caller = Caller(list_order="oldest", list_grows=1, list_grows_most=3)
    made = [caller.made(order(), f"k{at}") for at in range(2)]
    seen: list[str] = []
    target = "/order?limit=1"
    for _ in range(10):
        page: dict[str, Any] = caller.get(target)
        if not page["items"]:
            break
        seen += [row["id"] for row in page["items"]]
        target = f"/order?limit=1&after={page['pagination']['cursors']['after']}"

    assert seen == [each["id"] for each in caller.orders()]
    assert seen[:2] == made
    assert len(seen) == 5


def test_a_list_grows_no_further_than_the_money() -> None:
    caller = Caller(list_grows=10, balances={"GBP": "24.00"})
    caller.get("/order")

    assert len(caller.orders()) == 2


def test_a_page_holds_no_more_than_the_sandbox_lets_it_whatever_is_asked_for() -> None:
    caller = Caller(list_page=2)
    ids = foreign(caller, count=5)

    first = caller.get("/order?limit=500")
    second = caller.get("/order?limit=500&after=" + first["pagination"]["cursors"]["after"])
    assert [row["id"] for row in [*first["items"], *second["items"]]] == ids[:0:-1]
    assert first["pagination"]["page"] == {"limit": 2}
    assert len(caller.get("/order?limit=1")["items"]) == 1


def test_without_an_estimate_there_is_nothing_at_its_place() -> None:
    caller = Caller(estimate=False)
    answer = caller.ask("POST", "/v2/order/estimate", b"{}")

    assert (answer.status, b'"not_found"' in answer.body) == (404, True)


@pytest.mark.parametrize("status", ["ACTIVE", "CLAIMED", "CANCELLED", "EXPIRED"])
def test_a_payout_takes_on_the_status_that_it_is_given(status: str) -> None:
    caller, made = completed()
    caller.api.set_payout(made, status, caller.now_s)
    payout = caller.get(f"/order/{made}")["items"][0]["payout"]

    assert payout["status"] == caller.orders()[0]["payout_status"] == status
    assert payout["url"] == caller.orders()[0]["redemption_url"]
    assert caller.get(f"/order/{made}")["status"] == "COMPLETED"


def test_a_payout_that_nobody_has_touched_is_active_since_its_order_was_completed() -> None:
    caller, made = completed()
    whole = caller.get(f"/order/{made}")

    assert whole["items"][0]["payout"]["status"] == "ACTIVE"
    assert whole["items"][0]["payout"]["status_updated_at"] == whole["completed_at"]
    caller.api.set_payout(made, "CLAIMED", caller.now_s)
    assert caller.get(f"/order/{made}")["items"][0]["payout"]["status_updated_at"] > whole["completed_at"]


def test_only_a_completed_order_has_payouts_to_change() -> None:
    caller = Caller()
    processing, failed = caller.made(order(), "a"), caller.made(order("fail@payouts.example"), "b")
    with pytest.raises(ValueError, match=processing):
        caller.api.set_payout(processing, "CLAIMED", caller.now_s)
    caller.later(60)

    for order_id, status in ((failed, "CLAIMED"), ("O-NONE", "CLAIMED"), (processing, "SPENT")):
        with pytest.raises(ValueError, match="status" if status == "SPENT" else order_id):
            caller.api.set_payout(order_id, status, caller.now_s)
    assert [each["payout_status"] for each in caller.orders()] == ["ACTIVE", "CANCELLED"]
