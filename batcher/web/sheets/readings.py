"""A sheet read and checked, in two threads beside the server: it keeps answering, and two sheets at most are in memory.

What was read last is kept, so that the pages of a large sheet do not each read it again.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Lock
from typing import Any, TypeVar

from batcher.assembly import Checked, load_checked, load_outline, load_sheet
from batcher.errors import InputInvalid
from batcher.model import Problem, Sheet
from batcher.ports import Clock
from batcher.settings import Settings
from batcher.web.sheets.outlining import Reading, reading_of
from batcher.web.sheets.uploads import Upload

T = TypeVar("T")

AT_ONCE = 2
KEPT = 8
"""Results that are kept; of a large sheet they are its faulty rows, at most 100,000."""


class Readings:
    """What uploads say."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="reading")
        self._known = _Known()

    async def reading(self, upload: Upload) -> Reading:
        """How it is read. Raises `InputInvalid` where it cannot be read with one meaning, and `UsageError`."""
        return await self._once("reading", upload, lambda: reading_of(load_outline(upload.path, *self._how(upload))))

    async def checked(self, upload: Upload) -> Checked:
        """Everything that is wrong with it. Raises as `reading` does."""

        def check() -> Checked:
            found = load_checked(upload.path, *self._how(upload), now=self._clock.instant().at)
            return replace(found, sheet=replace(found.sheet, name=upload.label))

        return await self._once("checked", upload, check)

    async def sheet(self, upload: Upload) -> Sheet:
        """All of it, to be planned; not kept. Raises as `reading` does."""

        def load() -> Sheet:
            return replace(load_sheet(upload.path, *self._how(upload)), name=upload.label)

        return await self.aside(_named(load, upload))

    async def aside(self, work: Callable[[], T]) -> T:
        """Do something heavy beside the server."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def _how(self, upload: Upload) -> tuple[Settings, Any]:
        return self._settings, upload.said

    async def _once(self, what: str, upload: Upload, work: Callable[[], T]) -> T:
        key = (what, upload.id, upload.said)
        return await self.aside(lambda: self._known.once(key, _named(work, upload)))


def _named(work: Callable[[], T], upload: Upload) -> Callable[[], T]:
    """The same; what it says of the file says it by the name that people know. The random one is nothing else's."""

    def call(text: str) -> str:
        return text.replace(str(upload.path), upload.label).replace(upload.id, upload.label)

    def called(problem: Problem) -> Problem:
        return replace(problem, message=call(problem.message), fix=call(problem.fix))

    def worked() -> T:
        try:
            return work()
        except InputInvalid as error:
            raise InputInvalid(call(error.message), call(error.fix), tuple(map(called, error.problems))) from None

    return worked


class _Known:
    """The last results. Two who ask for one at the same time wait for one reading."""

    def __init__(self) -> None:
        self._results: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = Lock()
        self._locks: dict[Hashable, Lock] = {}

    def once(self, key: Hashable, work: Callable[[], T]) -> T:
        with self._lock:
            lock = self._locks.setdefault(key, Lock())
        with lock:
            try:
                with self._lock:
                    if key in self._results:
                        self._results.move_to_end(key)
                        found: T = self._results[key]
                        return found
                result = work()
                with self._lock:
                    self._results[key] = result
                    while len(self._results) > KEPT:
                        self._results.popitem(last=False)
                return result
            finally:
                with self._lock:
                    self._locks.pop(key, None)
