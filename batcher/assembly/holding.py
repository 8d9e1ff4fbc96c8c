"""Plans above `[approval]` that nobody prepared by hand: sealed, and kept where whoever approves plans finds them.

They are prepared by what asks for runs by itself, such as a schedule, under its own name. That is no user's name, so
whoever may approve a plan may approve these.
"""

from batcher import money
from batcher.approval import Approval, Stage
from batcher.assembly.office import Office
from batcher.assembly.plans import Plans
from batcher.errors import InputInvalid, NotConfirmed, UsageError
from batcher.planning import SealedPlan

SHORT = 12
"""Signs of a digest by which people name a plan."""

_OPEN = (Stage.WAITING, Stage.APPROVED)


class Holding:
    """What waits for a person, and what they said of it. `by` is who prepared it, such as `schedule monthly`."""

    def __init__(self, office: Office, plans: Plans) -> None:
        self._office, self._plans = office, plans

    def waits(self, batch: str, *, by: str) -> bool:
        """Whether the last plan of the batch is there, and nobody has decided about it."""
        last = self._office.approvals.last_of(batch, by=by)
        return last is not None and last.stage is Stage.WAITING

    def approved(self, batch: str, *, by: str, file_digest: str | None) -> SealedPlan | None:
        """The plan that somebody has approved, if it is of the file with that digest, and would come out the same now.

        Raises `NotConfirmed` where they refused it, and its file is still that one.
        """
        last = self._office.approvals.last_of(batch, by=by)
        sealed = None if last is None else self._found(last)
        # Our copy of a file that is no longer in its inbox may be here still.
        if last is None or sealed is None or sealed.file.digest != file_digest:
            return None
        if last.stage is Stage.REFUSED and last.decided_by != by:
            raise NotConfirmed(f"{last.decided_by} refused it: {last.reason}", "Put a better file in its place.")
        usable = last.stage is Stage.APPROVED and not self._office.approvals.why_not_use(last)
        return sealed if usable and self._is_same(sealed) else None

    def hold(self, sealed: SealedPlan) -> str:
        """Have a plan wait, in place of an older one of its batch; gives why, or nothing where one person is enough."""
        office, by = self._office, sealed.prepared_by
        limits = office.approvals.above(sealed.totals)
        if not limits:
            return ""
        self._plans.keep(sealed)
        name, last = sealed.digest[:SHORT], office.approvals.last_of(sealed.batch, by=by)
        why = f"File, settings or ledger have changed since; plan {name} takes its place."
        # Killed after it was prepared, and made again within a second: it is the same one.
        moved = (last is None or last.plan != sealed.digest) and self.let_go(sealed.batch, by=by, why=why)
        office.approvals.prepare_by_itself(
            sealed.digest, batch=sealed.batch, totals=sealed.totals, by=by, now=office.now
        )
        sums = money.display_totals({currency: sealed.totals[currency] for currency in limits})
        return (
            f"{'What was prepared before is out of date. ' if moved else ''}"
            f"It would send {sums}, and one person alone may send {money.display_totals(dict(limits))}. "
            f"Its plan is ready: approve or refuse it on the page, or with `batcher approve {name}`."
        )

    def let_go(self, batch: str, *, by: str, why: str) -> bool:
        """Have nobody approve the last plan of a batch any more, or carry it out; whether there was one."""
        last = self._office.approvals.last_of(batch, by=by)
        if last is None or last.stage not in _OPEN:
            return False
        self._office.approvals.withdraw(last.plan, by=by, reason=why, now=self._office.now)
        return True

    def _found(self, approval: Approval) -> SealedPlan | None:
        try:
            return self._plans.find(approval.plan)
        except UsageError:
            return None

    def _is_same(self, sealed: SealedPlan) -> bool:
        """Whether file, settings and ledger are as they were. The desk asks once more, and Runa as well."""
        try:
            self._office.sealing.plan_again(sealed)
        except (InputInvalid, UsageError):
            return False
        return True
