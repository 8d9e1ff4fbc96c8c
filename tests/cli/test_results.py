"""`results`: in which formats, what it sums up, and what it hears when it asks again."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pytest
from pyarrow import parquet

from tests.cli.desk import Desk, row, rows


def written(desk: Desk) -> list[str]:
    return sorted(path.name for path in (desk.folder / "results").iterdir())


def order_ids(desk: Desk) -> dict[str, str]:
    """The order of each row, by its reference."""
    return {line["Reference"]: line["order_id"] for line in desk.results()}


def rewrite_ledger(desk: Desk, statement: str, *values: str) -> None:
    """Make the ledger say something else than Runa."""
    with sqlite3.connect(desk.folder / "ledger.sqlite3") as ledger:
        assert ledger.execute(statement, values).rowcount
    ledger.close()


def test_each_format_that_is_asked_for_is_written(desk: Desk) -> None:
    desk.pay(desk.sheet(rows(2)))
    done = desk.batcher("results", "march", "--format", "xlsx", "--format", "parquet")

    assert done.code == 0
    assert [Path(line).name for line in done.out.splitlines()] == ["march.xlsx", "march.parquet"]
    paid = [(line["Reference"], line["redemption_url"]) for line in desk.results()]
    assert [
        (line["Reference"], line["redemption_url"]) for line in parquet.read_table(done.out.split()[1]).to_pylist()
    ] == paid
    headers, *lines = openpyxl.load_workbook(done.out.split()[0])["Results"].iter_rows(values_only=True)
    assert [(line[0], line[headers.index("redemption_url")]) for line in lines] == paid


def test_a_run_writes_the_formats_of_the_config_and_names_the_csv_first(desk: Desk) -> None:
    desk.settings["results"] = {"formats": ["parquet", "csv"]}
    done = desk.pay(desk.sheet(rows(1)), "--json")

    assert written(desk) == ["march.csv", "march.parquet"]
    assert Path(done.json["results"]).name == "march.csv"


def test_without_a_format_those_of_the_config_are_written(desk: Desk) -> None:
    desk.pay(desk.sheet(rows(1)))
    (desk.folder / "results" / "march.csv").unlink()
    desk.settings["results"] = {"formats": ["xlsx"]}
    content = desk.batcher("results", "march", "--json").json

    assert written(desk) == ["march.xlsx"]
    assert [Path(path).name for path in content["files"]] == ["march.xlsx"]
    assert Path(content["results"]).name == "march.xlsx"


def test_a_format_that_nobody_knows_is_a_usage_error(desk: Desk) -> None:
    assert desk.batcher("results", "march", "--format", "pdf").code == 2


def test_the_summary_is_a_table_and_writes_no_file(desk: Desk) -> None:
    desk.pay(
        desk.sheet(
            [
                row("R1", "10.00"),
                row("R2", "20.00", Product="AMZ-GB|AIRBNB-GB"),
                row("R3", "5.00", Currency="EUR", Product="AMZ-DE"),
                row("F1", Email="fail@example.com"),
            ]
        )
    )
    (desk.folder / "results" / "march.csv").unlink()
    done = desk.batcher("results", "march", "--summary")

    assert (done.code, done.err, written(desk)) == (0, "", [])
    batch, *table = done.out.splitlines()
    assert batch.startswith("Batch march in SANDBOX (acme at 127.0.0.1")
    assert [line.split() for line in table] == [
        ["currency", "product", "payouts", "face", "value", "discount", "fees", "total", "paid"],
        ["EUR", "AMZ-DE", "1", "5.00", "0.10", "0.00", "4.90"],
        ["GBP", "AIRBNB-GB|AMZ-GB", "1", "20.00", "0.40", "0.00", "19.60"],
        ["GBP", "AMZ-GB", "1", "10.00", "0.20", "0.00", "9.80"],
        ["EUR", "all", "1", "5.00", "0.10", "0.00", "4.90"],
        ["GBP", "all", "2", "30.00", "0.60", "0.00", "29.40"],
    ]


def test_as_json_amounts_are_text_and_what_was_not_told_is_null(desk: Desk) -> None:
    desk.pay(desk.sheet(rows(1)))
    line = {"currency": "GBP", "payouts": 1, "face_value": "1.00", "discount": "0.02", "fees": "0.00", "total": "0.98"}
    nothing_left_open = {"without_price": 0, "without_discount": 0}
    content = desk.batcher("results", "march", "--summary", "--json").json
    assert content["summary"] == {
        "lines": [line | {"product": "AMZ-GB"} | nothing_left_open],
        "totals": [line | nothing_left_open],
    }
    assert "results" not in content

    rewrite_ledger(desk, "UPDATE attempts SET price = NULL")
    (total,) = desk.batcher("results", "march", "--summary", "--json").json["summary"]["totals"]
    assert (total["total"], total["fees"], total["discount"], total["without_price"]) == (None, None, "0.02", 1)
    told = desk.batcher("results", "march", "--summary").out.splitlines()[-1]
    assert told == "1 payout without a price: Runa has not told it; --refresh asks once more."


def test_a_summary_with_a_format_prints_the_one_and_writes_the_other(desk: Desk) -> None:
    desk.pay(desk.sheet(rows(1)))
    done = desk.batcher("results", "march", "--summary", "--format", "xlsx")

    assert written(desk) == ["march.csv", "march.xlsx"]
    assert "march.xlsx" in done.err
    assert "march.xlsx" not in done.out


def test_where_nothing_was_paid_the_summary_says_so(desk: Desk) -> None:
    desk.pay(desk.sheet([row("F1", Email="fail@example.com")]))

    assert desk.batcher("results", "march", "--summary").out.splitlines()[1:] == ["Nothing was paid yet."]


def test_a_refresh_stores_what_has_become_of_the_payouts_and_writes_the_results(desk: Desk) -> None:
    desk.pay(desk.sheet(rows(4)))
    ids = order_ids(desk)
    for reference, status in (("R0", "CLAIMED"), ("R1", "CLAIMED"), ("R2", "EXPIRED")):
        desk.sandbox.set_payout(ids[reference], status)
    posts = desk.posts()
    done = desk.batcher("results", "march", "--refresh")

    assert done.code == 0
    assert "4 of 4 paid orders read again: 2 claimed, 1 expired." in done.err
    assert [line["payout_status"] for line in desk.results()] == ["CLAIMED", "CLAIMED", "EXPIRED", "ACTIVE"]
    assert desk.posts() == posts
    assert "nothing has changed" in desk.batcher("results", "march", "--refresh").err


def test_a_refresh_fills_in_prices_that_the_ledger_does_not_have(desk: Desk) -> None:
    desk.pay(desk.sheet(rows(2)))
    rewrite_ledger(desk, "UPDATE attempts SET discount = NULL")
    content = desk.batcher("results", "march", "--refresh", "--summary", "--json").json

    assert content["refreshed"]["priced"] == 2
    assert content["summary"]["totals"][0]["discount"] == "0.06"


def test_an_order_that_contradicts_its_row_is_named_with_exit_7(desk: Desk) -> None:
    desk.pay(desk.sheet(rows(2)))
    rewrite_ledger(desk, "UPDATE attempts SET amount = '99.00' WHERE reference = ?", "R1")
    for order_id in order_ids(desk).values():
        desk.sandbox.set_payout(order_id, "CLAIMED")
    done = desk.batcher("results", "march", "--refresh")

    assert done.code == 7
    assert f"Needs a person: R1, whose order {order_ids(desk)['R1']} now differs from the row in amount." in done.err
    assert [line["payout_status"] for line in desk.results()] == ["CLAIMED", "ACTIVE"]
    assert [line["status"] for line in desk.results()] == ["COMPLETED", "COMPLETED"]


def test_after_a_refresh_the_exit_code_is_the_batchs(desk: Desk) -> None:
    desk.pay(desk.sheet([row("R1"), row("F1", Email="fail@example.com")]))
    content = desk.batcher("results", "march", "--refresh", "--json").json

    assert (content["exit_code"], content["refreshed"]["paid"], content["refreshed"]["unread"]) == (3, 1, 0)


def test_orders_that_cannot_be_read_are_counted_and_the_results_are_written(desk: Desk) -> None:
    desk.pay(desk.sheet(rows(2)))
    (desk.folder / "results" / "march.csv").unlink()
    desk.sandbox.switch(get_error=list(range(1, 100)))
    done = desk.batcher("results", "march", "--refresh")

    assert done.code == 0
    assert "0 of 2 paid orders read again: nothing has changed.\n2 could not be read" in done.err
    assert written(desk) == ["march.csv"]


def test_a_refresh_needs_the_key_and_one_that_is_refused_ends_with_4(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.pay(desk.sheet(rows(1)))
    monkeypatch.setenv("RUNA_API_KEY", "nobody.knows")
    refused = desk.batcher("results", "march", "--refresh")
    assert (refused.code, "Stopped early: Runa refuses the API key." in refused.err) == (4, True)
    monkeypatch.delenv("RUNA_API_KEY")
    assert desk.batcher("results", "march", "--refresh").code == 2
    assert desk.batcher("results", "march", "--summary").code == 0


def test_a_refresh_needs_the_ledger_for_itself(desk: Desk) -> None:
    from batcher.assembly import Office
    from batcher.settings import load_settings

    desk.pay(desk.sheet(rows(1)))
    with Office(load_settings(desk.config(), {})) as office, office.lock("another process"):
        done = desk.batcher("results", "march", "--refresh", "--json")
    content: dict[str, Any] = json.loads(done.out)
    assert (done.code, content["error"]["kind"]) == (11, "ledger_busy")


def test_a_batch_that_nobody_knows_is_a_usage_error(desk: Desk) -> None:
    for flags in ([], ["--summary"], ["--refresh"]):
        assert desk.batcher("results", "april", *flags).code == 2
