"""A ledger that was put back from its back-up, or lost: what it does not know, and that nobody is paid twice by it."""

import pytest

from tests.cli.desk import Desk, rows
from tests.cli.evidence import ERRORS_ALIKE, assert_paid_once, issued, lose_the_ledger, put_back

UNREADABLE = {"list_error": list(range(1, 200))}
"""No page of the order list is given out."""

DAY_S = 86_400.0


def backed_up(desk: Desk) -> None:
    """Yesterday's back-up, at `copy.sqlite3`."""
    assert desk.batcher("backup", desk.folder / "copy.sqlite3").code == 0


def restored(desk: Desk) -> None:
    put_back(desk, desk.folder / "copy.sqlite3")


def paid_by_a_second_attempt_after_the_copy(desk: Desk, *, ends: int = 0) -> int:
    """An order whose key Runa never heard of is declared never created, and paid under the next key; gives the posts.

    The copy is from before: to it, the row is unknown, and the first key is the one to ask with.
    """
    desk.sandbox.switch(**ERRORS_ALIKE, error_unmade=[1, 2, 3])
    sheet = desk.sheet(rows(1))
    assert desk.pay(sheet).code == 7
    backed_up(desk)
    assert desk.batcher("decide", "march", "R0", "--never-created", "--reason", "seen in the portal").code == 7
    desk.sandbox.switch(error_unmade=0)
    assert desk.pay(sheet).code == ends
    restored(desk)
    return desk.posts()


@pytest.mark.parametrize("command", ["run", "resume"])
def test_where_the_look_is_not_complete_a_restored_ledger_does_not_ask_with_an_old_key(
    desk: Desk, command: str
) -> None:
    posts = paid_by_a_second_attempt_after_the_copy(desk)
    desk.sandbox.switch(**UNREADABLE)
    done = desk.pay(desk.sheet(rows(1))) if command == "run" else desk.batcher("resume", "march", "--yes")
    assert (done.code, desk.posts(), issued(desk)) == (5, posts, {"R0": 1}), done
    assert "is older than the back-up that this ledger was put back from" in done.err
    assert "say --never-sent only if Runa's portal shows that nothing was sent since that back-up" in done.err

    desk.sandbox.switch(list_error=0)
    assert desk.pay(desk.sheet(rows(1))).code == 7, "what the list shows beside an unknown row is for a person"
    assert issued(desk) == {"R0": 1}


def test_an_order_that_is_not_finished_may_be_that_of_a_later_attempt(desk: Desk) -> None:
    """The list shows whose an order is only once it is finished: until then no older key is sent."""
    desk.settings["polling"] = {"give_up_after_s": 1}
    desk.sandbox.switch(complete_min_s=3600, complete_max_s=3600)
    posts = paid_by_a_second_attempt_after_the_copy(desk, ends=7)

    done = desk.pay(desk.sheet(rows(1)))
    assert (done.code, desk.posts(), issued(desk)) == (5, posts, {"R0": 1}), done
    assert "not finished and may be anybody's: one of them may be that of 'R0' under another key" in done.err


def test_the_same_command_after_a_restore_needs_no_flag_and_pays_nobody_twice(desk: Desk) -> None:
    desk.sandbox.switch(forbidden={"overall": [3]})
    sheet = desk.sheet(rows(6))
    assert desk.pay(sheet).code == 6
    backed_up(desk)
    assert desk.pay(sheet).code == 0
    posts = desk.posts()
    restored(desk)

    planned = desk.batcher("plan", sheet, "--batch", "march", "--json").json
    assert planned["orders"] == 0
    assert planned["standings"]["found"] > 0
    assert desk.pay(sheet).code == 0
    assert desk.posts() == posts
    assert_paid_once(desk, 6)
    assert desk.batcher("verify", "march").code == 0


def test_a_batch_of_after_the_back_up_is_unknown_to_it_and_found(desk: Desk) -> None:
    assert desk.pay(desk.sheet(rows(2))).code == 0
    backed_up(desk)
    april = desk.sheet(rows(6)[2:], "april.csv")
    assert desk.pay(april, batch="april").code == 0
    (told,) = [one["journal"] for one in desk.results("april")[:1]]
    posts = desk.posts()
    restored(desk)

    assert desk.batcher("status", "april").code == 2
    assert desk.pay(april, batch="april").code == 0
    assert desk.posts() == posts
    assert desk.results("april")[0]["redemption_url"]
    assert desk.batcher("verify", "april", "--head", told[:16]).code == 1, "its story is another one"


def test_without_any_ledger_the_same_command_finds_what_was_paid_and_less_is_known(desk: Desk) -> None:
    desk.sandbox.switch(**ERRORS_ALIKE, error_unmade=[1, 2, 3])
    sheet = desk.sheet(rows(1))
    assert desk.pay(sheet).code == 7
    desk.batcher("decide", "march", "R0", "--never-created", "--reason", "seen in the portal")
    desk.sandbox.switch(error_unmade=0)
    assert desk.pay(sheet).code == 0
    link = desk.results()[0]["redemption_url"]
    lose_the_ledger(desk)
    posts = desk.posts()

    assert desk.pay(sheet).code == 0
    assert (desk.posts(), issued(desk)) == (posts, {"R0": 1})
    assert desk.results()[0]["redemption_url"] == link
    ledger = (desk.folder / "ledger.sqlite3").read_bytes()
    assert b"seen in the portal" not in ledger, "who decided what is lost"


@pytest.mark.parametrize(("days", "orders_each"), [(1, 1), (31, 2)])
def test_why_never_sent_is_never_said_after_a_loss(desk: Desk, days: int, orders_each: int) -> None:
    """Within 30 days Runa still knows the keys and repeats its answers; after that the list alone tells."""
    sheet = desk.sheet(rows(2))
    assert desk.pay(sheet).code == 0
    lose_the_ledger(desk)
    desk.sandbox.advance(days * DAY_S)
    desk.sandbox.switch(**UNREADABLE)

    refused = desk.pay(sheet)
    assert (refused.code, issued(desk)) == (5, {"R0": 1, "R1": 1})
    assert "was never sent from this ledger" in refused.err
    desk.pay(sheet, "--never-sent")
    assert issued(desk) == {"R0": orders_each, "R1": orders_each}


def test_users_and_sums_of_approvals_of_after_the_back_up_are_gone(desk: Desk) -> None:
    assert desk.pay(desk.sheet(rows(1))).code == 0
    backed_up(desk)
    password = desk.file("password", b"a few long words of pat")
    password.chmod(0o600)
    added = desk.batcher("user", "add", "pat", "--role", "preparer", "--password-file", password)
    assert added.code == 0
    restored(desk)
    assert desk.batcher("user", "list", "--json").json["users"] == []
