"""Ctrl-C and SIGTERM: what is in flight is finished first, and a second one ends at once."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from batcher.cli.common import Given

if TYPE_CHECKING:
    from batcher.lifecycle import Halt

T = TypeVar("T")


def run_interruptibly(work: Coroutine[Any, Any, T]) -> T:
    """What `work` gives. Raises `KeyboardInterrupt` where it was cancelled: by the second Ctrl-C."""
    try:
        return asyncio.run(work)
    except asyncio.CancelledError as error:
        # What was in flight is unknown, and asked again by the next run.
        raise KeyboardInterrupt from error
    finally:
        take_termination_for_interruption()


def take_termination_for_interruption() -> None:
    """SIGTERM is Ctrl-C: the lock is let go, and the exit code says so. An event loop that ends takes this back."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


SENDING_ENDS = "Stopping: no more orders are sent; waiting for the answers to those that were."
ASKING_ENDS = "Stopping: Runa is asked nothing more."


def heed_signals(given: Given, halt: "Halt", *, words: str = SENDING_ENDS) -> None:
    """The first Ctrl-C or SIGTERM finishes what is in flight; the second ends at once, which is as safe, but later."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()

    def stop() -> None:
        if halt.interrupted and task is not None:
            task.cancel()
            return
        halt.interrupt()
        given.say(words)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
