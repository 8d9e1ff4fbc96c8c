"""Reading an accepted order until it is finished."""

import asyncio
import logging
from dataclasses import dataclass

from batcher import policy
from batcher.lifecycle.halt import Halt
from batcher.lifecycle.hints import Hints
from batcher.lifecycle.recording import Recording
from batcher.lifecycle.settling import settle
from batcher.model import Reply
from batcher.ports import Api, Clock, Journal
from batcher.records import AttemptRecord
from batcher.states import State

logger = logging.getLogger(__name__)

READERS = 4
"""How many orders are read at one time: reads have no published limit, and polling may lead to one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Polls:
    """When an order is read again, in seconds."""

    first_s: float
    max_s: float
    give_up_after_s: float
    rate_limited_wait_s: float


class Follower:
    """Follows orders, one call each; calls may run side by side."""

    def __init__(
        self, *, api: Api, journal: Journal, clock: Clock, polls: Polls, halt: Halt, hints: Hints | None = None
    ) -> None:
        """`hints`: whoever else may say that an order is worth a look. Without them the clock alone says so."""
        self._hints = hints or Hints()
        self._api = api
        self._journal = journal
        self._clock = clock
        self._polls = polls
        self._halt = halt
        self._recording = Recording()
        self._readers = asyncio.Semaphore(READERS)
        self._paused_until_s = 0.0
        self._refused_in_a_row = 0

    async def drain(self) -> None:
        """Wait until everything that was read is on the disk."""
        await self._recording.drain()

    async def follow(self, attempt: AttemptRecord, *, at_once: bool = False) -> AttemptRecord:
        """Read the order until it is finished, reading ends, or it has taken too long; gives where it then stands.

        `at_once`: it was accepted in an earlier run, so the first look need not wait.
        """
        began = self._clock.instant()
        age_s = 0.0
        if attempt.accepted_at is not None:
            age_s = max(0.0, (began.at - attempt.accepted_at).total_seconds())
        wait_s = 0.0 if at_once else self._wait_s(age_s)
        assert attempt.order_id is not None  # noqa: S101 - that is what accepted means
        with self._hints.of(attempt.order_id) as hint:
            while True:
                await self._halt.sleep_while_reading(self._clock, wait_s, unless=hint)
                if self._halt.stops_reading:
                    return attempt
                # Before the look: what is hinted while Runa answers may be news that the answer does not hold.
                hint.clear()
                attempt = await self._look(attempt)
                if attempt.state is not State.ACCEPTED:
                    return attempt
                followed_s = self._clock.instant().monotonic_s - began.monotonic_s
                if followed_s >= self._polls.give_up_after_s:
                    return attempt
                wait_s = min(self._wait_s(age_s + followed_s), self._polls.give_up_after_s - followed_s)

    def _wait_s(self, age_s: float) -> float:
        return policy.poll_wait_s(age_s, first_s=self._polls.first_s, max_s=self._polls.max_s)

    async def _look(self, attempt: AttemptRecord) -> AttemptRecord:
        """Read the order once. An answer that says nothing (a fault, a 404 just after creating) changes nothing."""
        assert attempt.order_id is not None  # noqa: S101 - that is what accepted means
        async with self._readers:
            # Asked again after each sleep: another reader may have been refused meanwhile.
            while (paused_s := self._paused_s) > 0 and not self._halt.stops_reading:
                await self._halt.sleep_while_reading(self._clock, paused_s)
            if self._halt.stops_reading:
                return attempt
            reply = await self._api.read(attempt.order_id)
        if reply.order is None:
            self._heed(reply, attempt)
            return attempt
        self._refused_in_a_row = 0
        at = self._clock.instant()
        settled = await self._recording.finish(settle(attempt, reply.order, journal=self._journal, at=at))
        if settled.state is not attempt.state:
            logger.info("the order is read back, so %s", settled.state)
        return settled

    @property
    def _paused_s(self) -> float:
        return self._paused_until_s - self._clock.instant().monotonic_s

    def _heed(self, reply: Reply, attempt: AttemptRecord) -> None:
        verdict = policy.judge(reply)
        if verdict.cause == policy.RATE_LIMITED.cause:
            # Readers that were refused side by side are one refusal.
            if self._paused_s <= 0:
                self._refused_in_a_row += 1
            backed_off_s = self._polls.rate_limited_wait_s * 2.0 ** min(self._refused_in_a_row - 1, 6)
            pause_s = min(900.0, max(backed_off_s, reply.retry_after_s or 0.0))
            self._paused_until_s = max(self._paused_until_s, self._clock.instant().monotonic_s + pause_s)
        elif verdict.exit_code == 4:
            # The key or the version is refused: nothing can be asked any more.
            self._halt.heed(verdict, currency=attempt.order.payout.currency)
