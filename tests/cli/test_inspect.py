"""`inspect`: for people a summary, for scripts one JSON object a line, as it was promised."""

import json
from typing import Any

import pytest

from tests.cli.desk import COLUMNS, Desk, Done, row, rows

BROKEN = b'Reference,Amount\nR1,"5'


def objects(done: Done) -> list[dict[str, Any]]:
    assert done.err == ""
    return [json.loads(line) for line in done.out.splitlines()]


def test_rows_as_json_are_the_header_and_then_the_cells_and_nothing_else(desk: Desk) -> None:
    done = desk.batcher("inspect", desk.sheet(rows(2), delimiter=";"), "--rows", "--json")

    assert done.code == 0
    assert objects(done) == [
        {
            "columns": list(COLUMNS),
            "line": 1,
            "encoding": "utf-8",
            "delimiter": ";",
            "sheet": None,
            "doubts": [],
        },
        {"line": 2, "cells": list(row("R0", "1.00").values())},
        {"line": 3, "cells": list(row("R1", "2.00").values())},
    ]


def test_rows_are_json_lines_without_being_asked_for_json(desk: Desk) -> None:
    sheet = desk.sheet(rows(2))

    assert desk.batcher("inspect", sheet, "--rows") == desk.batcher("inspect", sheet, "--rows", "--json")


@pytest.mark.parametrize("flags", [["--json"], ["--json", "--rows"]])
def test_a_refused_file_is_one_json_object_with_exit_5(desk: Desk, flags: list[str]) -> None:
    done = desk.batcher("inspect", desk.file("broken.csv", BROKEN), *flags)

    (content,) = objects(done)
    assert (done.code, list(content), list(content["error"])) == (5, ["error"], ["kind", "line", "message", "fix"])
    assert (content["error"]["kind"], content["error"]["line"]) == ("quote_unclosed", 2)
    assert all(content["error"].values())


def test_a_file_that_is_not_there_is_refused_in_the_same_way(desk: Desk) -> None:
    done = desk.batcher("inspect", "nowhere.csv", "--json")

    assert (done.code, objects(done)[0]["error"]["kind"], objects(done)[0]["error"]["line"]) == (
        5,
        "file_missing",
        None,
    )


def test_a_refused_file_is_told_in_words_on_stderr(desk: Desk) -> None:
    done = desk.batcher("inspect", desk.file("broken.csv", BROKEN), "--rows")

    assert (done.code, done.out) == (5, "")
    assert "Stopped: Row 2 opens a quote" in done.err


def test_the_summary_shows_our_columns_beside_theirs_with_the_first_rows(desk: Desk) -> None:
    done = desk.batcher("inspect", desk.file("sheet.csv", b"\nFace value\tName\n" + b"5.00\tZoe\n" * 5))

    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[:6] == [
        "sheet.csv: utf-8, divided by tab",
        "Header in line 2, 5 rows below it",
        "",
        "  column      is read as  line 3  line 4  line 5",
        "  Face value  amount      5.00    5.00    5.00",
        "  Name        -           Zoe     Zoe     Zoe",
    ]
    assert [line.partition(";")[0] for line in lines[7:]] == [
        f"Doubt: Line 2: The sheet has no column for the {what}" for what in ("currency", "product", "delivery")
    ]


def test_as_json_the_summary_says_which_columns_are_ours(desk: Desk) -> None:
    content = desk.batcher("inspect", desk.sheet(rows(3)), "--json").json

    assert (content["file"], content["rows"], content["ours"]["product"]) == ("payouts.csv", 3, "Product")
    assert content["columns"] == list(COLUMNS)


def test_neither_links_nor_what_a_terminal_obeys_are_on_the_screen(desk: Desk) -> None:
    done = desk.batcher(
        "inspect", desk.sheet([row("R1", "\x1b[2J5", Name="https://links.example/secret", Email="x" * 60)])
    )

    assert "secret" not in done.out
    assert "\x1b" not in done.out
    assert f"  {'x' * 23}…" in done.out


def test_neither_key_nor_network_nor_ledger_is_needed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNA_API_KEY")
    desk.settings["api"] = {"base_url": "https://api.runa.io/v2"}

    assert desk.batcher("inspect", desk.sheet(rows(1))).code == 0
    assert not (desk.folder / "ledger.sqlite3").exists()
