"""The handle by which a run in the background is interrupted."""

from collections.abc import Iterator
from itertools import chain, repeat

from batcher.assembly.handle import Handle
from batcher.lifecycle import Halt
from tests.virtual_time import VirtualClock, run


def test_one_look_that_fails_makes_no_run_deaf() -> None:
    """The ledger cannot be read for a moment; somebody has pressed Stop."""
    answers: Iterator[bool | OSError] = chain([False, OSError("too many open files")], repeat(True))

    def wished(run_id: int) -> bool:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    async def story() -> Halt:
        clock = VirtualClock()
        handle, halt = Handle(clock, wished), Halt(base_url="http://127.0.0.1")
        with handle.of(7):
            async with handle.heeding():
                handle.take(halt)
                await clock.sleep(2)
        return halt

    assert run(story()).interrupted
