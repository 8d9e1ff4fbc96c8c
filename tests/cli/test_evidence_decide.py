"""Orders that contradict their rows are put aside, without a link anywhere; a person ends what evidence cannot."""

import sqlite3

import pytest

from tests.cli.desk import Desk, row
from tests.cli.evidence import ERRORS_ALIKE, assert_paid_once, issued, order_of

WRONG = {"amount": "amount", "address": "recipient", "key": "idempotency key"}


def wrong(desk: Desk, what: str) -> str:
    """Pay one row whose order comes back wrong; gives the order's id."""
    assert desk.pay(desk.sheet([row("R1", Email=f"mismatch-{what}@example.com"), row("R2")]), "--no-canary").code == 7
    return str(next(order["id"] for order in desk.orders() if order["recipient"].startswith("mismatch-")))


def unknown(desk: Desk, *lines: dict[str, str]) -> None:
    """Pay rows whose orders are made, and that nothing tells of."""
    desk.sandbox.switch(**ERRORS_ALIKE, error_made_stored=[1], list_lag_s=3600)
    assert desk.pay(desk.sheet(list(lines))).code == 7


def decide(desk: Desk, *arguments: object) -> tuple[int, str]:
    """Decide about R1, with a reason."""
    done = desk.batcher("decide", "march", "R1", *arguments, "--reason", "seen in the portal")
    return done.code, done.err


@pytest.mark.parametrize("what", WRONG)
def test_an_order_that_contradicts_its_row_is_put_aside_and_its_link_is_nowhere(desk: Desk, what: str) -> None:
    order_id = wrong(desk, what)

    line = desk.results()[0]
    assert (line["status"], line["order_id"], line["redemption_url"]) == ("UNKNOWN", order_id, "")
    assert (line["error_type"], WRONG[what] in line["error_message"]) == ("mismatch", True)
    link = next(order["redemption_url"] for order in desk.orders() if order["id"] == order_id)
    token = link.rpartition("/")[2].encode()
    for file in [*(desk.folder / "results").iterdir(), *desk.folder.glob("ledger.sqlite3*")]:
        assert token not in file.read_bytes(), file.name


def test_a_row_that_needs_a_person_is_named_with_the_way_out(desk: Desk) -> None:
    wrong(desk, "amount")

    for said in (desk.batcher("status", "march").out, desk.batcher("reconcile", "march").err):
        assert "Needs a person: R1" in said
        assert "batcher decide" in said


def test_the_order_of_another_batchs_row_is_nobodys_to_decide(desk: Desk) -> None:
    desk.sandbox.switch(**ERRORS_ALIKE, error_made_stored=[1], list_lag_s=3600)
    assert desk.pay(desk.sheet([row("C1", "77.00")], "april.csv"), "--never-sent", batch="april").code == 7
    assert desk.pay(desk.sheet([row("R1")]), "--never-sent").code == 7

    code, said = decide(desk, "--order", order_of(desk, "C1")["id"])
    assert (code, "carries the key of 'C1' in batch april" in said) == (2, True)
    assert desk.results()[0]["order_id"] == ""


@pytest.mark.parametrize("what", WRONG)
def test_a_person_takes_the_order_as_it_is(desk: Desk, what: str) -> None:
    order_id = wrong(desk, what)

    assert decide(desk, "--order", order_id) == (0, f"'R1' is paid by order {order_id}.\n")
    assert [line["status"] for line in desk.results()] == ["COMPLETED", "COMPLETED"]
    assert bool(desk.results()[0]["redemption_url"])
    assert desk.pay(desk.folder / "payouts.csv").code == 0
    assert desk.posts() == 2


def test_an_order_that_was_never_made_lets_the_next_run_pay_anew(desk: Desk) -> None:
    desk.sandbox.switch(**ERRORS_ALIKE, error_unmade_stored=[1])
    sheet = desk.sheet([row("R1")])
    assert desk.pay(sheet).code == 7
    first = desk.results()[0]["idempotency_key"]
    desk.sandbox.switch(error_unmade_stored=0)

    code, said = decide(desk, "--never-created")
    assert (code, "The next run may pay it under a new key" in said) == (7, True)
    assert desk.pay(sheet).code == 0
    assert issued(desk) == {"R1": 1}
    assert desk.results()[0]["idempotency_key"] != first


def test_what_the_list_shows_cannot_be_decided_away(desk: Desk) -> None:
    desk.sandbox.switch(**ERRORS_ALIKE, error_made_stored=[1, 2, 3], list_lag_s=3600)
    sheet = desk.sheet([row("R1")])
    assert desk.pay(sheet).code == 7
    desk.sandbox.switch(list_lag_s=0)
    assert desk.batcher("plan", sheet, "--batch", "march").code == 0, "which reads the list and settles nothing"

    code, said = decide(desk, "--never-created")
    assert (code, order_of(desk, "R1")["id"] in said) == (2, True)
    assert desk.batcher("reconcile", "march").code == 0
    assert issued(desk) == {"R1": 1}


def test_an_order_that_a_person_names_is_read_and_held_against_the_row_first(desk: Desk) -> None:
    unknown(desk, row("R1", Email="mismatch-amount@example.com"))
    order_id = order_of(desk, "R1")["id"]

    code, said = decide(desk, "--order", order_id)
    assert (code, "it differs in amount" in said, "decide once more" in said) == (7, True, True)
    assert desk.results()[0]["redemption_url"] == ""
    assert decide(desk, "--order", order_id)[0] == 0
    assert desk.results()[0]["status"] == "COMPLETED"


def test_an_order_that_fits_needs_no_second_word(desk: Desk) -> None:
    unknown(desk, row("R1"))

    assert decide(desk, "--order", order_of(desk, "R1")["id"])[0] == 0
    assert desk.results()[0]["redemption_url"] == order_of(desk, "R1")["redemption_url"]


def test_the_paid_order_of_another_row_is_not_taken(desk: Desk) -> None:
    desk.sandbox.switch(**ERRORS_ALIKE, error_unmade_stored={"overall": [1]})
    assert desk.pay(desk.sheet([row("R1"), row("R2")]), "--no-canary").code == 7
    paid = next(iter(desk.orders()))

    code, said = decide(desk, "--order", paid["id"])
    assert (code, f"Order {paid['id']} carries the key of 'R2', so it is that row's" in said) == (2, True)


def test_an_order_that_is_not_there_changes_nothing(desk: Desk) -> None:
    unknown(desk, row("R1"))
    before = desk.results()

    code, said = decide(desk, "--order", "O-NOPE")
    assert (code, "Runa knows no order O-NOPE in this environment; nothing was changed" in said) == (2, True)
    assert desk.results() == before


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["R1", "--reason", "x"], "either --order ID or --never-created"),
        (["R1", "--never-created"], "needs --reason"),
        (["R9", "--never-created", "--reason", "x"], "There is no row 'R9'"),
        (["R2", "--never-created", "--reason", "x"], "there is nothing to decide"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(desk: Desk, arguments: list[str], word: str) -> None:
    wrong(desk, "amount")
    done = desk.batcher("decide", "march", *arguments)

    assert done.code == 2
    assert word in done.err


def test_a_decision_is_kept_with_its_reason_and_name(desk: Desk) -> None:
    wrong(desk, "amount")
    decide(desk, "--never-created")

    with sqlite3.connect(desk.folder / "ledger.sqlite3") as ledger:
        said = "\n".join(ledger.iterdump())
    ledger.close()
    assert "a person decided so (seen in the portal)" in said


def test_what_was_said_too_early_to_be_never_created_can_be_given_its_order(desk: Desk) -> None:
    unknown(desk, row("R1"))
    assert decide(desk, "--never-created")[0] == 7

    assert decide(desk, "--order", order_of(desk, "R1")["id"])[0] == 0
    assert_paid_once(desk, 1)
    assert desk.pay(desk.sheet([row("R1")])).code == 0
    assert issued(desk) == {"R1": 1}


def test_a_decision_for_the_order_of_another_row_is_refused_and_changes_nothing(desk: Desk) -> None:
    unknown(desk, row("R1"), row("R2"))
    mine, theirs = order_of(desk, "R1")["id"], order_of(desk, "R2")["id"]
    before = desk.results()
    code, said = decide(desk, "--order", theirs)
    assert (code, f"Order {theirs} carries the key of 'R2', so it is that row's" in said) == (2, True)
    assert desk.results() == before
    assert before[0]["redemption_url"] == "", "the link of another row is shown in no line"

    assert decide(desk, "--order", mine)[0] == 7
    assert desk.results()[1]["status"] == "UNKNOWN"
    desk.sandbox.switch(list_lag_s=0)
    assert desk.batcher("reconcile", "march").code == 0
    assert {line["Reference"]: line["order_id"] for line in desk.results()} == {"R1": mine, "R2": theirs}
    assert issued(desk) == {"R1": 1, "R2": 1}
