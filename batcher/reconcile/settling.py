"""What the evidence does to the rows of a batch: orders that exist are taken over, absence that is proven is noted."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from batcher import policy
from batcher.evidence import Evidence, Found, KeptOrder, ListReading
from batcher.model import Instant, Speaker
from batcher.policy import Finding
from batcher.ports import Docket
from batcher.reconcile.absence import Judge, Judgement
from batcher.reconcile.matching import unclaimed
from batcher.records import AttemptRecord, BatchRecord, RowRecord
from batcher.resending import why_not_send
from batcher.states import PAID_OR_OPEN, UNSENT, State

FOUND = "found in Runa's order list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """Everything at hand by which a batch may be settled."""

    evidence: Evidence
    readings: Sequence[ListReading]
    """Of the environment, oldest first."""
    kept: Mapping[str, KeptOrder]
    now: datetime
    """The latest of all clocks."""
    settle_after: timedelta
    recent: frozenset[str] = frozenset()
    """Orders of the environment that were made so lately that a list without them is no list."""
    speaker: Speaker | None = None
    """As whom keys would be asked about again; `None` counts as whoever asked first."""


@dataclass(slots=True)
class Settlement:
    """What was settled, and what was not and why. Rows by the name that people call them."""

    taken_over: dict[str, str] = field(default_factory=dict)
    """The order of each row that has one after all."""
    absent: dict[str, str] = field(default_factory=dict)
    """Why each was never made: the end of a sentence."""
    unsettled: dict[str, Judgement] = field(default_factory=dict)
    """Why each row that is unknown stays so."""
    conflicts: dict[str, str] = field(default_factory=dict)
    """Rows that may have been paid twice, or by an order that another row has: sentences."""


async def settle_by_evidence(record: BatchRecord, knowledge: Knowledge, *, docket: Docket, at: Instant) -> Settlement:
    """Settle what can be; nothing is sent. The caller holds the ledger's lock, and no attempt is `SENT`."""
    done = Settlement()
    judge = Judge(
        record,
        evidence=knowledge.evidence,
        readings=knowledge.readings,
        kept=knowledge.kept,
        settle_after=knowledge.settle_after,
        recent=knowledge.recent,
    )
    passes = _passes(record)
    for row in record.rows:
        taken = await _take_over(row, knowledge.evidence, docket, at, done)
        if not taken and row.latest.state is State.UNKNOWN:
            await _judge(row, judge, passes, knowledge, docket, at, done)
    return done


async def _take_over(row: RowRecord, evidence: Evidence, docket: Docket, at: Instant, done: Settlement) -> bool:
    """Give the row the order that it has; whether it now has one. Of several it gets the one that may have paid."""
    taken = await _came_through(row, evidence, docket, at, done)
    for found in sorted(unclaimed(row, evidence), key=lambda one: one.status == "FAILED"):
        attempt = next((one for one in row.attempts if one.order.number == found.number), None)
        others = [one for one in row.attempts if one is not attempt]
        why = _besides(found, taken) or _conflict(attempt, others, found)
        if why is None and attempt is not None:
            if await docket.claim_order(attempt.id, found.order_id) is None:
                await docket.taken_over(
                    attempt.id,
                    found.order_id,
                    withdrawn=[one.id for one in others if one.state in UNSENT],
                    absent=[one.id for one in others if one.state is State.UNKNOWN],
                    why=FOUND,
                    at=at,
                )
                done.taken_over[row.name] = found.order_id
                taken = found
                continue
            why = f"order {found.order_id} carries its key, and is another row's"
        if why is not None and found.status != "FAILED":
            done.conflicts[row.name] = why
    return taken is not None


async def _came_through(
    row: RowRecord, evidence: Evidence, docket: Docket, at: Instant, done: Settlement
) -> Found | None:
    """The row's order that was read back as failed and that the list shows as completed: it is followed again."""
    for found in evidence.of(row.identity):
        attempt = next((one for one in row.attempts if one.order_id == found.order_id), None)
        if attempt is None or attempt.state is not State.FAILED or found.status != "COMPLETED":
            continue
        others = [one for one in row.attempts if one is not attempt]
        paid = next((one for one in others if one.state in PAID_OR_OPEN), None)
        if paid is not None:
            done.conflicts[row.name] = (
                f"order {found.order_id}, which had failed, came through, and {_which(paid)} may have paid it as well"
            )
            continue
        waiting = [one.id for one in others if one.state in UNSENT]
        await docket.taken_over(attempt.id, found.order_id, withdrawn=waiting, why=FOUND, at=at)
        done.taken_over[row.name] = found.order_id
        return found
    return None


def _besides(found: Found, taken: Found | None) -> str | None:
    return None if taken is None else f"it has order {found.order_id} besides order {taken.order_id}"


def _conflict(attempt: AttemptRecord | None, others: Sequence[AttemptRecord], found: Found) -> str | None:
    """Why an order cannot simply be the attempt's; without an attempt, planning makes it first where nothing speaks."""
    if attempt is not None and attempt.order_id is not None:
        return f"orders {attempt.order_id} and {found.order_id} carry the same key"
    for one in others:
        # A later attempt was made only once the earlier one was settled; what is unknown of an older copy is not.
        if attempt is not None and one.state is State.UNKNOWN and one.order.number < attempt.order.number:
            continue
        if one.state in PAID_OR_OPEN:
            return f"order {found.order_id} is there, and {_which(one)} may have paid it as well"
    return None


def _which(attempt: AttemptRecord) -> str:
    return f"order {attempt.order_id}" if attempt.order_id else f"its attempt {attempt.order.number}"


def _passes(record: BatchRecord) -> list[datetime]:
    """When Runa's door let somebody of the batch in, oldest first."""
    return sorted(
        send.answered_at
        for row in record.rows
        for attempt in row.attempts
        for send in attempt.sends
        if send.answered_at is not None and send.finding in (Finding.ACCEPTED, Finding.REFUSED)
    )


def _others_passed(attempt: AttemptRecord, passes: Sequence[datetime]) -> bool:
    """Whether others passed the door between the answers that kept this key out.

    Who was let in only after the last of them shows that the door was mended, not that it was open.
    """
    if not policy.told_the_same([send.verdict for send in attempt.sends]):
        return False
    first, last = attempt.sends[-policy.STORED_AFTER], attempt.sends[-1]
    return bisect_left(passes, first.sent_at) < bisect_right(passes, last.answered_at or last.sent_at)


async def _judge(
    row: RowRecord,
    judge: Judge,
    passes: Sequence[datetime],
    knowledge: Knowledge,
    docket: Docket,
    at: Instant,
    done: Settlement,
) -> None:
    attempt = row.latest
    passed = _others_passed(attempt, passes)
    speaker = knowledge.speaker or attempt.sends[0].speaker
    why_not_asked = why_not_send(attempt, speaker=speaker, now=knowledge.now, settle_after=knowledge.settle_after)
    judgement = judge.judge(row, attempt, now=knowledge.now, others_passed=passed, why_not_asked=why_not_asked)
    if not judgement.proven:
        done.unsettled[row.name] = judgement
        return
    await docket.proven_absent(attempt.id, why=judgement.why, at=at)
    done.absent[row.name] = judgement.why
