"""How fast orders may leave: a lease on every send, and a pace on top of it.

**The lease** keeps the limit. There are as many permits as orders per minute. One is taken before a send and comes back
one window *after its answer*. The request arrived somewhere between the two, so any two sends that used one permit
arrived at least one window apart, and no window at the server, fixed or sliding and of whatever phase, sees more than
the limit, whatever the network does to the times in between.

**The pace** is aiolimiter's: one order per 60/N seconds and at most three at once, so that a server that counts with a
small bucket is not overrun either. On its own it would not do: a limiter that refills while requests are under way
lets nearly twice the limit into one minute (`tests/throttle/test_why_a_lease.py` shows it).

What this does not do: it knows nothing of other processes. The ledger lets only one send at a time; two ledgers on one
account are two limits. A lease that is never answered keeps its permit until the process ends.

All times are the clock's monotonic seconds, waits go through `Clock.sleep`; aiolimiter goes by the event loop's time,
which is the same clock. There are no tasks and no timers here: whoever waits does so in its own task, and takes nothing
before its last wait is over, so cancelling it loses nothing.
"""

import asyncio
from bisect import bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiolimiter import AsyncLimiter

from batcher.model import Instant
from batcher.ports import Clock, Lease

WINDOW_S = 60.0
"""The window of the server's limit, which is so many *a minute*."""
MARGIN_S = 0.1
"""Added to the window: our clock may be slewed by 500 parts in a million and the server's as well, 0.06 s a minute."""
STRAGGLER_S = 5.0
"""What a request may still need to arrive after the process that sent it is gone, beyond the window it then holds."""
FORGOTTEN_S = 3600.0
"""A send this long ago counts no more, whatever became of it: no connection lives that long."""
BURST = 3
"""Orders that may leave at once after a lull."""
PENALTY_S = 600.0
"""How long a refusal takes a permit away."""
PAUSE_MAX_S = 900.0
"""The longest pause that a `Retry-After` is granted."""

_HOLD_S = WINDOW_S + MARGIN_S


@dataclass(frozen=True, slots=True, kw_only=True)
class PastSend:
    """A send that an earlier process made, from the ledger."""

    sent: Instant
    """Noted before the first byte left."""
    answered: Instant | None
    """Noted after the answer had come; `None` where none was recorded, whether or not one came."""


class LeasedThrottle:
    """Implements `batcher.ports.Throttle`: never more than `per_minute` sends in any minute, restarts included.

    `past` are the ledger's newest sends, as many as there are or three times the limit, whichever is less. They are
    not to be filtered by the wall clock, which may have jumped. Each keeps its permit for what is left of its window.
    `rate_limited_wait_s` is the least pause after a refusal, in seconds. `server_now` is Runa's clock, where it was
    asked.

    First sends are served in the order they asked, resends as well. The first of each kind take turns: resends settle
    what is unknown, so they don't queue behind a whole batch, and a quarter of the rate is the most that they get. That
    quarter begins anew with a restart: for the limit it does not matter what a permit is used for.
    """

    def __init__(
        self,
        clock: Clock,
        per_minute: int,
        past: Iterable[PastSend] = (),
        *,
        rate_limited_wait_s: float = 5.0,
        server_now: datetime | None = None,
    ) -> None:
        if per_minute < 1:
            raise ValueError(f"the limit must be at least one order per minute, not {per_minute}")
        now, past = clock.instant(), tuple(past)
        self._clock = clock
        self._per_minute = per_minute
        self._refusal_wait_s = rate_limited_wait_s
        self._permits = _Permits(_holds(past, now, per_minute, server_now))
        self._resend_permits = _Permits()
        self._penalties = deque[float]()
        self._paused_until_s = now.monotonic_s
        self._sent = deque(sorted(send.sent.monotonic_s for send in past if _comparable(send.sent, now)))
        self._pace = AsyncLimiter(min(BURST, per_minute), min(BURST, per_minute) * WINDOW_S / per_minute)
        self._pace_owed = tuple(self._sent)
        self._first_sends = asyncio.Lock()
        self._resends = asyncio.Lock()
        self._gate = asyncio.Lock()

    async def lease(self, *, resend: bool) -> Lease:
        """Wait until one more send is within the limit. Resends take at most a quarter of the rate."""
        async with self._resends if resend else self._first_sends:
            if resend:
                await self._until(self._resend_wait_s)
            async with self._gate:  # in turn, or the two kinds would race for each permit that comes back
                await self._until(self.next_free_s)
                await self._keep_pace()
                await self._until(self.next_free_s)  # a refusal may have come meanwhile
                return self._grant(resend=resend)

    def refused(self, retry_after_s: float | None) -> None:
        """Pause every send, at least as long as the API asks (up to 15 minutes), and go one permit slower for ten.

        A send that has its lease already is not called back. The last permit is never taken away.
        """
        now_s = self._now_s
        pause_s = max(self._refusal_wait_s, min(retry_after_s or 0.0, PAUSE_MAX_S))
        self._paused_until_s = max(self._paused_until_s, now_s + pause_s)
        if self._allowed(now_s) > 1:
            self._penalties.append(now_s + PENALTY_S)

    def next_free_s(self) -> float:
        """Seconds until the limit may let a send through, as far as is known now; zero if it would at once.

        It may take longer: what is still unanswered, the pace (60/N seconds) and others who wait are not in it.
        """
        now_s = self._now_s
        wait_s = self._permits.wait_s(now_s, self._allowed(now_s))
        if self._penalties:
            wait_s = min(wait_s, self._penalties[0] - now_s)
        return max(wait_s, self._paused_until_s - now_s, 0.0)

    @property
    def sent_last_minute(self) -> int:
        """How many sends were let through in the last 60 seconds, by this process and by the ones of this boot."""
        self._forget_sent(self._now_s)
        return len(self._sent)

    @property
    def _now_s(self) -> float:
        return self._clock.instant().monotonic_s

    def _allowed(self, now_s: float) -> int:
        """How many permits there are at the moment."""
        while self._penalties and self._penalties[0] <= now_s:
            self._penalties.popleft()
        return max(1, self._per_minute - len(self._penalties))

    def _resend_wait_s(self) -> float:
        return self._resend_permits.wait_s(self._now_s, max(1, self._per_minute // 4))

    async def _until(self, wait_s: Callable[[], float]) -> None:
        """Sleep until there is nothing to wait for; asked again after each sleep, as a wait may have grown."""
        while (seconds := wait_s()) > 0:
            await self._clock.sleep(seconds)

    async def _keep_pace(self) -> None:
        """Wait for this send's turn in the pace; before the first one, put into its bucket what earlier sends left."""
        if self._pace_owed:
            owed, self._pace_owed = self._pace_owed, ()
            await self._pace.acquire(_pace_level(owed, self._now_s, self._per_minute))  # at once: it is empty
        await self._pace.acquire()

    def _grant(self, *, resend: bool) -> "_Lease":
        now_s = self._now_s
        held = (self._permits, self._resend_permits) if resend else (self._permits,)
        for permits in held:
            permits.take()
        self._sent.append(now_s)
        self._forget_sent(now_s)
        return _Lease(self._clock, held)

    def _forget_sent(self, now_s: float) -> None:
        while self._sent and self._sent[0] <= now_s - WINDOW_S:
            self._sent.popleft()


class _Lease:
    """Implements `batcher.ports.Lease`."""

    def __init__(self, clock: Clock, held: "tuple[_Permits, ...]") -> None:
        self._clock = clock
        self._held = held

    def answered(self) -> None:
        """The right returns one window from now. Said twice, it counts once."""
        held, self._held = self._held, ()
        for permits in held:
            permits.give_back(self._clock.instant().monotonic_s + _HOLD_S)


class _Permits:
    """Those that are with a send (a number), and those that are on their way back (the moments they arrive)."""

    def __init__(self, returning: Iterable[float] = ()) -> None:
        self._out = 0
        self._returning = sorted(returning)

    def take(self) -> None:
        self._out += 1

    def give_back(self, at_s: float) -> None:
        self._out -= 1
        insort(self._returning, at_s)

    def wait_s(self, now_s: float, allowed: int) -> float:
        """Seconds until one of `allowed` permits is free; at least so long, where that hangs on an answer to come.

        More may be held than are allowed, after a refusal or where an earlier process had a higher limit.
        """
        del self._returning[: bisect_right(self._returning, now_s)]
        missing = self._out + len(self._returning) + 1 - allowed
        if missing <= 0:
            return 0.0
        if missing <= len(self._returning):
            return self._returning[missing - 1] - now_s
        return _HOLD_S  # the answer that frees one has not come, and frees it a window later


def seconds_for(sends: int, per_minute: int) -> float:
    """How long a run of so many sends takes at the limit, from the first to the last, if answers come at once.

    Every answer time of a second makes each full window a second longer.
    """
    windows, rest = divmod(max(0, sends - 1), per_minute)
    return windows * _HOLD_S + max(0, rest + 1 - min(BURST, per_minute)) * WINDOW_S / per_minute


def _holds(past: Iterable[PastSend], now: Instant, per_minute: int, server_now: datetime | None = None) -> list[float]:
    """When the permits of earlier processes come back, in monotonic seconds.

    If the clocks are those that the past was measured by, each answered send holds its permit for what is left of its
    window; an unanswered one, which may have arrived until just now, a whole window from this moment. If not (another
    boot, or a wall clock that has gone back), how long ago anything was is not known, and all permits are held for a
    whole window.

    Only sends of the last hour count; after another boot that hour is by the wall clock or Runa's, whichever is
    earlier. The hour is there because a wall clock may be wrong just after a boot, until the network sets it. Not
    covered: one that comes up more than an hour ahead within a minute of the last send (a hardware clock in local time
    can do that), and Runa tells no time. Then one minute may see up to twice the limit; the API refuses the surplus,
    and `refused` slows us down.
    """
    wall = now.at if server_now is None else min(now.at, server_now)
    recent = [send for send in past if _age_s(send.answered or send.sent, now, wall) < FORGOTTEN_S]
    whole = now.monotonic_s + _HOLD_S + STRAGGLER_S
    if not all(_comparable(send.answered or send.sent, now) for send in recent):
        return [whole] * per_minute
    returns = (send.answered.monotonic_s + _HOLD_S if send.answered else whole for send in recent)
    return [at_s for at_s in returns if at_s > now.monotonic_s]


def _age_s(then: Instant, now: Instant, wall: datetime) -> float:
    """How long ago that was: by the monotonic clock within a boot, else by the `wall` clock that is believed."""
    if then.boot == now.boot:
        return now.monotonic_s - then.monotonic_s
    return (wall - then.at).total_seconds()


def _comparable(then: Instant, now: Instant) -> bool:
    """Whether both were read from clocks that ran on undisturbed from one to the other."""
    return then.boot == now.boot and then.monotonic_s <= now.monotonic_s and then.at <= now.at


def _pace_level(sent_s: Sequence[float], now_s: float, per_minute: int) -> float:
    """How full the pace's bucket is after sends at these moments: each adds one, N/60 leak out a second."""
    leak = per_minute / WINDOW_S
    level, then_s = 0.0, min(sent_s, default=now_s)
    for at_s in sent_s:
        level, then_s = max(0.0, level - (at_s - then_s) * leak) + 1.0, at_s
    return min(max(0.0, level - (now_s - then_s) * leak), BURST, per_minute)
