"""How a plan is made: each row is held against what the ledger knows of it, then the new ones against all else."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from batcher import keys, money
from batcher.model import Payout, PlannedOrder, Problem, Sheet, SheetRow
from batcher.planning.plan import SENDING, Choices, Plan, PlanLine, Standing
from batcher.planning.twins import doubts
from batcher.policy import key_is_old
from batcher.ports import Memory
from batcher.records import BatchRecord, RowRecord, same_payment
from batcher.states import PAID_OR_OPEN, UNSENT, State, may_attempt_again

_OPEN_STANDINGS = {
    State.SENT: Standing.UNKNOWN,
    State.UNKNOWN: Standing.UNKNOWN,
    State.ACCEPTED: Standing.PROCESSING,
    State.MISMATCH: Standing.STUCK,
    State.COMPLETED: Standing.PAID,
}


def make_plan(
    sheet: Sheet,
    record: BatchRecord,
    memory: Memory,
    *,
    choices: Choices,
    now: datetime,
    window_days: int,
    today: datetime | None = None,
) -> Plan:
    """What a run of `sheet` would do to the batch that `record` knows. Changes nothing.

    `now` is the latest of all clocks, by which things grow old. `window_days` is how long a payment in another batch
    makes an equal new row doubtful, counted back from `today`, the earliest of all clocks.
    """
    known = {row.identity: row for row in record.rows}
    in_file = [_line_of(row, known, record, choices) for row in sheet.rows]
    readable = {keys.identity(payout) for _, payout in sheet.payouts}
    claimed = readable | {f"reference:{row.reference}" for row in sheet.rows if row.reference is not None}
    others = [_line_gone(row, row.identity in claimed, choices) for row in record.rows if row.identity not in readable]
    lines = doubts(
        [*in_file, *(line for line in others if line is not None)],
        unclaimed=[row for row in record.rows if row.identity not in readable and row.could_pay],
        memory=memory,
        environment=record.environment,
        batch=record.name,
        choices=choices,
        paid_since=(today or now) - timedelta(days=window_days),
    )
    return Plan(
        environment=record.environment,
        batch=record.name,
        sheet=sheet,
        record=record,
        choices=choices,
        lines=tuple(lines),
        problems=tuple(_problems(lines, sheet, record, choices, now)),
    )


def _line_of(row: SheetRow, known: dict[str, RowRecord], record: BatchRecord, choices: Choices) -> PlanLine:
    if row.payout is None:
        return _line_of_unreadable(row, known.get(f"reference:{row.reference}"))
    identity = keys.identity(row.payout)
    line = PlanLine(
        standing=Standing.NEW,
        name=keys.row_name(identity),
        line=row.line,
        payout=row.payout,
        record=known.get(identity),
    )
    if line.record is None:
        return replace(line, order=_order(record, identity, 1, row.payout))
    return _line_of_known(line, line.record, row.payout, record, choices)


def _line_of_unreadable(row: SheetRow, record: RowRecord | None) -> PlanLine:
    """A line that cannot be read. If its reference was paid, nobody knows whether it still means the same payment."""
    line = PlanLine(
        standing=Standing.INVALID,
        name=row.reference or f"line {row.line}",
        line=row.line,
        record=record,
        why=str(row.problems[0]),
    )
    if record is None or not record.paid_or_open:
        return line
    return replace(line, standing=Standing.EDITED, why=f"{describe(record)}; its line can no longer be read")


def _line_of_known(line: PlanLine, row: RowRecord, payout: Payout, record: BatchRecord, choices: Choices) -> PlanLine:
    latest = row.latest
    unchanged = same_payment(payout, latest.order.payout)
    if latest.state is State.WITHDRAWN:
        return replace(line, order=_order(record, row.identity, latest.order.number, payout))
    if latest.state in UNSENT:
        again = _order(record, row.identity, latest.order.number, payout)
        if unchanged and again.body == latest.order.body:
            return replace(line, standing=Standing.UNSENT)
        return replace(line, order=again, withdraws=latest.id, why="changed before it was sent")
    if latest.state in PAID_OR_OPEN:
        if unchanged:
            return replace(line, standing=_OPEN_STANDINGS[latest.state], why=latest.error_message or "")
        return replace(line, standing=Standing.EDITED, why=_edit(row, payout))
    return _line_of_spent(line, row, payout, record, choices)


def _line_of_spent(line: PlanLine, row: RowRecord, payout: Payout, record: BatchRecord, choices: Choices) -> PlanLine:
    latest = row.latest
    reason = f"{latest.state.value.lower()}: {latest.error_type or 'no reason given'}"
    if not choices.retry:
        return replace(line, standing=Standing.LEFT, why=reason)
    if latest.order.number >= keys.MAX_ATTEMPTS:
        return replace(line, standing=Standing.LEFT, why=f"{reason}; all {keys.MAX_ATTEMPTS} attempts are used")
    if not may_attempt_again([attempt.state for attempt in row.attempts]):
        return replace(line, standing=Standing.STUCK, why="an earlier attempt is not settled")
    order = _order(record, row.identity, latest.order.number + 1, payout)
    return replace(line, standing=Standing.RETRY, order=order, why=reason)


def _line_gone(row: RowRecord, unreadable: bool, choices: Choices) -> PlanLine | None:
    """A row that the file does not have, or has only as a line that cannot be read (which is listed by itself)."""
    latest = row.latest
    line = PlanLine(
        standing=Standing.GONE, name=row.name, line=None, payout=latest.order.payout, record=row, why=latest.state.value
    )
    if latest.state in UNSENT:
        return replace(line, standing=Standing.WITHDRAWN, withdraws=latest.id)
    if unreadable:
        return None
    if latest.state in PAID_OR_OPEN:
        # Once confirmed as gone, it need not be said again at every run.
        accepted = choices.accept_missing or not row.in_file
        return replace(line, standing=Standing.GONE if accepted else Standing.MISSING, why=describe(row))
    return line


def _order(record: BatchRecord, identity: str, number: int, payout: Payout) -> PlannedOrder:
    key = keys.idempotency_key(account=record.environment.account, batch=record.name, identity=identity, attempt=number)
    body = keys.body(key=key, batch=record.name, payout=payout)
    return PlannedOrder(identity=identity, number=number, key=key, body=body, payout=payout)


def describe(row: RowRecord) -> str:
    """What was paid, or may have been, in a few words: `paid GBP 10.00 to jo@example.com on 2026-11-03`."""
    latest, payout = row.latest, row.latest.order.payout
    words = {State.COMPLETED: "paid", State.ACCEPTED: "being paid"}.get(latest.state, "perhaps paid")
    moment = latest.completed_at or latest.submitted_at
    day = f" on {moment:%Y-%m-%d}" if moment is not None else ""
    return f"{words} {money.display(payout.amount, payout.currency)} to {keys.recipient(payout) or 'a link'}{day}"


def _edit(row: RowRecord, payout: Payout) -> str:
    old = row.latest.order.payout
    changed = [
        f"{name} {_shown(before)} is now {_shown(after)}"
        for name in ("amount", "currency", "products", "distribution", "email", "recipient_reference", "template")
        if (before := getattr(old, name)) != (after := getattr(payout, name))
    ]
    return f"{describe(row)}; {', '.join(changed)}"


def _shown(value: object) -> str:
    return "|".join(value) if isinstance(value, tuple) else "empty" if value is None else str(value)


def _problems(
    lines: Iterable[PlanLine], sheet: Sheet, record: BatchRecord, choices: Choices, now: datetime
) -> Iterable[Problem]:
    if not choices.skip_invalid:
        yield from sheet.problems
    for line in lines:
        if line.standing is Standing.EDITED:
            yield _refusal(line, "edited", f"'{line.name}' of batch {record.name} was {line.why}.", _EDITED)
        elif line.standing is Standing.MISSING:
            was_at = line.record.line if line.record else "?"
            yield _refusal(
                line,
                "missing",
                f"'{line.name}' (line {was_at} when it was confirmed) of batch {record.name} was {line.why}, "
                "and the file no longer has it.",
                _MISSING,
            )
        elif line.standing is Standing.DOUBTFUL:
            fix = f"If it is meant as a further payment, run again with --pay-again {line.name}; else take it out."
            yield _refusal(line, "doubtful", f"'{line.name}' may be paid already: {line.why}.", fix)
    yield from _old_plans(lines, record, choices, now)


_EDITED = (
    "Put the row back as it was; if the difference is to be paid as well, add a row for it with a reference of its own."
)
_MISSING = "Put the row back, or run again with --accept-missing if it is gone on purpose."


def _refusal(line: PlanLine, kind: str, message: str, fix: str) -> Problem:
    return Problem(line=line.line, column=None, value=None, message=message, fix=fix, kind=kind)


def _old_plans(lines: Iterable[PlanLine], record: BatchRecord, choices: Choices, now: datetime) -> Iterable[Problem]:
    """A batch so old that, had its ledger been put back from a copy, its keys could be forgotten at Runa."""
    first = record.first_confirmed_at
    if choices.never_sent or first is None or not key_is_old(first, now):
        return
    sending = sum(1 for line in lines if line.standing in SENDING)
    if sending:
        yield Problem(
            line=None,
            column=None,
            value=None,
            message=f"Batch {record.name} was first confirmed over 29 days ago, and would send {sending} more now.",
            fix="Run again with --never-sent if these were never sent from another machine or copy of the ledger.",
            kind="old_plan",
        )
