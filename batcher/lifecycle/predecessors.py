"""Before a new attempt is sent: the orders that had failed are read once more."""

import random  # noqa: TID251 - only the type of the generator that is passed in
from dataclasses import replace

from batcher.lifecycle.halt import Halt
from batcher.lifecycle.recording import Recording
from batcher.lifecycle.retries import Retries
from batcher.model import Order
from batcher.ports import Api, Clock, Journal
from batcher.records import AttemptRecord, RowRecord
from batcher.states import UNSENT, State

UNREADABLE = "the order that failed could not be read again"
BOTH = "the order that had failed no longer has, and this attempt may have paid as well; a person has to look"


class Predecessors:
    """Reads the failed orders of a row again, before each send of a later attempt."""

    def __init__(
        self,
        *,
        api: Api,
        journal: Journal,
        clock: Clock,
        rng: random.Random,
        retries: Retries,
        halt: Halt,
        recording: Recording,
    ) -> None:
        self._api = api
        self._journal = journal
        self._clock = clock
        self._rng = rng
        self._retries = retries
        self._halt = halt
        self._recording = recording

    async def look(self, row: RowRecord, attempt: AttemptRecord) -> AttemptRecord | str | None:
        """`None` if all of them are still failed; else why the attempt must not be sent, or what to follow instead.

        Where one is no longer failed and the attempt was never taken in, the attempt is withdrawn and the older one
        is open again. `""` is no reason of the row's own: the run was stopped.
        """
        currency = attempt.order.payout.currency
        for earlier in row.attempts:
            if earlier.state is not State.FAILED or earlier.order_id is None or earlier.id == attempt.id:
                continue
            order = await self._read(earlier.order_id, currency)
            if order is None:
                return "" if self._halt.stops_sending(currency) else UNREADABLE
            if order.status == "FAILED":
                continue
            if attempt.state not in UNSENT:
                return BOTH
            why = "the order that had failed was read again, and no longer has"
            at = self._clock.instant()
            await self._recording.finish(self._journal.reopened(earlier.id, attempt.id, why=why, at=at))
            return replace(earlier, state=State.ACCEPTED, accepted_at=at.at)
        return None

    async def _read(self, order_id: str, currency: str) -> Order | None:
        for nth in range(1, self._retries.attempts + 1):
            if self._halt.stops_sending(currency):
                return None
            reply = await self._api.read(order_id)
            if reply.order is not None:
                return reply.order
            await self._halt.sleep_while_sending(self._clock, self._retries.wait_s(nth, self._rng))
        return None
