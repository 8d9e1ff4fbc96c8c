"""Who guesses has to wait: each failure doubles the time until the next try is looked at."""

from dataclasses import dataclass

from batcher.ports import Clock
from batcher.web.refusals import Refused

FREE = 5
"""Failures without a wait: people mistype."""
LONGEST_S = 300
FORGOTTEN_S = 3600
"""Seconds after which failures no longer count."""
MOST = 10_000
"""Names whose failures are remembered; beyond it the oldest make way."""


@dataclass(slots=True)
class _Failures:
    count: int
    last_s: float


class Slowing:
    """Counts failures by name, such as a user's; in memory, as a restart prints a new link anyway."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failed: dict[str, _Failures] = {}

    def ask(self, name: str) -> None:
        """Raise `Refused` where this name has to wait."""
        now_s = self._clock.instant().monotonic_s
        failed = self._failed.get(name)
        if failed is None or failed.count < FREE:
            return
        wait_s = failed.last_s + min(LONGEST_S, 2 ** min(failed.count - FREE, 20)) - now_s
        if wait_s > 0:
            seconds = int(wait_s) + 1
            words = f"Wait {seconds} second{'s' * (seconds != 1)}, then try again."
            raise Refused(429, "Too many failed attempts", words, retry_after_s=seconds)

    def failed(self, name: str) -> None:
        """One more failure."""
        now_s = self._clock.instant().monotonic_s
        known = self._failed.pop(name, None)
        count = known.count if known is not None and now_s - known.last_s < FORGOTTEN_S else 0
        self._failed[name] = _Failures(count + 1, now_s)
        while len(self._failed) > MOST:
            del self._failed[next(iter(self._failed))]

    def passed(self, name: str) -> None:
        """It was the right one: what went before is forgotten."""
        self._failed.pop(name, None)
