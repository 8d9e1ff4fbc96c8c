"""`check`, `plan`, `status` and `results`: they send nothing, and scripts can read what they say."""

import pytest

from tests.cli.desk import Desk, row, rows


def test_a_good_sheet_is_called_good(desk: Desk) -> None:
    done = desk.batcher("check", desk.sheet(rows(3)))

    assert (done.code, done.out) == (0, "")
    assert "3 rows, GBP 6.00" in done.err


def test_check_tells_the_problems_by_kind_on_stdout(desk: Desk) -> None:
    done = desk.batcher("check", desk.sheet([row("R1", "x"), row("R2"), row("R2", "3.00")]))

    assert done.code == 5
    assert [line.split(",")[0] for line in done.out.splitlines()] == [
        "Reference duplicate: 2 rows",
        "  Line 3",
        "  Line 4",
        "Amount not a number: 1 row",
        "  Line 2",
    ]


def test_check_as_json_counts_rows_and_lists_problems(desk: Desk) -> None:
    content = desk.batcher("check", desk.sheet([*rows(2), row("R9", "x")]), "--json").json

    assert (content["exit_code"], content["file"], content["rows"], content["valid"]) == (5, "payouts.csv", 3, 2)
    assert [(problem["line"], problem["column"]) for problem in content["problems"]] == [(4, "Amount")]


def test_check_needs_neither_key_nor_network(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNA_API_KEY")
    desk.settings["api"] = {"base_url": "https://api.runa.io/v2"}

    assert desk.batcher("check", desk.sheet(rows(1))).code == 0


def test_a_plan_says_what_a_run_would_do_and_changes_nothing(desk: Desk) -> None:
    sheet = desk.sheet(rows(3))
    done = desk.batcher("plan", sheet, "--batch", "march")

    assert done.code == 0
    assert "3 orders would be sent for GBP 6.00" in done.out
    assert desk.posts() == 0
    assert "knows no batch" in desk.batcher("status").err


def test_a_plan_as_json_names_every_row(desk: Desk) -> None:
    desk.pay(desk.sheet([*rows(2), row("F1", Email="fail@example.com")]))
    sheet = desk.sheet([*rows(2), row("F1", Email="fail@example.com"), row("NEW", "9.99")])
    content = desk.batcher("plan", sheet, "--batch", "march", "--json").json

    assert content["standings"] == {"new": 1, "retry": 1, "paid": 2}
    assert (content["orders"], content["totals"]) == (2, {"GBP": "19.99"})
    assert [(line["line"], line["name"], line["standing"]) for line in content["lines"]] == [
        (2, "R0", "paid"),
        (3, "R1", "paid"),
        (4, "F1", "retry"),
        (5, "NEW", "new"),
    ]


def test_a_plan_that_would_be_refused_ends_with_5(desk: Desk) -> None:
    desk.pay(desk.sheet(rows(2)))
    done = desk.batcher("plan", desk.sheet([row("R0", "9.00")]), "--batch", "march", "--json")

    assert [problem["kind"] for problem in done.json["error"]["problems"]] == ["edited", "missing"]


def test_status_lists_the_batches_of_every_environment(desk: Desk) -> None:
    desk.pay(desk.sheet(rows(2)), batch="march")
    desk.pay(desk.sheet([row("A1", "50.00")]), batch="april")

    content = desk.batcher("status", "--json").out
    assert '"batch": "april"' in content
    assert '"paid": {"GBP": "3.00"}' in content
    lines = desk.batcher("status").out.splitlines()
    assert [line.split()[:2] for line in lines] == [["april", "SANDBOX"], ["march", "SANDBOX"]]


def test_the_status_of_a_batch_ends_with_the_code_of_its_run(desk: Desk) -> None:
    sheet = desk.sheet([row("R1"), row("F1", Email="fail@example.com")])
    ran = desk.pay(sheet, "--json")
    done = desk.batcher("status", "march", "--json")

    assert (done.code, done.json["counts"]) == (ran.code, ran.json["counts"]) == (3, {"COMPLETED": 1, "FAILED": 1})


def test_the_status_of_a_batch_says_which_environment_it_speaks_of(desk: Desk) -> None:
    desk.pay(desk.sheet(rows(1)))

    assert "SANDBOX (acme at 127.0.0.1" in desk.batcher("status", "march").out


def test_the_results_are_written_again_from_the_ledger(desk: Desk) -> None:
    desk.pay(desk.sheet(rows(2)))
    path = desk.folder / "results" / "march.csv"
    before = path.read_bytes()
    path.unlink()
    done = desk.batcher("results", "march")

    assert (done.code, done.out.strip()) == (0, str(path))
    assert path.read_bytes() == before
    assert desk.batcher("results", "march", "--json").json["results"] == str(path)


def test_a_batch_of_another_environment_is_not_this_ones(desk: Desk) -> None:
    desk.pay(desk.sheet(rows(1)))
    desk.settings["api"] = {"base_url": "http://127.0.0.1:9/v2"}

    assert desk.batcher("status", "march").code == 2
    assert "march" in desk.batcher("status").out
