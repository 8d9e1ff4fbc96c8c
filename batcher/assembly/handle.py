"""The handle by which a run in the background is interrupted, and by which others see how far it is."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from batcher.engine import Counts, Progress
from batcher.lifecycle import Halt
from batcher.ports import Clock

HEED_S = 0.25
"""How often it is looked whether somebody wishes the run otherwise, and how often the figures change."""


_LOG = logging.getLogger("batcher.desk")


class Handle:
    """Implements `batcher.engine.Observer`. What it shows may be read from any thread."""

    def __init__(self, clock: Clock, wished: Callable[[int], bool]) -> None:
        """`wished` says whether somebody asks the run of this id to pause or to stop."""
        self._clock = clock
        self._wished = wished
        self._run_id = 0
        self._halts: list[Halt] = []
        self._progress: Progress | None = None
        self._shown: tuple[int, Counts] | None = None
        self.closed = False
        """Whether this process begins nothing more."""

    @contextmanager
    def of(self, run_id: int) -> Iterator[None]:
        """For the time of one run."""
        self._run_id, self._halts = run_id, []
        try:
            yield
        finally:
            self._run_id, self._progress, self._shown = 0, None, None

    def close(self) -> None:
        """Interrupt what is going on, and let nothing begin."""
        self.closed = True

    @property
    def pulled(self) -> bool:
        """Whether the run is to be interrupted."""
        return self.closed or self._wished(self._run_id)

    def take(self, halt: Halt) -> None:
        """One more part of the run begins, and this is how it is interrupted."""
        self._halts.append(halt)
        if self.pulled:
            halt.interrupt()

    def changed(self, progress: Progress) -> None:
        """Something happened; the figures are taken when their time comes."""
        self._progress = progress

    def counts(self, run_id: int) -> Counts | None:
        """How far the run of this id is, where this process carries it out."""
        shown = self._shown
        return shown[1] if shown is not None and shown[0] == run_id else None

    @asynccontextmanager
    async def heeding(self) -> AsyncIterator[None]:
        """Look every moment whether the run is to be interrupted, as long as this lasts."""
        task = asyncio.ensure_future(self._heed())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _heed(self) -> None:
        while True:
            await self._clock.sleep(HEED_S)
            if self._progress is not None:
                self._shown = (self._run_id, self._progress.counts)
            try:
                pulled = self.pulled
            except Exception as error:  # noqa: BLE001 - the ledger could not be read just now, and is asked again
                _LOG.error("Whether a run is to be interrupted could not be read: %s", type(error).__name__)
                continue
            if pulled:
                for halt in self._halts:
                    halt.interrupt()
