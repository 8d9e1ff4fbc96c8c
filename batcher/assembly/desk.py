"""The desk: carries out, in the background of one process, the runs that somebody asked for; one at a time.

The queue is in the ledger, and so is what became of each run. Whoever has the ledger's lock carries out what is RUNNING
there (a process that ended has left it) and then what is QUEUED, in the order in which it was asked for. So it does not
matter which process was asked, which one is killed, and which one looks on.

A run begins with the sealed plan that was looked at, which is made again and must come out the same. Once it is
confirmed, which notes the run in the same transaction, it goes on from the ledger alone, as `batcher resume` does.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from pydantic import SecretStr

from batcher.asked import AskedRun, Asking, RunKind, RunState, Wish
from batcher.assembly.carrying import carry_out
from batcher.assembly.casework import Closing, Prospect
from batcher.assembly.handle import Handle
from batcher.assembly.notifying import notice_of_end, notice_of_refusal, notice_of_stop
from batcher.assembly.office import Office
from batcher.assembly.refusing import refuse_other, refuse_to_resume, refuse_to_run
from batcher.engine import Counts, Observer
from batcher.errors import BatcherError, LedgerBusy, NotApproved, OwnFault, UsageError, unforeseen
from batcher.lifecycle import Halt
from batcher.notices import Notice
from batcher.planning import Plan, SealedPlan
from batcher.roles import Right

LOOK_AGAIN_S = 0.5
"""How long the desk waits before it looks for something to do again, or asks for the lock again."""

UNSENT_WORDS = "Stopped: what was not sent stays unsent."


def asking_to_carry_out(sealed: SealedPlan, *, by: str, source: str, canary: bool = True) -> Asking:
    """The run that somebody says yes to who looked at this plan; `source` is by what `SealedOf` finds it again."""
    return Asking(
        batch=sealed.batch,
        kind=RunKind.RUN,
        by=by,
        digest=sealed.digest,
        source=source,
        ignore_balance=sealed.ignore_balance,
        canary=canary,
    )


def asking_to_retry(plan: Plan, *, digest: str, by: str, ignore_balance: bool = False) -> Asking:
    """The same for `Office.plan_to_retry`: no file is needed.

    `digest` is `planning.digest_of_sends` of the plan that was looked at. It is made again, and must come out the same.
    """
    return Asking(batch=plan.batch, kind=RunKind.RUN, by=by, digest=digest, ignore_balance=ignore_balance)


SealedOf = Callable[[str], SealedPlan]
"""The sealed plan of a run by its source. Raises a `BatcherError` where it is gone."""


@dataclass(frozen=True, slots=True)
class _Ending:
    """Where a run has come to."""

    state: RunState
    why: str = ""
    exit_code: int | None = None


@dataclass(frozen=True, slots=True)
class _Begun:
    """What a run begins with, before Runa is asked."""

    plan: Plan
    is_new: bool = False
    """Whether it is to be confirmed; else it is what is left of a plan that was."""
    sealed: SealedPlan | None = None


class Duty(Protocol):
    """Whoever asks the desk for runs by itself, such as the schedules."""

    async def attend(self, desk: "Desk") -> None:
        """Ask for what is due, and note what has become of what was asked for before."""
        ...


class Desk:
    """Carries out the runs of one environment. Two of them, in two processes, take turns by the ledger's lock."""

    def __init__(
        self,
        office: Office,
        *,
        api_key: Callable[[], SecretStr],
        sealed_of: SealedOf,
        duty: Duty | None = None,
        takes: Callable[[AskedRun], bool] = lambda run: True,
        tell: Callable[[Notice], None] = lambda notice: None,
    ) -> None:
        """`duty` asks for runs by itself, as long as the desk works; only runs that it `takes` are carried out.

        `tell` hears how runs end, for whoever does not look; it never raises.
        """
        self._office = office
        self._duty = duty
        self._takes = takes
        self._tell = tell
        self._api_key = api_key
        self._sealed_of = sealed_of
        self._handle = Handle(office.clock, lambda run_id: office.runs.wish_of(run_id) is not None)
        self.waits_for = ""
        """Who has the ledger's lock, in words, while that keeps the desk from its work."""
        self.fault = ""
        """Why the desk cannot work at all, while it cannot."""

    def ask(self, asking: Asking) -> AskedRun:
        """Put a run at the end of the queue; asked for again, it is the same one. Any process may be asked.

        Raises `UsageError` where another run of the batch is not finished.
        """
        return self._office.runs.ask(self._office.environment, asking, self._office.now)

    def pause(self, run_id: int) -> None:
        """Have a run finish what is in flight, and wait until somebody says `go_on`. It may be paused already."""
        self._office.runs.pause(run_id, self._office.now)

    def go_on(self, run_id: int) -> None:
        """Have a paused run wait for its turn again. It may be going on already."""
        self._office.runs.go_on(run_id)

    def stop(self, run_id: int, *, by: str = "") -> None:
        """Have a run finish what is in flight, and end; what was not sent stays unsent. It may be over already."""
        runs = self._office.runs
        why = UNSENT_WORDS.replace("Stopped", f"Stopped by {by}") if by else UNSENT_WORDS
        if runs.stop(run_id, self._office.now, why=why) and (run := runs.one(run_id)) is not None:
            self._tell_stopped(run)

    def counts(self, run_id: int) -> Counts | None:
        """How far a run is that this process carries out; `None` for any other."""
        return self._handle.counts(run_id)

    async def work(self) -> None:
        """Carry out whatever is asked for, until the desk is closed."""
        while not self._handle.closed:
            try:
                await self.work_off()
                if self._duty is not None:
                    await self._duty.attend(self)
                self.fault = ""
            except Exception as error:  # noqa: BLE001 - a desk that ended would leave everybody waiting
                # What is wrong with a run is in its line. A ledger that cannot be written has no line for it.
                self.fault = str(error if isinstance(error, BatcherError) else unforeseen(error))
            await self._office.clock.sleep(LOOK_AGAIN_S)

    def close(self) -> None:
        """Finish what is in flight, and begin nothing more. What is going on goes on with the next process."""
        self._handle.close()

    async def work_off(self) -> None:
        """Carry out what can be now: until nothing waits, or another process has the ledger."""
        while not self._handle.closed and (run := self._next()) is not None:
            try:
                with self._office.lock(f"batcher serve, {run.asking.kind} of batch {run.batch}"):
                    self.waits_for = ""
                    await self._take(run)
            except LedgerBusy as error:
                self.waits_for = error.message
                return
        self.waits_for = ""

    def _next(self) -> AskedRun | None:
        """What was begun before what waits."""
        unfinished = self._office.runs.unfinished(self._office.environment)
        runs = [run for run in unfinished if run.state != RunState.PAUSED and self._takes(run)]
        return min(runs, key=lambda run: (run.state is not RunState.RUNNING, run.id), default=None)

    async def _take(self, run: AskedRun) -> None:
        """Carry out one run, and note where it has come to. The lock is held."""
        runs = self._office.runs
        # What was read before the lock was taken may be another process's by now, or be paused.
        if not runs.begin(run.id, self._office.now) or (begun := runs.one(run.id)) is None:
            return
        with self._handle.of(begun.id):
            ending = await self._carried_out(begun)
        if ending is not None:
            runs.end(begun.id, ending.state, self._office.now, why=ending.why, exit_code=ending.exit_code)

    async def _carried_out(self, run: AskedRun) -> _Ending | None:
        """Where the run has come to; `None` where it is to go on with the next process."""
        try:
            async with self._handle.heeding():
                closing = None if self._handle.pulled else await self._closing(run)
        except BatcherError as error:
            self._tell(notice_of_refusal(run.batch, error, confirmed=run.plan_id is not None))
            return _Ending(RunState.ENDED, str(error), error.exit_code)
        except Exception as error:  # noqa: BLE001 - whatever it is, the run says so, and the desk goes on
            self._tell(notice_of_refusal(run.batch, unforeseen(error), confirmed=run.plan_id is not None))
            return _Ending(RunState.ENDED, str(unforeseen(error)), 1)
        if closing is None or closing.outcome.interrupted:
            return self._interrupted(run, closing)
        self._tell(notice_of_end(closing))
        return _Ending(RunState.ENDED, _words(closing), closing.outcome.exit_code)

    def _interrupted(self, run: AskedRun, closing: Closing | None) -> _Ending | None:
        exit_code = 130 if closing is None else closing.outcome.exit_code
        match self._office.runs.wish_of(run.id):
            case Wish.PAUSE:
                return _Ending(RunState.PAUSED, exit_code=exit_code)
            case Wish.STOP:
                self._tell_stopped(run)
                stopped = self._office.runs.one(run.id)
                return _Ending(RunState.STOPPED, (stopped and stopped.why) or UNSENT_WORDS, exit_code)
        # Nobody wishes it any more, or the desk was closed: it goes on, here or with the next process.
        return None

    def _tell_stopped(self, run: AskedRun) -> None:
        # Whoever stops a search for evidence keeps no payment back by that.
        if run.asking.kind is not RunKind.RECONCILE:
            self._tell(notice_of_stop(self._office.outcome(run.batch)))

    async def _closing(self, run: AskedRun) -> Closing | None:
        """How the run ended; `None` where it was interrupted before anything was sent."""
        office = self._office
        api_key = self._api_key()
        office.check_account(api_key)
        if run.asking.kind is RunKind.RECONCILE:
            closing = await office.casework.reconcile(run.batch, api_key, on_start=self._handle.take)
            office.write_results(run.batch)
            return closing
        begun = self._begun(run)
        halt = Halt(base_url=office.environment.base_url)
        self._handle.take(halt)
        prospect = await halt.before_no_sends(office.casework.prospect(begun.plan, api_key))
        if prospect is None or self._handle.pulled:
            return None
        self._confirm(run, begun, prospect, api_key)
        closing, _ = await carry_out(
            office,
            prospect,
            api_key,
            watched=self._watched(),
            on_sending=self._handle.take,
            on_asking=self._handle.take,
            told=lambda pages, orders: None,
            canary=run.asking.canary,
        )
        return closing

    def _begun(self, run: AskedRun) -> _Begun:
        """The plan by the ledger alone: of the sheet that was looked at, or what is left of the confirmed one."""
        office, asking = self._office, run.asking
        if run.plan_id is not None:
            if office.runs.last_plan(office.environment, run.batch) != run.plan_id:
                raise _confirmed_anew(run.batch)
            return _Begun(office.plan_to_resume(run.batch))
        if asking.kind is RunKind.RESUME:
            raise UsageError(
                f"Batch {run.batch} had no confirmed plan to go on with when that was asked for.",
                "Ask for it again, if there is one now.",
            )
        if not asking.source:
            return _Begun(office.plan_to_retry(run.batch), is_new=True)
        sealed = self._sealed_of(asking.source)
        if sealed.digest != asking.digest:
            raise OwnFault(f"The plan of batch {run.batch} is not the one that was confirmed; nothing was sent.")
        before = office.sealing.carried_out(sealed)
        if before is None:
            return _Begun(office.sealing.plan_again(sealed), is_new=True, sealed=sealed)
        if not before.is_last:
            raise _confirmed_anew(run.batch)
        return _Begun(office.plan_to_resume(run.batch))

    def _confirm(self, run: AskedRun, begun: _Begun, prospect: Prospect, api_key: SecretStr) -> None:
        """Refuse what the command line would refuse, and what nobody said yes to; then write a new plan down."""
        office, asking, sealed = self._office, run.asking, begun.sealed
        if not begun.is_new:
            refuse_to_resume(prospect, ignore_balance=asking.ignore_balance)
            return
        if (user := office.people.user(asking.by)) is not None and not user.may(Right.SEND):
            raise NotApproved(
                f"{user.name}, who said yes to it, may not start a plan any more; nothing was sent.",
                "Somebody who may looks at the sheet, and says yes to what they see.",
            )
        refuse_to_run(prospect, office.now, ignore_balance=asking.ignore_balance)
        if sealed is not None:
            office.sealing.refuse_unless_same(sealed, prospect.plan, before=begun.plan)
        else:
            refuse_other(prospect.plan, asking.digest)
        digest = None if sealed is None else sealed.digest
        office.confirm(prospect.plan, api_key, sealed=digest, by=asking.by, run_id=run.id)

    @contextmanager
    def _watched(self) -> Iterator[Observer]:
        yield self._handle


def _confirmed_anew(batch: str) -> UsageError:
    return UsageError(
        f"Another plan of batch {batch} was confirmed meanwhile, so this run does not go on.",
        "Ask for what is left of that one, or look at the sheet again.",
    )


def _words(closing: Closing) -> str:
    """Why a batch does not stand as it should, where there is a reason for it."""
    told = [f"Does not agree: {sentence}" for sentence in closing.proof.mismatches]
    told += [stop.message for stop in closing.outcome.stops]
    return " ".join(told)
