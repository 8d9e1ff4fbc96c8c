import json

import pytest

from batcher.sandbox import Wire
from tests.sandbox.caller import Caller, kind, order, said

DAY_S = 86_400.0


def test_the_same_key_and_body_make_one_order_and_repeat_its_reply() -> None:
    caller = Caller()
    replies = [said(caller.post(order())) for _ in range(3)]

    assert replies[0] == replies[1] == replies[2]
    assert len(caller.orders()) == 1
    assert [post["made"] for post in caller.posts()] == [True, False, False]


def test_the_replay_is_the_first_202_even_after_the_order_failed() -> None:
    caller = Caller()
    caller.post(order("fail@payouts.example"))
    caller.later(60)

    assert said(caller.post(order("fail@payouts.example")))["status"] == "PROCESSING"


def test_another_body_under_the_key_is_refused() -> None:
    caller = Caller()
    caller.post(order(amount=10))

    assert kind(caller.post(order(amount=11))) == (400, "idempotency_validation_error")
    assert len(caller.orders()) == 1


@pytest.mark.parametrize(("compare", "status"), [("bytes", 400), ("json", 202)])
def test_bodies_are_compared_as_the_switch_says(compare: str, status: int) -> None:
    caller = Caller(key_compare=compare)
    body = order()
    caller.post(body)

    assert caller.post(json.dumps(body, indent=1, sort_keys=True).encode()).status == status


def test_after_thirty_days_the_key_makes_a_second_order() -> None:
    caller = Caller()
    first = caller.made(order())
    caller.later(30 * DAY_S - 1)
    assert caller.made(order()) == first

    caller.later(1)
    assert caller.made(order()) != first
    assert len(caller.orders()) == 2


def test_while_the_first_request_runs_others_with_its_key_are_told_so() -> None:
    caller = Caller(in_progress_s=5)
    caller.post(order())
    caller.later(4.9)
    assert kind(caller.post(order())) == (400, "idempotency_in_progress")

    caller.later(0.1)
    assert caller.post(order()).status == 202


def test_a_slow_reply_keeps_its_key_busy_for_as_long() -> None:
    caller = Caller(latency_min_s=3, latency_max_s=3)
    assert caller.post(order()).delay_s == 3

    caller.later(2.9)
    assert kind(caller.post(order())) == (400, "idempotency_in_progress")
    caller.later(0.1)
    assert caller.post(order()).status == 202


def test_still_running_can_be_a_102_and_nothing_more() -> None:
    caller = Caller(in_progress_s=5, in_progress="102")
    caller.post(order())

    answer = caller.post(order())

    assert (answer.wire, answer.status) == (Wire.CONTINUE_102, None)


@pytest.mark.parametrize(("stored", "then"), [(False, 202), (True, 429)])
def test_a_429_is_kept_under_the_key_only_when_told_so(stored: bool, then: int) -> None:
    caller = Caller(too_many=[1], store_door=stored)
    assert caller.post(order()).status == 429

    assert caller.post(order()).status == then


@pytest.mark.parametrize(("scope", "count"), [("account", 1), ("api_key", 2)])
def test_another_api_key_sees_the_same_keys_or_its_own(scope: str, count: int) -> None:
    caller = Caller(key_scope=scope)
    caller.post(order())
    caller.post(order(), X_Api_Key="XX.other")

    assert len(caller.orders()) == count


def test_a_post_without_a_key_is_refused_and_makes_nothing() -> None:
    caller = Caller()

    assert kind(caller.post(order(), key="")) == (400, "bad_request")
    assert caller.orders() == []
