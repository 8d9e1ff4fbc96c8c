"""The other side of every run: a sandbox whose whole state can be kept and put back, always on the same port."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from batcher.sandbox import Api, SandboxThread, Switches
from batcher.sandbox.clock import wait_s

T = TypeVar("T")
TURNS = 60
"""Turns of the event loop after which every byte that a dead process had sent is read and acted on."""


class Bank(SandboxThread):
    """A sandbox that goes through many campaigns' worth of states."""

    def open(self, **switches: object) -> None:
        """Begin anew, with empty books."""
        self.put_back(Api(Switches.from_mapping(switches)))

    def _call(self, function: Callable[[], T]) -> T:
        async def turns() -> None:
            for _ in range(TURNS):
                await wait_s(0)

        asyncio.run_coroutine_threadsafe(turns(), self._loop).result()
        return super()._call(function)
