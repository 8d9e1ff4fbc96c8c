"""Virtual time: an event loop whose clock jumps to the next thing that is due, and a clock that reads it.

    async def story() -> float:
        clock = VirtualClock()
        await clock.sleep(3600)
        return clock.instant().monotonic_s

    assert run(story()) == 3600   # at once

Nothing is patched: asyncio's own loop runs on a selector that turns a wait into a step of time. So everything that goes
by `loop.time()` and `loop.call_later()` keeps working: `asyncio.sleep`, `asyncio.timeout`, aiolimiter. Threads, sockets
and child processes live in real time, and have no place on this loop.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn, TypeVar, TypeVarTuple, Unpack

from batcher.model import Instant

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""What the wall shows when a virtual clock begins, unless told otherwise."""

_TICK_S = 1e-8
"""The least step of time. Without one, code that waits for a rounding error to pass would spin at one moment."""


class Deadlock(AssertionError):
    """Nothing is ready and nothing is scheduled: whoever is still waiting would wait for ever."""


def run(story: Coroutine[Any, Any, T], *, start_s: float = 0.0) -> T:
    """Run `story` on a new loop that begins at `start_s`; what it left running is cancelled and the loop closed.

    A story that continues an earlier one (another process of the same boot) starts where that one ended.
    """
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(start_s)) as runner:
        return runner.run(story)


class VirtualClock:
    """Implements `batcher.ports.Clock` on a virtual loop. Outside a loop it shows the moment it last saw."""

    def __init__(self, start: datetime = START, *, boot: str = "boot-1") -> None:
        self.start = start
        self.offset = timedelta(0)
        """How far the wall clock has been moved; set it to make the wall jump."""
        self.boot = boot
        """Which boot the machine is in; set it to reboot."""
        self._seen_s = 0.0

    def instant(self) -> Instant:
        """This moment: the loop's seconds, and a wall that keeps pace with them until it is moved."""
        monotonic_s = self.now_s
        wall = self.start + timedelta(seconds=monotonic_s) + self.offset
        return Instant(at=wall, monotonic_s=monotonic_s, boot=self.boot)

    @property
    def now_s(self) -> float:
        """The loop's seconds alone."""
        with suppress(RuntimeError):  # no loop is running: time stands still
            self._seen_s = asyncio.get_running_loop().time()
        return self._seen_s

    async def sleep(self, seconds: float) -> None:
        """Wait in virtual time; zero or less only lets others have a turn."""
        await asyncio.sleep(max(0.0, seconds))  # noqa: TID251 - the tests' own clock


class VirtualLoop(asyncio.SelectorEventLoop):
    """Asyncio's loop; its time stands still while anything can run, and then steps to whatever is due next."""

    def __init__(self, start_s: float = 0.0) -> None:
        self._steps = _SteppingSelector(start_s)
        super().__init__(self._steps)

    def time(self) -> float:
        """Virtual seconds."""
        return self._steps.now_s

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """As asyncio's; what is due now comes a tick later, as it would in real time."""
        return super().call_at(max(when, self.time() + _TICK_S), callback, *args, context=context)

    def run_in_executor(self, *_: object) -> NoReturn:
        """Refuse: a thread takes real time, and virtual time would not wait for it."""
        raise RuntimeError("no threads on virtual time: give the code something that runs in place")


class _SteppingSelector(selectors.SelectSelector):
    """Turns 'wait at most so long' into a step of time. It never looks at files or sockets."""

    def __init__(self, start_s: float) -> None:
        super().__init__()
        self.now_s = start_s

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Deadlock(
                f"nothing is ready and nothing is scheduled at {self.now_s:.3f} s: "
                "every task waits for something that nobody will do"
            )
        self.now_s += max(0.0, timeout)
        return []
