"""Plans that need a second person: prepared by one, approved by another, carried out once. `by` is a user by name.

Who calls has recognised them, by their password or by their session. Times come from the caller.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from batcher import money
from batcher.approval import Approval, Stage, above, why_not_approve, why_not_prepare, why_not_refuse, why_not_use
from batcher.assembly.people import known
from batcher.errors import NotApproved, OwnFault, UsageError
from batcher.ledger import Register
from batcher.ledger.register import Desk
from batcher.model import Environment
from batcher.roles import NAME


class Approvals:
    """Who prepared and approved which plan, by the digest of the sealed plan."""

    def __init__(self, register: Register, *, environment: Environment, limits: Mapping[str, Decimal]) -> None:
        """`limits`: above which total, by currency, a plan needs a second person."""
        self._register = register
        self._environment = environment
        self.limits = limits

    def above(self, totals: Mapping[str, Decimal]) -> dict[str, Decimal]:
        """The limits that these totals lie above, by currency; empty where one person is enough."""
        return above(totals, self.limits)

    def of(self, plan: str) -> Approval | None:
        """What is known of the plan with that digest; `None` where it was never prepared for another person."""
        with self._register.reading() as desk:
            return desk.approval(plan)

    def waiting(self) -> list[Approval]:
        """Plans of this environment that wait for somebody to approve them, oldest first."""
        with self._register.reading() as desk:
            return desk.waiting(self._environment)

    def approved(self) -> list[Approval]:
        """Plans of this environment that somebody has approved and nobody carried out, oldest first."""
        with self._register.reading() as desk:
            return desk.approved(self._environment)

    def closed(self, *, first: int, most: int) -> tuple[list[Approval], bool]:
        """Plans of this environment that were refused or carried out, the last first; and whether there are more."""
        with self._register.reading() as desk:
            found = desk.closed(self._environment, first=first, most=most + 1)
        return found[:most], len(found) > most

    def why_not_use(self, approval: Approval) -> str:
        """Why this plan may not be carried out now; empty where it may."""
        with self._register.reading() as desk:
            decided_by = desk.user(approval.decided_by) if approval.decided_by else None
        return why_not_use(approval, decided_by, approval.totals)

    def why_not_approve(self, approval: Approval, by: str) -> str:
        """Why this user may not approve the plan; empty where they may."""
        with self._register.reading() as desk:
            return why_not_approve(approval, known(desk.user(by), by))

    def why_not_refuse(self, approval: Approval, by: str) -> str:
        """Why this user may not refuse the plan, or take an approval of it back; empty where they may."""
        with self._register.reading() as desk:
            return why_not_refuse(approval, known(desk.user(by), by))

    def check_preparer(self, by: str) -> None:
        """Raise `NotApproved` where this user may not prepare a plan."""
        with self._register.reading() as desk:
            if why_not := why_not_prepare(known(desk.user(by), by)):
                raise NotApproved(why_not)

    def prepare(self, plan: str, *, batch: str, totals: Mapping[str, Decimal], by: str, now: datetime) -> Approval:
        """Note that this user has prepared the plan with that digest. Raises `NotApproved` where they may not."""
        with self._register.writing() as desk:
            if why_not := why_not_prepare(known(desk.user(by), by)):
                raise NotApproved(why_not)
            return self._prepared(desk, plan, batch=batch, totals=totals, by=by, now=now)

    def prepare_by_itself(
        self, plan: str, *, batch: str, totals: Mapping[str, Decimal], by: str, now: datetime
    ) -> Approval:
        """As `prepare`, by what nobody signs in as, such as a schedule. Its name can be no user's."""
        if NAME.fullmatch(by):
            raise OwnFault(f"{by} may be a person, and persons say who they are.")
        with self._register.writing() as desk:
            return self._prepared(desk, plan, batch=batch, totals=totals, by=by, now=now)

    def last_of(self, batch: str, *, by: str) -> Approval | None:
        """The plan of a batch that was prepared last by this one, whatever was said of it."""
        with self._register.reading() as desk:
            return desk.last_prepared(self._environment, batch, by)

    def withdraw(self, plan: str, *, by: str, reason: str, now: datetime) -> None:
        """Have a plan refused by what prepared it by itself, unless it was carried out meanwhile."""
        with self._register.writing() as desk:
            approval = desk.approval(plan)
            if approval is not None and approval.prepared_by == by and approval.stage is not Stage.USED:
                desk.decide(plan, approved=False, by=by, reason=reason, now=now)

    def _prepared(
        self, desk: Desk, plan: str, *, batch: str, totals: Mapping[str, Decimal], by: str, now: datetime
    ) -> Approval:
        there = desk.approval(plan)
        if there is not None and there.prepared_by == by:
            return there
        if there is not None:
            raise NotApproved(f"{there.prepared_by} prepared this very plan already.")
        approval = Approval(
            plan=plan,
            environment=self._environment,
            batch=batch,
            totals=dict(totals),
            prepared_by=by,
            prepared_at=now,
        )
        desk.prepare(approval)
        return approval

    def approve(self, plan: str, *, by: str, now: datetime) -> Approval:
        """Approve a plan. Raises `NotApproved` where this user may not."""
        return self._decide(plan, True, by=by, reason=None, now=now)

    def refuse(self, plan: str, *, by: str, reason: str, now: datetime) -> Approval:
        """Refuse a plan, or take back an approval that was not used. Raises `NotApproved` where this user may not."""
        if not reason.strip():
            raise UsageError("A refusal needs a reason.", "Say what is wrong, for whoever prepared the plan.")
        return self._decide(plan, False, by=by, reason=reason.strip(), now=now)

    def _decide(self, plan: str, approved: bool, *, by: str, reason: str | None, now: datetime) -> Approval:
        with self._register.writing() as desk:
            approval = desk.approval(plan)
            if approval is None or approval.environment != self._environment:
                raise NotApproved(
                    "Nobody has prepared this plan for an approval in this environment.",
                    "Whoever prepares it says who they are: batcher plan FILE --batch NAME --out PLAN --as USER.",
                )
            user = known(desk.user(by), by)
            if why_not := why_not_approve(approval, user) if approved else why_not_refuse(approval, user):
                raise NotApproved(why_not)
            desk.decide(plan, approved=approved, by=by, reason=reason, now=now)
        return replace(approval, approved=approved, decided_by=by, decided_at=now, reason=reason)

    def require(self, totals: Mapping[str, Decimal], *, plan: str | None) -> bool:
        """Whether carrying out a plan that sends `totals` uses up an approval; `plan` is its digest, if it is sealed.

        Raises `NotApproved` where it needs one and has none, and where somebody has refused it.
        """
        limits = self.above(totals)
        if plan is None:
            if limits:
                raise NotApproved(_too_much(totals, limits), _HOW)
            return False
        with self._register.reading() as desk:
            approval = desk.approval(plan)
            decided_by = desk.user(approval.decided_by) if approval is not None and approval.decided_by else None
        why_not = why_not_use(approval, decided_by, totals)
        if not why_not:
            return True
        if limits:
            raise NotApproved(f"{_too_much(totals, limits)} {why_not}", _FIXES.get(_stage(approval), _HOW))
        if _stage(approval) is Stage.REFUSED:
            raise NotApproved(f"This plan may not be carried out. {why_not}", _FIXES[Stage.REFUSED])
        return False


def _stage(approval: Approval | None) -> Stage | None:
    return None if approval is None else approval.stage


def _too_much(totals: Mapping[str, Decimal], limits: Mapping[str, Decimal]) -> str:
    sums = money.display_totals({currency: totals[currency] for currency in limits})
    bounds = money.display_totals(dict(limits))
    return f"This plan would send {sums}, and one person alone may send {bounds}; nothing was sent."


_HOW = (
    "Seal it as a batcher user: batcher plan FILE --batch NAME --out PLAN --as USER. Then another user approves it: "
    "batcher approve PLAN. Then: batcher run --plan PLAN. What was confirmed before goes on with batcher resume NAME."
)
_FIXES: dict[Stage | None, str] = {
    Stage.WAITING: "Another user than the one who prepared it says: batcher approve PLAN.",
    Stage.REFUSED: "Mend what they say, and seal a new plan.",
    Stage.USED: "What was confirmed goes on with batcher resume NAME; for anything else seal a new plan.",
}
