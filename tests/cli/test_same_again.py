"""The same command again pays nobody twice, whatever became of the file; what differs is named, never guessed."""

from pathlib import Path

import pytest

from tests.cli.desk import Desk, Done, row, rows


def paid(desk: Desk, count: int = 4) -> Path:
    """A sheet that was paid."""
    sheet = desk.sheet(rows(count))
    assert desk.pay(sheet).code == 0
    assert len(desk.orders()) == count
    return sheet


def problems(done: Done) -> list[tuple[int | None, str]]:
    assert done.code == 5
    return [(problem["line"], problem["kind"]) for problem in done.json["error"]["problems"]]


def test_the_same_file_again_sends_nothing(desk: Desk) -> None:
    sheet = paid(desk)
    before = desk.results()

    assert desk.pay(sheet).code == 0
    assert desk.posts() == 4
    # That it was confirmed once more is an event, so the digest is another one; nothing else is.
    assert [line | {"journal": ""} for line in desk.results()] == [line | {"journal": ""} for line in before]


def test_the_file_renamed_shuffled_and_saved_anew_sends_nothing(desk: Desk) -> None:
    paid(desk)
    shuffled = list(reversed(rows(4)))
    forms: dict[str, dict[str, object]] = {
        "renamed.csv": {},
        "excel.csv": {"delimiter": ";", "lineterminator": "\r\n", "encoding": "cp1252"},
        "unicode.txt": {"delimiter": "\t", "encoding": "utf-16"},
        "quoted.csv": {"quoting": 1, "encoding": "utf-8-sig"},
    }
    for name, options in forms.items():
        done = desk.pay(desk.sheet(shuffled, name, **options), "--json")

        assert (name, done.code, done.json["counts"]) == (name, 0, {"COMPLETED": 4})
    assert desk.posts() == 4
    assert [line["Reference"] for line in desk.results()] == ["R3", "R2", "R1", "R0"]


def test_the_same_amount_written_otherwise_sends_nothing(desk: Desk) -> None:
    paid(desk, 1)
    again = desk.sheet([row("R0", "1", Email="R0@EXAMPLE.COM", Currency="gbp", Distribution="email", Name="Else")])

    assert desk.pay(again).code == 0
    assert desk.posts() == 1


def test_a_row_that_is_added_is_the_one_that_is_sent(desk: Desk) -> None:
    paid(desk)

    assert desk.pay(desk.sheet([row("NEW", "77.00"), *rows(4)])).code == 0
    assert desk.posts() == 5
    assert desk.orders()[-1]["metadata"]["reference"] == "NEW"


def test_a_paid_row_that_was_edited_is_named_with_its_batch(desk: Desk) -> None:
    paid(desk)
    done = desk.pay(desk.sheet([row("R0", "100.00"), *rows(4)[1:]]), "--json")

    assert problems(done) == [(2, "edited")]
    message = done.json["error"]["problems"][0]["message"]
    assert "batch march" in message
    assert "1.00 is now 100.00" in message
    assert desk.posts() == 4


def test_a_paid_row_that_is_gone_is_named_until_it_is_accepted(desk: Desk) -> None:
    paid(desk)
    shorter = desk.sheet(rows(3))
    done = desk.pay(shorter, "--json")
    assert problems(done) == [(None, "missing")]
    assert "'R3' (line 5 when it was confirmed) of batch march" in done.json["error"]["problems"][0]["message"]

    assert desk.pay(shorter, "--accept-missing").code == 0
    assert desk.posts() == 4
    assert [line["Reference"] for line in desk.results()] == ["R0", "R1", "R2", "R3"]


def test_every_row_that_is_gone_is_counted(desk: Desk) -> None:
    paid(desk, 4)

    assert desk.pay(desk.sheet(rows(1))).err.count("the file no longer has it") == 3
    error = desk.pay(desk.sheet(rows(1)), "--json").json["error"]
    assert "3 rows cannot be taken as they are" in error["message"]
    assert error["fix"] == "Mend them, or say what is meant, as written beside each."


def test_a_paid_row_under_another_reference_is_both_missing_and_doubtful(desk: Desk) -> None:
    paid(desk)
    renamed = desk.sheet([row("X0", "1.00", Email="r0@example.com"), *rows(4)[1:]])
    assert problems(desk.pay(renamed, "--json")) == [(2, "doubtful"), (None, "missing")]
    assert problems(desk.pay(renamed, "--json", "--accept-missing")) == [(2, "doubtful")]
    assert desk.posts() == 4


def test_last_months_sheet_under_a_new_name_is_doubtful(desk: Desk) -> None:
    sheet = paid(desk, 2)
    done = desk.pay(sheet, "--json", batch="april")

    assert problems(done) == [(2, "doubtful"), (3, "doubtful")]
    assert "batch march" in done.json["error"]["problems"][0]["message"]
    assert desk.posts() == 2


def test_doubtful_rows_are_paid_again_by_name_and_only_those(desk: Desk) -> None:
    sheet = paid(desk, 3)
    assert problems(desk.pay(sheet, "--json", "--pay-again", "R0", "R1", batch="april")) == [(4, "doubtful")]

    assert desk.pay(sheet, "--pay-again", "R0", "R1", "R2", batch="april").code == 0
    assert desk.posts() == 6


def test_pay_again_takes_its_names_however_they_are_given(desk: Desk) -> None:
    sheet = paid(desk, 3)
    separately = ["--pay-again", "R0", "--pay-again", "R1", "--pay-again=R2"]

    assert desk.batcher("plan", sheet, "--batch", "april", *separately).code == 0
    assert desk.batcher("plan", sheet, "--pay-again", "R0", "R1", "R2", "--batch", "april").code == 0


def test_a_whole_batch_is_repeated_on_purpose(desk: Desk) -> None:
    sheet = paid(desk, 2)

    assert desk.pay(sheet, "--repeats", "march", "--reason", "quarterly bonus", batch="april").code == 0
    assert desk.posts() == 4


def test_a_row_that_was_refused_and_is_mended_gets_one_new_attempt(desk: Desk) -> None:
    assert desk.pay(desk.sheet([row("R1", Email="invalid@example.com"), row("R2")])).code == 3

    assert desk.pay(desk.sheet([row("R1", Email="valid@example.com"), row("R2")])).code == 0
    assert desk.posts() == 3
    assert [(line["status"], line["attempts"]) for line in desk.results()] == [("COMPLETED", "2"), ("COMPLETED", "1")]


@pytest.mark.parametrize(("flags", "posts"), [([], 2), (["--no-retry"], 1)])
def test_a_failed_row_gets_a_new_attempt_unless_it_is_told_not_to(desk: Desk, flags: list[str], posts: int) -> None:
    sheet = desk.sheet([row("R1", Email="fail@example.com")])
    assert desk.pay(sheet).code == 3

    assert desk.pay(sheet, *flags).code == 3
    assert desk.posts() == posts


def test_a_failed_order_that_is_paid_by_now_gets_no_second_one(desk: Desk) -> None:
    desk.sandbox.switch(late_s=600)
    sheet = desk.sheet([row("R1", Email="late@example.com")])
    assert desk.pay(sheet).code == 3
    desk.sandbox.advance(3600)

    assert desk.pay(sheet).code == 0
    assert desk.posts() == 1
    assert desk.results()[0]["redemption_url"] == desk.orders()[0]["redemption_url"]


def test_the_valid_rows_are_paid_beside_invalid_ones_where_that_is_said(desk: Desk) -> None:
    sheet = desk.sheet([*rows(2), row("BAD", "much")])
    done = desk.pay(sheet, "--skip-invalid", "--json")

    assert (done.code, done.json["counts"]) == (3, {"COMPLETED": 2, "INVALID": 1})
    assert [line["status"] for line in desk.results()] == ["COMPLETED", "COMPLETED", "INVALID"]

    assert desk.pay(desk.sheet([*rows(2), row("BAD", "33.00")])).code == 0
    assert desk.posts() == 3


def test_an_unsent_row_that_is_taken_out_is_withdrawn(desk: Desk) -> None:
    desk.sandbox.switch(forbidden={"overall": [1]})
    assert desk.pay(desk.sheet([row("R1")])).code == 6
    done = desk.pay(desk.sheet([row("R2", "3.00")]), "--json")

    assert (done.code, done.json["counts"]) == (0, {"COMPLETED": 1})
    assert [order["metadata"]["reference"] for order in desk.orders()] == ["R2"]


def test_an_unsent_row_that_is_edited_is_sent_as_it_is_now(desk: Desk) -> None:
    desk.sandbox.switch(forbidden={"overall": [1]})
    assert desk.pay(desk.sheet([row("R1", "3.00")])).code == 6

    assert desk.pay(desk.sheet([row("R1", "4.00")])).code == 0
    assert [order["amount"] for order in desk.orders()] == ["4.00"]


def test_a_lost_ledger_replays_the_first_orders_instead_of_making_new_ones(desk: Desk) -> None:
    sheet = paid(desk)
    links = {line["Reference"]: line["redemption_url"] for line in desk.results()}
    for file in desk.folder.glob("ledger.sqlite3*"):
        file.unlink()

    assert desk.pay(sheet).code == 0
    assert len(desk.orders()) == 4
    assert {line["Reference"]: line["redemption_url"] for line in desk.results()} == links
