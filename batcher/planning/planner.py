"""How a plan is made: each row is held against what the ledger knows of it, then the new ones against all else."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from batcher import keys, money
from batcher.cycles import uncollected
from batcher.evidence import Evidence, Found
from batcher.model import Payout, PlannedOrder, Problem, Sheet, SheetRow, Speaker
from batcher.planning.findings import (
    PUT_BACK,
    accepted_orders,
    check_list,
    check_unfinished,
    found_elsewhere,
    is_forgetful,
    without_order,
)
from batcher.planning.orders import Body, OrderToBe
from batcher.planning.plan import ASKING, SENDING, Choices, Plan, PlanLine, Standing
from batcher.planning.twins import doubts
from batcher.policy import first_sent, key_is_old
from batcher.ports import Memory
from batcher.records import AttemptRecord, BatchRecord, RowRecord, same_payment
from batcher.resending import SETTLE_AFTER, why_not_send
from batcher.states import PAID_OR_OPEN, UNSENT, State, may_attempt_again

_OPEN_STANDINGS = {
    State.SENT: Standing.UNKNOWN,
    State.UNKNOWN: Standing.UNKNOWN,
    State.ACCEPTED: Standing.PROCESSING,
    State.MISMATCH: Standing.STUCK,
    State.COMPLETED: Standing.PAID,
}


@uncollected()
def make_plan(
    sheet: Sheet,
    record: BatchRecord,
    memory: Memory,
    *,
    choices: Choices,
    now: datetime,
    window_days: int,
    today: datetime | None = None,
    evidence: Evidence | None = None,
    speaker: Speaker | None = None,
    settle_after: timedelta = SETTLE_AFTER,
) -> Plan:
    """What a run of `sheet` would do to the batch that `record` knows. Changes nothing.

    `now` is the latest of all clocks, by which things grow old. `window_days` is how long a payment in another batch
    makes an equal new row doubtful, counted back from `today`, the earliest of all clocks. `evidence` is what Runa's
    order list says of the batch; without it the list was not asked yet, and nothing hangs on it. `speaker` is as whom
    the run would speak, where that is known.
    """
    known = {row.identity: row for row in record.rows}
    body = partial(keys.body, batch=record.name)
    making = _Making(record, choices, now, evidence, speaker, settle_after, body)
    in_file = [_line_of(row, known, making) for row in sheet.rows]
    missing = _missing(sheet, record)
    others = [_line_gone(row, unreadable, choices) for row, unreadable in missing]
    lines = doubts(
        [*in_file, *(line for line in others if line is not None)],
        unclaimed=[row for row, _ in missing if row.could_pay],
        memory=memory,
        environment=record.environment,
        batch=record.name,
        choices=choices,
        paid_since=(today or now) - timedelta(days=window_days),
    )
    lines, problems = check_list(lines, evidence, choices, record.accepted_orders)
    problems += check_unfinished(lines, record, evidence, choices)
    return Plan(
        environment=record.environment,
        batch=record.name,
        sheet=sheet,
        record=record,
        choices=choices,
        lines=tuple(lines),
        problems=(*_problems(lines, sheet, making), *problems),
        accepted_orders=accepted_orders(evidence, choices),
    )


def _missing(sheet: Sheet, record: BatchRecord) -> list[tuple[RowRecord, bool]]:
    """The rows of the batch that the file has not as payouts, and whether it has them as lines that cannot be read."""
    if not record.rows:
        return []
    readable = {keys.identity(payout) for _, payout in sheet.payouts}
    named = {f"reference:{row.reference}" for row in sheet.rows if row.payout is None and row.reference is not None}
    return [(row, row.identity in named) for row in record.rows if row.identity not in readable]


@dataclass(frozen=True, slots=True)
class _Making:
    """What every line of one plan is held against."""

    record: BatchRecord
    choices: Choices
    now: datetime
    evidence: Evidence | None
    speaker: Speaker | None
    settle_after: timedelta
    body: Body
    """Makes the body of an order of this batch."""


def _line_of(row: SheetRow, known: dict[str, RowRecord], making: _Making) -> PlanLine:
    if row.payout is None:
        return _line_of_unreadable(row, known.get(f"reference:{row.reference}"))
    identity = keys.identity(row.payout)
    record = known.get(identity)
    if record is None and making.evidence is None:
        # Most rows of a large plan: made at once, without the questions to which there is one answer.
        return _new_line(row.line, identity, row.payout, making)
    line = PlanLine(
        standing=Standing.NEW, name=keys.row_name(identity), line=row.line, payout=row.payout, record=record
    )
    if row.payout.remains is not None and line.record is not None and not line.record.paid_or_open:
        why = "who it was for was purged; run its file again to pay it"
        return replace(line, standing=Standing.LEFT, why=why)
    found = found_elsewhere(identity, line.record, making.evidence)
    if line.record is None:
        if found is not None:
            order = _order(making, identity, found.number, row.payout)
            return replace(line, standing=Standing.FOUND, order=order, why=f"order {found.order_id}")
        return replace(line, order=_order(making, identity, 1, row.payout))
    if found is not None:
        return _line_of_found(line, line.record, row.payout, making, found)
    return _line_of_known(line, line.record, row.payout, making)


def _new_line(line: int, identity: str, payout: Payout, making: _Making) -> PlanLine:
    return PlanLine(
        standing=Standing.NEW,
        name=payout.reference or keys.row_name(identity),
        line=line,
        payout=payout,
        order=_order(making, identity, 1, payout),
    )


def _line_of_found(line: PlanLine, row: RowRecord, payout: Payout, making: _Making, found: Found) -> PlanLine:
    """A row that the ledger knows, whose order only Runa's list has."""
    line = replace(line, standing=Standing.FOUND, why=f"order {found.order_id}")
    latest = row.latest
    if any(attempt.order.number == found.number for attempt in row.attempts):
        # The attempt is there: the evidence gives it its order, whatever this plan says.
        return line
    if latest.state not in UNSENT and not without_order(latest.state):
        return replace(line, standing=Standing.STUCK, why=f"order {found.order_id} is a later attempt of it")
    order = _order(making, row.identity, found.number, payout)
    return replace(line, order=order, withdraws=latest.id if latest.state in UNSENT else None)


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


def _line_of_known(line: PlanLine, row: RowRecord, payout: Payout, making: _Making) -> PlanLine:
    latest = row.latest
    unchanged = same_payment(payout, latest.order.payout)
    if latest.state in UNSENT | {State.WITHDRAWN} and _is_old(latest, making.now):
        return _line_of_old(line, row, payout, making)
    if latest.state is State.WITHDRAWN:
        return replace(line, order=_order(making, row.identity, latest.order.number, payout))
    if latest.state in UNSENT:
        again = _order(making, row.identity, latest.order.number, payout)
        if unchanged and again.body == latest.order.body:
            return replace(line, standing=Standing.UNSENT)
        return replace(line, order=again, withdraws=latest.id, why="changed before it was sent")
    if latest.state in PAID_OR_OPEN:
        if not unchanged:
            return replace(line, standing=Standing.EDITED, why=_edit(row, payout))
        if latest.state in (State.SENT, State.UNKNOWN) and (why := _kept_back(latest, making)) is not None:
            return replace(line, standing=Standing.KEPT, why=why)
        return replace(line, standing=_OPEN_STANDINGS[latest.state], why=latest.error_message or "")
    return _line_of_spent(line, row, payout, making)


def _kept_back(attempt: AttemptRecord, making: _Making) -> str | None:
    """Why an unknown attempt would not be asked about again."""
    if not attempt.sends:
        return None
    speaker = making.speaker or attempt.sends[0].speaker
    return why_not_send(attempt, speaker=speaker, now=making.now, settle_after=making.settle_after)


def _is_old(attempt: AttemptRecord, now: datetime) -> bool:
    """Whether it was sent, and so long ago that its key is never sent again."""
    return bool(attempt.sends) and key_is_old(first_sent((one.sent_at, one.server_at) for one in attempt.sends), now)


def _line_of_old(line: PlanLine, row: RowRecord, payout: Payout, making: _Making) -> PlanLine:
    """Turned away at every send, over 29 days ago: nothing was made, and the key is too old, so it gets another one."""
    latest = row.latest
    why = "turned away before, and its key is over 29 days old"
    if not making.choices.retry:
        return replace(line, standing=Standing.LEFT, why=why)
    number = _next_number(row, making.now)
    if number > keys.MAX_ATTEMPTS:
        return replace(line, standing=Standing.LEFT, why=f"all {keys.MAX_ATTEMPTS} attempts are used")
    order = _order(making, row.identity, number, payout)
    withdraws = latest.id if latest.state in UNSENT else None
    return replace(line, standing=Standing.RETRY, order=order, withdraws=withdraws, why=why)


def _next_number(row: RowRecord, now: datetime) -> int:
    """The attempt after the latest one, past those that were withdrawn and whose keys are too old to be sent."""
    old = {one.order.number for one in row.attempts if _is_old(one, now)}
    number = row.latest.order.number + 1
    while number in old:
        number += 1
    return number


def _line_of_spent(line: PlanLine, row: RowRecord, payout: Payout, making: _Making) -> PlanLine:
    latest, choices = row.latest, making.choices
    reason = f"{latest.state.value.lower()}: {latest.error_type or 'no reason given'}"
    if latest.state is State.ABSENT:
        reason = "its order was never made"
    if not choices.retry:
        return replace(line, standing=Standing.LEFT, why=reason)
    number = _next_number(row, making.now)
    if number > keys.MAX_ATTEMPTS:
        return replace(line, standing=Standing.LEFT, why=f"{reason}; all {keys.MAX_ATTEMPTS} attempts are used")
    if not may_attempt_again([attempt.state for attempt in row.attempts]):
        return replace(line, standing=Standing.STUCK, why="an earlier attempt is not settled")
    order = _order(making, row.identity, number, payout)
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


def _order(making: _Making, identity: str, number: int, payout: Payout) -> PlannedOrder:
    account, batch = making.record.environment.account, making.record.name
    key = keys.idempotency_key(account=account, batch=batch, identity=identity, attempt=number)
    return OrderToBe(identity=identity, number=number, key=key, body=making.body, payout=payout)


def describe(row: RowRecord) -> str:
    """What was paid, or may have been, in a few words: `paid GBP 10.00 to jo@example.com on 2026-11-03`."""
    latest, payout = row.latest, row.latest.order.payout
    words = {State.COMPLETED: "paid", State.ACCEPTED: "being paid"}.get(latest.state, "perhaps paid")
    moment = latest.completed_at or latest.submitted_at
    day = f" on {moment:%Y-%m-%d}" if moment is not None else ""
    who = "somebody whose address was purged" if payout.remains is not None else keys.recipient(payout) or "a link"
    return f"{words} {money.display(payout.amount, payout.currency)} to {who}{day}"


def _edit(row: RowRecord, payout: Payout) -> str:
    old = row.latest.order.payout
    changed = [
        f"{name} {_shown(before)} is now {_shown(after)}"
        for name in ("amount", "currency", "products", "distribution", "email", "recipient_reference", "template")
        if (before := getattr(old, name)) != (after := getattr(payout, name))
        and (old.remains is None or name not in _PURGED)
    ]
    return f"{describe(row)}; {', '.join(changed) or 'it now names another recipient'}"


_PURGED = frozenset({"email", "recipient_reference"})
"""What nobody can tell any more of a row that was purged."""


def _shown(value: object) -> str:
    return "|".join(value) if isinstance(value, tuple) else "empty" if value is None else str(value)


def _problems(lines: Iterable[PlanLine], sheet: Sheet, making: _Making) -> Iterable[Problem]:
    record = making.record
    if not making.choices.skip_invalid:
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
    yield from _never_sent(lines, making)


_EDITED = (
    "Put the row back as it was; if the difference is to be paid as well, add a row for it with a reference of its own."
)
_MISSING = "Put the row back, or run again with --accept-missing if it is gone on purpose."


def _refusal(line: PlanLine, kind: str, message: str, fix: str) -> Problem:
    return Problem(line=line.line, column=None, value=None, message=message, fix=fix, kind=kind)


_FROM_ELSEWHERE = "Try again in some minutes, or say --never-sent if no other machine or copy of the ledger sent it."
_SINCE_BACK_UP = (
    "Try again in some minutes; say --never-sent only if Runa's portal shows that nothing was sent since that back-up."
)


def _never_sent(lines: Iterable[PlanLine], making: _Making) -> Iterable[Problem]:
    """A batch that may have been sent from elsewhere, where no list tells.

    Not one that this ledger sent lately: what it sends again has a key that Runa knows. But a copy that was put back
    may lack a later attempt, beside which none of its keys may be sent, not even to ask.
    """
    record, evidence = making.record, making.evidence
    if making.choices.never_sent or evidence is None or evidence.complete:
        return
    sent_from_here = any(attempt.sends for row in record.rows for attempt in row.attempts)
    first = record.first_confirmed_at
    old = first is not None and key_is_old(first, making.now)
    forgetful = is_forgetful(record, evidence)
    sending = sum(1 for line in lines if line.standing in (ASKING if forgetful else SENDING))
    if sending and (old or forgetful or not sent_from_here):
        orders = "1 order" if sending == 1 else f"{sending} orders"
        was = "was never sent from this ledger"
        if old or forgetful:
            was = "was first confirmed over 29 days ago" if old else f"is older than the back-up {PUT_BACK}"
        yield Problem(
            line=None,
            column=None,
            value=None,
            message=(
                f"Batch {record.name} {was} and would send {orders}, and whether it was sent from elsewhere "
                f"cannot be told: {evidence.why_incomplete}."
            ),
            fix=_SINCE_BACK_UP if forgetful else _FROM_ELSEWHERE,
            kind="old_plan" if old else "never_sent",
        )
