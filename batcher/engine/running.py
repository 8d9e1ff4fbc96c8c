"""One process, one event loop: rows are sent in the order of the file while accepted ones are followed beside them."""

import asyncio
from collections.abc import Iterable

from batcher.engine.progress import Observer, Progress
from batcher.lifecycle import Follower, Halt, Issuer
from batcher.records import AttemptRecord, RowRecord
from batcher.states import UNSENT, State

ISSUING = 16
"""Rows that may be under way to an answer at one time; the limit rarely lets more than a few be."""

ISSUING_AGAIN = 4
"""The same for rows that are unknown, so that they never keep all others from being sent."""

DRAIN_S = 15.0
"""After an interruption, how long what is in flight may take to be answered."""


async def run_rows(
    rows: Iterable[RowRecord],
    *,
    issuer: Issuer,
    follower: Follower,
    halt: Halt,
    progress: Progress,
    observer: Observer,
) -> None:
    """Take every row as far as this run can: sent, sent again, followed to its end.

    Returns when nothing is left to do or `halt` says so. Raises what a row raises, such as `OwnFault` from a ledger
    that cannot be written; every other row is then left as the ledger has it.
    """
    run = _Run(issuer, follower, progress, observer)
    running = asyncio.ensure_future(run.all(list(rows)))
    stopping = asyncio.ensure_future(halt.until_interrupted())
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            await asyncio.wait({running}, timeout=DRAIN_S)
    finally:
        for task in (running, stopping):
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
        await issuer.drain()
        await follower.drain()
    if not running.cancelled():
        _raise_first(running.exception())


def _raise_first(error: BaseException | None) -> None:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if error is not None:
        raise error


class _Run:
    def __init__(self, issuer: Issuer, follower: Follower, progress: Progress, observer: Observer) -> None:
        self._issuer = issuer
        self._follower = follower
        self._progress = progress
        self._observer = observer

    async def all(self, rows: list[RowRecord]) -> None:
        """Everything that this run has to do, side by side."""
        async with asyncio.TaskGroup() as group:
            for row in rows:
                # An order that exists is followed, even where the file no longer has its row.
                if row.latest.state is State.ACCEPTED:
                    group.create_task(self._follow(row))
            here = [row for row in rows if row.in_file]
            unknown = [row for row in here if row.latest.state is State.UNKNOWN]
            unsent = [row for row in here if row.latest.state in UNSENT]
            group.create_task(self._feed(group, unknown, ISSUING_AGAIN))
            group.create_task(self._feed(group, unsent, ISSUING))
        self._observer.changed(self._progress)

    async def _feed(self, group: asyncio.TaskGroup, rows: list[RowRecord], at_once: int) -> None:
        places = asyncio.Semaphore(at_once)
        for row in rows:
            await places.acquire()
            group.create_task(self._issue(row, places))

    async def _issue(self, row: RowRecord, places: asyncio.Semaphore) -> None:
        try:
            attempt = await self._issuer.issue(row)
        finally:
            places.release()
        self._moved(row, attempt)
        if attempt.state is State.ACCEPTED:
            self._moved(row, await self._follower.follow(attempt))

    async def _follow(self, row: RowRecord) -> None:
        self._moved(row, await self._follower.follow(row.latest, at_once=True))

    def _moved(self, row: RowRecord, attempt: AttemptRecord) -> None:
        self._progress.moved(row, attempt)
        self._observer.changed(self._progress)
