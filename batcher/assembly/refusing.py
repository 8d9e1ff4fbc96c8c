"""What stops a plan before anything is sent: it is told here once, for whoever asks, with exit code and mend."""

from datetime import datetime

from batcher import planning
from batcher.assembly.casework import Prospect
from batcher.engine import Outcome
from batcher.errors import InputInvalid, NotConfirmed, StoppedEarly, UsageError
from batcher.model import BATCH_NAME
from batcher.planning import Plan
from batcher.planning.plan import STALE_AFTER
from batcher.records import Finished

OF_THE_BATCH = frozenset({"never_sent", "old_plan", "order_without_row"})
"""Kinds of problems that no single row has."""

UNANSWERED = frozenset({"unreachable", "rate_limited"})
"""Stops after which asking Runa once more has no sense."""


def refuse_name(name: str) -> None:
    """Raise `UsageError` for what is no name of a batch."""
    if not BATCH_NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name for a batch.",
            "Use up to 40 of a-z, 0-9, dot, underscore and hyphen, beginning with a letter or digit.",
        )


def refuse(plan: Plan, *, fix: str = "") -> None:
    """Raise `InputInvalid` where the plan cannot be confirmed as it is. `fix` is what to do, where that is special."""
    if not plan.problems:
        return
    of_rows = [problem for problem in plan.problems if problem.kind not in OF_THE_BATCH]
    # Rows that the file no longer has share no line, and each is one.
    gone = sum(problem.line is None for problem in of_rows)
    rows = gone + len({problem.line for problem in of_rows} - {None})
    what = f"{rows} row{'s' * (rows != 1)} cannot be taken as {'they are' if rows != 1 else 'it is'}"
    mend = "" if not rows else "Mend it, or say" if rows == 1 else "Mend them, or say"
    raise InputInvalid(
        f"{what if rows else f'Batch {plan.batch} cannot be sent as it is'} in {plan.sheet.name}; nothing was sent.",
        fix or f"{mend or 'Say'} what is meant, as written beside {'it' if rows == 1 else 'each'}.",
        plan.problems,
    )


def refuse_to_run(prospect: Prospect, now: datetime, *, ignore_balance: bool) -> None:
    """Raise whatever keeps a new plan from being confirmed."""
    refuse(prospect.plan)
    if prospect.preflight is None:
        refuse_stale(prospect.plan, now)
    refuse_short(prospect, ignored=ignore_balance)


def refuse_to_resume(prospect: Prospect, *, ignore_balance: bool) -> None:
    """Raise whatever keeps the last confirmed plan from being taken up again."""
    refuse(prospect.plan, fix=with_the_file(prospect.plan.batch))
    if prospect.preflight is not None:
        refuse_unplanned(prospect.plan)
    refuse_short(prospect, ignored=ignore_balance)


def refuse_short(prospect: Prospect, *, ignored: bool) -> None:
    """Raise `StoppedEarly` where a balance does not cover what would be sent, unless that is to be ignored."""
    if ignored or prospect.preflight is None or not prospect.preflight.is_short:
        return
    short = "; ".join(cover.words for cover in prospect.preflight.covers if cover.is_short)
    raise StoppedEarly(
        f"{short}. Nothing was sent.",
        "Top the balance up and run the same command again, or send what it covers with --ignore-balance.",
    )


def refuse_stale(plan: Plan, now: datetime) -> None:
    """Raise `UsageError` where the batch's name seems to be an old one: it must not look like a payment made."""
    last = plan.last_payment_at()
    if last is not None and plan.is_stale(now):
        raise _stale(plan.batch, last)


def refuse_stale_finished(batch: str, known: Finished, now: datetime) -> None:
    """The same for a batch that is known to be finished."""
    if now - known.last_payment_at > STALE_AFTER:
        raise _stale(batch, known.last_payment_at)


def _stale(batch: str, last: datetime) -> UsageError:
    return UsageError(
        f"Batch {batch} has nothing to send, and last paid a row on {last:%Y-%m-%d}.",
        "If this sheet is a new payment, give it a batch name of its own.",
    )


def with_the_file(batch: str) -> str:
    """What to do where the last confirmed plan does not say what is meant: without the file, nothing can be said."""
    return (
        f"Only a run with the file can be told what is meant: batcher run FILE --batch {batch}, as written beside each."
    )


def refuse_unplanned(plan: Plan) -> None:
    """Raise `UsageError` where going on takes more than the last confirmed plan."""
    unplanned = [line for line in plan.lines if line.order is not None]
    count = len(unplanned)
    if unplanned:
        raise UsageError(
            f"{count} row{'s' * (count != 1)} of batch {plan.batch} would need more than its last confirmed plan, such "
            f"as '{unplanned[0].name}' ({unplanned[0].why or unplanned[0].standing.value}).",
            f"Run the file again: batcher run FILE --batch {plan.batch}.",
        )


def refuse_other(plan: Plan, digest: str) -> None:
    """Raise `NotConfirmed` where a plan, made again, sends or takes back something else than somebody said yes to."""
    if planning.digest_of_sends(plan) != digest:
        raise NotConfirmed(
            f"Batch {plan.batch} would send something else now than what was confirmed; nothing was sent.",
            "Look at the plan again, as it is now, and confirm it anew.",
        )


def may_be_asked(outcome: Outcome) -> bool:
    """Whether asking Runa once more makes sense after a run that ended so."""
    refused = any(stop.exit_code == 4 or stop.cause in UNANSWERED for stop in outcome.stops)
    return not (outcome.interrupted or refused)
