"""The closing proof at the end of a run, and a plan where Runa cannot be asked."""

import threading
from collections.abc import Callable

import pytest

from tests.cli.desk import Desk, Done, rows


def pay_while(desk: Desk, after_posts: int, happens: Callable[[], object]) -> Done:
    """Pay three rows; something else happens once so many orders were asked for."""
    desk.sandbox.switch(latency_min_s=0.3, latency_max_s=0.4)

    def wait_for_it() -> None:
        while desk.posts() < after_posts:
            pass
        happens()

    beside = threading.Thread(target=wait_for_it)
    beside.start()
    done = desk.pay(desk.sheet(rows(3)))
    beside.join()
    return done


def test_a_run_ends_with_what_agrees(desk: Desk) -> None:
    proof = desk.pay(desk.sheet(rows(3)), "--json").json["proof"]

    assert proof["agrees"]
    assert (proof["rows_in"], proof["counts"]["paid"]) == (3, 3)
    assert (proof["mismatches"], proof["not_proven"]) == ([], [])
    (balance,) = [one for one in proof["agreements"] if one.startswith("The balance")]
    assert "GBP 1,000,000.00 before, GBP 999,994.12 after, GBP 5.88 paid by this run" in balance


def test_an_order_of_somebody_with_the_tag_of_the_batch_ends_with_1_and_its_id(desk: Desk) -> None:
    tag = "016e239c-0000-8000-8000-000000000000 march R7"
    made: list[str] = []
    done = pay_while(desk, 1, lambda: made.extend(desk.sandbox.make_foreign(description=tag)))

    assert done.code == 1
    assert f"Does not agree: Order {made[0]} (reference R7) carries the tag of this batch" in done.err
    assert "Look up in Runa's portal" in done.err
    assert [line["status"] for line in desk.results()] == ["COMPLETED"] * 3, "what was paid is paid"
    assert desk.batcher("reconcile", "march").code == 1


def test_a_balance_that_fell_by_more_than_was_paid_ends_with_1_and_figures(desk: Desk) -> None:
    done = pay_while(desk, 3, lambda: desk.sandbox.set_balance(GBP="999000.00"))

    assert done.code == 1
    assert "GBP 1,000,000.00 before, GBP 999,000.00 after, GBP 5.88 paid by this run" in done.err


def test_orders_of_somebody_else_leave_the_balance_uncompared_and_the_run_well(desk: Desk) -> None:
    done = pay_while(desk, 1, lambda: desk.sandbox.make_foreign(count=2))

    assert done.code == 0
    assert "Not proven: The balance was not compared: 2 other orders were made meanwhile" in done.err


def test_a_top_up_meanwhile_is_no_mismatch(desk: Desk) -> None:
    done = pay_while(desk, 1, lambda: desk.sandbox.set_balance(GBP="2000000.00"))

    assert done.code == 0
    assert "topped up meanwhile" in done.err


def test_a_plan_without_a_key_is_made_by_the_ledger_alone_and_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RUNA_API_KEY")
    done = desk.batcher("plan", desk.sheet(rows(2)), "--batch", "march")

    assert done.code == 0
    assert "2 orders would be sent for GBP 3.00" in done.out
    assert "Runa was not asked: There is no API key" in done.err
    assert "RUNA_API_KEY" in done.err


@pytest.mark.parametrize("as_json", [False, True])
def test_a_plan_without_a_network_is_made_by_the_ledger_alone_and_says_so(desk: Desk, *, as_json: bool) -> None:
    desk.settings["api"] = {"base_url": "http://127.0.0.1:9/v2"}
    sheet = desk.sheet(rows(2))
    if as_json:
        content = desk.batcher("plan", sheet, "--batch", "march", "--json").json
        assert (content["exit_code"], content["orders"], "preflight" in content) == (0, 2, False)
        assert "cannot be reached" in content["not_asked"]
        return
    done = desk.batcher("plan", sheet, "--batch", "march")
    assert done.code == 0
    assert "2 orders would be sent for GBP 3.00" in done.out
    assert "Runa was not asked: Runa cannot be reached safely at http://127.0.0.1:9/v2" in done.err
