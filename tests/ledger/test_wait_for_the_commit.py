"""Nobody who waits for the disk goes on while the commit is still under way, however long the disk takes."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, Engine, event, text

from batcher.ledger.grouping import GroupedWriter
from batcher.ledger.place import open_engine
from tests.payouts import Book

TURNS = 50
LONG_S = 20.0


class SlowDisk:
    """Holds every commit until it is let go."""

    def __init__(self, engine: Engine) -> None:
        self.reached = threading.Event()
        self.free = threading.Event()
        event.listen(engine, "commit", self._hold)

    def _hold(self, _: Connection) -> None:
        self.reached.set()
        assert self.free.wait(LONG_S)


@pytest.fixture
def engine(book: Book) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{book.path}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE notes (word TEXT)"))
    yield engine
    engine.dispose()


def _note(connection: Connection) -> int:
    return connection.execute(text("INSERT INTO notes VALUES ('sent')")).rowcount


def test_a_write_is_not_told_before_its_commit_has_returned(engine: Engine) -> None:
    disk = SlowDisk(engine)

    async def story() -> int:
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(max_workers=1) as thread:

            async def commits(work: Callable[[], None]) -> None:
                await loop.run_in_executor(thread, work)

            writing = asyncio.ensure_future(GroupedWriter(engine, commits).write(_note))
            try:
                assert await asyncio.to_thread(disk.reached.wait, LONG_S)
                for _turn in range(TURNS):
                    done, _ = await asyncio.wait({writing}, timeout=0)
                    assert not done
            finally:
                disk.free.set()
            return await writing

    assert asyncio.run(story()) == 1
