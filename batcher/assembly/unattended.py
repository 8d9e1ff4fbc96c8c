"""A payment that nobody watches: planned, refused or asked of the desk. What schedules and inboxes do alike."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from pydantic import SecretStr

from batcher import approval, money, planning
from batcher.asked import UNFINISHED, AskedRun, Asking, RunKind, RunState
from batcher.assembly.casework import Prospect
from batcher.assembly.desk import Desk, asking_to_carry_out
from batcher.assembly.holding import Holding
from batcher.assembly.office import Office
from batcher.assembly.plans import Plans
from batcher.assembly.refusing import refuse, refuse_to_run
from batcher.assembly.sheets import digest_of_file, load_sheet
from batcher.errors import BatcherError, InputInvalid, LedgerBusy, NotApproved, NotConfirmed, StoppedEarly, unforeseen
from batcher.model import Sheet
from batcher.planning import Choices, Standing
from batcher.planning.plan import SENDING
from batcher.states import State

SCHEDULE, INBOX = "schedule", "inbox"
"""Who may ask for a run by itself: by these and a name its runs are known."""

_WHOLE = (*SENDING, Standing.UNKNOWN, Standing.KEPT, Standing.FOUND, Standing.PROCESSING, Standing.STUCK, Standing.PAID)
"""What counts against a ceiling: all that the batch pays, and not only what is left of it."""

CONTRADICTED = "An order contradicts its row: it is not gone on with until a person has decided about that."

_MOVED = InputInvalid.exit_code
"""What a run ends with whose plan did not come out as it was sealed."""

_UNTOLD = frozenset({"never_sent", "old_plan", "orders_unfinished"})
"""Kinds of problems that end by themselves, once Runa's list is read to its end and shows whose its orders are."""


def is_unattended(run: AskedRun) -> bool:
    """Whether a schedule or an inbox has asked for this run."""
    return run.asking.by.startswith((f"{SCHEDULE} ", f"{INBOX} "))


class How(StrEnum):
    """What has become of trying to begin."""

    RUNNING = "running"
    """The desk was asked, now or before."""
    NOTHING_LEFT = "nothing_left"
    """There is nothing to send; the batch's outcome says how it stands."""
    LEFT_ALONE = "left_alone"
    """Somebody else is at it."""
    STOPPED = "stopped"
    """A person stopped it, and nobody has confirmed a plan since: it is left to a person."""
    HELD = "held"
    """Another person has to approve it."""
    REFUSED = "refused"
    """Something is wrong with the sheet, or it pays more than it may; it stays so until it is another sheet."""
    UNFINISHED = "unfinished"
    """Not possible now; what is wrong may be mended meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """How, and what goes with it."""

    how: How
    run: AskedRun | None = None
    """The one that is `RUNNING`, or was `STOPPED`."""
    file_digest: str = ""
    """Of the file whose plan it carries out; empty where it goes on with one that was confirmed."""
    error: BatcherError | None = None
    """Why it is anything after that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """What is to be paid."""

    batch: str
    path: Path | None
    """The sheet; `None` where only what was confirmed can go on."""
    name: str | None = None
    """What people call the sheet, where its path is not that."""
    actor: str
    """By whom the run is asked for and the plan confirmed, such as `schedule monthly`."""
    ceilings: Mapping[str, Decimal]
    """The most that it may pay, by currency; one that is left out has 0."""
    choices: Choices
    judge: Callable[[Sheet], None] = lambda sheet: None
    """Raises where the sheet, sound in itself, is not to be paid."""
    approved: bool = False
    """Whether a person has confirmed it since it was held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What a run that is over has come to."""

    how: "EndedAs"
    why: str
    exit_code: int


class EndedAs(StrEnum):
    """Whether the run has done what it was asked for."""

    DONE = "done"
    STOPPED = "stopped"
    """By a person: it is not begun again."""
    UNFINISHED = "unfinished"


class Unattended:
    """Begins payments, one at a time by the ledger's lock, and says what has become of them. Keeps nothing."""

    def __init__(self, office: Office, *, api_key: Callable[[], SecretStr], plans: Plans) -> None:
        self._office, self._api_key, self._plans = office, api_key, plans
        self.holding = Holding(office, plans)

    async def begin(self, batch: str, kind: str, desk: Desk, payment_of: Callable[[], Payment | None]) -> Begun:
        """Plan a payment and ask the desk for it, or say why not.

        `payment_of` is asked under the ledger's lock, where nobody else begins anything; `None` for nothing any more.
        """
        try:
            with self._office.lock(f"batcher {kind}, run of batch {batch}"):
                payment = payment_of()
                return Begun(how=How.LEFT_ALONE) if payment is None else await self._ask(payment, desk)
        except LedgerBusy as error:
            return Begun(how=How.LEFT_ALONE, error=error)
        except BatcherError as error:
            return Begun(how=How.REFUSED if _is_of_the_sheet(error) else How.UNFINISHED, error=error)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is said of this payment, and the others go on
            return Begun(how=How.UNFINISHED, error=unforeseen(error))

    def contradicted(self, batch: str) -> bool:
        """Whether an order came back other than its row: what is sent next may, too, so a person looks first."""
        return State.MISMATCH in self._office.history.states(self._office.environment, batch)

    def ended(self, run_id: int | None) -> Ended | None:
        """What the run has come to; `None` while it has not."""
        run = None if run_id is None else self._office.runs.one(run_id)
        if run is None or run.state in UNFINISHED:
            return None
        code = run.exit_code or 0
        if run.state is RunState.STOPPED:
            return Ended(how=EndedAs.STOPPED, why=stopped_words(run), exit_code=StoppedEarly.exit_code)
        return Ended(how=EndedAs.DONE if code in (0, 3) else EndedAs.UNFINISHED, why=run.why, exit_code=code)

    async def _ask(self, payment: Payment, desk: Desk) -> Begun:
        office, batch, actor = self._office, payment.batch, payment.actor
        runs = office.runs.of_batch(office.environment, batch)
        unfinished = next((run for run in runs if run.state in UNFINISHED), None)
        if unfinished is not None:
            # A process was killed just after it had asked for it, or a person is at this batch.
            ours = unfinished.asking.by == actor
            return Begun(how=How.RUNNING, run=unfinished) if ours else Begun(how=How.LEFT_ALONE)
        if (stopped := _left_stopped(runs, office.batch(batch).last_confirmed_at)) is not None:
            return Begun(how=How.STOPPED, run=stopped)
        if payment.approved or any(run.asking.by == actor and run.plan_id is not None for run in runs):
            run = desk.ask(Asking(batch=batch, kind=RunKind.RESUME, by=actor))
            return Begun(how=How.RUNNING, run=run)
        if payment.path is None:
            return Begun(how=How.LEFT_ALONE)
        approved = self.holding.approved(batch, by=actor, file_digest=digest_of_file(payment.path))
        # One that Runa's answers made another one was tried, and is prepared anew.
        if approved is not None and (approved.digest, _MOVED) not in {
            (run.asking.digest, run.exit_code) for run in runs
        }:
            run = desk.ask(asking_to_carry_out(approved, by=actor, source=approved.digest))
            return Begun(how=How.RUNNING, run=run, file_digest=approved.file.digest)
        begun_at = office.now
        prospect = await self._prospect(payment, payment.path)
        if prospect.plan.nothing_to_do:
            return Begun(how=How.NOTHING_LEFT)
        sealed = office.sealing.seal(prospect.plan, payment.path, prepared_at=begun_at, prepared_by=actor)
        if held := self.holding.hold(sealed):
            return Begun(how=How.HELD, error=NotApproved(held))
        self._plans.keep(sealed)
        run = desk.ask(asking_to_carry_out(sealed, by=actor, source=sealed.digest))
        return Begun(how=How.RUNNING, run=run, file_digest=sealed.file.digest)

    async def _prospect(self, payment: Payment, path: Path) -> Prospect:
        """The plan as Runa sees it. Raises whatever keeps it from being carried out by itself."""
        office = self._office
        api_key = self._api_key()
        office.check_account(api_key)
        sheet = load_sheet(path, office.settings)
        if payment.name is not None:
            sheet = replace(sheet, name=payment.name)
        plan = office.plan(sheet, payment.batch, payment.choices)
        refuse(plan)
        payment.judge(sheet)
        if plan.nothing_to_do:
            # A person ran it. That it may be long ago says nothing here: no two payments share a batch.
            return Prospect(plan=plan)
        prospect = await office.casework.look(plan, api_key, settle=False)
        _refuse_untold(prospect.plan)
        refuse_to_run(prospect, office.now, ignore_balance=False)
        _refuse_above_ceiling(payment, prospect.plan)
        return prospect


def _left_stopped(runs: Sequence[AskedRun], confirmed_at: datetime | None) -> AskedRun | None:
    """The last run that could send, where a person stopped it and nobody has confirmed a plan since."""
    last = next((run for run in reversed(runs) if run.asking.kind is not RunKind.RECONCILE), None)
    if last is None or last.state is not RunState.STOPPED:
        return None
    anew = last.ended_at is not None and confirmed_at is not None and confirmed_at > last.ended_at
    return None if anew else last


def stopped_words(run: AskedRun) -> str:
    """What is said of a run that a person stopped."""
    return f"A person stopped it. {run.why}"


def _refuse_untold(plan: planning.Plan) -> None:
    """Raise `StoppedEarly` where only Runa's list is missing: it will tell, sooner or later, what was paid before."""
    if plan.problems and all(problem.kind in _UNTOLD for problem in plan.problems):
        raise StoppedEarly(
            f"{plan.problems[0].message} Nothing was sent.",
            "It is tried again by itself; see in the guide for operators what to do where that does not help.",
        )


def _refuse_above_ceiling(payment: Payment, plan: planning.Plan) -> None:
    totals = plan.total(*_WHOLE)
    if passed := approval.above(totals, payment.ceilings):
        sums = money.display_totals({currency: totals[currency] for currency in passed})
        raise NotConfirmed(
            f"Batch {payment.batch} would pay {sums}, and {payment.actor} may pay "
            f"{money.display_totals(dict(passed))} at the most; nothing was sent.",
            f"If it is right, a person runs it: batcher run FILE --batch {payment.batch}.",
        )


def _is_of_the_sheet(error: BatcherError) -> bool:
    """Whether it stays wrong until the sheet is another one; all else may be mended meanwhile."""
    return error.exit_code in (5, 8)


_WORST = (1, 130, 4, 7, 6, 2, 5, 8, 11, 3, 0)


def worst(codes: Iterable[int]) -> int:
    """The exit code of several runs: the one that asks most of whoever looks."""
    return min(codes, key=_WORST.index, default=0)
