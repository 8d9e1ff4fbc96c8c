"""From an order that was read to the state of its attempt: paid, failed, or not what the row says."""

from dataclasses import replace

from batcher.echo import contradictions
from batcher.model import Distribution, Instant, Order
from batcher.ports import Journal
from batcher.records import AttemptRecord
from batcher.states import State

_FINISHED = {"COMPLETED": State.COMPLETED, "FAILED": State.FAILED}


async def settle(attempt: AttemptRecord, order: Order, *, journal: Journal, at: Instant) -> AttemptRecord:
    """Note what the order has come to, if it is finished; gives where the attempt then stands.

    No link is stored for an order that contradicts the row, or whose link another row has. An order that is to be paid
    by link and has none yet is not finished.
    """
    state = _FINISHED.get(order.status)
    if state is None or (state is State.COMPLETED and _awaits_link(attempt, order)):
        return attempt
    why = order.status
    if against := contradictions(attempt.order.payout, key=attempt.order.key, order=order):
        state, why = State.MISMATCH, f"it differs in {', '.join(against)}"
    elif order.redemption_url and await journal.claim_link(attempt.id, order.redemption_url) is not None:
        state, why = State.MISMATCH, "its link is another row's"
    await journal.settled(attempt.id, order=order, to=state, why=why, at=at)
    return replace(attempt, state=state)


def _awaits_link(attempt: AttemptRecord, order: Order) -> bool:
    return attempt.order.payout.distribution is Distribution.PAYOUT_LINK and not order.redemption_url
