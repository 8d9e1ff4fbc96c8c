"""Twins: a row that would get an order, and looks like a payment that was made already or may have been.

A renamed reference, a file in which two people worked, last month's sheet under a new name: the keys are new ones, so
nothing but this would stop a second payment.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from batcher import keys
from batcher.model import Environment, Payout
from batcher.planning.plan import Choices, PlanLine, Standing
from batcher.planning.zeros import bare, lost_zeros
from batcher.ports import Memory
from batcher.records import Kin, RowRecord, same_payment
from batcher.states import OPEN, PAID_OR_OPEN, State

Value = TypeVar("Value")

_WORDS = {State.COMPLETED: "paid", State.FAILED: "failed to pay, and could still come through with,"}


def doubts(
    lines: Iterable[PlanLine],
    *,
    unclaimed: Sequence[RowRecord],
    memory: Memory,
    environment: Environment,
    batch: str,
    choices: Choices,
    paid_since: datetime,
) -> list[PlanLine]:
    """The same lines, with those for which an order would be made and that have a twin marked as doubtful.

    `unclaimed` are the rows of the batch for which money was or could be paid, and that no row of the file claims.
    """
    listed = list(lines)
    to_be_paid = [_to_be_paid(line) for line in listed]
    digests = [None if payout is None else keys.twin_digest(payout) for payout in to_be_paid]
    kin = memory.kin(
        environment,
        besides=batch,
        twin_digests=sorted({digest for digest in digests if digest is not None}),
        paid_since=paid_since,
    )
    if not (unclaimed or kin):
        return listed
    twins = _Twins(unclaimed, kin, choices)
    return [
        line if payout is None or digest is None else _doubted(line, payout, digest, twins, choices)
        for line, payout, digest in zip(listed, to_be_paid, digests, strict=True)
    ]


def _doubted(line: PlanLine, payout: Payout, digest: str, twins: "_Twins", choices: Choices) -> PlanLine:
    why = twins.why(line, payout, digest)
    if why is None:
        return line
    if line.name in choices.pay_again:
        # A word that was said before speaks of what could be known then, and of nothing that was sent since.
        since = twins.elsewhere(payout, digest, after=choices.said_at) if choices.said_at is not None else None
        if since is None:
            return replace(line, why=f"meant as a further payment, although {why}")
        why = f"{since}, after this row was said to be meant"
    return replace(line, standing=Standing.DOUBTFUL, why=why)


class _Twins:
    """What a row could be the twin of."""

    def __init__(self, unclaimed: Sequence[RowRecord], kin: Iterable[Kin], choices: Choices) -> None:
        self._equal = _grouped(
            (keys.twin_digest(attempt.order.payout), row)
            for row in unclaimed
            for attempt in row.attempts
            if attempt.state in PAID_OR_OPEN or attempt.state is State.FAILED
        )
        self._recipient = _grouped(
            (keys.recipient_digest(row.latest.order.payout), row) for row in unclaimed if row.paid_or_open
        )
        self._padded = _grouped((bare(row.latest.order.payout.reference), row) for row in unclaimed if row.paid_or_open)
        repeated = choices.own_periods | {choices.repeats}
        self._elsewhere = _grouped((one.twin_digest, one) for one in kin if one.batch not in repeated)

    def why(self, line: PlanLine, payout: Payout, digest: str) -> str | None:
        """Why this line is doubtful, in words that name batches and lines; `None` if it is not.

        `payout` is what it would pay, and `digest` by what twins of that are known.
        """
        for row in self._equal.get(digest, ()):
            if not row.paid_or_open:
                return (
                    f"'{row.name}' (line {row.line} when it was confirmed) in this batch failed to pay the same; under "
                    "its own reference that order is read once more before anything is sent, under a new one it is not"
                )
            return (
                f"'{row.name}' (line {row.line} when it was confirmed) in this batch paid or may have paid the same, "
                "and no row of the file claims it"
            )
        if (other := self.elsewhere(payout, digest)) is not None:
            return other
        if _as_before(line):
            return None
        for row in self._padded.get(bare(payout.reference), ()):
            if lost_zeros(payout.reference, row.latest.order.payout.reference):
                return (
                    f"'{row.name}' (line {row.line} when it was confirmed) in this batch was or may have been paid, is "
                    "gone from the file, and is this reference with zeros in front, which spreadsheets take off"
                )
        for row in self._recipient.get(keys.recipient_digest(payout), ()):
            return (
                f"'{row.name}' (line {row.line} when it was confirmed) in this batch has the same recipient, "
                "was or may have been paid, and is gone from the file"
            )
        return None

    def elsewhere(self, payout: Payout, digest: str, *, after: datetime | None = None) -> str | None:
        """A twin in another batch, in words; of those that were not sent before `after`, where that is said."""
        for kin in self._elsewhere.get(digest, ()):
            if _told_apart(payout.reference, kin.reference) or (after is not None and kin.known_at <= after):
                continue
            word = "may have paid" if kin.state in OPEN else _WORDS[kin.state]
            return f"'{kin.name}' in batch {kin.batch} {word} the same on {kin.since:%Y-%m-%d}"
        return None


def _to_be_paid(line: PlanLine) -> Payout | None:
    """What the line would pay. Also what was confirmed and not sent: another batch may have paid it since."""
    if line.standing is Standing.FOUND:
        return None
    if line.order is not None:
        return line.order.payout
    return line.payout if line.standing is Standing.UNSENT else None


def _grouped(pairs: Iterable[tuple[str, Value]]) -> Mapping[str, list[Value]]:
    groups: defaultdict[str, list[Value]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return groups


def _told_apart(ours: str | None, theirs: str | None) -> bool:
    """Two references that differ say that two payments are meant.

    To a person `INV-1` and `inv-1` do not differ, and a spreadsheet makes `123` of `0123`.
    """
    if ours is None or theirs is None or (bare(ours) and bare(ours) == bare(theirs)):
        return False
    return keys.folded(ours) != keys.folded(theirs)


def _as_before(line: PlanLine) -> bool:
    """Whether this is only what was confirmed before, or a further attempt of it."""
    if line.standing is Standing.UNSENT:
        return True
    if line.standing is not Standing.RETRY or line.record is None or line.order is None:
        return False
    return same_payment(line.order.payout, line.record.latest.order.payout)
