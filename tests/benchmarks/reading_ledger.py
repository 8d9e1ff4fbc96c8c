"""What a sheet costs beyond its check, up to the largest batch: planned, confirmed, and planned once more.

    python -m tests.benchmarks.reading_ledger confirm|again|finish|finished FILE FOLDER
    python -m tests.benchmarks.reading_ledger bare FOLDER

The folder holds the ledger. Each prints the seconds of its own work; the rest of the process, reading included, is what
the caller measures.
"""

import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.benchmarks.whole_process import own_work


def confirm(file: Path, folder: Path) -> Iterator[Callable[[], object]]:
    """Plan the sheet and confirm the plan, in a ledger that has nothing else."""
    from batcher.intake import ReadOptions, read_sheet
    from tests.payouts import Book

    sheet = read_sheet(file, ReadOptions())
    with Book(folder) as book:
        book.ledger.batch(book.environment, "another")  # the ledger is made before the clock starts
        yield partial(book.confirm, sheet)


def again(file: Path, folder: Path) -> Iterator[Callable[[], object]]:
    """Plan a sheet that the ledger has confirmed, as a run of it would."""
    from batcher.intake import ReadOptions, read_sheet
    from tests.payouts import Book

    sheet = read_sheet(file, ReadOptions())
    with Book(folder) as book:
        yield partial(book.plan, sheet)


def finish(file: Path, folder: Path) -> Iterator[Callable[[], object]]:
    """Have every row of the confirmed sheet paid, as far as the tables go, and note what a run notes at its end.

    The states are set by one statement, without the requests and events that would bring them about.
    """
    from dataclasses import replace

    from batcher.assembly.sheets import reading_of
    from batcher.intake import ReadOptions, read_sheet
    from batcher.planning import finished as known_finished
    from tests.payouts import BATCH, Book

    options = ReadOptions()
    sheet = replace(read_sheet(file, options), reading=reading_of(options))
    with Book(folder) as book, sqlite3.connect(book.path) as database:
        database.execute("UPDATE attempts SET state = 'COMPLETED', completed_at = planned_at")
        database.commit()
        known = known_finished(book.plan(sheet), agreements=(), list_reading=0)
        assert known is not None
        yield partial(book.ledger.finish, book.environment, BATCH, known, book.now)


def finished(file: Path, folder: Path) -> Iterator[Callable[[], object]]:
    """Find out that the sheet was paid whole, as `batcher plan` and `batcher run` do first."""
    from tests.payouts import BATCH, Book

    def known() -> None:
        from batcher.assembly.sheets import digest_of_file, reading_of
        from batcher.intake import ReadOptions

        with Book(folder) as book:
            found = book.ledger.finished(book.environment, BATCH)
            assert found is not None
            assert (found.file_digest, found.reading) == (digest_of_file(file), reading_of(ReadOptions()))

    yield known


def bare(folder: Path) -> Iterator[Callable[[], object]]:
    """Insert the values of every row of that ledger into tables without keys, indices and rules, in one transaction."""
    held = _rows_of(folder / "ledger.sqlite3")
    with tempfile.TemporaryDirectory(dir=folder) as fresh:
        database = sqlite3.connect(Path(fresh) / "bare.sqlite3", isolation_level=None)
        # As the ledger is opened.
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            database.execute(f"PRAGMA {pragma}")
        yield partial(_insert, database, held)
        database.close()


Held = dict[str, tuple[list[str], list[tuple[object, ...]]]]
"""By table: its columns and its rows."""


def _rows_of(ledger: Path) -> Held:
    database = sqlite3.connect(ledger)
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    held: Held = {}
    for table in tables:
        found = database.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a name that the database itself gave
        held[table] = ([column[0] for column in found.description], found.fetchall())
    database.close()
    return held


def _insert(database: sqlite3.Connection, held: Held) -> None:
    database.execute("BEGIN")
    for table, (columns, rows) in held.items():
        names, places = ", ".join(f'"{column}"' for column in columns), ", ".join("?" * len(columns))
        database.execute(f'CREATE TABLE "bare_{table}" ({names})')
        database.executemany(f'INSERT INTO "bare_{table}" VALUES ({places})', rows)  # noqa: S608 - the same name
    database.execute("COMMIT")


WORKS: dict[str, Callable[..., Iterator[Callable[[], object]]]] = {
    "confirm": confirm,
    "again": again,
    "finish": finish,
    "finished": finished,
    "bare": bare,
}


if __name__ == "__main__":
    what, *paths = sys.argv[1:]
    for task in WORKS[what](*map(Path, paths)):
        own_work(task)
