"""Whole runs against the sandbox on virtual time: whatever it does, each row is paid once and the limit is kept."""

from typing import Any

import pytest

from batcher.lifecycle import Retries
from batcher.sandbox import Api as Sandbox
from batcher.sandbox import Switches, max_in_any_window
from batcher.states import State
from tests.engine.sandbox_port import SandboxPort
from tests.lifecycle.bench import Bench, row

EVERY_FAULT_OF_A_SEND = [
    "reset_before",
    "hang_before",
    "too_many",
    "error_unmade",
    "reset_after",
    "lost_reply",
    "hang_after",
    "error_made",
    "in_progress_reply",
    "broken_json",
    "truncated",
    "no_id",
    "foreign_type",
]


def ran(sandbox: Sandbox, count: int, **options: Any) -> tuple[Bench, dict[str, Any]]:
    """A run of so many rows, and what the sandbox says of it."""
    rows = [row(f"R{number}") for number in range(count)]
    bench = Bench(rows, other_api=lambda clock, notes: SandboxPort(sandbox, clock, notes), **options).run()
    return bench, sandbox.dump(bench.clock.instant().at.timestamp())


@pytest.mark.parametrize("fault", EVERY_FAULT_OF_A_SEND)
def test_a_fault_at_the_first_two_sends_of_every_row_costs_no_row_and_no_second_order(fault: str) -> None:
    sandbox = Sandbox(Switches.from_mapping({"rate": "none", fault: [1, 2]}))
    bench, told = ran(sandbox, 6)

    assert set(bench.states().values()) == {State.COMPLETED}
    assert len(told["orders"]) == 6
    assert len(told["posts"]) == 18


def test_a_request_that_is_still_running_is_waited_for() -> None:
    sandbox = Sandbox(Switches.from_mapping({"rate": "none", "in_progress_s": 3, "reset_after": [1]}))
    bench, told = ran(sandbox, 3)

    assert set(bench.states().values()) == {State.COMPLETED}
    assert len(told["orders"]) == 3


@pytest.mark.parametrize("fault", ["error_made_stored", "error_unmade_stored"])
def test_a_stored_server_error_leaves_the_row_unknown_whatever_is_behind_it(fault: str) -> None:
    sandbox = Sandbox(Switches.from_mapping({"rate": "none", fault: [1]}))
    bench, _ = ran(sandbox, 3)

    assert set(bench.states().values()) == {State.UNKNOWN}


@pytest.mark.parametrize("rate", ["fixed", "sliding", "bucket"])
def test_the_limit_is_kept_and_nearly_used(rate: str) -> None:
    sandbox = Sandbox(Switches.from_mapping({"rate": rate}))
    bench, told = ran(sandbox, 240, per_minute=60)

    posts = told["posts"]
    assert {post["status"] for post in posts} == {202}
    assert max_in_any_window((post["clock_s"] for post in posts), 60) <= 60
    assert max(bench.times("create")) < 240 * 1.02


def test_resends_count_against_the_limit_as_well() -> None:
    sandbox = Sandbox(Switches.from_mapping({"reset_after": 0.3}))
    _, told = ran(sandbox, 200, per_minute=60)

    assert len(told["posts"]) > 220
    assert max_in_any_window((post["clock_s"] for post in told["posts"]), 60) <= 60


def test_a_limit_that_is_lower_than_ours_slows_the_run_and_loses_nothing() -> None:
    sandbox = Sandbox(Switches.from_mapping({"rate_limit": 20, "retry_after": "seconds"}))
    bench, told = ran(sandbox, 60, per_minute=60, retries=Retries(attempts=20, min_wait_s=1, max_wait_s=30))

    assert set(bench.states().values()) == {State.COMPLETED}
    assert len(told["orders"]) == 60


def test_what_the_orders_say_is_what_the_rows_say() -> None:
    bench, told = ran(Sandbox(Switches.from_mapping({"rate": "none"})), 10)

    by_key = {order["idempotency_key"]: order for order in told["orders"]}
    for each in bench.rows:
        one = each.latest
        order = by_key[one.order.key]
        assert (order["amount"], order["recipient"]) == (str(one.order.payout.amount), one.order.payout.email)
        assert bench.journal.links[one.id] == order["redemption_url"]
