"""References that lost the zeros in front, as a spreadsheet takes them off: `0123` comes back as `123`.

Nobody but the ledger knows what a reference looked like before. A row is never given its zeros back: it is told.
"""

from collections.abc import Iterable

from batcher.model import Problem, Sheet
from batcher.records import BatchRecord


def bare(reference: str | None) -> str:
    """A reference of digits without the zeros in front; empty for any other."""
    if reference is None or not (reference.isascii() and reference.isdigit()):
        return ""
    return reference.lstrip("0")


def lost_zeros(reference: str | None, earlier: str | None) -> bool:
    """Whether `reference` is `earlier` without some of the zeros in front."""
    shorter = reference is not None and earlier is not None and len(reference) < len(earlier)
    return shorter and bool(bare(reference)) and bare(reference) == bare(earlier)


def zeros_lost_since(sheet: Sheet, before: BatchRecord) -> tuple[Problem, ...]:
    """A warning where references of the sheet are those of the batch before without their zeros; none else."""
    padded = _padded(row.latest.order.payout.reference for row in before.rows)
    found = [
        (row.line, row.reference, padded[bare(row.reference)])
        for row in sheet.rows
        if row.reference and lost_zeros(row.reference, padded.get(bare(row.reference)))
    ]
    if not found:
        return ()
    line, reference, earlier = found[0]
    more = f" (and so in {len(found) - 1:,} more row{'s' * (len(found) > 2)})" if len(found) > 1 else ""
    message = (
        f"The reference {reference} was {earlier} in batch {before.name}: a spreadsheet may have taken its zeros off"
    )
    return (
        Problem(
            line=line,
            column=None,
            value=reference,
            message=f"{message}{more}.",
            fix="Set the column to 'Text' and enter the references again, or go on if they are new ones.",
            kind="reference_zeros_lost",
        ),
    )


def _padded(references: Iterable[str | None]) -> dict[str, str]:
    """Earlier references that begin with a zero, by their digits without it."""
    return {bare(reference): reference for reference in references if reference is not None and reference[:1] == "0"}
