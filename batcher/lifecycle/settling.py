"""From an order that was read to the state of its attempt: paid, failed, or not what the row says."""

from dataclasses import replace

from batcher.echo import contradictions
from batcher.model import Instant, Order
from batcher.ports import Journal
from batcher.records import AttemptRecord
from batcher.states import State

_FINISHED = {"COMPLETED": State.COMPLETED, "FAILED": State.FAILED}


async def settle(attempt: AttemptRecord, order: Order, *, journal: Journal, at: Instant) -> AttemptRecord:
    """Note what the order has come to, if it is finished; gives where the attempt then stands.

    No link is stored for an order that contradicts the row.
    """
    state = _FINISHED.get(order.status)
    if state is None:
        return attempt
    why = order.status
    if against := contradictions(attempt.order.payout, key=attempt.order.key, order=order):
        state, why = State.MISMATCH, f"it differs in {', '.join(against)}"
    await journal.settled(attempt.id, order=order, to=state, why=why, at=at)
    return replace(attempt, state=state)
