"""What the evidence does to the rows of a batch: orders that exist are taken over, absence that is proven is noted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from batcher import policy
from batcher.evidence import Evidence, Found, KeptOrder, ListReading
from batcher.model import Instant
from batcher.ports import Docket
from batcher.reconcile.absence import Judgement, judge_absence
from batcher.reconcile.matching import unclaimed
from batcher.records import AttemptRecord, BatchRecord, RowRecord
from batcher.states import OPEN, PAID_OR_OPEN, UNSENT, State

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
    for row in record.rows:
        taken = await _take_over(row, knowledge.evidence, docket, at, done)
        if not taken and row.latest.state is State.UNKNOWN:
            await _judge(row, record, knowledge, docket, at, done)
    return done


async def _take_over(row: RowRecord, evidence: Evidence, docket: Docket, at: Instant, done: Settlement) -> bool:
    """Give the row the order that it has; whether it now has one."""
    taken = False
    for found in unclaimed(row, evidence):
        attempt = next((one for one in row.attempts if one.order.number == found.number), None)
        if attempt is None:
            # Planning makes the attempt first; beside one that may have paid it makes none.
            if row.paid_or_open and found.status != "FAILED":
                done.conflicts[row.name] = (
                    f"order {found.order_id} is there as its attempt {found.number}, and {_which(row.latest)} may have "
                    "paid it as well"
                )
            continue
        others = [one for one in row.attempts if one is not attempt]
        if (why := _conflict(attempt, others, found, taken)) is not None:
            if found.status != "FAILED":
                done.conflicts[row.name] = why
            continue
        if await docket.claim_order(attempt.id, found.order_id) is not None:
            done.conflicts[row.name] = f"order {found.order_id} carries its key, and is another row's"
            continue
        await docket.taken_over(
            attempt.id,
            found.order_id,
            withdrawn=[one.id for one in others if one.state in UNSENT],
            absent=[one.id for one in others if one.state is State.UNKNOWN],
            why=FOUND,
            at=at,
        )
        done.taken_over[row.name] = found.order_id
        taken = True
    return taken


def _conflict(attempt: AttemptRecord, others: Sequence[AttemptRecord], found: Found, taken: bool) -> str | None:
    """Why an order cannot simply be the attempt's."""
    if attempt.order_id is not None:
        return f"orders {attempt.order_id} and {found.order_id} carry the same key"
    for one in others:
        # A later attempt was made only once the earlier one was settled; what is unknown of an older copy is not.
        if one.state is State.UNKNOWN and one.order.number < attempt.order.number:
            continue
        if one.state in PAID_OR_OPEN:
            return f"order {found.order_id} is there, and {_which(one)} may have paid it as well"
    return f"it has order {found.order_id} besides another one" if taken else None


def _which(attempt: AttemptRecord) -> str:
    return f"order {attempt.order_id}" if attempt.order_id else f"its attempt {attempt.order.number}"


async def _judge(
    row: RowRecord, record: BatchRecord, knowledge: Knowledge, docket: Docket, at: Instant, done: Settlement
) -> None:
    attempt = row.latest
    verdicts = [send.verdict for send in attempt.sends]
    passed = policy.stored_at_the_door(verdicts) and await docket.others_passed(
        attempt.id, attempt.sends[-policy.STORED_AFTER].sent_at
    )
    judgement = judge_absence(
        row,
        attempt,
        record=record,
        evidence=knowledge.evidence,
        readings=knowledge.readings,
        kept=knowledge.kept,
        now=knowledge.now,
        settle_after=knowledge.settle_after,
        others_passed=passed,
    )
    if not judgement.proven:
        done.unsettled[row.name] = judgement
        return
    await docket.proven_absent(attempt.id, why=judgement.why, at=at)
    done.absent[row.name] = judgement.why


def unsettled_states(record: BatchRecord) -> bool:
    """Whether any row of the batch is open: it may have paid, or may still pay."""
    return any(row.latest.state in OPEN for row in record.rows)
