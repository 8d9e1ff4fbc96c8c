"""Proof of absence: when the order list shows that an unknown payment was never made, and what makes it no proof.

It needs two complete readings of the whole list, some time apart, both begun after the last send and both holding
every order that the ledger knows of the batch; no order with the row's tag; no order that may still turn out to be the
row's; and a key that is spent or too old, for else the same bytes are simply sent again.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from batcher import policy
from batcher.evidence import Evidence, KeptOrder, ListReading, Stray, apart
from batcher.model import Fault
from batcher.policy import Finding
from batcher.reconcile.matching import lacks, may_be_tagged
from batcher.records import AttemptRecord, BatchRecord, RowRecord, SendRecord
from batcher.states import State

IN_PROGRESS = "idempotency_in_progress"
FAILED = "FAILED"
NO_ANSWER = policy.FAULTS[Fault.NO_ANSWER].cause


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

    `readings` are those of the environment, oldest first; `now` is the latest of all clocks. Many rows of one batch
    are judged by one `Judge`.
    """
    judge = Judge(record, evidence=evidence, readings=readings, kept=kept, settle_after=settle_after)
    return judge.judge(row, attempt, now=now, others_passed=others_passed)


class Judge:
    """Judges the rows of one batch by what the order list has shown so far."""

    def __init__(
        self,
        record: BatchRecord,
        *,
        evidence: Evidence,
        readings: Sequence[ListReading],
        kept: Mapping[str, KeptOrder],
        settle_after: timedelta,
        recent: frozenset[str] = frozenset(),
    ) -> None:
        """`readings` are those of the environment, oldest first; `recent` its orders that any list must have."""
        self._recent = recent
        self._evidence = evidence
        self._settle_after = settle_after
        self._readings = {one.id: one for one in readings}
        self._kept = kept
        self._open = [(one, kept[one]) for one in sorted(evidence.open_orders)]
        self._made = {
            attempt.order_id: attempt.sends[0].id if attempt.sends else None
            for row in record.rows
            for attempt in row.attempts
            if attempt.order_id is not None
        }
        """The batch's orders, each with its first send where it was sent from here."""
        self._unusable: dict[int, str] = {}
        self._strays: defaultdict[str | None, list[Stray]] = defaultdict(list)
        for stray in evidence.strays:
            self._strays[stray.identity].append(stray)

    def judge(
        self,
        row: RowRecord,
        attempt: AttemptRecord,
        *,
        now: datetime,
        others_passed: bool = False,
        why_not_asked: str | None = None,
    ) -> Judgement:
        """Whether `attempt`, which is unknown, was never made.

        `now` is the latest of all clocks; `why_not_asked` is why its key would not be sent again, if it would not.
        """
        spent = why_spent_or_old(attempt, now=now, settle_after=self._settle_after, others_passed=others_passed)
        if spent is None and why_not_asked is not None:
            return Judgement(False, f"{why_not_asked}; before its key is 29 days old, only `batcher decide` settles it")
        if spent is None:
            return Judgement(False, "its key may still be asked: run the file again, or `batcher resume`")
        if _last_told(attempt) == IN_PROGRESS:
            return Judgement(False, "Runa's last answer was that its order is still being made")
        if why := self._why_there(row) or self._why_still_open(attempt.sends[0]):
            return Judgement(False, why)
        pair = self._pair(attempt.sends[-1])
        if isinstance(pair, Judgement):
            return pair
        first, second = pair
        return Judgement(
            True,
            f"the order list was read to its end at {first.began.at:%Y-%m-%d %H:%M} and "
            f"{second.began.at:%Y-%m-%d %H:%M} UTC and neither reading has it, and {spent}",
        )

    def _why_there(self, row: RowRecord) -> str:
        """The order that may be the row's, or nothing."""
        failed = {one.order_id for one in row.attempts if one.state is State.FAILED}
        for one in self._evidence.of(row.identity):
            # One of its own that failed paid nothing, and is read once more before anything is sent.
            if one.order_id not in failed or one.status == "COMPLETED":
                return f"order {one.order_id} in Runa's list carries its key"
        nobodys = (one for one in self._strays.get(None, ()) if may_be_tagged(row.identity, one.reference))
        for stray in (*self._strays.get(row.identity, ()), *nobodys):
            return f"order {stray.order_id} in Runa's list carries its batch and reference"
        return ""

    def _why_still_open(self, first_send: SendRecord) -> str:
        """Orders that do not say whose they are, and that were not there before the key's first send; or nothing."""
        # One that is not finished may be ours from before: a ledger that is lost, or a copy, may have sent the key.
        could_be = [
            order_id
            for order_id, order in self._open
            if order.status != FAILED or not self._was_there(order, first_send)
        ]
        if not could_be:
            return ""
        others = len(could_be) - 1
        more = "" if not others else ", nor does 1 other" if others == 1 else f", nor do {others} others"
        if self._kept[could_be[0]].status == FAILED:
            # It paid nothing so far; whether it is this row's nobody can read again once the row has another key.
            how = "has failed, could still come through, and does not say whose it is"
            return f"order {could_be[0]} of Runa's list {how}{more}; look it up in Runa's portal, then `batcher decide`"
        return f"order {could_be[0]} of Runa's list is not finished and does not say whose it is{more}"

    def _was_there(self, order: KeptOrder, first_send: SendRecord) -> bool:
        """Whether a reading that ended before the send had seen it: by the ledger's own order, and by the clock."""
        reading = self._readings.get(order.first_reading)
        if reading is None:
            return False
        return reading.last_send_id < first_send.id and reading.ended.at <= first_send.sent_at

    def _pair(self, last: SendRecord) -> tuple[ListReading, ListReading] | Judgement:
        """Two readings that prove something, or why there are none."""
        since = [one for one in self._readings.values() if one.last_send_id >= last.id]
        if not since:
            return Judgement(False, "the order list was not read since its last send")
        second = since[-1]
        if why := self._why_unusable(second):
            # What the newest reading would have shown is not known.
            return Judgement(False, why)
        usable = [one for one in since if not self._why_unusable(one)]
        for first in usable:
            if apart(first, second) >= self._settle_after:
                return first, second
        first = next(one for one in usable if _comparable(one, second))
        return Judgement(
            False,
            f"two readings of the order list must be {_minutes(self._settle_after)} apart",
            not_before=first.ended.at + self._settle_after,
        )

    def _why_unusable(self, reading: ListReading) -> str:
        """Why a reading proves nothing for the batch, or nothing."""
        if reading.id not in self._unusable:
            self._unusable[reading.id] = self._looked_through(reading)
        return self._unusable[reading.id]

    def _looked_through(self, reading: ListReading) -> str:
        if reading.why_incomplete:
            return f"the order list could not be read to its end: {reading.why_incomplete}"
        if not reading.whole:
            return "only the new part of the order list was read"
        lacking = [one for one, send_id in self._made.items() if self._lacked(one, send_id, reading)]
        if not lacking and (others := sorted(reading.missing & self._recent)):
            return f"the order list lacks orders of other batches that were made lately, such as {others[0]}"
        return f"the order list {lacks(lacking)}" if lacking else ""

    def _lacked(self, order_id: str, send_id: int | None, reading: ListReading) -> bool:
        """Whether a reading should have held an order and did not: also one that the ledger learned of later."""
        if order_id in reading.missing:
            return True
        if send_id is not None and send_id > reading.last_send_id:
            # Made after the reading began: nothing to hold against it.
            return False
        order = self._kept.get(order_id)
        return order is None or not order.first_reading <= reading.id <= order.last_reading


def _comparable(first: ListReading, second: ListReading) -> bool:
    """Whether time alone may bring the two far enough apart."""
    return first.ended.boot == second.ended.boot or (
        first.ended_server_at is not None and second.ended_server_at is not None
    )


def _minutes(length: timedelta) -> str:
    seconds = length.total_seconds()
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def _last_told(attempt: AttemptRecord) -> str | None:
    """The last answer that says anything about the key: none came, or the door's, leaves what was said before."""
    told = (
        send.cause
        for send in reversed(attempt.sends)
        if send.finding is not None and send.finding is not Finding.TURNED_AWAY and send.cause != NO_ANSWER
    )
    return next(told, None)
