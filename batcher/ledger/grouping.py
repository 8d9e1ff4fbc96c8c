"""Writes that wait together are committed together; each still waits for *its* commit."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from batcher.ledger.place import write_failed, writing_on
from batcher.ports import Blocking

T = TypeVar("T")
GROUP = 64
"""How many writes share a commit at the most."""


@dataclass(slots=True)
class _Waiting:
    write: Callable[[Connection], Any]
    done: "asyncio.Future[Any]"
    result: Any = None
    error: Exception | None = None


class GroupedWriter:
    """Runs writes one group at a time, off the event loop, in the order in which they came."""

    def __init__(self, engine: Engine, blocking: Blocking) -> None:
        self._engine = engine
        self._blocking = blocking
        self._waiting: list[_Waiting] = []
        self._flusher: asyncio.Task[None] | None = None

    async def write(self, write: Callable[[Connection], T]) -> T:
        """What `write` gives, once it is on the disk.

        Cancelling the wait does not take the write back. Raises `OwnFault` where the ledger cannot be written, and
        whatever `write` raises, which then has changed nothing.
        """
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(write, done))
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush())
        return await asyncio.shield(done)

    async def drain(self) -> None:
        """Wait until everything that was asked for is on the disk."""
        while self._flusher is not None and not self._flusher.done():
            await asyncio.shield(self._flusher)

    async def _flush(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
            await self._blocking(lambda group=group: self._commit(group))  # type: ignore[misc]
            for waiting in group:
                _tell(waiting)

    def _commit(self, group: list[_Waiting]) -> None:
        """Commit a group whole; where one of it fails, each alone, so that it fails nobody else.

        Where it is the disk that fails, nothing is tried again: a commit that ends with an error may have been made.
        """
        try:
            with writing_on(self._engine) as connection:
                for waiting in group:
                    waiting.result = waiting.write(connection)
        except OperationalError as error:
            for waiting in group:
                waiting.error = write_failed(error)
        except Exception as error:  # noqa: BLE001 - it is handed to whoever waits for this write
            if len(group) > 1:
                for waiting in group:
                    self._commit([waiting])
            else:
                group[0].error = write_failed(error) if isinstance(error, SQLAlchemyError) else error


def _tell(waiting: _Waiting) -> None:
    if waiting.done.cancelled():
        return
    if waiting.error is None:
        waiting.done.set_result(waiting.result)
        return
    waiting.done.set_exception(waiting.error)
    # Whoever waited may be gone; the error is theirs, not the event loop's.
    waiting.done.exception()
