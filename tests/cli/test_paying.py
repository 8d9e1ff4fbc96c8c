"""`batcher run`: every row is paid, the results say so row by row, and scripts can read how it ended."""

import stat
from typing import Any

import pytest

from tests.cli.desk import Desk, row, rows


def by_reference(desk: Desk) -> dict[str, dict[str, Any]]:
    """What was issued, by the reference in the order's metadata."""
    return {order["metadata"]["reference"]: order for order in desk.orders()}


def test_every_row_is_paid_once(desk: Desk) -> None:
    done = desk.pay(desk.sheet(rows(8)))

    assert done.code == 0
    assert len(desk.orders()) == desk.posts() == 8


def test_each_row_of_the_results_has_its_own_link(desk: Desk) -> None:
    desk.pay(desk.sheet(rows(8)))
    issued = by_reference(desk)

    results = desk.results()
    assert [line["Reference"] for line in results] == [f"R{number}" for number in range(8)]
    for line in results:
        order = issued[line["Reference"]]
        assert line["redemption_url"] == order["redemption_url"]
        assert (line["order_id"], line["idempotency_key"]) == (order["id"], order["idempotency_key"])
        assert (line["Email"], line["Amount"], line["price"]) == (order["recipient"], order["amount"], order["price"])
        assert (line["status"], line["payout_status"], line["attempts"]) == ("COMPLETED", "ACTIVE", "1")
        assert line["Name"] == f"Zoë {line['Reference']}"


def test_rows_without_a_reference_find_their_links_by_their_recipient(desk: Desk) -> None:
    sheet = desk.sheet([{name: cell for name, cell in each.items() if name != "Reference"} for each in rows(5)])
    assert desk.pay(sheet).code == 0

    issued = {order["recipient"]: order["redemption_url"] for order in desk.orders()}
    assert {line["Email"]: line["redemption_url"] for line in desk.results()} == issued


def test_the_results_are_for_their_owner_only(desk: Desk) -> None:
    desk.pay(desk.sheet(rows(1)))

    assert stat.S_IMODE((desk.folder / "results" / "march.csv").stat().st_mode) == 0o600
    assert stat.S_IMODE((desk.folder / "results").stat().st_mode) == 0o700
    assert stat.S_IMODE((desk.folder / "ledger.sqlite3").stat().st_mode) == 0o600


def test_a_script_reads_one_line_of_json(desk: Desk) -> None:
    content = desk.pay(desk.sheet(rows(3)), "--json").json

    assert content["exit_code"] == 0
    assert content["batch"] == "march"
    assert content["environment"].startswith("SANDBOX (acme at 127.0.0.1")
    assert content["counts"] == {"COMPLETED": 3}
    assert content["paid"] == {"GBP": "6.00"}
    assert content["results"] == str(desk.folder / "results" / "march.csv")
    assert (content["stops"], content["interrupted"]) == ([], False)


def test_messages_go_to_stderr_and_have_no_colours_in_a_pipe(desk: Desk) -> None:
    done = desk.pay(desk.sheet([*rows(2), row("F1", Email="fail@example.com")]))

    assert done.out == ""
    assert "\x1b" not in done.err
    assert "3 orders would be sent for GBP 13.00" in done.err
    assert "SANDBOX" in done.err


def test_some_rows_refused_or_failed_end_with_3(desk: Desk) -> None:
    done = desk.pay(
        desk.sheet([row("R1"), row("R2", Email="fail@example.com"), row("R3", Email="invalid@example.com")]), "--json"
    )

    assert done.code == 3
    assert done.json["counts"] == {"COMPLETED": 1, "FAILED": 1, "REJECTED": 1}
    assert [line["error_type"] for line in desk.results()] == ["", "order_failed", "validation_error"]
    assert [bool(line["redemption_url"]) for line in desk.results()] == [True, False, False]


def test_an_order_that_is_not_finished_ends_with_7_and_with_0_once_it_is(desk: Desk) -> None:
    desk.settings["polling"] = {"give_up_after_s": 1}
    sheet = desk.sheet([row("R1", Email="slow@example.com")])
    assert desk.pay(sheet).code == 7
    assert desk.results()[0]["status"] == "PROCESSING"

    desk.sandbox.advance(3600)
    assert desk.pay(sheet).code == 0
    assert len(desk.orders()) == desk.posts() == 1


def test_an_answer_that_never_came_ends_with_7_and_the_same_key_finds_the_order(desk: Desk) -> None:
    desk.sandbox.switch(reset_after=[1, 2, 3], list_error=list(range(1, 30)))
    sheet = desk.sheet(rows(2))
    done = desk.pay(sheet, "--never-sent", "--json")
    assert (done.code, done.json["counts"]) == (7, {"UNKNOWN": 2})

    done = desk.pay(sheet, "--json")
    assert (done.code, done.json["settlement"]["taken_over"]) == (0, {}), "the answers told, not the list"
    assert len(desk.orders()) == 2
    assert desk.posts() == 8


def test_an_answer_that_never_came_is_made_up_for_by_the_order_list_at_the_end_of_the_run(desk: Desk) -> None:
    desk.sandbox.switch(reset_after=[1, 2, 3])
    done = desk.pay(desk.sheet(rows(2)), "--json")

    assert (done.code, done.json["counts"]) == (0, {"COMPLETED": 2})
    assert sorted(done.json["settlement"]["taken_over"]) == ["R0", "R1"]
    assert (len(desk.orders()), desk.posts()) == (2, 6)


def test_an_order_that_contradicts_its_row_shows_no_link_and_ends_with_7(desk: Desk) -> None:
    done = desk.pay(desk.sheet([row("R1", Email="mismatch-amount@example.com")]))

    assert done.code == 7
    assert [(line["status"], line["redemption_url"], line["error_type"]) for line in desk.results()] == [
        ("UNKNOWN", "", "mismatch")
    ]


def test_a_balance_that_is_used_up_leaves_the_rest_for_later(desk: Desk) -> None:
    desk.sandbox.set_balance(GBP="0.00")
    sheet = desk.sheet([*rows(3), row("E1", Currency="EUR", Product="AMZ-FR")])
    done = desk.pay(sheet, "--ignore-balance", "--json")
    assert done.code in (3, 6), "whether a row was left unsent hangs on how quickly the first was refused"
    assert {stop["cause"] for stop in done.json["stops"]} == {"insufficient_funds"}
    assert {line["Reference"]: line["status"] for line in desk.results()}["E1"] == "COMPLETED"

    desk.sandbox.set_balance(GBP="100.00")
    assert desk.pay(sheet).code == 0
    assert len(desk.orders()) == 4


def test_a_key_that_is_refused_in_the_middle_of_a_run_ends_with_4(desk: Desk) -> None:
    desk.settings["limits"] = {"orders_per_minute": 60}
    desk.sandbox.switch(unauthorized={"overall": [1]})
    done = desk.pay(desk.sheet(rows(10)), "--json")

    assert done.code == 4
    assert desk.orders() == [] or len(desk.orders()) <= 2  # two more may have left with the first
    assert done.json["counts"]["NOT_SENT"] >= 8


def test_templates_and_payout_links_and_recipients_are_paid_as_well(desk: Desk) -> None:
    sheet = desk.sheet(
        [
            row("R1", **{"Recipient reference": ""}),
            row("R2", "5", Distribution="PAYOUT_LINK", Email="", **{"Recipient reference": ""}),
        ]
    )

    assert desk.pay(sheet).code == 0
    issued = by_reference(desk)
    assert {line["Reference"]: line["redemption_url"] for line in desk.results()} == {
        name: order["redemption_url"] for name, order in issued.items()
    }


def test_a_cell_that_a_spreadsheet_would_run_is_written_as_text(desk: Desk) -> None:
    desk.pay(desk.sheet([row("R1", Name='=HYPERLINK("https://evil.example")')]))

    assert desk.results()[0]["Name"] == '\'=HYPERLINK("https://evil.example")'


@pytest.mark.parametrize("fault", ["lost_reply", "truncated", "broken_json", "error_made", "too_many"])
def test_a_fault_at_every_first_send_costs_no_row_and_no_second_order(desk: Desk, fault: str) -> None:
    desk.sandbox.switch(**{fault: [1]})

    assert desk.pay(desk.sheet(rows(4))).code == 0
    assert len(desk.orders()) == 4
    assert desk.posts() == 8
