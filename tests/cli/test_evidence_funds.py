"""A balance that is short: said before anything is sent, and after a top-up the rest is paid, each row once."""

import pytest

from tests.cli.desk import Desk, row, rows
from tests.cli.evidence import assert_paid_once, issued, keys_of


def thirty(desk: Desk) -> list[dict[str, str]]:
    """30 rows of GBP 10.00, which cost 9.80 each; the balance is for ten of them."""
    desk.sandbox.set_balance(GBP="98.00")
    return [row(f"R{number}", Email=f"r{number}@example.com") for number in range(30)]


@pytest.mark.parametrize("command", [["plan"], ["run", "--yes"]])
def test_a_short_balance_stops_before_anything_is_sent(desk: Desk, command: list[str]) -> None:
    sheet = desk.sheet(thirty(desk))
    done = desk.batcher(command[0], sheet, "--batch", "march", *command[1:])

    assert done.code == 6
    assert "GBP 98.00 covers 10 of 30 payouts; 196.00 is missing" in done.err
    assert "Nothing was sent" in done.err
    assert "--ignore-balance" in done.err
    assert desk.posts() == 0


def test_a_script_reads_how_much_is_missing(desk: Desk) -> None:
    content = desk.batcher("plan", desk.sheet(thirty(desk)), "--batch", "march", "--json").json

    (balance,) = content["preflight"]["balances"]
    assert (content["exit_code"], balance["missing"], balance["covered"]) == (6, "196.00", 10)


def test_a_balance_that_is_just_enough_stops_nothing(desk: Desk) -> None:
    desk.sandbox.set_balance(GBP="9.80")
    done = desk.pay(desk.sheet([row("R1")]))

    assert done.code == 0
    assert "GBP 9.80 covers the one payout" in done.err


def test_what_the_balance_covers_is_paid_and_the_rest_after_a_top_up(desk: Desk) -> None:
    sheet = desk.sheet([*thirty(desk), row("E1", Currency="EUR", Product="AMZ-FR")])
    desk.settings["limits"] = {"orders_per_minute": 2400}
    done = desk.pay(sheet, "--ignore-balance")

    assert done.code == 6
    assert "The GBP balance is used up. Top it up, then run the same command again." in done.err
    first = {line["Reference"]: line for line in desk.results()}
    refused = [name for name, line in first.items() if line["status"] == "REJECTED"]
    unsent = [name for name, line in first.items() if line["status"] == "NOT_SENT"]
    assert len(issued(desk)) == 11
    assert issued(desk)["E1"] == 1, "another currency goes on"
    assert refused
    assert unsent
    assert len(refused) + len(unsent) == 20
    sent = {post["key"] for post in desk.sandbox.dump()["posts"]}
    assert len(sent) == 11 + len(refused), "a currency that is used up is not asked again"

    desk.sandbox.set_balance(GBP="1000.00")
    assert desk.pay(sheet).code == 0
    assert_paid_once(desk, 31)
    after = {line["Reference"]: line for line in desk.results()}
    assert {after[name]["attempts"] for name in unsent} == {"1"}
    assert all(after[name]["idempotency_key"] == first[name]["idempotency_key"] for name in unsent)
    assert {after[name]["attempts"] for name in refused} == {"2"}
    assert all(after[name]["idempotency_key"] != first[name]["idempotency_key"] for name in refused)


def test_what_an_unknown_row_may_still_cost_is_told_beside_the_balance(desk: Desk) -> None:
    desk.sandbox.switch(error_statuses=[500], error_unmade=[1, 2, 3])
    sheet = desk.sheet(rows(2))
    assert desk.pay(sheet).code == 7

    assert "2 unknown rows may still cost 2.94" in desk.batcher("plan", sheet, "--batch", "march").out


def test_a_spending_limit_on_a_resend_leaves_the_row_unknown_until_its_key_is_asked_again(desk: Desk) -> None:
    desk.sandbox.switch(lost_reply=[1], forbidden=[2, 3], list_error=list(range(2, 60)))
    sheet = desk.sheet(rows(3))
    done = desk.pay(sheet)
    assert done.code == 7, "what may have been paid counts before what is unsent"
    assert "spending limit is reached. Have it raised" in done.err
    assert [line["status"] for line in desk.results()] == ["UNKNOWN", "NOT_SENT", "NOT_SENT"]
    before = keys_of(desk)

    desk.sandbox.switch(lost_reply=0, forbidden=0)
    assert desk.pay(sheet).code == 0
    assert_paid_once(desk, 3)
    assert keys_of(desk) == before


def test_a_spending_limit_after_a_lost_reply_is_made_up_for_by_the_order_list(desk: Desk) -> None:
    desk.sandbox.switch(lost_reply=[1], forbidden=[2, 3])
    sheet = desk.sheet(rows(3))
    assert desk.pay(sheet).code == 6
    assert [line["status"] for line in desk.results()] == ["COMPLETED", "NOT_SENT", "NOT_SENT"]

    desk.sandbox.switch(lost_reply=0, forbidden=0)
    assert desk.pay(sheet).code == 0
    assert_paid_once(desk, 3)
