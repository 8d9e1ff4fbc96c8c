"""A batch whose file is paid whole: what its next run would say, so that it need not read and plan a million rows."""

from collections.abc import Sequence

from batcher.planning.plan import Plan, Standing
from batcher.records import Finished

FROM_ROWS = 10_000
"""Smaller batches are planned again in a moment, and no event tells of their end."""


def finished(plan: Plan, *, agreements: Sequence[str], list_reading: int) -> Finished | None:
    """What to remember where `plan`, made after the run, has every row of its file paid, and nothing else to say.

    Such a plan depends on nothing but the file, how it is read, and what the ledger has of the batch: no row asks for
    an order, so that neither flags nor clocks nor other batches have a say.
    """
    sheet, paid_at = plan.sheet, plan.last_payment_at()
    whole = all(line.standing is Standing.PAID and not line.why for line in plan.lines)
    nothing_else = not (plan.problems or sheet.problems or plan.accepted_orders)
    if not (sheet.digest and sheet.reading and plan.lines and whole and nothing_else) or paid_at is None:
        return None
    return Finished(
        file_digest=sheet.digest,
        reading=sheet.reading,
        encoding=sheet.encoding,
        delimiter=sheet.delimiter,
        rows=len(plan.lines),
        totals=plan.total(Standing.PAID),
        last_payment_at=paid_at,
        agreements=tuple(agreements),
        list_reading=list_reading,
    )
