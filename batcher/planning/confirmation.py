"""What a plan changes in the ledger once somebody has said yes to it."""

from collections.abc import Iterable

from batcher import keys
from batcher.errors import OwnFault
from batcher.planning.plan import Plan
from batcher.records import Confirmation, InvalidLine, RowEntry


def confirmation(plan: Plan, *, confirmed_by: str, sealed: str | None = None) -> Confirmation:
    """Everything that confirming `plan` writes. A plan with problems cannot be confirmed (`OwnFault`).

    `sealed` is the digest of the sealed plan that it carries out, where there is one.
    """
    if plan.problems:
        raise OwnFault("A plan with problems was to be confirmed.")
    return Confirmation(
        environment=plan.environment,
        batch=plan.batch,
        file_name=plan.sheet.name,
        file_digest=plan.sheet.digest,
        columns=plan.sheet.columns,
        choices=plan.choices.as_json()
        | ({"accepted_orders": list(accepted)} if (accepted := plan.accepted_orders) else {})
        | ({"sealed": sealed} if sealed is not None else {}),
        confirmed_by=confirmed_by,
        entries=tuple(_entries(plan)),
        invalid=tuple(_invalid(plan)),
        orders=tuple(line.order for line in plan.lines if line.order is not None),
        withdrawn=tuple(line.withdraws for line in plan.lines if line.withdraws is not None),
    )


def _entries(plan: Plan) -> Iterable[RowEntry]:
    for row, payout in plan.sheet.payouts:
        yield RowEntry(
            identity=keys.identity(payout), line=row.line, cells=row.cells, wanted=keys.content_digest(payout)
        )


def _invalid(plan: Plan) -> Iterable[InvalidLine]:
    for row in plan.sheet.rows:
        if row.payout is None:
            yield InvalidLine(
                line=row.line,
                columns=plan.sheet.columns,
                cells=row.cells,
                reference=row.reference,
                problems=row.problems,
            )
