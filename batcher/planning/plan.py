"""What a plan is: every row with what would happen to it. Nothing here touches the ledger."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Self

from batcher import money
from batcher.model import Environment, Payout, PlannedOrder, Problem, Sheet
from batcher.records import BatchRecord, RowRecord
from batcher.states import State

STALE_AFTER = timedelta(days=7)
"""A run with nothing to send, so long after the last payment, was meant to be another batch."""


class Standing(StrEnum):
    """What a run would do with a row."""

    NEW = "new"
    """Gets its first order."""
    RETRY = "retry"
    """Was refused or failed, paid nothing, and gets a new attempt."""
    UNSENT = "unsent"
    """Confirmed before and not sent yet."""
    UNKNOWN = "unknown"
    """Sent, without a usable answer: the same bytes are sent again under the same key."""
    KEPT = "kept"
    """Unknown, and its key must not be sent again: evidence or a person settles it."""
    FOUND = "found"
    """Runa's order list has its order, made by a lost ledger or another machine: it is taken over, nothing is sent."""
    PROCESSING = "processing"
    """Has an order that is not finished: it is read again."""
    PAID = "paid"
    LEFT = "left"
    """Was refused or failed, and stays as it is."""
    STUCK = "stuck"
    """Its order contradicts the row: a person decides."""
    INVALID = "invalid"
    """Cannot be read as a payout."""
    EDITED = "edited"
    """Paid or open, and the file now says something else: refused."""
    MISSING = "missing"
    """Paid or open, and gone from the file: refused, or accepted as gone."""
    DOUBTFUL = "doubtful"
    """New or not sent yet, and the image of a payment that was made or may have been: refused."""
    WITHDRAWN = "withdrawn"
    """Confirmed before, never sent, and no longer in the file."""
    GONE = "gone"
    """Paid nothing, and no longer in the file."""


SENDING = frozenset({Standing.NEW, Standing.RETRY, Standing.UNSENT})
"""Rows for which an order would be made."""

ASKING = SENDING | {Standing.UNKNOWN}
"""Rows whose key would be sent, for the first time or to ask with."""

REFUSED = frozenset({Standing.EDITED, Standing.MISSING, Standing.DOUBTFUL})
"""Rows that stop the run until it is told what is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the person said is meant: the flags of `run`."""

    accept_missing: bool = False
    pay_again: frozenset[str] = frozenset()
    """Names of doubtful rows that are to be paid."""
    repeats: str | None = None
    """The batch whose payments are repeated on purpose."""
    own_periods: frozenset[str] = frozenset()
    """Of a schedule: the batches of its earlier periods, which each new one repeats on purpose."""
    reason: str | None = None
    retry: bool = True
    skip_invalid: bool = False
    never_sent: bool = False
    said_at: datetime | None = None
    """When all this was said, where that was before now: of what was paid elsewhere since, it does not speak."""
    orders_known: frozenset[str] | None = None
    """The orders of unclear owner that it speaks of; `None` where it is said now, of all that there are."""

    @classmethod
    def from_json(cls, said: Mapping[str, object]) -> Self:
        """What `as_json` has given; what is missing or no longer fits counts as not said."""
        pay_again, repeats, reason = said.get("pay_again"), said.get("repeats"), said.get("reason")
        own_periods = said.get("own_periods")
        return cls(
            accept_missing=bool(said.get("accept_missing")),
            pay_again=frozenset(map(str, pay_again)) if isinstance(pay_again, list) else frozenset(),
            repeats=repeats if isinstance(repeats, str) else None,
            own_periods=frozenset(map(str, own_periods)) if isinstance(own_periods, list) else frozenset(),
            reason=reason if isinstance(reason, str) else None,
            retry=bool(said.get("retry")),
            skip_invalid=bool(said.get("skip_invalid")),
            never_sent=bool(said.get("never_sent")),
        )

    def as_json(self) -> dict[str, object]:
        """How the ledger keeps them."""
        # Left out where no schedule says it, so that what was sealed before this was known reads the same.
        own = {"own_periods": sorted(self.own_periods)} if self.own_periods else {}
        return {
            "accept_missing": self.accept_missing,
            "pay_again": sorted(self.pay_again),
            "repeats": self.repeats,
            "reason": self.reason,
            "retry": self.retry,
            "skip_invalid": self.skip_invalid,
            "never_sent": self.never_sent,
            **own,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """One row of the file, or of the batch, and what would happen to it."""

    standing: Standing
    name: str
    """Its reference, or a short name made of its content; for an unreadable row without either, its line."""
    line: int | None
    """Its line in the file; `None` for a row that the file no longer has."""
    payout: Payout | None = None
    why: str = ""
    """A sentence, where the standing alone does not say enough."""
    record: RowRecord | None = None
    order: PlannedOrder | None = None
    """The attempt that would be planned into the ledger."""
    withdraws: int | None = None
    """The attempt that would be withdrawn from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one run would do."""

    environment: Environment
    batch: str
    sheet: Sheet
    record: BatchRecord
    choices: Choices
    lines: tuple[PlanLine, ...]
    """The rows of the file in its order, then the others."""
    problems: tuple[Problem, ...] = field(repr=False)
    """Everything that stops it; empty for a plan that can be confirmed."""
    accepted_orders: tuple[str, ...] = ()
    """Orders in Runa's list that fit no row, and without which it goes on because somebody said so."""

    def of(self, *standings: Standing) -> tuple[PlanLine, ...]:
        """Its lines of these standings, in order."""
        return tuple(line for line in self.lines if line.standing in standings)

    @property
    def to_send(self) -> tuple[PlanLine, ...]:
        """The rows for which an order would be made."""
        return self.of(*SENDING)

    @property
    def sends_total(self) -> Mapping[str, Decimal]:
        """Face value per currency of what would be sent."""
        return self.total(*SENDING)

    def total(self, *standings: Standing) -> dict[str, Decimal]:
        """Face value per currency of the rows of these standings."""
        payouts = (line.payout for line in self.lines if line.standing in standings)
        return money.totals((payout.currency, payout.amount) for payout in payouts if payout is not None)

    @property
    def nothing_to_do(self) -> bool:
        """Whether no row would be sent, sent again or read."""
        return not self._has(SENDING | {Standing.UNKNOWN, Standing.KEPT, Standing.FOUND, Standing.PROCESSING})

    @property
    def needs_look(self) -> bool:
        """Whether Runa's order list has to be looked at first: something would be sent, or is unknown."""
        return self._has(SENDING | {Standing.UNKNOWN, Standing.KEPT, Standing.FOUND})

    def _has(self, standings: AbstractSet[Standing]) -> bool:
        return any(line.standing in standings for line in self.lines)

    def last_payment_at(self) -> datetime | None:
        """When the batch last paid a row."""
        paid = (
            attempt.completed_at
            for row in self.record.rows
            for attempt in row.attempts
            if attempt.state is State.COMPLETED
        )
        return max((moment for moment in paid if moment is not None), default=None)

    def is_stale(self, now: datetime) -> bool:
        """Whether this looks like last month's batch name: nothing to do, and the last payment is long ago."""
        last = self.last_payment_at()
        return self.nothing_to_do and last is not None and now - last > STALE_AFTER
