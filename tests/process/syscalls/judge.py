"""The verdict on a run, by the bank's own books, the ledger's own check, and the results as a person reads them."""

import csv
import hashlib
import io
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.process.syscalls.batch import BATCH, FAILING, LATE, PAYABLE, REFUSED, rows

Dump = dict[str, Any]
STATUSES = {"COMPLETED", "FAILED", "REJECTED", "UNKNOWN", "PROCESSING", "NOT_SENT"}
EXPECTED = {
    **dict.fromkeys(PAYABLE, "COMPLETED"),
    **dict.fromkeys(FAILING, "FAILED"),
    **dict.fromkeys(REFUSED, "REJECTED"),
}


def live(dump: Dump) -> Counter[str]:
    """How many orders of each reference have not failed."""
    return Counter(order["metadata"]["reference"] for order in dump["orders"] if order["status"] != "FAILED")


def twice(dump: Dump) -> list[str]:
    """Rows that were paid twice."""
    return [f"{name} has {count} orders" for name, count in sorted(live(dump).items()) if count > 1]


def unsound(ledger: Path, dump: Dump, scratch: Path) -> list[str]:
    """What is wrong with a ledger that nobody has open: damage, or a POST that it does not know of. Looks at a copy."""
    if not ledger.exists():
        return ["no ledger, but orders were asked for"] if dump["posts"] else []
    shutil.rmtree(scratch, ignore_errors=True)
    shutil.copytree(ledger.parent, scratch)
    with closing(sqlite3.connect(scratch / ledger.name)) as connection:
        (said,) = connection.execute("PRAGMA integrity_check").fetchone()
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        sent = Counter[str]()
        if "sends" in tables:
            query = "SELECT key FROM attempts JOIN sends ON sends.attempt_id = attempts.id"
            sent = Counter(key for (key,) in connection.execute(query))
    asked = Counter(post["key"] for post in dump["posts"])
    wrong = [] if said == "ok" else [f"integrity_check says {said}"]
    early = sorted(asked - sent)
    return wrong + [f"key {key} was sent {asked[key]} times, by the ledger {sent[key]}" for key in early]


def state_of(ledger: Path, results: Path, dump: Dump) -> str:
    """What a strike left, told by a digest, without times and ids: equal states have equal recoveries before them.

    `ledger` is one that may be opened: a copy.
    """
    told: list[object] = [sorted(post["key"] for post in dump["posts"])]
    told.append(sorted((order["metadata"]["reference"], order["status"] == "FAILED") for order in dump["orders"]))
    told.append(sorted((line["Reference"], line["status"]) for line in lines_of(results)))
    told.append(sorted(path.name for path in ledger.parent.glob("*")))
    told.append(len(list(results.glob(".*"))))
    if ledger.exists():
        with closing(sqlite3.connect(ledger)) as connection:
            told += [connection.execute(query).fetchall() for query in _queries(connection)]
    return hashlib.sha256(repr(told).encode()).hexdigest()


def _queries(connection: sqlite3.Connection) -> list[str]:
    tables = sorted(name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'"))
    queries = [f"SELECT '{name}', count(*) FROM {name}" for name in tables if name != "journal"]  # noqa: S608 - no input
    if {"attempts", "sends"} <= set(tables):
        queries.append(
            "SELECT key, state, order_id IS NULL, count(sends.id), count(sends.answered_at) FROM attempts "
            "LEFT JOIN sends ON sends.attempt_id = attempts.id GROUP BY attempts.id ORDER BY key"
        )
    return queries


def lines_of(results: Path) -> list[dict[str, str]]:
    """The results file, a mapping for each line; none where there is no file."""
    path = results / f"{BATCH}.csv"
    if not path.exists():
        return []
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def half_written(results: Path) -> list[str]:
    """What shows that a results file is not whole: it is there with every row, or not there."""
    path = results / f"{BATCH}.csv"
    if not path.exists():
        return []
    lines = lines_of(results)
    wrong = [] if path.read_bytes().endswith(b"\n") else ["the results end in the middle of a line"]
    if sorted(line["Reference"] for line in lines) != [row["Reference"] for row in rows()]:
        wrong.append(f"the results have {len(lines)} lines, not each row once")
    if odd := {line["status"] for line in lines} - STATUSES:
        wrong.append(f"the results have the status {odd}")
    return wrong


def astray(results: Path, dump: Dump) -> list[str]:
    """Links, orders or amounts that stand in another row's line."""
    orders = {order["id"]: order for order in dump["orders"]}
    wrong = []
    for line in lines_of(results):
        if line["status"] != "COMPLETED":
            wrong += [f"{line['Reference']} is {line['status']} and has a link"] if line["redemption_url"] else []
            continue
        order = orders[line["order_id"]]
        if (order["redemption_url"], order["amount"], order["metadata"]["reference"]) != (
            line["redemption_url"],
            line["Amount"],
            line["Reference"],
        ):
            wrong.append(f"{line['Reference']} has the link, order or amount of another")
    return wrong


def unsettled(results: Path, dump: Dump, *, late_waits: bool = False) -> list[str]:
    """What is missing at the end: every row that can be paid is paid, and every other rightly said not to be.

    `late_waits`: the order that comes through after it had failed may still be FAILED.
    """
    said = {line["Reference"]: line["status"] for line in lines_of(results)}
    waits = {LATE} if late_waits and said.get(LATE) == "FAILED" else set()
    wrong = [
        f"{name} is {said.get(name)}, not {status}"
        for name, status in EXPECTED.items()
        if said.get(name) != status and name not in waits
    ]
    counted = live(dump)
    wrong += [f"{name} was never paid" for name in PAYABLE if counted[name] == 0 and name not in waits]
    return wrong + [f"{name} was paid" for name in (*FAILING, *REFUSED) if counted[name]]
