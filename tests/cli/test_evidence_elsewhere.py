"""A lost ledger, an old copy, another machine, another name: what was paid from elsewhere is found, not repeated."""

import pytest

from tests.cli.desk import Desk, Done, row, rows
from tests.cli.evidence import (
    ERRORS_ALIKE,
    assert_paid_once,
    copy_of_the_ledger,
    issued,
    lose_the_ledger,
    order_of,
    put_back,
    without_reference,
)

DAY_S = 24 * 3600.0


def kinds(done: Done) -> list[str]:
    """The problems that stopped a command."""
    assert done.code == 5
    return [problem["kind"] for problem in done.json["error"]["problems"]]


@pytest.mark.parametrize("later_s", [0.0, 31 * DAY_S])
def test_a_second_machine_finds_every_order_by_its_tag_and_sends_nothing(desk: Desk, later_s: float) -> None:
    sheet = desk.sheet(rows(4))
    assert desk.pay(sheet).code == 0
    lose_the_ledger(desk)
    desk.sandbox.advance(later_s)

    planned = desk.batcher("plan", sheet, "--batch", "march", "--json").json
    assert (planned["orders"], planned["standings"]) == (0, {"found": 4})
    assert desk.pay(sheet).code == 0
    assert desk.posts() == 4
    assert_paid_once(desk, 4)


def test_a_second_machine_finds_half_a_batch_and_pays_the_other_half(desk: Desk) -> None:
    desk.sandbox.switch(forbidden={"overall": [3]})
    sheet = desk.sheet(rows(6))
    assert desk.pay(sheet).code == 6
    made = len(issued(desk))
    assert 0 < made < 6
    lose_the_ledger(desk)

    done = desk.pay(sheet)
    assert done.code == 0
    assert f"{made}  has an order at Runa, is taken over" in done.err
    assert_paid_once(desk, 6)


def test_31_days_later_without_the_ledger_and_the_list_nothing_is_sent(desk: Desk) -> None:
    sheet = desk.sheet(rows(2))
    desk.pay(sheet)
    lose_the_ledger(desk)
    desk.sandbox.advance(31 * DAY_S)
    desk.sandbox.switch(list_error=list(range(1, 60)))

    assert kinds(desk.pay(sheet, "--json")) == ["never_sent"]
    assert desk.posts() == 2
    desk.sandbox.switch(list_error=0)
    assert desk.pay(sheet).code == 0
    assert_paid_once(desk, 2)


def test_an_old_copy_of_the_ledger_learns_what_was_paid_since(desk: Desk) -> None:
    desk.sandbox.switch(forbidden={"overall": [3]})
    sheet = desk.sheet(rows(6))
    assert desk.pay(sheet).code == 6
    copy = copy_of_the_ledger(desk)
    assert desk.pay(sheet).code == 0
    posts = desk.posts()
    put_back(desk, copy)

    assert desk.pay(sheet).code == 0
    assert desk.posts() == posts
    assert_paid_once(desk, 6)


def test_an_old_copy_finds_the_second_attempts_that_it_never_made(desk: Desk) -> None:
    desk.sandbox.set_balance(GBP="1.00")
    sheet = desk.sheet(rows(3))
    assert desk.pay(sheet, "--ignore-balance").code in (3, 6)
    copy = copy_of_the_ledger(desk)
    desk.sandbox.set_balance(GBP="100.00")
    assert desk.pay(sheet).code == 0
    posts = desk.posts()
    put_back(desk, copy)

    assert desk.pay(sheet).code == 0
    assert desk.posts() == posts
    assert_paid_once(desk, 3)


@pytest.mark.parametrize("command", ["run", "resume"])
def test_an_unknown_key_is_not_sent_again_beside_a_live_order_of_an_attempt_that_this_copy_never_made(
    desk: Desk, command: str
) -> None:
    # The errors are not stored: whoever sends the key of the first attempt again makes a second order.
    desk.sandbox.switch(**ERRORS_ALIKE, error_unmade=[1, 2, 3])
    sheet = desk.sheet(rows(1))
    assert desk.pay(sheet).code == 7
    copy = copy_of_the_ledger(desk)
    assert desk.batcher("decide", "march", "R0", "--never-created", "--reason", "seen in the portal").code == 7
    desk.sandbox.switch(error_unmade=0)
    assert desk.pay(sheet).code == 0
    paid, posts = order_of(desk, "R0")["id"], desk.posts()
    put_back(desk, copy)

    done = desk.pay(sheet) if command == "run" else desk.batcher("resume", "march", "--yes")
    assert desk.posts() == posts
    assert issued(desk) == {"R0": 1}
    assert (done.code, paid in done.err) == (7, True), done
    assert desk.results()[0]["status"] == "UNKNOWN"


def test_a_renamed_account_is_refused_while_its_key_is_known(desk: Desk) -> None:
    sheet = desk.sheet(rows(2))
    desk.pay(sheet)
    desk.settings["api"] = {"account": "acme-uk"}

    for done in (desk.pay(sheet), desk.batcher("resume", "march"), desk.batcher("reconcile", "march")):
        assert done.code == 2
        assert "used under the account name 'acme'; the config now says 'acme-uk'" in done.err
    assert desk.posts() == 2


def test_a_renamed_account_without_a_ledger_makes_the_rows_doubtful(desk: Desk) -> None:
    sheet = desk.sheet(rows(2))
    desk.pay(sheet)
    lose_the_ledger(desk)
    desk.settings["api"] = {"account": "acme-uk"}
    done = desk.pay(sheet, "--json")

    assert kinds(done) == ["doubtful", "doubtful"]
    first = done.json["error"]["problems"][0]["message"]
    assert order_of(desk, "R0")["id"] in first
    assert "carries this batch and reference, under another key" in first
    assert desk.posts() == 2


def test_an_order_of_the_batch_that_fits_no_row_stops_it_and_is_named(desk: Desk) -> None:
    desk.pay(desk.sheet(without_reference(*rows(3))))
    lost = desk.orders()[0]["id"]
    lose_the_ledger(desk)
    others = desk.sheet(without_reference(row("X9", "9.00"), *rows(3)[1:]))
    done = desk.pay(others)

    assert done.code == 5
    assert f"Order {lost} in Runa's list was made for this batch, and no row of the file fits it" in done.err
    assert desk.posts() == 3

    done = desk.pay(others, "--accept-missing")
    assert done.code == 0
    assert f"Not proven: Order {lost} carries the tag of this batch" in done.err
    assert desk.posts() == 4

    assert desk.pay(others).code == 0, "what somebody went on without is not asked about again"
    assert desk.batcher("reconcile", "march").code == 0
    assert desk.posts() == 4


def test_to_accept_an_order_without_a_row_is_not_to_pay_its_recipient_again(desk: Desk) -> None:
    desk.pay(desk.sheet(without_reference(*rows(3))))
    lose_the_ledger(desk)
    edited = desk.sheet(without_reference(row("R0", "9.00"), *rows(3)[1:]))

    assert kinds(desk.pay(edited, "--json")) == ["doubtful", "order_without_row"]
    assert kinds(desk.pay(edited, "--json", "--accept-missing")) == ["doubtful"]
    assert desk.posts() == 3


def test_resume_goes_on_without_the_file(desk: Desk) -> None:
    desk.sandbox.switch(forbidden={"overall": [3]})
    sheet = desk.sheet(rows(6))
    assert desk.pay(sheet).code == 6
    sheet.unlink()

    done = desk.batcher("resume", "march")
    assert done.code == 0
    assert "payouts.csv: 6 rows, GBP 21.00 (from the ledger)" in done.err
    assert_paid_once(desk, 6)


def test_resume_never_makes_a_new_attempt(desk: Desk) -> None:
    assert desk.pay(desk.sheet([*rows(2), row("F1", Email="fail@example.com"), row("I1", "3.00")])).code == 3
    posts = desk.posts()

    assert desk.batcher("resume", "march").code == 3
    assert desk.posts() == posts


def test_resume_does_not_pay_what_another_batch_has_paid_since(desk: Desk) -> None:
    desk.sandbox.switch(forbidden={"overall": [2]})
    held = without_reference(*rows(3))
    assert desk.pay(desk.sheet(held)).code == 6
    unsent = [line["Email"] for line in desk.results() if line["status"] == "NOT_SENT"]
    again = desk.sheet([line for line in held if line["Email"] in unsent], "again.csv")
    assert desk.pay(again, batch="april").code == 0
    posts = desk.posts()

    done = desk.batcher("resume", "march")
    assert done.code == 5
    assert "in batch april paid the same on 20" in done.err
    assert "batcher run FILE --batch march" in done.err
    assert desk.posts() == posts


def test_resume_knows_only_batches_that_were_confirmed(desk: Desk) -> None:
    done = desk.batcher("resume", "march")

    assert done.code == 2
    assert "There is no batch march" in done.err


def test_twins_in_the_file_and_in_an_earlier_batch_are_told_with_their_dates(desk: Desk) -> None:
    same = {"Amount": "10.00", "Email": "jo@example.com"}
    done = desk.pay(desk.sheet([row("A", **same), row("B", **same), row("C", "5.00")]))
    assert done.code == 0
    assert "Lines 2 and 3 pay the same to jo@example.com: GBP 10.00" in done.err

    sheet = desk.sheet([row("A", **same), row("D", "7.00", Email="c@example.com")])
    done = desk.pay(sheet, batch="april")
    assert done.code == 5
    assert "'A' in batch march paid the same on 20" in done.err
    assert desk.posts() == 3


def test_the_batch_before_is_compared_with(desk: Desk) -> None:
    assert desk.pay(desk.sheet(rows(3))).code == 0
    changed = [row("S0", "9.00", Email="r0@example.com"), row("S1", "2.00", Email="new@example.com")]
    done = desk.pay(desk.sheet(changed), batch="april")

    assert done.code == 0
    assert "Compared with batch march (20" in done.err
    assert "new: new@example.com, GBP 2.00 now" in done.err
    assert "other amount: r0@example.com, GBP 1.00 then, GBP 9.00 now" in done.err
    assert "missing: r2@example.com, GBP 3.00 then" in done.err


def test_a_renamed_row_is_not_paid_while_the_order_of_its_first_name_may_be_hidden(desk: Desk) -> None:
    """The ledger is lost, and the order that was made under the old name does not say yet whose it is."""
    desk.settings["polling"] = {"give_up_after_s": 1}
    desk.sandbox.switch(slow_s=3600)
    jo, slow = row("R0"), row("R1", Email="slow@example.com")
    assert desk.pay(desk.sheet([jo, slow])).code == 7
    lose_the_ledger(desk)

    renamed = desk.sheet([jo, row("R1 again", Email="slow@example.com")])
    assert kinds(desk.pay(renamed, "--json")) == ["orders_unfinished"]
    desk.sandbox.advance(7200)
    assert "orders_unfinished" not in kinds(desk.pay(renamed, "--json"))
    assert desk.posts() == 2
