"""Proof of absence: when the order list shows that an unknown payment was never made, and what makes it no proof.

It needs two complete readings of the whole list, some time apart, both begun after the last send and both holding
every order that the ledger knows of the batch; no order with the row's tag; no order that may still turn out to be the
row's; and a key that is spent or too old, for else the same bytes are simply sent again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from batcher import policy
from batcher.evidence import Evidence, KeptOrder, ListReading, apart
from batcher.policy import Finding
from batcher.reconcile.matching import orders_of
from batcher.records import AttemptRecord, BatchRecord, RowRecord

IN_PROGRESS = "idempotency_in_progress"


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether an attempt is proven absent, and if not, why not and from when it can be."""

    proven: bool
    why: str
    """The end of a sentence."""
    not_before: datetime | None = None
    """When it is worth looking again, where time alone is lacking."""


def why_spent_or_old(
    attempt: AttemptRecord, *, now: datetime, settle_after: timedelta, others_passed: bool = False
) -> str | None:
    """Why the attempt's key makes no order any more, or `None` where it may. `now` is the latest of all clocks."""
    if not attempt.sends:
        return None
    if policy.key_is_old(policy.first_sent((send.sent_at, send.server_at) for send in attempt.sends), now):
        return "its key was first sent over 29 days ago"
    return policy.why_key_is_spent(
        [(send.verdict, send.answered_at) for send in attempt.sends],
        settle_after=settle_after,
        others_passed=others_passed,
    )


def judge_absence(
    row: RowRecord,
    attempt: AttemptRecord,
    *,
    record: BatchRecord,
    evidence: Evidence,
    readings: Sequence[ListReading],
    kept: Mapping[str, KeptOrder],
    now: datetime,
    settle_after: timedelta,
    others_passed: bool = False,
) -> Judgement:
    """Whether `attempt`, which is unknown, was never made.

    `readings` are those of the environment, oldest first; `now` is the latest of all clocks.
    """
    spent = why_spent_or_old(attempt, now=now, settle_after=settle_after, others_passed=others_passed)
    if spent is None:
        return Judgement(False, "its key may still be asked: run the same command again")
    last = attempt.sends[-1]
    if last.cause == IN_PROGRESS and last.finding is Finding.UNUSABLE:
        return Judgement(False, "Runa's last answer was that its order is still being made")
    if theirs := evidence.of(row.identity):
        return Judgement(False, f"order {theirs[0].order_id} in Runa's list carries its key")
    if named := next((one for one in evidence.strays if one.identity == row.identity), None):
        return Judgement(False, f"order {named.order_id} in Runa's list carries its batch and reference")
    pair = _pair(attempt, record, readings, kept, settle_after)
    if isinstance(pair, Judgement):
        return pair
    first_sent = policy.first_sent((send.sent_at, send.server_at) for send in attempt.sends)
    could_be = [one for one in sorted(evidence.open_orders) if _could_be(kept[one], first_sent)]
    if could_be:
        return Judgement(
            False,
            f"order {could_be[0]} of Runa's list is not finished and does not say whose it is"
            + (f", nor do {len(could_be) - 1} others" if len(could_be) > 1 else ""),
        )
    first, second = pair
    return Judgement(
        True,
        f"the order list was read to its end at {first.began.at:%Y-%m-%d %H:%M} and {second.began.at:%Y-%m-%d %H:%M} "
        f"UTC and neither reading has it, and {spent}",
    )


def _could_be(order: KeptOrder, first_sent: datetime) -> bool:
    """Whether an order that does not say whose it is may be of a key that was first sent then."""
    return order.first_seen_at is None or order.first_seen_at >= first_sent


def _pair(
    attempt: AttemptRecord,
    record: BatchRecord,
    readings: Sequence[ListReading],
    kept: Mapping[str, KeptOrder],
    settle_after: timedelta,
) -> tuple[ListReading, ListReading] | Judgement:
    """Two readings that prove something, or why there are none."""
    since = [one for one in readings if one.last_send_id >= attempt.sends[-1].id]
    if not since:
        return Judgement(False, "the order list was not read since its last send")
    usable = [one for one in since if not _why_unusable(one, record, kept)]
    if not usable:
        return Judgement(False, _why_unusable(since[-1], record, kept))
    second = usable[-1]
    if second is not since[-1] and (why := _why_unusable(since[-1], record, kept)):
        # The newest reading is no good: what it would have shown is not known.
        return Judgement(False, why)
    for first in usable:
        if apart(first.ended, second.began) >= settle_after:
            return first, second
    return Judgement(
        False,
        f"two readings of the order list must be {settle_after.total_seconds() / 60:.0f} minutes apart",
        not_before=usable[0].ended.at + settle_after,
    )


def _why_unusable(reading: ListReading, record: BatchRecord, kept: Mapping[str, KeptOrder]) -> str:
    """Why one reading proves nothing for a batch, or nothing."""
    if reading.why_incomplete:
        return f"the order list could not be read to its end: {reading.why_incomplete}"
    if not reading.whole:
        return "only the new part of the order list was read"
    lacking = {one for one in orders_of(record) if _lacked(one, reading, record, kept)}
    if lacking:
        return f"the order list lacks {len(lacking)} orders of this batch that were made, such as {min(lacking)}"
    return ""


def _lacked(order_id: str, reading: ListReading, record: BatchRecord, kept: Mapping[str, KeptOrder]) -> bool:
    """Whether a reading should have held an order and did not: also one that the ledger learned of later."""
    if order_id in reading.missing:
        return True
    sent = next(attempt.sends for row in record.rows for attempt in row.attempts if attempt.order_id == order_id)
    if sent and sent[0].id > reading.last_send_id:
        # Made after the reading began: nothing to hold against it.
        return False
    order = kept.get(order_id)
    return order is None or order.first_reading > reading.id
