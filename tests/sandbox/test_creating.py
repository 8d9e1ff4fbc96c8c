from decimal import Decimal

import pytest

from tests.sandbox.caller import Caller, kind, order, said


def test_an_order_is_accepted_then_processed_then_completed() -> None:
    caller = Caller(complete_min_s=2, complete_max_s=2)
    answer = caller.post(order(amount=10.5, description="tag", metadata={"key": "key-1"}))
    order_id = said(answer)["id"]

    assert (answer.status, said(answer)["status"]) == (202, "PROCESSING")
    assert set(caller.get(f"/order/{order_id}")) == {"id", "status", "message"}

    caller.later(2)
    whole = caller.get(f"/order/{order_id}")
    item = whole["items"][0]
    assert whole["status"] == "COMPLETED"
    assert (whole["description"], whole["metadata"]) == ("tag", {"key": "key-1"})
    assert (item["face_value"], item["price"], whole["total_discount"]) == ("10.50", "10.29", "0.21")
    assert item["payout"]["status"] == "ACTIVE"
    assert item["payout"]["url"].startswith("https://spend.runa.example/")


def test_a_synchronous_order_waits_and_comes_whole() -> None:
    caller = Caller(complete_min_s=2, complete_max_s=2)

    answer = caller.post(order(), X_Execution_Mode="sync")

    assert (answer.status, answer.delay_s) == (200, 2)
    assert said(answer)["status"] == "COMPLETED"


def test_a_synchronous_order_that_takes_too_long_times_out_but_is_made() -> None:
    caller = Caller(sync_timeout_s=30)

    answer = caller.post(order("stuck@payouts.example"), X_Execution_Mode="sync")

    assert kind(answer) == (504, "timeout")
    assert len(caller.orders()) == 1


def test_the_older_shape_has_its_link_on_the_item_and_numbers_for_strings() -> None:
    caller = Caller(old_shape="by_version")
    order_id = caller.made(order())
    caller.later(60)

    old = caller.get(f"/order/{order_id}", X_Api_Version="2023-07-27")["items"][0]
    new = caller.get(f"/order/{order_id}")["items"][0]

    assert old["redemption_url"] == new["payout"]["url"]
    assert (old["face_value"], new["face_value"]) == (Decimal("10.00"), "10.00")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("funds", (400, "insufficient_funds")),
        ("product", (400, "product_validation_error")),
        ("invalid", (422, "validation_error")),
    ],
)
def test_some_recipients_are_refused_and_the_refusal_stays_under_the_key(name: str, expected: tuple[int, str]) -> None:
    caller = Caller()
    body = order(f"{name}+x@payouts.example")

    assert [kind(caller.post(body)), kind(caller.post(body))] == [expected, expected]
    assert caller.orders() == []


@pytest.mark.parametrize(("name", "whole"), [("fail", False), ("fail-bare", False), ("fail-full", True)])
def test_some_orders_fail_and_give_the_money_back(name: str, whole: bool) -> None:
    caller = Caller(balance="100")
    order_id = caller.made(order(f"{name}@payouts.example"))
    assert caller.get("/balance?currency=GBP")["balance"] == "90.20"

    caller.later(10)
    read = caller.get(f"/order/{order_id}")

    assert (read["status"], "items" in read) == ("FAILED", whole)
    assert caller.get("/balance?currency=GBP")["balance"] == "100.00"


def test_a_late_order_fails_first_and_is_paid_after_all() -> None:
    caller = Caller(balance="100", late_s=60)
    order_id = caller.made(order("late@payouts.example"))

    statuses = []
    for wait_s in (0, 5, 60):
        caller.later(wait_s)
        statuses.append(caller.get(f"/order/{order_id}")["status"])

    assert statuses == ["PROCESSING", "FAILED", "COMPLETED"]
    assert caller.get("/balance?currency=GBP")["balance"] == "90.20"


def test_a_whole_failed_order_tells_nothing_of_its_future_and_shows_no_link() -> None:
    caller = Caller(complete_min_s=1, complete_max_s=1, late_s=60, failed_shape="full")
    order_id = caller.made(order("late@payouts.example"))
    caller.later(1)
    failed = caller.get(f"/order/{order_id}")
    caller.later(60)
    paid = caller.get(f"/order/{order_id}")

    assert (failed["completed_at"], failed["items"][0]["payout"]["url"]) == (None, None)
    assert failed["items"][0]["payout"]["status_updated_at"] == "2026-09-21T14:13:21.000000Z"
    assert paid["completed_at"] == "2026-09-21T14:14:21.000000Z"


def test_mismatches_contradict_what_was_asked_for_while_the_dump_tells_the_truth() -> None:
    caller = Caller()
    bodies = [
        order(f"mismatch-{name}@payouts.example", metadata={"key": name}) for name in ("amount", "address", "key")
    ]
    ids = [caller.made(body, f"k{at}") for at, body in enumerate(bodies)]
    caller.later(10)
    amount, address, key = (caller.get(f"/order/{order_id}") for order_id in ids)

    assert amount["items"][0]["face_value"] == "11.00"
    assert address["items"][0]["distribution_method"]["email_address"] != "mismatch-address@payouts.example"
    assert key["metadata"] == {"key": "key-other"}
    assert [each["amount"] for each in caller.orders()] == ["10.00"] * 3
    assert caller.orders()[1]["recipient"] == "mismatch-address@payouts.example"


def test_a_recipient_reference_chooses_the_outcome_as_well() -> None:
    caller = Caller()
    body = order()
    body["items"][0]["distribution_method"] = {
        "type": "RECIPIENT",
        "recipient_reference": "stuck@7",
        "email_address": "ada@payouts.example",
    }
    order_id = caller.made(body)
    caller.later(3600)

    assert caller.get(f"/order/{order_id}")["status"] == "PROCESSING"


def test_the_balance_falls_until_it_does_not_cover_the_next_order() -> None:
    caller = Caller(balances={"GBP": "20.00"})
    answers = [caller.post(order(amount=10), f"k{at}") for at in range(3)]

    assert [answer.status for answer in answers] == [202, 202, 400]
    assert kind(answers[2]) == (400, "insufficient_funds")
    assert caller.get("/balance?currency=GBP") == {"currency": "GBP", "balance": "0.40"}


def test_a_topped_up_balance_helps_a_new_key_only() -> None:
    caller = Caller(balances={"GBP": "0"})
    caller.post(order(), "old")
    caller.api.set_balances({"GBP": "100.00"}, caller.now_s)

    assert kind(caller.post(order(), "old")) == (400, "insufficient_funds")
    assert caller.post(order(), "new").status == 202


def test_amounts_are_exact_where_floats_are_not() -> None:
    caller = Caller(balances={"USD": "0.30"})
    raw = b'{"payment_method":{"type":"ACCOUNT_BALANCE","currency":"USD"},"items":[%s]}'
    item = (
        b'{"face_value":0.10,"products":{"type":"SINGLE","value":"AMZ-US"},'
        b'"distribution_method":{"type":"PAYOUT_LINK"}}'
    )

    assert caller.post(raw % b",".join([item] * 3)).status == 202
    assert caller.orders()[0]["amount"] == "0.30"
    assert caller.get("/balance?currency=USD")["balance"] == "0.00"


def test_the_same_seed_makes_the_same_order_and_another_seed_another() -> None:
    ids = [Caller(seed=seed).made(order()) for seed in (1, 1, 2)]

    assert ids[0] == ids[1] != ids[2]


def test_a_provoked_error_is_kept_under_the_key() -> None:
    caller = Caller()
    caller.post(order(), X_Trigger_Error="internal_server_error")

    assert kind(caller.post(order())) == (500, "internal_server_error")
