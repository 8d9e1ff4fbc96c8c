"""Sending one row: intent, request, answer, and what follows, until it is accepted, refused, held or unknown."""

import asyncio
import random  # noqa: TID251 - only the type of the generator that is passed in
from dataclasses import dataclass, replace
from datetime import datetime

from tenacity import AsyncRetrying, RetryCallState, retry_if_result, stop_after_attempt

from batcher import policy
from batcher.lifecycle.halt import Halt
from batcher.lifecycle.settling import settle
from batcher.model import Reply, Speaker
from batcher.policy import Finding, Resend, Verdict
from batcher.ports import Api, Clock, Journal, Throttle
from batcher.records import AttemptRecord, RowRecord, SendRecord
from batcher.states import UNSENT, State

ORDER_CLAIMED = Verdict(Finding.UNUSABLE, "order_of_another_row", Resend.NO)
"""The answer names an order that another attempt has: it is not this row's, whatever it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How often, within one run, one row is sent."""

    attempts: int
    """Sends of one key, the first included."""
    min_wait_s: float
    max_wait_s: float


@dataclass(frozen=True, slots=True)
class _Sent:
    """Where an attempt stands after one send, or where none was made."""

    attempt: AttemptRecord
    verdict: Verdict | None

    @property
    def again(self) -> bool:
        return self.verdict is not None and self.verdict.resend is not Resend.NO and self.attempt.state in _SENDABLE


_SENDABLE = UNSENT | {State.UNKNOWN}


class Issuer:
    """Sends rows, one call each; calls may run side by side."""

    def __init__(
        self,
        *,
        api: Api,
        journal: Journal,
        throttle: Throttle,
        clock: Clock,
        rng: random.Random,
        speaker: Speaker,
        retries: Retries,
        halt: Halt,
        newest_moment: datetime | None,
    ) -> None:
        """`newest_moment` is the newest time the ledger has seen: keys age by the latest of all clocks."""
        self._api = api
        self._journal = journal
        self._throttle = throttle
        self._clock = clock
        self._rng = rng
        self._speaker = speaker
        self._retries = retries
        self._halt = halt
        self._newest_moment = newest_moment
        self.kept_back: dict[str, str] = {}
        """Why rows were not sent although they wait to be, by name."""

    def heard(self, reply: Reply) -> None:
        """Note the server's clock."""
        if reply.date is not None:
            self._newest_moment = policy.latest([self._newest_moment, reply.date])

    async def issue(self, row: RowRecord) -> AttemptRecord:
        """Send the row's attempt, again where that is safe and makes sense; gives where it then stands.

        A row that waits for a new attempt after a failed order is sent only once that order was read again and is
        still failed; where it is not, what comes back is that older attempt, to be followed.
        """
        attempt = row.latest
        if (why := self._why_not(attempt)) is not None:
            self.kept_back[row.name] = why
            return attempt
        revived = await self._revived(row)
        if revived is not None:
            return revived
        if self._halt.stops_sending(attempt.order.payout.currency) or row.name in self.kept_back:
            return attempt
        sent = _Sent(attempt, None)

        async def send() -> _Sent:
            nonlocal sent
            sent = await self._send(sent.attempt)
            return sent

        await self._retrying()(send)
        if sent.again and sent.verdict is not None and sent.verdict.finding is Finding.TURNED_AWAY:
            # Turned away as often as it may be sent: every other row would be, too.
            self._halt.heed(sent.verdict, currency=attempt.order.payout.currency, exhausted=True)
        return sent.attempt

    def _retrying(self) -> AsyncRetrying:
        return AsyncRetrying(
            stop=stop_after_attempt(self._retries.attempts),
            wait=self._wait_s,
            retry=retry_if_result(lambda sent: sent.again),
            retry_error_callback=lambda state: None,
            sleep=lambda seconds: self._halt.sleep_while_sending(self._clock, seconds),
        )

    def _wait_s(self, state: RetryCallState) -> float:
        """The wait that the policy chose; none where the throttle holds the row back anyway."""
        assert state.outcome is not None  # noqa: S101 - it waits after an outcome
        sent: _Sent = state.outcome.result()
        if sent.verdict is None or sent.verdict.resend is Resend.WITHIN_THE_LIMIT:
            return 0.0
        return policy.wait_s(
            state.attempt_number,
            min_wait_s=self._retries.min_wait_s,
            max_wait_s=self._retries.max_wait_s,
            rng=self._rng,
        )

    async def _send(self, attempt: AttemptRecord) -> _Sent:
        """One send: a permit, the intent on disk, the request, the answer on disk."""
        currency = attempt.order.payout.currency
        lease = await self._halt.before_no_sends(self._throttle.lease(resend=attempt.state is State.UNKNOWN))
        if lease is None:
            return _Sent(attempt, None)
        try:
            if self._halt.stops_sending(currency) or self._why_not(attempt) is not None:
                return _Sent(attempt, None)
            sent_at = self._clock.instant()
            send_id = await self._journal.sending(attempt.id, self._speaker, sent_at)
            reply = await self._api.create(key=attempt.order.key, body=attempt.order.body)
        finally:
            lease.answered()
        self.heard(reply)
        # From here to the disk nothing may come between: an answer that is lost is a row that is unknown.
        sent = await asyncio.shield(self._answered(attempt, send_id, sent_at.at, reply))
        assert sent.verdict is not None  # noqa: S101 - every answer is judged
        if sent.verdict.cause == policy.RATE_LIMITED.cause:
            self._throttle.refused(reply.retry_after_s)
        self._halt.heed(sent.verdict, currency=currency)
        return sent

    async def _answered(self, attempt: AttemptRecord, send_id: int, sent_at: datetime, reply: Reply) -> _Sent:
        verdict = policy.judge(reply)
        if reply.order is not None and verdict.finding is Finding.ACCEPTED:
            holder = await self._journal.holder_of(attempt.id, reply.order.order_id)
            verdict = verdict if holder is None else ORDER_CLAIMED
        at = self._clock.instant()
        send = SendRecord(
            sent_at=sent_at,
            speaker=self._speaker,
            answered_at=at.at,
            finding=verdict.finding,
            cause=verdict.cause,
        )
        sends = (*attempt.sends, send)
        state = await self._state_after(attempt.id, sends)
        await self._journal.answered(send_id, attempt.id, reply=reply, verdict=verdict, to=state, at=at)
        after = replace(attempt, state=state, sends=sends)
        if state is State.ACCEPTED and reply.order is not None:
            after = replace(after, order_id=reply.order.order_id, accepted_at=at.at)
            after = await settle(after, reply.order, journal=self._journal, at=at)
        return _Sent(after, verdict)

    async def _state_after(self, attempt_id: int, sends: tuple[SendRecord, ...]) -> State:
        verdicts = [send.verdict for send in sends]
        others_passed = policy.stored_at_the_door(verdicts) and await self._journal.others_passed(
            attempt_id, sends[-policy.STORED_AFTER].sent_at
        )
        return policy.state_after(verdicts, others_passed=others_passed)

    def _why_not(self, attempt: AttemptRecord) -> str | None:
        """Why this attempt must not be sent again; one that was never sent may always be."""
        if not attempt.sends:
            return None
        first = attempt.sends[0]
        return policy.why_not_resend(
            first_sent_at=first.sent_at,
            first_speaker=first.speaker,
            speaker=self._speaker,
            now=policy.latest([self._clock.instant().at, self._newest_moment]),
        )

    async def _revived(self, row: RowRecord) -> AttemptRecord | None:
        """An earlier attempt whose order had failed and no longer has; the new attempt is then withdrawn."""
        if row.latest.sends:
            return None
        for earlier in row.attempts:
            if earlier.state is not State.FAILED or earlier.order_id is None:
                continue
            reply = await self._read_failed(earlier.order_id)
            if reply is None or reply.order is None:
                self.kept_back[row.name] = "the order that failed could not be read again"
                return None
            if reply.order.status != "FAILED":
                why = "the order that had failed was read again, and no longer has"
                at = self._clock.instant()
                await asyncio.shield(self._journal.reopened(earlier.id, row.latest.id, why=why, at=at))
                return replace(earlier, state=State.ACCEPTED, accepted_at=at.at)
        return None

    async def _read_failed(self, order_id: str) -> Reply | None:
        for nth in range(1, self._retries.attempts + 1):
            reply = await self._api.read(order_id)
            if reply.order is not None or self._halt.stops_sending(""):
                return reply
            wait_s = policy.wait_s(
                nth, min_wait_s=self._retries.min_wait_s, max_wait_s=self._retries.max_wait_s, rng=self._rng
            )
            await self._halt.sleep_while_sending(self._clock, wait_s)
        return None
