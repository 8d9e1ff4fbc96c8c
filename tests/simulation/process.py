"""A process: tasks that share one context on a virtual loop. Killed, none of them ever takes another step.

That is what `kill -9` does. Cancelling would be milder: cancelled tasks still run their `finally`.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from typing import Any, TypeVarTuple, Unpack

from tests.virtual_time import VirtualLoop

Ts = TypeVarTuple("Ts")


class Killed(BaseException):
    """Raised where a process is killed in the middle of a step, such as a commit. Nobody in it may catch this."""


class Process:
    """One life of batcher. `kill_at_step` is after how many steps of its tasks it dies, if it lives so long."""

    def __init__(self, *, kill_at_step: int | None = None) -> None:
        self.dead = False
        self.steps = 0
        self._kill_at_step = kill_at_step
        self._died = asyncio.get_running_loop().create_future()

    async def live(self, main: Coroutine[Any, Any, Any]) -> object:
        """Run `main` as this process; gives what it gives, `Killed` where it was killed. Raises what it raises."""
        context = copy_context()
        context.run(_CURRENT.set, self)
        task = asyncio.get_running_loop().create_task(main, context=context)
        await asyncio.wait({task, self._died}, return_when=asyncio.FIRST_COMPLETED)
        if self.dead:
            if task.done():
                task.exception()  # it is known
            # Kept by the loop's own list of tasks until the world ends, and never stepped again.
            return Killed
        return task.result()

    def kill(self) -> None:
        """Let nothing of it happen any more."""
        if not self.dead:
            self.dead = True
            self._died.set_result(None)

    def step(self, callback: Callable[[Unpack[Ts]], object], *args: *Ts) -> None:
        """One step of one of its tasks."""
        if self.dead:
            return
        self.steps += 1
        if self.steps == self._kill_at_step:
            self.kill()
            return
        callback(*args)


_CURRENT: ContextVar[Process | None] = ContextVar("process", default=None)


def current() -> Process | None:
    """The process whose step this is; `None` for the world around it."""
    return _CURRENT.get()


class SimulatedLoop(VirtualLoop):
    """A virtual loop that knows of each step whose it is."""

    def __init__(self) -> None:
        super().__init__()
        # Tasks that never end, because their process is dead. Collected, they would unwind, and run what kill -9 does
        # not: so they are kept until the real process ends, and a real process lives for a few seeds only.
        self._kept: set[asyncio.Task[Any]] = set()

    def create_task(self, *args: Any, **kwargs: Any) -> Any:
        """As asyncio's; and kept until it is done."""
        task = super().create_task(*args, **kwargs)
        self._kept.add(task)
        task.add_done_callback(self._kept.discard)
        return task

    def call_soon(
        self, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """As asyncio's, unless the process is dead by then."""
        process = _owner(context)
        if process is None:
            return super().call_soon(callback, *args, context=context)
        return super().call_soon(process.step, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """As asyncio's, unless the process is dead by then."""
        process = _owner(context)
        if process is None:
            return super().call_at(when, callback, *args, context=context)
        return super().call_at(when, process.step, callback, *args, context=context)

    def in_the_world(self, after_s: float, callback: Callable[[], object]) -> None:
        """Call it so much later, whatever becomes of the process that asked for it."""
        super().call_at(self.time() + after_s, callback, context=Context())


def _owner(context: Context | None) -> Process | None:
    return _CURRENT.get() if context is None else context.get(_CURRENT)
