"""The sandbox's own clock: real time, plus what somebody moved it on. The only file here that reads time or waits."""

import asyncio
import time


class MovableClock:
    """Seconds since 1970 (UTC) that can be moved forward, never back."""

    def __init__(self) -> None:
        self._wall_s = time.time()  # noqa: TID251 - the sandbox shares no code with what it tests, so it has its own clock
        self._started_s = self.monotonic_s()
        self._moved_s = 0.0

    def now_s(self) -> float:
        """Seconds since 1970; a computer clock that is set while the sandbox runs changes nothing."""
        return self._wall_s + (self.monotonic_s() - self._started_s) + self._moved_s

    @staticmethod
    def monotonic_s() -> float:
        """Real seconds since some moment, the same for every clock of this machine; never moved."""
        return time.monotonic()  # noqa: TID251 - see above

    def advance(self, seconds: float) -> None:
        """Move the clock on; a clock that went back would un-make orders."""
        if seconds < 0:
            raise ValueError("the clock only moves forward")
        self._moved_s += seconds


async def wait_s(seconds: float) -> None:
    """Let real time pass: how a slow reply is acted out."""
    await asyncio.sleep(seconds)  # noqa: TID251 - see above
