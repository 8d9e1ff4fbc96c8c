"""One process, one event loop: rows are sent in the order of the file while accepted ones are followed beside them.

The first row of a kind that was never paid goes alone; see `batcher.engine.canary`.
"""

import asyncio
from collections.abc import Iterable
from contextvars import Context

from batcher.engine.canary import Canaries, Turns
from batcher.engine.progress import Observer, Progress
from batcher.lifecycle import Breaker, Follower, Halt, Issuer
from batcher.logs import context_about
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
    breaker: Breaker,
    canaries: Canaries | None,
    progress: Progress,
    observer: Observer,
) -> None:
    """Take every row as far as this run can: sent, sent again, followed to its end.

    Without `canaries`, no row waits for another. Returns when nothing is left to do or `halt` says so. Raises what a
    row raises, such as `OwnFault` from a ledger that cannot be written; every other row is then left as the ledger has
    it.
    """
    run = _Run(list(rows), issuer, follower, halt, breaker, canaries, progress, observer)
    running = asyncio.ensure_future(run.all())
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


def _about(row: RowRecord) -> Context:
    """What the log says that a task is about."""
    return context_about(row=row.name, attempt=row.latest.order.number)


class _Run:
    def __init__(
        self,
        rows: list[RowRecord],
        issuer: Issuer,
        follower: Follower,
        halt: Halt,
        breaker: Breaker,
        canaries: Canaries | None,
        progress: Progress,
        observer: Observer,
    ) -> None:
        self._issuer = issuer
        self._follower = follower
        self._breaker = breaker
        self._progress = progress
        self._observer = observer
        # An order that exists is followed, even where the file no longer has its row.
        self._accepted = [row for row in rows if row.latest.state is State.ACCEPTED]
        here = [row for row in rows if row.in_file]
        self._unknown = [row for row in here if row.latest.state is State.UNKNOWN]
        # Whom the door has turned away comes last: where Runa keeps that answer under the key, the first such row would
        # stop every run, and nobody else's answer would ever show that the door is open again.
        unsent = sorted((row for row in here if row.latest.state in UNSENT), key=lambda row: bool(row.latest.sends))
        self._turns = Turns(unsent, followed=self._accepted, canaries=canaries, halt=halt)

    async def all(self) -> None:
        """Everything that this run has to do, side by side."""
        async with asyncio.TaskGroup() as group:
            for row in self._accepted:
                group.create_task(self._follow(row), context=_about(row))
            group.create_task(self._ask_again(group))
            group.create_task(self._send(group))
        self._observer.changed(self._progress)

    async def _ask_again(self, group: asyncio.TaskGroup) -> None:
        """Rows that are unknown wait for no canary: they may be paid already."""
        places = asyncio.Semaphore(ISSUING_AGAIN)
        for row in self._unknown:
            await places.acquire()
            group.create_task(self._issue(row, places), context=_about(row))

    async def _send(self, group: asyncio.TaskGroup) -> None:
        """Rows that wait to be sent. It is this task that waits for their turn, so none of them holds a place for it.

        Where sending has ended, they are left as they are: whatever they wait for ends then, or goes on without them.
        """
        places = asyncio.Semaphore(ISSUING)
        while True:
            await places.acquire()
            row = await self._turns.next()
            if row is None:
                return
            group.create_task(self._issue(row, places), context=_about(row))

    async def _issue(self, row: RowRecord, places: asyncio.Semaphore) -> None:
        try:
            attempt = await self._issuer.issue(row)
        finally:
            places.release()
        self._breaker.row_ended(row, attempt)
        self._moved(row, attempt)
        if attempt.state is State.ACCEPTED:
            attempt = await self._follower.follow(attempt)
            self._moved(row, attempt)
        self._turns.ended(row, attempt)

    async def _follow(self, row: RowRecord) -> None:
        attempt = await self._follower.follow(row.latest, at_once=True)
        self._moved(row, attempt)
        self._turns.ended(row, attempt)

    def _moved(self, row: RowRecord, attempt: AttemptRecord) -> None:
        self._progress.moved(row, attempt)
        self._observer.changed(self._progress)
