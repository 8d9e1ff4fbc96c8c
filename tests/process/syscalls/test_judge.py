"""The judge sees what must not be: a judge that finds everything right proves nothing."""

import csv
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.process.syscalls import judge
from tests.process.syscalls.batch import BATCH, FAILING, PAYABLE, rows

STATUS = judge.EXPECTED
Line = dict[str, str]


def order(row: dict[str, str], number: int = 1) -> dict[str, Any]:
    """The order of a row in the bank's books."""
    reference = row["Reference"]
    return {
        "id": f"O-{reference}-{number}",
        "amount": row["Amount"],
        "status": STATUS[reference],
        "redemption_url": f"https://links.example/{reference}",
        "metadata": {"reference": reference},
    }


def books() -> dict[str, Any]:
    """The bank's books after a good end."""
    return {"orders": [order(row) for row in rows() if STATUS[row["Reference"]] != "REJECTED"], "posts": []}


def lines() -> list[Line]:
    """The results after a good end."""
    made = []
    for row in rows():
        status = STATUS[row["Reference"]]
        link = f"https://links.example/{row['Reference']}" if status == "COMPLETED" else ""
        made.append({**row, "status": status, "order_id": f"O-{row['Reference']}-1", "redemption_url": link})
    return made


def written(folder: Path, content: list[Line]) -> Path:
    """The results file."""
    folder.mkdir(exist_ok=True)
    with (folder / f"{BATCH}.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(content[0]))
        writer.writeheader()
        writer.writerows(content)
    return folder


def test_a_good_end_is_found_good(tmp_path: Path) -> None:
    results = written(tmp_path, lines())
    assert judge.twice(books()) == []
    assert judge.half_written(results) == []
    assert judge.astray(results, books()) == []
    assert judge.unsettled(results, books()) == []


def test_a_row_paid_twice_is_seen_but_not_one_whose_first_order_failed() -> None:
    first, failed = (next(row for row in rows() if row["Reference"] == name) for name in (PAYABLE[0], FAILING[0]))
    dump = books()
    dump["orders"] += [order(first, 2), order(failed, 2)]
    assert judge.twice(dump) == [f"{PAYABLE[0]} has 2 orders"]


def test_a_row_that_is_lost_and_a_row_that_should_not_be_paid_are_seen(tmp_path: Path) -> None:
    dump = books()
    dump["orders"] = [each for each in dump["orders"] if each["metadata"]["reference"] != PAYABLE[3]]
    next(each for each in dump["orders"] if each["metadata"]["reference"] == FAILING[0])["status"] = "COMPLETED"
    assert judge.unsettled(written(tmp_path, lines()), dump) == [
        f"{PAYABLE[3]} was never paid",
        f"{FAILING[0]} was paid",
    ]
    changed = lines()
    changed[0]["status"] = "UNKNOWN"
    assert judge.unsettled(written(tmp_path, changed), books()) == ["R-01 is UNKNOWN, not COMPLETED"]


def test_links_that_changed_places_are_seen(tmp_path: Path) -> None:
    changed = lines()
    changed[0]["redemption_url"], changed[1]["redemption_url"] = (
        changed[1]["redemption_url"],
        changed[0]["redemption_url"],
    )
    assert judge.astray(written(tmp_path, changed), books()) == [
        f"{name} has the link, order or amount of another" for name in ("R-01", "R-02")
    ]


@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
def test_results_that_end_early_are_seen(tmp_path: Path, share: float) -> None:
    path = written(tmp_path, lines()) / f"{BATCH}.csv"
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert judge.half_written(tmp_path)


def test_a_post_that_the_ledger_does_not_know_of_and_a_broken_ledger_are_seen(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger" / "ledger.sqlite3"
    dump = {"posts": [{"key": "k-1"}, {"key": "k-1"}], "orders": []}
    assert judge.unsound(ledger, dump, tmp_path / "copy") == ["no ledger, but orders were asked for"]
    ledger.parent.mkdir()
    with closing(sqlite3.connect(ledger)) as connection:
        connection.execute("CREATE TABLE attempts (id INTEGER PRIMARY KEY, key TEXT)")
        connection.execute("CREATE TABLE sends (id INTEGER PRIMARY KEY, attempt_id INTEGER)")
        connection.execute("INSERT INTO attempts (key) VALUES ('k-1')")
        connection.execute("INSERT INTO sends (attempt_id) VALUES (1)")
        connection.execute("CREATE INDEX by_key ON attempts (key)")
        connection.commit()
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'by_key'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    assert judge.unsound(ledger, dump, tmp_path / "copy") == ["key k-1 was sent 2 times, by the ledger 1"]
    content = bytearray(ledger.read_bytes())
    # An index that is empty although its table is not: a page of that kind, without a cell.
    content[(page - 1) * size : page * size] = b"\x0a\0\0\0\0" + size.to_bytes(2, "big") + bytes(size - 7)
    ledger.write_bytes(content)
    (wrong, _) = judge.unsound(ledger, dump, tmp_path / "copy")
    assert wrong.startswith("integrity_check says")
