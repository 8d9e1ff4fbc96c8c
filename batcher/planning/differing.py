"""What differs between a sealed plan and the same plan made again, in words for the person who wanted to run it."""

from collections.abc import Iterator, Mapping
from typing import Any

from batcher import money
from batcher.model import Environment, Problem
from batcher.planning.plan import Plan, PlanLine
from batcher.planning.sealed import Act, SealedPlan, SealedRow


def settings_that_differ(
    sealed: SealedPlan,
    *,
    environment: Environment,
    api_version: str,
    reading: Mapping[str, Any],
    rules: Mapping[str, Any],
) -> tuple[str, ...]:
    """A sentence for each setting that is another one than when the plan was sealed."""
    told = []
    if sealed.environment != environment:
        told.append(f"It was made for {sealed.environment.label}, and this is {environment.label}.")
    if sealed.api_version != api_version:
        told.append(f"It was made for version {sealed.api_version} of the API, and this is {api_version}.")
    for then, now in ((sealed.reading, reading), (sealed.rules, rules)):
        told += [
            f"{name.replace('_', ' ').capitalize()} was {_shown(then.get(name))}, and is now {_shown(now.get(name))}."
            for name in sorted({*then, *now})
            if then.get(name) != now.get(name)
        ]
    return tuple(told)


def plans_that_differ(sealed: SealedPlan, again: SealedPlan, plan: Plan) -> tuple[Problem, ...]:
    """What of the file, the ledger and the rows is no longer as it was sealed; `again` was made of `plan`.

    Empty exactly where both have one digest.
    """
    if sealed.digest == again.digest:
        return ()
    found = [*_of_file(sealed, again), *_of_ledger(sealed, again), *_of_rows(sealed, again, plan)]
    found = found or [_problem("plan_differs", "What a run would do is no longer what was sealed.")]
    return tuple(found)


def _of_file(sealed: SealedPlan, again: SealedPlan) -> Iterator[Problem]:
    then, now = sealed.file, again.file
    if then.digest != now.digest:
        yield _problem(
            "file_changed", f"{then.name} is no longer the file that was sealed: it was changed, or saved anew."
        )
    elif then != now:
        yield _problem("file_read_otherwise", f"{then.name} is the same file, and is now read in another way.")


def _of_ledger(sealed: SealedPlan, again: SealedPlan) -> Iterator[Problem]:
    if sealed.journal != again.journal:
        yield _problem("ledger_moved_on", f"Something happened to batch {sealed.batch} since its plan was sealed.")
    if sealed.meant.never_sent and not again.meant.never_sent:
        yield _problem(
            "never_sent",
            f"That batch {sealed.batch} was never sent from elsewhere was said before this ledger was put back from a "
            "back-up, or over 29 days ago.",
        )
    for order_id in sorted(set(again.accepted_orders) - set(sealed.accepted_orders)):
        yield _problem(
            "order_without_row", f"Order {order_id} in Runa's list fits no row, and the plan did not know it."
        )


def _of_rows(sealed: SealedPlan, again: SealedPlan, plan: Plan) -> Iterator[Problem]:
    then = {row.key: row for row in sealed.rows}
    now = {row.key: row for row in again.rows}
    for key, row in now.items():
        if key not in then:
            yield _problem(
                "row_not_sealed", f"{_row(row)} {_WOULD[row.act]}, and the plan does not have that.", row.line
            )
        elif (what := _change(then[key], row)) is not None:
            yield _problem("row_changed", f"{_row(row)} {what}.", row.line)
    lines = {line.line: line for line in plan.lines if line.line is not None}
    for key, row in then.items():
        if key not in now:
            line = None if sealed.file.digest != again.file.digest else lines.get(row.line or 0)
            yield _problem("row_not_sent", f"{_row(row)} {_WOULD_NOT[row.act]}{_instead(line)}.", row.line)


_WOULD = {
    Act.SEND: "would now be sent",
    Act.ASK_AGAIN: "would now be asked about again",
    Act.TAKE_BACK: "would now be taken back",
}
_WOULD_NOT = {
    Act.SEND: "would no longer be sent",
    Act.ASK_AGAIN: "would no longer be asked about again",
    Act.TAKE_BACK: "would no longer be taken back",
}


def _change(then: SealedRow, now: SealedRow) -> str | None:
    if then.act is not now.act:
        return _WOULD[now.act]
    if (then.amount, then.currency) != (now.amount, now.currency):
        old, new = money.display(then.amount, then.currency), money.display(now.amount, now.currency)
        return f"would now pay {new}, and not {old}"
    if then.body != now.body:
        return "would now go to another recipient, or with another product, delivery or template"
    return None


def _instead(line: PlanLine | None) -> str:
    return "" if line is None else f": it is {line.standing.value}{f' ({line.why})' if line.why else ''}"


def _row(row: SealedRow) -> str:
    return f"'{row.name}'" if row.name else "This row"


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {what}" for name, what in sorted(value.items())) or "not set"
    return "not set" if value is None or value == "" else str(value)


def _problem(kind: str, message: str, line: int | None = None) -> Problem:
    return Problem(line=line, column=None, value=None, message=message, fix="", kind=kind)
