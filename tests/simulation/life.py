"""One process from start to end, as `batcher run`, `resume` and `reconcile` do it, without their words."""

import asyncio
from dataclasses import dataclass, field

from batcher.assembly import Office
from batcher.assembly.refusing import may_be_asked, refuse_to_resume, refuse_to_run
from batcher.engine import Progress
from batcher.errors import BatcherError, LedgerBusy
from batcher.lifecycle import Halt
from batcher.planning import Choices, Plan
from tests.simulation.process import current
from tests.simulation.world import API_KEY, BATCH, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What is called."""

    name: str
    """`run`, `resume`, `reconcile`, `decide` or `refresh`, which is `results --refresh`."""
    choices: Choices = field(default_factory=Choices)
    canary: bool = True
    shuffled: bool = False
    """The rows of the file come in another order."""
    row: str = ""
    """Of `decide`: whose row."""
    order_id: str = ""
    """Of `decide`: which order is the row's; none for `--never-created`."""
    interrupted_after_s: float | None = None
    """How long after sending began somebody presses Ctrl-C."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended."""

    exit_code: int
    words: str
    plan: Plan | None = None
    unsettled: tuple[str, ...] = ()


class _Nobody:
    """Implements `batcher.engine.Observer`."""

    def changed(self, progress: Progress) -> None:
        """Nobody watches."""


async def live(world: World, command: Command, number: int) -> Ended:
    """The process's main: what it prints is a sentence, what it raises is its exit code."""
    try:
        with world.office(number) as office:
            world.take_lock(office)
            office.check_account(API_KEY)
            if command.name == "reconcile":
                return await _reconcile(office)
            if command.name == "decide":
                return await _decide(office, command)
            if command.name == "refresh":
                found = await office.refresh(BATCH, API_KEY, watch=lambda done, of: None)
                office.write_results(BATCH)
                return Ended(found.stops[0].exit_code if found.stops else 0, f"{found.paid} paid orders read again")
            return await _issue(world, office, command, number)
    except LedgerBusy as error:
        return Ended(error.exit_code, "another process has the ledger")
    except BatcherError as error:
        return Ended(error.exit_code, f"{type(error).__name__}: {error}")


async def _reconcile(office: Office) -> Ended:
    if office.batch(BATCH).last_confirmed_at is None:
        return Ended(2, "there is no such batch")
    closing = await office.casework.reconcile(BATCH, API_KEY)
    office.write_results(BATCH)
    return _closed(closing.outcome.exit_code, closing.settlement.unsettled, closing.proof.agrees)


async def _decide(office: Office, command: Command) -> Ended:
    why = "as Runa's portal shows it"
    if command.order_id:
        attempt = await office.casework.decide_order(BATCH, command.row, command.order_id, why, API_KEY)
    else:
        attempt = await office.casework.decide_never_created(BATCH, command.row, why)
    office.write_results(BATCH)
    return Ended(0, f"{command.row} {command.order_id or 'was never paid'}, so {attempt.state}")


async def _issue(world: World, office: Office, command: Command, number: int) -> Ended:
    resumed = command.name == "resume"
    if resumed:
        plan = office.plan_to_resume(BATCH)
    else:
        shuffled = world.chance("order of rows", number) if command.shuffled else None
        plan = office.plan(world.sheet(shuffled), BATCH, command.choices)
    prospect = await office.casework.prospect(plan, API_KEY)
    plan = prospect.plan
    try:
        if resumed:
            refuse_to_resume(prospect, ignore_balance=False)
        else:
            refuse_to_run(prospect, office.now, ignore_balance=False)
    except BatcherError as error:
        kinds = sorted({problem.kind for problem in plan.problems})
        return Ended(error.exit_code, f"refused: {', '.join(kinds) or error}", plan)
    if not resumed:
        office.confirm(plan, API_KEY)
    try:
        ended = await office.issue(
            BATCH,
            API_KEY,
            server_now=prospect.server_now,
            observer=_Nobody(),
            on_start=lambda halt: _interrupt_later(halt, command.interrupted_after_s),
            canary=command.canary,
        )
    finally:
        if (process := current()) is not None and not process.dead:
            office.write_results(BATCH)
    closing = await office.casework.close(
        BATCH,
        API_KEY,
        ended=ended,
        server_now=prospect.server_now,
        before=prospect,
        ask=may_be_asked(ended) and not plan.nothing_to_do,
    )
    office.write_results(BATCH)
    return _closed(closing.outcome.exit_code, closing.settlement.unsettled, closing.proof.agrees)


def _interrupt_later(halt: Halt, after_s: float | None) -> None:
    if after_s is not None:
        asyncio.get_running_loop().call_later(after_s, halt.interrupt)


def _closed(exit_code: int, unsettled: object, agrees: bool) -> Ended:
    words = "the proof agrees" if agrees else "the proof does not agree"
    return Ended(exit_code, words, unsettled=tuple(map(str, unsettled)) if isinstance(unsettled, dict) else ())
