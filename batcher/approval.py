"""When a plan needs a second person, and whether the one who is there may be it. Nothing here acts.

A plan is known by its digest. It is prepared by one user, then approved or refused by another; an approval can be taken
back by refusing it, until the plan is carried out, which uses it up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from batcher.model import Environment
from batcher.roles import NAME, Right, User


class Stage(StrEnum):
    """How far a prepared plan has come."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"
    USED = "used"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What is known of a plan that was prepared for somebody else's eyes."""

    plan: str
    """The digest of the sealed plan, in hex."""
    environment: Environment
    batch: str
    totals: Mapping[str, Decimal]
    """Face value of what it would send, by currency."""
    prepared_by: str
    prepared_at: datetime
    approved: bool | None = None
    """What was said of it last; `None` until somebody has."""
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None
    used_at: datetime | None = None
    """When it was carried out."""

    @property
    def is_a_users(self) -> bool:
        """Whether a person prepared it; else a schedule or an inbox did, whose name holds a space."""
        return NAME.fullmatch(self.prepared_by) is not None

    @property
    def stage(self) -> Stage:
        """How far it has come."""
        if self.used_at is not None:
            return Stage.USED
        if self.approved is None:
            return Stage.WAITING
        return Stage.APPROVED if self.approved else Stage.REFUSED


def above(totals: Mapping[str, Decimal], limits: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """The limits that `totals` lie above, by currency; empty where one person is enough.

    Without any limit nobody needs a second person. With one, a currency that has none of its own has 0: a limit that
    somebody forgot lets nothing through.
    """
    if not limits:
        return {}
    passed = {currency: limits.get(currency, Decimal(0)) for currency in totals}
    return {currency: limit for currency, limit in passed.items() if totals[currency] > limit}


def why_not_prepare(by: User) -> str:
    """Why this user may not prepare a plan; empty where they may."""
    if not by.is_active:
        return f"{by.name} is disabled."
    return "" if by.may(Right.PREPARE) else f"{by.name} is a {by.role}, and may not prepare a plan."


def why_not_approve(approval: Approval, by: User) -> str:
    """Why this user may not approve the plan; empty where they may."""
    if refused := _why_not_decide(approval, by):
        return refused
    if approval.prepared_by == by.name:
        return f"{by.name} prepared this plan; another person approves it."
    if approval.stage is Stage.REFUSED:
        return f"{approval.decided_by} refused this plan; seal a new one."
    return f"{approval.decided_by} approved this plan already." if approval.stage is Stage.APPROVED else ""


def why_not_refuse(approval: Approval, by: User) -> str:
    """Why this user may not refuse the plan; empty where they may, be it their own or approved before."""
    if refused := _why_not_decide(approval, by):
        return refused
    return f"{approval.decided_by} refused this plan already." if approval.stage is Stage.REFUSED else ""


def _why_not_decide(approval: Approval, by: User) -> str:
    if not by.is_active:
        return f"{by.name} is disabled."
    if not by.may(Right.APPROVE):
        return f"{by.name} is a {by.role}, and may not approve or refuse a plan."
    if approval.stage is Stage.USED:
        return "This plan was carried out already."
    return ""


def why_not_use(approval: Approval | None, decided_by: User | None, totals: Mapping[str, Decimal]) -> str:
    """Why a plan that needs an approval and sends `totals` may not be carried out; empty where it may.

    `decided_by` is the user who approved it, as they are now: one who was disabled since approves nothing any more.
    """
    if approval is None:
        return "Nobody has prepared it for an approval."
    match approval.stage:
        case Stage.WAITING:
            return "Nobody has approved it yet."
        case Stage.REFUSED:
            return f"{approval.decided_by} refused it: {approval.reason}"
        case Stage.USED:
            return "Its approval was used already."
    if dict(totals) != dict(approval.totals):
        return "It sends something else than what was approved."
    if decided_by is None or not decided_by.may(Right.APPROVE):
        return f"{approval.decided_by}, who approved it, may not approve any more."
    return "" if decided_by.name != approval.prepared_by else "It was approved by who prepared it."
