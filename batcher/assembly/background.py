"""A thread for the desk, with an event loop of its own: what it plans and writes keeps no page waiting."""

import asyncio
from threading import Thread
from types import TracebackType
from typing import Self

from batcher.assembly.desk import Desk


class Background:
    """Carries out what the desk is asked for, as long as the block lasts; what is in flight at its end is finished."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._thread = Thread(target=lambda: asyncio.run(desk.work()), name="desk")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._desk.close()
        self._thread.join()
