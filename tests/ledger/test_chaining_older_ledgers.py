"""A ledger that an older release has written: opened, chained, verified, gone on with."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from batcher.ledger import Ledger
from batcher.states import State
from tests.ledger.tampering import busy_ledger, changed, verified
from tests.payouts import BATCH, NOW, Book, payout, sheet

ADDED = {"rows": ["salt"], "invalid_lines": ["salt"], "attempts": ["salt", "content_digest", "recipient_digest"]}


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """The busy ledger as release 0002 would have left it."""
    path = busy_ledger(tmp_path)
    as_of_release_0002(path)
    return path


def as_of_release_0002(path: Path) -> None:
    """Take out of a ledger what later releases have added, and let it say that it is of that one."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TABLE journal_0002 (id INTEGER NOT NULL CONSTRAINT pk_journal PRIMARY KEY,"
            " attempt_id INTEGER NOT NULL CONSTRAINT fk_journal_attempt_id REFERENCES attempts (id),"
            " at VARCHAR(27) NOT NULL, from_state VARCHAR(10), to_state VARCHAR(10) NOT NULL, why VARCHAR NOT NULL,"
            ' "by" VARCHAR)'
        )
        connection.execute(
            'INSERT INTO journal_0002 SELECT id, attempt_id, at, from_state, to_state, why, "by" FROM journal'
            " WHERE to_state IS NOT NULL ORDER BY id"
        )
        connection.execute("DROP TABLE journal")
        connection.execute("ALTER TABLE journal_0002 RENAME TO journal")
        connection.execute("CREATE INDEX ix_journal_attempt_id ON journal (attempt_id)")
        for table, columns in ADDED.items():
            for column in columns:
                connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        without_people(connection)
        connection.execute("UPDATE alembic_version SET version_num = '0002'")


def without_people(connection: sqlite3.Connection) -> None:
    """Take out what releases 0004 to 0008 have added."""
    connection.execute("DROP TABLE inbox_troubles")
    connection.execute("DROP TABLE inbox_files")
    connection.execute("DROP TABLE notices")
    connection.execute("DROP TABLE scheduled_periods")
    connection.execute("DROP TABLE asked_runs")
    for name in ("reference", "email", "recipient_reference", "order_id"):
        connection.execute(f"DROP INDEX ix_attempts_{name}")
    for table in ("sessions", "users", "approvals", "register_events"):
        connection.execute(f"DROP TABLE {table}")


def test_it_opens_and_verifies(older: Path) -> None:
    found = verified(older)
    assert found.discrepancies == ()
    # What the journal had told, then one event for each of two plans and seven rows.
    assert len(found.digests) == events_told(older) + 2 + 7


def events_told(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM journal WHERE to_state IS NOT NULL").fetchone()
    assert isinstance(count, int)
    return count


def test_its_rows_say_what_they_said(older: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    busy_ledger(whole)
    with Book(tmp_path) as book, Book(whole) as other:
        assert book.batch().rows == other.batch().rows
        assert book.batch().invalid == other.batch().invalid


def test_it_goes_on(older: Path, tmp_path: Path) -> None:
    with Book(tmp_path) as book:
        book.now = book.ledger.newest_moment() or NOW
        book.confirm(
            sheet(
                *(row.latest.order.payout for row in book.batch().rows if row.in_file),
                payout("R99", email="new@example.com"),
            )
        )
        # Asked so often that no order of the older ledger has the number of the one that is made.
        book.bring("R99", *[State.UNKNOWN] * 9, State.COMPLETED)
        book.bring("R3", State.REJECTED)
        book.pass_days(1)
    assert verified(older).discrepancies == ()


def test_one_of_release_0003_gets_its_users_and_keeps_all_else(tmp_path: Path) -> None:
    path = busy_ledger(tmp_path)
    before = verified(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        without_people(connection)
        connection.execute("UPDATE alembic_version SET version_num = '0003'")
    assert verified(path) == before
    with Ledger(f"sqlite:///{path}") as ledger, ledger.register.reading() as desk:
        assert desk.users() == []


def test_from_there_on_every_field_is_covered(older: Path) -> None:
    assert verified(older).discrepancies == ()
    changed(older, "UPDATE attempts SET amount = '1.00' WHERE reference = 'R0'")
    (found,) = verified(older).discrepancies
    assert (found.row, found.field) == ("R0", "amount")


def test_a_ledger_without_batches_is_chained_as_well(tmp_path: Path, older: Path) -> None:
    with closing(sqlite3.connect(older)) as connection, connection:
        for table in ("journal", "sends", "attempts", "rows", "invalid_lines", "plans", "batches"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own tables
    assert verified(older).digests == ()
    with Book(tmp_path) as book:
        book.confirm(sheet(payout("R1")))
        assert verified(book.path, BATCH).discrepancies == ()


def test_it_is_chained_whole_or_not_at_all(tmp_path: Path, older: Path) -> None:
    """A process that is killed meanwhile leaves the older ledger."""
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(older, copy / "ledger.sqlite3")

    def no_salts(count: int) -> bytes:
        raise OSError("no more chance")

    with pytest.raises(OSError, match="no more chance"):
        Ledger(f"sqlite:///{copy / 'ledger.sqlite3'}", salts=no_salts)
    with closing(sqlite3.connect(copy / "ledger.sqlite3")) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0002",)
        names = {line[1] for line in connection.execute("PRAGMA table_info(journal)")}
    assert "digest" not in names
    assert verified(copy / "ledger.sqlite3").discrepancies == ()
