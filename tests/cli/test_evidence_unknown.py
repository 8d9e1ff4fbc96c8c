"""Rows without a usable answer: the order list gives them their orders, or proves in time that there are none."""

import pytest

from tests.cli.desk import Desk, row, rows
from tests.cli.evidence import (
    ERRORS_ALIKE,
    again_until,
    assert_paid_once,
    issued,
    keys_of,
    never_made,
    settles_within_a_second,
)

DAY_S = 24 * 3600.0
FORMS_OF_THE_LIST = [(order, end) for order in ("newest", "oldest") for end in ("empty_page", "null_cursor")]


def test_orders_that_were_made_although_every_answer_said_500_are_taken_over(desk: Desk) -> None:
    desk.sandbox.switch(**ERRORS_ALIKE, error_made_stored=[1])
    done = desk.pay(desk.sheet(rows(3)))

    assert done.code == 0
    assert done.err.count("was found in Runa's list and taken over") == 3
    assert_paid_once(desk, 3)


def test_orders_that_the_list_shows_late_are_taken_over_by_reconcile(desk: Desk) -> None:
    desk.sandbox.switch(**ERRORS_ALIKE, error_made_stored=[1], list_lag_s=3600)
    assert desk.pay(desk.sheet(rows(3))).code == 7
    done = desk.batcher("reconcile", "march")
    assert (done.code, done.err.count("still unknown, because")) == (7, 3)
    posts = desk.posts()

    desk.sandbox.switch(list_lag_s=0)
    assert desk.batcher("reconcile", "march").code == 0
    assert desk.posts() == posts, "to reconcile sends nothing"
    assert_paid_once(desk, 3)


def test_orders_that_were_never_made_are_paid_under_a_new_key_after_the_proof_and_not_before(desk: Desk) -> None:
    settles_within_a_second(desk)
    desk.sandbox.switch(**ERRORS_ALIKE, error_unmade_stored=[1])
    sheet = desk.sheet(rows(2))
    done = desk.pay(sheet)
    assert (done.code, done.err.count("two readings of the order list must be")) == (7, 2)
    assert done.err.count("reconcile it after 20") == 2, "and from when it can be settled"
    first = keys_of(desk)
    desk.sandbox.switch(error_unmade_stored=0)

    desk.settings |= {"reconcile": {"settle_after_s": 900}, "retry": {"attempts": 1}}
    assert desk.batcher("reconcile", "march").code == 7
    assert desk.pay(sheet).code == 7
    assert keys_of(desk) == first, "no new key before the proof"
    assert issued(desk) == {}
    settles_within_a_second(desk)

    assert set(never_made(desk).json["settlement"]["never_made"]) == {"R0", "R1"}
    assert "never_created" in {line["error_type"] for line in desk.results()}
    said = desk.batcher("status", "march").out
    assert "no order was made" in said
    assert "may have been paid" not in said

    assert desk.pay(sheet).code == 0
    assert_paid_once(desk, 2)
    assert {line["attempts"] for line in desk.results()} == {"2"}
    assert not set(keys_of(desk).values()) & set(first.values())


def test_an_error_that_may_pass_proves_nothing_and_the_same_key_is_asked_again(desk: Desk) -> None:
    desk.sandbox.switch(**ERRORS_ALIKE, error_unmade=[1, 2, 3])
    sheet = desk.sheet(rows(1))
    assert desk.pay(sheet).code == 7
    before = keys_of(desk)

    done = desk.batcher("reconcile", "march", "--json")
    assert done.json["settlement"]["never_made"] == {}
    assert "its key may still be asked" in done.json["settlement"]["unsettled"]["R0"]["why"]
    assert desk.pay(sheet).code == 0
    assert_paid_once(desk, 1)
    assert keys_of(desk) == before


def test_a_run_that_asks_again_does_not_say_first_that_nothing_is_settled(desk: Desk) -> None:
    desk.sandbox.switch(**ERRORS_ALIKE, error_unmade=[1, 2, 3])
    sheet = desk.sheet(rows(1))
    desk.pay(sheet)

    done = desk.pay(sheet)
    assert "1 unknown row would be asked about again" in done.err
    assert "still unknown" not in done.err


def test_an_order_of_somebody_that_is_not_finished_could_be_the_rows_and_proves_nothing(desk: Desk) -> None:
    settles_within_a_second(desk)
    desk.sandbox.switch(**ERRORS_ALIKE, error_unmade_stored=[1])
    assert desk.pay(desk.sheet(rows(1))).code == 7
    (stranger,) = desk.sandbox.make_foreign(settle_s=3600)

    done = again_until(
        lambda: desk.batcher("reconcile", "march"), lambda done: "two readings of the order list" not in done.err
    )
    assert done.code == 7
    assert f"order {stranger} of Runa's list is not finished and does not say whose it is" in done.err

    desk.sandbox.advance(7200)
    assert set(never_made(desk).json["settlement"]["never_made"]) == {"R0"}


def test_an_unfinished_order_from_before_the_first_send_may_be_a_lost_ledgers(desk: Desk) -> None:
    settles_within_a_second(desk)
    desk.settings["polling"] = {"give_up_after_s": 1}
    assert desk.pay(desk.sheet([row("A1", Email="other@example.com")]), batch="february").code == 0
    (stranger,) = desk.sandbox.make_foreign(settle_s=3600)
    desk.sandbox.switch(**ERRORS_ALIKE, error_unmade_stored=[1])
    done = desk.pay(desk.sheet(rows(1)))
    assert done.code == 7
    assert "1 order in Runa's list is not finished and may be anybody's" in done.err

    done = again_until(
        lambda: desk.batcher("reconcile", "march"), lambda done: "two readings of the order list" not in done.err
    )
    assert f"order {stranger} of Runa's list is not finished and does not say whose it is" in done.err
    desk.sandbox.advance(7200)
    assert set(never_made(desk).json["settlement"]["never_made"]) == {"R0"}


def test_a_list_that_lacks_orders_which_were_made_proves_nothing(desk: Desk) -> None:
    settles_within_a_second(desk)
    desk.sandbox.switch(**ERRORS_ALIKE, error_made_stored={"overall": [2]}, list_lag_s=3600)
    assert desk.pay(desk.sheet(rows(3)), "--no-canary").code == 7

    done = again_until(
        lambda: desk.batcher("reconcile", "march"), lambda done: "two readings of the order list" not in done.err
    )
    assert "the order list lacks 2 orders of this batch" in done.err
    desk.sandbox.switch(list_lag_s=0)
    assert desk.batcher("reconcile", "march").code == 0
    assert_paid_once(desk, 3)


@pytest.mark.parametrize(("order", "end"), FORMS_OF_THE_LIST)
def test_every_order_is_found_in_a_list_that_grows_while_it_is_read(desk: Desk, order: str, end: str) -> None:
    desk.sandbox.make_foreign(count=13)
    desk.sandbox.switch(list_order=order, list_end=end, list_page=5, list_grows=2, list_grows_most=12)
    desk.sandbox.switch(lost_reply=[1, 2, 3])
    done = desk.pay(desk.sheet(rows(4)), "--json")

    assert (done.code, len(done.json["settlement"]["taken_over"])) == (0, 4)
    assert done.json["proof"]["agrees"]
    assert_paid_once(desk, 4)


@pytest.mark.parametrize("fault", ["list_error", "list_too_many", "list_truncated"])
def test_a_list_that_fails_once_is_asked_again(desk: Desk, fault: str) -> None:
    desk.sandbox.make_foreign(count=4)
    desk.sandbox.switch(**{fault: [1]}, list_page=3)

    done = desk.pay(desk.sheet(rows(1)))
    assert done.code == 0
    assert "not read to its end" not in done.err


@pytest.mark.parametrize("fault", ["list_error", "list_too_many", "list_truncated"])
def test_a_new_batch_is_not_sent_where_the_list_cannot_be_read_unless_it_was_never_sent(desk: Desk, fault: str) -> None:
    desk.sandbox.make_foreign(count=4)
    desk.sandbox.switch(**{fault: {"overall": list(range(2, 60))}}, list_page=3)
    sheet = desk.sheet(rows(2))
    done = desk.pay(sheet)
    assert done.code == 5
    assert "was never sent from this ledger and would send 2 orders" in done.err
    assert "Batch march cannot be sent as it is in payouts.csv; nothing was sent." in done.err
    assert desk.posts() == 0

    done = desk.pay(sheet, "--never-sent")
    assert done.code == 0
    assert "Not proven: Orders that fit no row could not be ruled out" in done.err
    assert_paid_once(desk, 2)


def test_a_list_that_is_longer_than_it_may_be_is_not_read_to_its_end(desk: Desk) -> None:
    desk.settings["reconcile"] = {"max_pages": 2}
    desk.sandbox.make_foreign(count=9)
    desk.sandbox.switch(list_page=3)

    done = desk.pay(desk.sheet(rows(1)))
    assert done.code == 5
    assert "[reconcile] max_pages" in done.err


def test_31_days_later_an_order_that_was_made_is_taken_over_and_nothing_is_sent_again(desk: Desk) -> None:
    desk.sandbox.switch(lost_reply=[1, 2, 3], list_error=list(range(2, 9)))
    sheet = desk.sheet(rows(3))
    assert desk.pay(sheet).code == 7
    desk.sandbox.switch(list_error=0, lost_reply=0)
    desk.sandbox.advance(31 * DAY_S)
    posts = desk.posts()

    done = desk.pay(sheet)
    assert done.code == 0
    assert "This machine's clock and Runa's differ" in done.err
    assert desk.posts() == posts
    assert_paid_once(desk, 3)


def test_31_days_later_an_order_that_was_never_made_is_proven_so_and_paid_under_a_new_key(desk: Desk) -> None:
    desk.sandbox.switch(**ERRORS_ALIKE, error_unmade=[1, 2, 3])
    sheet = desk.sheet(rows(2))
    assert desk.pay(sheet).code == 7
    first, posts = keys_of(desk), desk.posts()
    desk.sandbox.switch(error_unmade=0)
    desk.sandbox.advance(31 * DAY_S)

    done = desk.pay(sheet, "--json")
    assert (done.code, desk.posts()) == (7, posts), "Runa has forgotten the key: the same bytes would be a new order"
    assert "over 29 days ago" in done.json["not_sent_again"]["R0"]
    # Only now: on a slow machine any two commands are more than a second apart.
    desk.settings["reconcile"] = {"settle_after_s": 1}
    assert set(never_made(desk).json["settlement"]["never_made"]) == {"R0", "R1"}
    assert desk.pay(sheet).code == 0
    assert_paid_once(desk, 2)
    assert not set(keys_of(desk).values()) & set(first.values())


def test_a_failed_order_that_came_through_is_not_paid_again(desk: Desk) -> None:
    desk.sandbox.switch(late_s=600)
    sheet = desk.sheet([row("R1", Email="late@example.com"), row("R2")])
    assert desk.pay(sheet).code == 3
    desk.sandbox.advance(3600)

    assert desk.pay(sheet).code == 0
    assert desk.posts() == 2
    assert_paid_once(desk, 2)


@pytest.mark.parametrize("shape", ["bare", "full"])
def test_reconcile_takes_over_a_failed_order_that_came_through_and_sends_nothing(desk: Desk, shape: str) -> None:
    desk.sandbox.switch(late_s=600, failed_shape=shape)
    assert desk.pay(desk.sheet([row("R1", Email="late@example.com"), row("R2")])).code == 3
    assert [line["status"] for line in desk.results()] == ["FAILED", "COMPLETED"]
    desk.sandbox.advance(3600)

    done = desk.batcher("reconcile", "march")
    assert done.code == 0, done
    assert desk.posts() == 2
    assert_paid_once(desk, 2)


def test_reconcile_says_which_batch_and_environment_it_speaks_of(desk: Desk) -> None:
    desk.pay(desk.sheet(rows(1)))
    done = desk.batcher("reconcile", "march")

    assert (done.code, done.out) == (0, "")
    assert done.err.startswith("Batch march in SANDBOX (acme at 127.0.0.1")
    assert "in = 1 paid." in done.err


def test_a_batch_that_is_not_there_cannot_be_reconciled(desk: Desk) -> None:
    done = desk.batcher("reconcile", "march")

    assert done.code == 2
    assert "There is no batch march" in done.err


def test_reconcile_follows_orders_that_were_not_finished(desk: Desk) -> None:
    desk.settings["polling"] = {"give_up_after_s": 1}
    assert desk.pay(desk.sheet([row("R1", Email="slow@example.com")])).code == 7
    desk.sandbox.advance(3600)

    done = desk.batcher("reconcile", "march")
    assert done.code == 0
    assert "Followed 1 of 1 open orders to their end." in done.err
    assert_paid_once(desk, 1)
