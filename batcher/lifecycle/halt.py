"""What stops a run, and how far the stop reaches."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from batcher.policy import Scope, Verdict
from batcher.ports import Clock

T = TypeVar("T")

REASONS = {
    "insufficient_funds": "The {currency} balance is used up. Top it up, then run the same command again.",
    "ordering_restricted": "Runa's spending limit is reached. Have it raised, then run the same command again.",
    "version_removed": "Runa no longer takes this API version. Set [api] version to one that is live.",
    "invalid_version": "Runa does not know this API version. Set [api] version to one that is live.",
    "unauthorized": "Runa refuses the API key. Check the key and which environment it belongs to.",
    "invalid_api_key": "Runa refuses the API key. Check the key and which environment it belongs to.",
    "forbidden": "Runa does not let this API key do that. Check its rights in Runa's portal.",
    "insecure_protocol": "Runa takes https only. Check [api] base_url.",
    "unreachable": "Runa cannot be reached safely at {base_url}: no connection, or a certificate that does not verify. "
    "Check the network and [api] base_url.",
    "rate_limited": "Runa keeps saying 'too many requests'. Wait a while, or lower [limits] orders_per_minute.",
}
"""What the person is told, by cause."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Why rows were left unsent."""

    cause: str
    message: str
    exit_code: int
    currency: str | None = None
    """Where only the rows of one currency are left."""


class Halt:
    """The stops of one run. Sending ends first; reading goes on unless nothing can be asked at all."""

    def __init__(self, *, base_url: str) -> None:
        self._base_url = base_url
        self._no_sends = asyncio.Event()
        self._nothing = asyncio.Event()
        self._interrupted = asyncio.Event()
        self.stops: list[Stop] = []

    def interrupt(self) -> None:
        """Somebody asked to stop: finish what is in flight, and nothing else."""
        self._interrupted.set()
        self._no_sends.set()
        self._nothing.set()

    @property
    def interrupted(self) -> bool:
        """Whether somebody asked to stop."""
        return self._interrupted.is_set()

    async def until_interrupted(self) -> None:
        """Wait until somebody asks to stop."""
        await self._interrupted.wait()

    def heed(self, verdict: Verdict, *, currency: str, exhausted: bool = False) -> None:
        """Stop as far as the verdict says. `exhausted`: the row was turned away as often as it may be sent."""
        if verdict.scope is Scope.CURRENCY:
            self._add(Stop(verdict.cause, self._message(verdict, currency), 6, currency))
        elif verdict.scope is Scope.RUN or exhausted:
            exit_code = verdict.exit_code or 6
            self._add(Stop(verdict.cause, self._message(verdict, currency), exit_code))
            self._no_sends.set()
            if exit_code == 4:
                self._nothing.set()

    def end_sending(self, stop: Stop) -> None:
        """Send nothing more, for a reason that no single answer gives; what was accepted goes on being followed."""
        self._add(stop)
        self._no_sends.set()

    def leave_out(self, stop: Stop) -> None:
        """Note why rows are left unsent that no other stop reaches; whoever calls it does not send them."""
        self._add(stop)

    def stops_sending(self, currency: str) -> bool:
        """Whether a row in this currency must not be sent any more."""
        return self._no_sends.is_set() or any(stop.currency == currency for stop in self.stops)

    @property
    def stops_reading(self) -> bool:
        """Whether orders must not be read any more."""
        return self._nothing.is_set()

    async def before_no_sends(self, work: Coroutine[Any, Any, T]) -> T | None:
        """What `work` gives, or `None` as soon as sending ends: the work is then cancelled."""
        return await _unless(self._no_sends, work)

    async def sleep_while_sending(self, clock: Clock, seconds: float) -> None:
        """Wait, but not beyond the end of sending."""
        await _unless(self._no_sends, _sleep(clock, seconds))

    async def sleep_while_reading(self, clock: Clock, seconds: float, *, unless: asyncio.Event | None = None) -> None:
        """Wait, but not beyond the end of reading, nor beyond the moment that `unless` is set."""
        await _unless(self._nothing, _sleep(clock, seconds, unless))

    def _add(self, stop: Stop) -> None:
        if stop not in self.stops:
            self.stops.append(stop)

    def _message(self, verdict: Verdict, currency: str) -> str:
        words = REASONS.get(verdict.cause, "Runa's answer ({cause}) says that no other row would pass either.")
        return words.format(currency=currency, base_url=self._base_url, cause=verdict.cause)


async def _sleep(clock: Clock, seconds: float, unless: asyncio.Event | None = None) -> None:
    if unless is None:
        await clock.sleep(seconds)
    else:
        await _unless(unless, _sleep(clock, seconds))


async def _unless(event: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    if event.is_set():
        work.close()
        return None
    working = asyncio.ensure_future(work)
    waiting = asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        await _cancelled(working)
        await _cancelled(waiting)


async def _cancelled(task: "asyncio.Future[Any]") -> None:
    """Cancel a task and wait until it has let go of what it held."""
    if not task.done():
        task.cancel()
        await asyncio.wait({task})
