"""Changes to a ledger behind batcher's back."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from batcher.ledger import Ledger
from batcher.model import Instant
from batcher.records import JournalReading
from batcher.states import State
from tests.payouts import BATCH, ENVIRONMENT, Book, Unreadable, payout, sheet
from tests.virtual_time import run

COVERED = ("plans", "rows", "attempts", "sends", "invalid_lines", "journal")
MEANINGLESS = {("journal", "id")}
"""The ledger's own number of an event: its number in the batch is what counts."""


def busy_ledger(folder: Path) -> Path:
    """A ledger in which everything has happened: paid, failed, refused, unknown, withdrawn, edited, read again."""
    with Book(folder) as book:
        first = [payout(f"R{n}", f"{n + 10}.00", email=f"person{n}@example.com") for n in range(6)]
        book.confirm(sheet(*first, Unreadable("R8")), skip_invalid=True)
        book.bring("R0", State.COMPLETED)
        book.bring("R1", State.FAILED)
        book.bring("R2", State.REJECTED)
        book.bring("R3", State.UNKNOWN)
        book.pass_days(1)
        changed = [*first[:4], payout("R4", "99.00", email="person4@example.com")]
        book.confirm(sheet(*changed, payout(None, "7.00", email="nobody@example.com"), name="second.csv"))
        paid = book.row("R0").latest
        told = Instant(at=book.now, monotonic_s=1.5, boot="boot-1")
        run(book.journal().refreshed(_claimed(paid), at=told))
        book.bring("R4", State.COMPLETED)
        return book.path


def _claimed(attempt: Any) -> Any:
    return replace(attempt, payout_status="CLAIMED")


def verified(path: Path, batch: str = BATCH) -> JournalReading:
    """What the journal says of the ledger at `path`."""
    with Ledger(f"sqlite:///{path}") as ledger:
        return ledger.read_journal(ENVIRONMENT, batch)[0]


def changed(path: Path, statement: str, *values: object) -> None:
    """Change the ledger with one statement, as somebody with a database browser would."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of one line of a table."""

    table: str
    id: int
    field: str
    value: Any


def cells(path: Path, tables: tuple[str, ...] = COVERED) -> list[Cell]:
    """Every field of the ledger that means something and is not empty."""
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    found = [
        Cell(table, line["id"], field, line[field])
        for table in tables
        for line in connection.execute(f"SELECT * FROM {table}")  # noqa: S608 - names of our own tables
        for field in line.keys()  # noqa: SIM118 - a Row is no mapping
        if line[field] is not None and (table, field) not in MEANINGLESS and (field != "id" or table == "journal")
    ]
    connection.close()
    return found


def another(value: Any, choose: Callable[[int], int]) -> Any:
    """The value with one byte changed."""
    if isinstance(value, float | int):
        return value + 1 + choose(1000)
    if isinstance(value, bytes):
        if not value:
            return b"x"
        place = choose(len(value))
        return value[:place] + bytes([value[place] ^ (1 + choose(255))]) + value[place + 1 :]
    if not value:
        return "x"
    place = choose(len(value))
    return value[:place] + chr((ord(value[place]) + 1 + choose(90)) % 95 + 32) + value[place + 1 :]
