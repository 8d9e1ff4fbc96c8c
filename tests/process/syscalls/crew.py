"""What one worker of a campaign does: it has a bench of its own, for as long as its process lives."""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from tests.process.syscalls.campaign import RECOVERIES, Bench, Struck
from tests.process.syscalls.points import Point


@functools.cache
def bench() -> Bench:
    """The bench of this process; it is cleared away when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="batcher-syscalls-"))
    made = Bench(folder).__enter__()

    def clear() -> None:
        made.__exit__(None, None, None)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(clear)
    return made


def strike(point: Point, states: Path | None) -> Struck:
    """Strike one point. Each kill is recovered from in every way, each error in one, another for each point.

    `states`: recover from equal states once; see `Bench.strike`.
    """
    if point.what == "SIGKILL":
        return bench().strike(point, states=states)
    return bench().strike(point, (RECOVERIES[point.number % len(RECOVERIES)],))
