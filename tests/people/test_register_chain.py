"""Whatever is changed of users and approvals behind batcher's back is found, and named."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from batcher.ledger import Ledger
from batcher.records import JournalReading
from tests.ledger.tampering import Cell, another, cells, changed
from tests.payouts import ENVIRONMENT
from tests.people.hall import PASSWORD, PLAN, Hall

TABLES = ("users", "approvals", "register_events")


@pytest.fixture
def busy(tmp_path: Path) -> Path:
    """A register in which everything has happened."""
    with Hall(tmp_path) as hall:
        hall.fill()
        hall.prepare("pat")
        hall.passes(minutes=5)
        hall.approve("ann")
        hall.use()
        hall.prepare("bob", "b" * 64)
        hall.refuse("ann", "b" * 64)
        hall.people.set_password("vic", "another long password", by="root", now=hall.now)
        hall.people.disable("vic", by="root", now=hall.now)
        return hall.path


def read(path: Path) -> JournalReading:
    with Ledger(f"sqlite:///{path}") as ledger:
        return ledger.read_register(ENVIRONMENT, "nov")


def test_it_agrees(busy: Path) -> None:
    found = read(busy)
    assert (len(found.digests), found.discrepancies) == (11, ())


def test_one_changed_field_is_found_wherever_it_is(busy: Path) -> None:
    every = [cell for cell in cells(busy, TABLES) if (cell.table, cell.field) != ("register_events", "id")]
    assert {cell.table for cell in every} == set(TABLES)
    for cell in every:
        put(busy, cell, another(cell.value, lambda count: 100 if count == 1000 else 0))
        assert read(busy).discrepancies, cell
        put(busy, cell, cell.value)
    assert read(busy).discrepancies == ()


def put(path: Path, cell: Cell, value: object) -> None:
    changed(path, f"UPDATE {cell.table} SET {cell.field} = ? WHERE id = ?", value, cell.id)  # noqa: S608 - our own


@pytest.mark.parametrize("table", TABLES)
def test_a_line_that_is_gone_is_found(busy: Path, table: str) -> None:
    for (line,) in lines(busy, table):
        changed(busy, f"CREATE TABLE kept AS SELECT * FROM {table} WHERE id = ?", line)  # noqa: S608 - our own
        changed(busy, f"DELETE FROM {table} WHERE id = ?", line)  # noqa: S608
        assert read(busy).discrepancies, (table, line)
        changed(busy, f"INSERT INTO {table} SELECT * FROM kept")  # noqa: S608
        changed(busy, "DROP TABLE kept")


def lines(path: Path, table: str) -> list[tuple[int]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT id FROM {table}").fetchall()  # noqa: S608


def test_an_approval_that_somebody_wrote_in_is_found(busy: Path) -> None:
    changed(
        busy,
        "INSERT INTO approvals (plan_digest, environment_id, batch, totals, prepared_by, prepared_at, approved,"
        " decided_by, decided_at) SELECT ?, environment_id, batch, totals, prepared_by, prepared_at, 1, 'ann',"
        " decided_at FROM approvals WHERE plan_digest = ?",
        "c" * 64,
        PLAN,
    )
    (found,) = read(busy).discrepancies
    assert (found.where, found.message) == (
        "the approval of plan cccccccccccccccc",
        "is in the ledger, and no event tells of it",
    )


def test_a_role_that_was_raised_is_named(busy: Path) -> None:
    changed(busy, "UPDATE users SET role = 'approver' WHERE name = 'pat'")
    (found,) = read(busy).discrepancies
    assert (found.where, found.field) == ("the user pat, role", "role")


def test_the_chain_holds_no_hash_of_a_password(busy: Path) -> None:
    with closing(sqlite3.connect(busy)) as connection:
        told = "".join(content for (content,) in connection.execute("SELECT content FROM register_events"))
    assert "password_hash" in told
    assert "argon2" not in told
    assert PASSWORD not in told
