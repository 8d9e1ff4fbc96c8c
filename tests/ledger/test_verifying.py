"""The journal tells: one byte changed anywhere that matters is found, and its place is named."""

import asyncio
import sqlite3
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import SQLAlchemyError

from batcher.errors import OwnFault
from batcher.ledger import Ledger, chain
from batcher.states import State
from tests.ledger.tampering import another, busy_ledger, cells, changed, verified
from tests.payouts import BATCH, ENVIRONMENT, SPEAKER, Book, payout, sheet
from tests.virtual_time import run


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return busy_ledger(tmp_path_factory.mktemp("busy"))


@contextmanager
def tampered(path: Path, table: str, field: str, row_id: int, value: object, before: object) -> Iterator[None]:
    """The ledger with another value, and as it was again."""
    statement = f'UPDATE {table} SET "{field}" = ? WHERE id = ?'  # noqa: S608 - names of our own tables
    try:
        changed(path, statement, value, row_id)
        yield
    finally:
        changed(path, statement, before, row_id)


def test_a_ledger_that_nobody_changed_agrees(busy: Path) -> None:
    found = verified(busy)
    assert found.discrepancies == ()
    assert len(found.digests) > 25
    assert len(set(found.digests)) == len(found.digests)


def test_a_large_ledger_is_not_held_in_memory(book: Book) -> None:
    """The tables and the events of a row take 12 KB as Python's values; what is kept of them is a fifth of that."""
    book.confirm(sheet(*(payout(f"R{n}", email=f"person{n}@example.com") for n in range(1000))))
    verified(book.path)
    tracemalloc.start()
    try:
        with Ledger(f"sqlite:///{book.path}") as ledger:
            found, _ = ledger.read_journal(ENVIRONMENT, BATCH, with_batch=False)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (len(found.digests), found.discrepancies) == (1001, ())
    assert peak / 1000 < 5_000


def test_the_head_is_the_digest_of_the_last_event_and_stands_in_the_batch(busy: Path) -> None:
    with Ledger(f"sqlite:///{busy}") as ledger:
        assert ledger.batch(ENVIRONMENT, BATCH).journal == verified(busy).head


def test_every_change_moves_the_head(book: Book) -> None:
    heads = [book.batch().journal]
    book.confirm(sheet(payout("R1")))
    heads.append(book.batch().journal)
    for state in (State.UNKNOWN, State.ACCEPTED, State.COMPLETED):
        book.bring("R1", state)
        heads.append(book.batch().journal)
    book.confirm(sheet(payout("R1"), name="again.csv"))
    heads.append(book.batch().journal)
    assert heads[0] == ""
    assert len(set(heads)) == len(heads)
    assert verified(book.path).discrepancies == ()


@pytest.fixture(scope="module")
def browser(busy: Path) -> Iterator[sqlite3.Connection]:
    """Somebody's way into the ledger, past batcher; it takes back what it has changed without a trace."""
    connection = sqlite3.connect(busy, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def ledger(busy: Path) -> Iterator[Ledger]:
    with Ledger(f"sqlite:///{busy}") as ledger:
        yield ledger


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_one_changed_byte_of_any_field_is_found_and_named(
    busy: Path, browser: sqlite3.Connection, ledger: Ledger, data: st.DataObject
) -> None:
    cell = data.draw(st.sampled_from(cells(busy)), label="cell")
    value = another(cell.value, lambda below: data.draw(st.integers(0, below - 1)))
    if value == cell.value:
        return
    statement = f'UPDATE {cell.table} SET "{cell.field}" = ? WHERE id = ?'  # noqa: S608 - names of our own tables
    try:
        browser.execute(statement, (value, cell.id))
    except sqlite3.IntegrityError:
        return  # the database itself refuses a number or a key that another one has
    found = ledger.read_journal(ENVIRONMENT, BATCH)[0].discrepancies
    browser.execute(statement, (cell.value, cell.id))
    assert found, f"{cell} -> {value!r} was not found"
    if cell.table == "journal":
        return
    fields = {one.field for one in found}
    moved = cell.field in {"batch_id", "row_id", "plan_id", "attempt_id"}
    assert moved or cell.field in fields or cell.field == "salt", f"{cell} -> {value!r} was named {found}"


def of_journal(path: Path, number: int) -> tuple[int, str]:
    connection = sqlite3.connect(path)
    found: tuple[int, str] = connection.execute(
        "SELECT id, content FROM journal WHERE number = ?", (number,)
    ).fetchone()
    connection.close()
    return found


@pytest.mark.parametrize("field", ["at", "why", "by", "content", "from_state", "to_state", "attempt_id"])
def test_a_changed_event_is_named_by_its_number(busy: Path, field: str) -> None:
    connection = sqlite3.connect(busy)
    query = f'SELECT id, number, "{field}" FROM journal WHERE "{field}" IS NOT NULL ORDER BY number'  # noqa: S608 - our own
    lines = connection.execute(query).fetchall()
    connection.close()
    row_id, number, value = lines[len(lines) // 2]
    with tampered(busy, "journal", field, row_id, another(value, lambda _: 0), value):
        found = verified(busy).discrepancies
    assert number in {one.event for one in found}


def test_a_changed_amount_is_named_with_its_row_its_field_and_the_event_that_told_it(busy: Path) -> None:
    connection = sqlite3.connect(busy)
    attempt_id, amount = connection.execute("SELECT id, amount FROM attempts WHERE reference = 'R1'").fetchone()
    connection.close()
    with tampered(busy, "attempts", "amount", attempt_id, "1100.00", amount):
        (found,) = verified(busy).discrepancies
    assert (found.row, found.field) == ("R1", "amount")
    assert found.where == "attempt 1 of R1, amount"
    assert found.event is not None
    assert "R1" in of_journal(busy, found.event)[1]


def test_no_address_and_no_link_stands_in_the_journal_or_in_what_is_said_of_it(busy: Path) -> None:
    connection = sqlite3.connect(busy)
    told = " ".join(str(line) for line in connection.execute("SELECT * FROM journal"))
    links = [link for (link,) in connection.execute("SELECT redemption_url FROM attempts WHERE redemption_url > ''")]
    connection.close()
    assert links
    for personal in ["example.com", "person0", *links]:
        assert personal not in told


@pytest.mark.parametrize("table", ["rows", "attempts", "sends", "invalid_lines", "plans"])
def test_a_line_that_somebody_removed_or_made_up_is_named(tmp_path: Path, table: str) -> None:
    path = busy_ledger(tmp_path)
    changed(path, f"DELETE FROM {table} WHERE id = (SELECT max(id) FROM {table})")  # noqa: S608 - our own
    assert verified(path).discrepancies


def test_an_event_that_somebody_removed_is_missing(tmp_path: Path) -> None:
    path = busy_ledger(tmp_path)
    changed(path, "DELETE FROM journal WHERE number = 9")
    assert "event 9" in {one.where for one in verified(path).discrepancies}


def test_a_journal_that_was_cut_does_not_tell_what_the_tables_say(tmp_path: Path) -> None:
    path = busy_ledger(tmp_path)
    changed(path, "DELETE FROM journal WHERE number = (SELECT max(number) FROM journal)")
    assert {one.row for one in verified(path).discrepancies} == {"R4"}


def test_a_batch_under_another_name_has_a_chain_that_begins_elsewhere(tmp_path: Path) -> None:
    path = busy_ledger(tmp_path)
    changed(path, "UPDATE batches SET name = 'dec'")
    assert [one.event for one in verified(path, "dec").discrepancies] == [1]


def test_two_batches_have_chains_of_their_own(book: Book) -> None:
    book.confirm(sheet(payout("R1")))
    head = book.batch().journal
    book.confirm(sheet(payout("R2", email="ann@example.com")), "dec")
    book.bring("R2", State.COMPLETED, batch="dec")
    assert book.batch().journal == head
    assert verified(book.path).discrepancies == verified(book.path, "dec").discrepancies == ()


def test_two_events_cannot_claim_one_place(book: Book) -> None:
    book.confirm(sheet(payout("R1")))
    with pytest.raises(sqlite3.IntegrityError):
        changed(
            book.path,
            "INSERT INTO journal SELECT NULL, batch_id, number, attempt_id, at, from_state, to_state,"
            " why, by, content, digest FROM journal WHERE number = 1",
        )


def test_what_is_written_together_is_chained_together_and_a_refused_write_leaves_no_event(book: Book) -> None:
    book.confirm(sheet(*(payout(f"R{n}", email=f"p{n}@example.com") for n in range(30))))
    attempts = [row.latest.id for row in book.batch().rows]
    before = len(verified(book.path).digests)

    async def together() -> None:
        journal = book.journal()
        sends = [journal.sending(one, SPEAKER, book.at) for one in [*attempts, attempts[0]]]
        told = await asyncio.gather(*sends, return_exceptions=True)
        assert sum(isinstance(one, Exception) for one in told) == 1

    run(together())
    found = verified(book.path)
    assert found.discrepancies == ()
    assert len(found.digests) == before + 30


def test_a_payout_status_that_is_read_again_leaves_an_event_only_where_it_changed(book: Book) -> None:
    book.confirm(sheet(payout("R1")))
    paid = book.bring("R1", State.COMPLETED).latest
    before = len(verified(book.path).digests)
    run(book.journal().refreshed(paid, at=book.at))
    assert len(verified(book.path).digests) == before
    run(book.journal().refreshed(replace(paid, payout_status="CLAIMED"), at=book.at))
    found = verified(book.path)
    assert (len(found.digests), found.discrepancies) == (before + 1, ())


def test_salts_come_from_where_the_ledger_is_told_and_no_two_are_alike(tmp_path: Path) -> None:
    given: list[bytes] = []

    def salts(count: int) -> bytes:
        given.append(len(given).to_bytes(count, "big"))
        return given[-1]

    with Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}", salts=salts):
        pass
    with Book(tmp_path) as book:
        book.confirm(sheet(payout("R1"), payout("R2", email="ann@example.com")))
        connection = sqlite3.connect(book.path)
        kept = [salt for (salt,) in connection.execute("SELECT salt FROM rows")]
        connection.close()
    assert len(set(kept)) == 2
    assert all(len(salt) == chain.SALT_BYTES for salt in kept)


def test_the_recipe_of_the_chain_is_frozen() -> None:
    """Older events must be computed again for ever: whoever changes this needs a second recipe beside the first."""
    begun = chain.beginning(base_url="https://playground.runa.io", account="main", batch="nov")
    assert begun == "a72ab2e3e7f4c6438b349dbdbb2b73618a435fd1cef424af48d73f56c113a662"
    digest = chain.event_digest(
        begun,
        number=1,
        attempt_id=7,
        at="2026-11-03T09:00:00.000000Z",
        from_state=None,
        to_state="PLANNED",
        why="confirmed",
        by=None,
        content='{"attempts":[]}',
    )
    assert digest == "440d5b8318fa90f0b87e86b8e891dede51a4a487d2155d64cc3b2202210de4e7"
    assert chain.commitment(b"0123456789abcdef", "email", "jo@example.com") == (
        "~14e3bc95190c12598a5f89135bc5460f4806f449cb3659c416760039a1f006e7"
    )


def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = busy_ledger(tmp_path)
    with Ledger(f"sqlite:///{path}") as ledger:
        data = bytearray(path.read_bytes())
        for place in range(8192, len(data), 512):
            data[place] ^= 0xFF
        path.write_bytes(bytes(data))
        with pytest.raises((OwnFault, SQLAlchemyError)):
            ledger.read_journal(ENVIRONMENT, BATCH)


def test_time_may_stand_still_or_go_back_between_events(book: Book) -> None:
    book.confirm(sheet(payout("R1")))
    book.now -= timedelta(days=3)
    book.bring("R1", State.COMPLETED)
    assert verified(book.path).discrepancies == ()
