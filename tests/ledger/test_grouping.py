"""What a group of writes does where one of it, or the disk, fails."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import IntegrityError

from batcher.errors import OwnFault
from batcher.ledger.grouping import GroupedWriter
from tests.virtual_time import run


class FailingDisk(sqlite3.Connection):
    """Makes every commit, and says that it could not."""

    def commit(self) -> None:
        super().commit()
        raise sqlite3.OperationalError("disk I/O error")


async def in_place(work: Callable[[], None]) -> None:
    work()


def adding(number: int) -> Callable[[Connection], Any]:
    return lambda connection: connection.execute(text("INSERT INTO numbers VALUES (:number)"), {"number": number})


def written_together(engine: Engine, *numbers: int) -> list[BaseException | None]:
    async def story() -> list[BaseException | None]:
        writer = GroupedWriter(engine, in_place)
        results = await asyncio.gather(*(writer.write(adding(one)) for one in numbers), return_exceptions=True)
        return [one if isinstance(one, BaseException) else None for one in results]

    return run(story())


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "numbers.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE numbers (number INTEGER UNIQUE)")
    connection.close()
    return path


def kept(path: Path) -> list[int]:
    connection = sqlite3.connect(path)
    try:
        return [number for (number,) in connection.execute("SELECT number FROM numbers ORDER BY rowid")]
    finally:
        connection.close()


def test_one_write_that_fails_fails_nobody_else(ledger: Path) -> None:
    engine = create_engine(f"sqlite:///{ledger}")
    first, second, third = written_together(engine, 1, 1, 2)
    engine.dispose()
    assert (first, third) == (None, None)
    assert isinstance(second, OwnFault)
    assert isinstance(second.__cause__, IntegrityError) or "UNIQUE" in str(second)
    assert kept(ledger) == [1, 2]


def test_a_commit_that_ends_with_an_error_is_not_made_again(ledger: Path) -> None:
    engine = create_engine(f"sqlite:///{ledger}", connect_args={"factory": FailingDisk})
    results = written_together(engine, 1, 2, 3)
    engine.dispose()
    assert [type(one) for one in results] == [OwnFault, OwnFault, OwnFault]
    assert all("disk I/O error" in str(one) for one in results)
    assert kept(ledger) == [1, 2, 3]
