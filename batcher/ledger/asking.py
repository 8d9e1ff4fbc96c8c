"""The runs that were asked for: written down, begun, ended, and wished otherwise. No payment hangs on these lines."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, case, func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from batcher.asked import UNFINISHED, AskedRun, Asking, RunKind, RunState, Wish
from batcher.errors import UsageError
from batcher.ledger import reading
from batcher.ledger.place import write_failed, writing_on
from batcher.ledger.tables import Moment, asked_runs, environments, plans
from batcher.ledger.whose import is_in
from batcher.ledger.writing import environment_id
from batcher.model import Environment, without_links


class AskedRuns:
    """The runs of one ledger. Each step is one transaction, and is made only from a state that it may follow."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def ask(self, environment: Environment, asking: Asking, now: datetime) -> AskedRun:
        """Put a run at the end of the queue; asked for again, it is the same one.

        Raises `UsageError` where another run of the batch is not finished.
        """
        try:
            with writing_on(self._engine) as connection:
                return _ask(connection, environment, asking, now)
        except IntegrityError as error:  # another process was quicker by a moment
            raise _unfinished(asking.batch) from error
        except SQLAlchemyError as error:
            raise write_failed(error) from error

    def one(self, run_id: int) -> AskedRun | None:
        """The run of this id."""
        return next(iter(self._read(asked_runs.c.id == run_id)), None)

    def unfinished(self, environment: Environment) -> list[AskedRun]:
        """Everything that runs, waits or is paused, in the order in which it was asked for."""
        return self._read(is_in(asked_runs, environment), asked_runs.c.state.in_(UNFINISHED))

    def of_batch(self, environment: Environment, batch: str) -> list[AskedRun]:
        """All runs of a batch, oldest first."""
        return self._read(is_in(asked_runs, environment), asked_runs.c.batch == batch)

    def wish_of(self, run_id: int) -> Wish | None:
        """What is asked of a run that is going on."""
        with self._engine.connect() as connection:
            wish = connection.scalar(select(asked_runs.c.wish).where(asked_runs.c.id == run_id))
        return None if wish is None else Wish(wish)

    def begin(self, run_id: int, now: datetime) -> bool:
        """Note that a run begins, or goes on after its process ended; false where it is not to be carried out."""
        begun = func.coalesce(asked_runs.c.begun_at, literal(now, Moment()))
        return self._step(run_id, {RunState.QUEUED, RunState.RUNNING}, {"state": RunState.RUNNING, "begun_at": begun})

    def end(self, run_id: int, state: RunState, now: datetime, *, why: str = "", exit_code: int | None = None) -> bool:
        """Note where a run that was going on has come to."""
        values = {"state": state, "wish": None, "ended_at": now, "why": without_links(why), "exit_code": exit_code}
        return self._step(run_id, {RunState.RUNNING}, values)

    def pause(self, run_id: int, now: datetime) -> None:
        """One that waits is paused; one that is going on is asked to. Any other stays as it is."""
        if not self._step(run_id, {RunState.QUEUED}, {"state": RunState.PAUSED, "ended_at": now}):
            self._step(run_id, {RunState.RUNNING}, {"wish": func.coalesce(asked_runs.c.wish, Wish.PAUSE)})

    def go_on(self, run_id: int) -> None:
        """One that is paused waits for its turn again, at its old place; one that is about to pause need not."""
        waiting = {"state": RunState.QUEUED, "wish": None, "ended_at": None, "why": "", "exit_code": None}
        if not self._step(run_id, {RunState.PAUSED}, waiting):
            self._step(run_id, {RunState.RUNNING}, {"wish": None}, wished=Wish.PAUSE)

    def stop(self, run_id: int, now: datetime, *, why: str) -> bool:
        """One that waits or is paused is stopped; one that is going on is asked to. Any other stays as it is.

        `why` says by whom, for whoever looks later; the first word counts. Gives whether it is stopped by this.
        """
        stopped = {"state": RunState.STOPPED, "wish": None, "ended_at": now, "why": why}
        if self._step(run_id, {RunState.QUEUED, RunState.PAUSED}, stopped):
            return True
        first = case((asked_runs.c.wish == Wish.STOP, asked_runs.c.why), else_=why)
        self._step(run_id, {RunState.RUNNING}, {"wish": Wish.STOP, "why": first})
        return False

    def last_plan(self, environment: Environment, batch: str) -> int | None:
        """The id of the plan of a batch that was confirmed last."""
        with self._engine.connect() as connection:
            return _last_plan(connection, environment, batch)

    def _read(self, *conditions: Any) -> list[AskedRun]:
        query = (
            select(asked_runs, environments.c.base_url, environments.c.account)
            .join(environments)
            .where(*conditions)
            .order_by(asked_runs.c.id)
        )
        with self._engine.connect() as connection:
            return [_run(found) for found in connection.execute(query)]

    def _step(
        self, run_id: int, before: Collection[RunState], values: dict[str, Any], *, wished: Wish | None = None
    ) -> bool:
        """Change a run that is in one of these states, and has this wish where one is given; whether it was so."""
        state = values.get("state")
        if state is not None and state not in UNFINISHED:
            values = values | {"unfinished": None}
        query = update(asked_runs).where(asked_runs.c.id == run_id, asked_runs.c.state.in_(before)).values(values)
        if wished is not None:
            query = query.where(asked_runs.c.wish == wished)
        try:
            with writing_on(self._engine) as connection:
                return connection.execute(query).rowcount == 1
        except SQLAlchemyError as error:
            raise write_failed(error) from error


def confirmed(connection: Connection, run_id: int, environment: Environment, batch: str) -> None:
    """Note that the plan of a batch that was confirmed last is this run's: in the transaction that confirms it."""
    plan_id = _last_plan(connection, environment, batch)
    connection.execute(update(asked_runs).where(asked_runs.c.id == run_id).values(plan_id=plan_id))


def _ask(connection: Connection, environment: Environment, asking: Asking, now: datetime) -> AskedRun:
    here = environment_id(connection, environment)
    query = (
        select(asked_runs, environments.c.base_url, environments.c.account)
        .join(environments)
        .where(asked_runs.c.environment_id == here, asked_runs.c.unfinished == asking.batch)
    )
    there = connection.execute(query).first()
    if there is not None:
        run = _run(there)
        if (run.asking.kind, run.asking.digest) != (asking.kind, asking.digest):
            raise _unfinished(asking.batch)
        return run
    values = {
        "environment_id": here,
        "batch": asking.batch,
        "kind": asking.kind,
        "asked_by": asking.by,
        "asked_at": now,
        "digest": asking.digest,
        "source": asking.source,
        "ignore_balance": asking.ignore_balance,
        "canary": asking.canary,
        "state": RunState.QUEUED,
        "why": "",
        "unfinished": asking.batch,
        "plan_id": _last_plan(connection, environment, asking.batch) if asking.kind is RunKind.RESUME else None,
    }
    connection.execute(insert(asked_runs).values(values))
    return _run(connection.execute(query).one())


def _unfinished(batch: str) -> UsageError:
    return UsageError(
        f"Another run of batch {batch} is not finished.",
        "Let it end, or stop it; then look at the plan again and confirm it.",
    )


def _last_plan(connection: Connection, environment: Environment, batch: str) -> int | None:
    batch_id = reading.batch_id(connection, environment, batch)
    found: int | None = connection.scalar(select(func.max(plans.c.id)).where(plans.c.batch_id == batch_id))
    return found


def _run(found: Row[Any]) -> AskedRun:
    return AskedRun(
        id=found.id,
        environment=Environment(base_url=found.base_url, account=found.account),
        asking=Asking(
            batch=found.batch,
            kind=RunKind(found.kind),
            by=found.asked_by,
            digest=found.digest,
            source=found.source,
            ignore_balance=found.ignore_balance,
            canary=found.canary,
        ),
        asked_at=found.asked_at,
        state=RunState(found.state),
        wish=None if found.wish is None else Wish(found.wish),
        plan_id=found.plan_id,
        begun_at=found.begun_at,
        ended_at=found.ended_at,
        why=found.why,
        exit_code=found.exit_code,
    )
