"""What a person decides, where evidence cannot: that an order is a row's, or that a row was never paid."""

from collections.abc import Callable
from dataclasses import replace

from batcher.echo import contradictions
from batcher.errors import StoppedEarly, UsageError
from batcher.evidence import Evidence
from batcher.lifecycle import settle
from batcher.model import Instant, Order, Reply
from batcher.ports import Docket, Journal, OrderList
from batcher.reconcile.matching import unclaimed
from batcher.records import AttemptRecord, RowRecord
from batcher.states import RESULT_WORDS, State

DECIDABLE = frozenset({State.UNKNOWN, State.MISMATCH})
"""Everything else is settled by a run, by `reconcile`, or is settled already."""

TAKING = DECIDABLE | {State.ABSENT}
"""Also a row of which somebody said too early that it was never paid may be given its order."""


async def accept_order(
    row: RowRecord,
    order_id: str,
    *,
    api: OrderList,
    docket: Docket,
    journal: Journal,
    at: Instant,
    by: str,
    reason: str,
    owner_of: Callable[[str], str | None],
) -> AttemptRecord:
    """Make an order the row's, because a person says so; gives where its attempt then stands.

    The order is read first. One that contradicts the row is quarantined (`MISMATCH`); deciding the same once more
    takes it as it is. Raises `UsageError` where the row is settled or the order is another row's, `StoppedEarly` where
    the order cannot be read. `owner_of` names the row that has a key, in words.
    """
    attempt = _decidable(row, TAKING)
    order = await _read(api, order_id)
    own = {one.order.key for one in row.attempts}
    owner = None if order.key is None or order.key in own else owner_of(order.key)
    if owner is not None:
        raise UsageError(
            f"Order {order_id} carries the key of {owner}, so it is that row's.",
            "Look up the order of this row; `batcher reconcile` finds what Runa's list has.",
        )
    if order.status == "FAILED" and order.key is None and attempt.order.key not in (order.description or ""):
        raise UsageError(
            f"Order {order_id} failed and does not say whose it is, so it settles nothing.",
            "Look for the row's own order; where there is none at all, decide with --never-created.",
        )
    if await docket.claim_order(attempt.id, order_id) is not None:
        raise UsageError(f"Order {order_id} is another row's already.", "`batcher results` shows whose it is.")
    confirmed = attempt.state is State.MISMATCH and attempt.order_id == order_id
    why = f"decided that order {order_id} is this row's: {reason}"
    await docket.taken_over(attempt.id, order_id, why=why, at=at, by=by)
    taken = replace(attempt, state=State.ACCEPTED, order_id=order_id, accepted_at=at.at)
    against = contradictions(attempt.order.payout, key=attempt.order.key, order=order)
    if not (confirmed and against):
        return await settle(taken, order, journal=journal, at=at)
    return await _as_it_is(taken, order, against, journal=journal, at=at)


async def _read(api: OrderList, order_id: str) -> Order:
    reply = await api.read(order_id)
    if reply.order is not None:
        return reply.order
    if reply.http_status == 404:
        raise UsageError(
            f"Runa knows no order {order_id} in this environment; nothing was changed.",
            "Check the id in Runa's portal.",
        )
    raise StoppedEarly(
        f"Order {order_id} could not be read ({_answer(reply)}); nothing was changed.",
        "Try again when Runa is well.",
    )


def _answer(reply: Reply) -> str:
    return "no answer" if reply.http_status is None else f"HTTP {reply.http_status}"


async def _as_it_is(
    attempt: AttemptRecord, order: Order, against: tuple[str, ...], *, journal: Journal, at: Instant
) -> AttemptRecord:
    """Settle an order although it contradicts the row: a person has seen that and said yes."""
    state = {"COMPLETED": State.COMPLETED, "FAILED": State.FAILED}.get(order.status)
    if state is None:
        return attempt
    why = f"taken by a person although it differs in {', '.join(against)}"
    if order.redemption_url and await journal.claim_link(attempt.id, order.redemption_url) is not None:
        state, why = State.MISMATCH, "its link is another row's"
    await journal.settled(attempt.id, order=order, to=state, why=why, at=at)
    return replace(attempt, state=state)


async def declare_never_created(
    row: RowRecord, evidence: Evidence, *, docket: Docket, at: Instant, by: str, reason: str
) -> AttemptRecord:
    """Note that no order was ever made for the row, because a person says so: a run may then pay it under a new key.

    Raises `UsageError` where the row is settled, or where the order list shows the contrary.
    """
    attempt = _decidable(row, DECIDABLE)
    seen = [one for one in unclaimed(row, evidence) if one.status != "FAILED"]
    if seen:
        raise UsageError(
            f"Order {seen[0].order_id} in Runa's list carries the key of '{row.name}', so one was created.",
            f"Decide with --order {seen[0].order_id}, or run `batcher reconcile`.",
        )
    # An order that does not carry the row's key may be another row's, and is free for it.
    lets_go = attempt.order_id not in {one.order_id for one in evidence.of(row.identity)}
    await docket.proven_absent(attempt.id, why=f"a person decided so ({reason})", at=at, by=by, lets_go=lets_go)
    return replace(attempt, state=State.ABSENT)


def _decidable(row: RowRecord, states: frozenset[State]) -> AttemptRecord:
    attempt = row.latest
    if attempt.state not in states:
        raise UsageError(
            f"'{row.name}' is {RESULT_WORDS[attempt.state]}: there is nothing to decide.",
            "Only rows that are unknown, or whose order contradicts them, are decided by a person.",
        )
    return attempt
