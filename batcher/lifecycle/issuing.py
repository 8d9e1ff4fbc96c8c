"""Sending one row: intent, request, answer, and what follows, until it is accepted, refused, held or unknown."""

import logging
import random  # noqa: TID251 - only the type of the generator that is passed in
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tenacity import AsyncRetrying, RetryCallState, retry_if_result, stop_after_attempt

from batcher import policy
from batcher.lifecycle.halt import Halt
from batcher.lifecycle.predecessors import Predecessors
from batcher.lifecycle.recording import Recording
from batcher.lifecycle.retries import Retries
from batcher.lifecycle.settling import settle
from batcher.model import Reply, Speaker
from batcher.policy import Finding, Resend, Verdict
from batcher.ports import Api, Clock, Journal, Throttle
from batcher.records import AttemptRecord, RowRecord, SendRecord
from batcher.resending import ORDER_CLAIMED, SETTLE_AFTER, why_not_send
from batcher.states import UNSENT, State

logger = logging.getLogger(__name__)


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
        server_at: datetime | None = None,
        settle_after: timedelta = SETTLE_AFTER,
    ) -> None:
        """Keys age by the latest of all clocks: ours, the newest time that the ledger has seen, the server's."""
        self._api = api
        self._journal = journal
        self._throttle = throttle
        self._clock = clock
        self._rng = rng
        self._speaker = speaker
        self._retries = retries
        self._halt = halt
        self._recording = Recording()
        self._newest_moment = newest_moment
        self._server_at = server_at
        self._settle_after = settle_after
        self._predecessors = Predecessors(
            api=api,
            journal=journal,
            clock=clock,
            rng=rng,
            retries=retries,
            halt=halt,
            recording=self._recording,
        )
        self.kept_back: dict[str, str] = {}
        """Why rows were not sent although they wait to be, by name."""

    def heard(self, reply: Reply) -> None:
        """Note the server's clock."""
        if reply.date is not None:
            self._server_at = policy.latest([self._server_at, reply.date])

    async def drain(self) -> None:
        """Wait until every answer that came is on the disk."""
        await self._recording.drain()

    async def issue(self, row: RowRecord) -> AttemptRecord:
        """Send the row's attempt, again where that is safe and makes sense; gives where it then stands.

        A new attempt after a failed order is sent only while that order is still failed; where it no longer is, what
        comes back is that older attempt, to be followed.
        """
        sent = _Sent(row.latest, None)

        async def send() -> _Sent:
            nonlocal sent
            sent = await self._send(row, sent.attempt)
            return sent

        await self._retrying()(send)
        if sent.again and sent.verdict is not None and sent.verdict.finding is Finding.TURNED_AWAY:
            # Turned away as often as it may be sent: every other row would be, too.
            self._halt.heed(sent.verdict, currency=row.latest.order.payout.currency, exhausted=True)
        if sent.attempt.state in _SENDABLE and (why := self._why_not(sent.attempt)) is not None:
            # It grew too old while it waited, or the server's clock says so.
            self.kept_back[row.name] = why
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
        return self._retries.wait_s(state.attempt_number, self._rng)

    async def _send(self, row: RowRecord, attempt: AttemptRecord) -> _Sent:
        """One send: a permit, a last look at what may forbid it, intent on disk, request, answer on disk."""
        currency = attempt.order.payout.currency
        if self._must_not(attempt):
            return _Sent(attempt, None)
        lease = await self._halt.before_no_sends(self._throttle.lease(resend=attempt.state is State.UNKNOWN))
        if lease is None:
            return _Sent(attempt, None)
        try:
            instead = await self._predecessors.look(row, attempt)
            if isinstance(instead, AttemptRecord):
                return _Sent(instead, None)
            if instead:
                self.kept_back[row.name] = instead
            if instead is not None or self._must_not(attempt):
                return _Sent(attempt, None)
            sent_at, server_at = self._clock.instant(), self._server_at
            send_id = await self._journal.sending(attempt.id, self._speaker, sent_at, server_at=server_at)
            logger.info("%s: attempt %d is sent", row.name, attempt.order.number)
            reply = await self._api.create(key=attempt.order.key, body=attempt.order.body)
        finally:
            lease.answered()
        self.heard(reply)
        # From here to the disk nothing may come between: an answer that is lost is a row that is unknown.
        send = SendRecord(sent_at=sent_at.at, speaker=self._speaker, server_at=server_at)
        sent = await self._recording.finish(self._answered(attempt, send_id, send, reply))
        assert sent.verdict is not None  # noqa: S101 - every answer is judged
        if sent.verdict.cause == policy.RATE_LIMITED.cause:
            self._throttle.refused(reply.retry_after_s)
        self._halt.heed(sent.verdict, currency=currency)
        logger.info("%s: %s, so %s", row.name, sent.verdict.cause, sent.attempt.state)
        return sent

    def _must_not(self, attempt: AttemptRecord) -> bool:
        """Whether a stop reaches this attempt, or its key may not be repeated."""
        return self._halt.stops_sending(attempt.order.payout.currency) or self._why_not(attempt) is not None

    def _why_not(self, attempt: AttemptRecord) -> str | None:
        now = policy.latest([self._clock.instant().at, self._newest_moment, self._server_at])
        return why_not_send(attempt, speaker=self._speaker, now=now, settle_after=self._settle_after)

    async def _answered(self, attempt: AttemptRecord, send_id: int, send: SendRecord, reply: Reply) -> _Sent:
        verdict = policy.judge(reply)
        if reply.order is not None and verdict.finding is Finding.ACCEPTED:
            holder = await self._journal.claim_order(attempt.id, reply.order.order_id)
            verdict = verdict if holder is None else ORDER_CLAIMED
        at = self._clock.instant()
        sends = (*attempt.sends, replace(send, answered_at=at.at, finding=verdict.finding, cause=verdict.cause))
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
