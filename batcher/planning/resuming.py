"""What is left of the last confirmed plan, from the ledger alone: no file, no new attempts."""

from dataclasses import replace

from batcher.errors import UsageError
from batcher.model import Sheet, SheetRow
from batcher.planning.plan import Choices
from batcher.records import BatchRecord


def sheet_of(record: BatchRecord) -> Sheet:
    """The last confirmed file, as far as the ledger has it: the rows it had, each as it was last planned.

    Raises `UsageError` where nothing was ever confirmed.
    """
    if record.last_confirmed_at is None:
        raise UsageError(
            f"There is no batch {record.name} in {record.environment.label}.",
            "`batcher status` lists the batches of every environment; `batcher run FILE` begins one.",
        )
    rows = [
        SheetRow(
            line=row.line,
            cells=row.cells,
            payout=row.latest.order.payout,
            reference=row.latest.order.payout.reference,
        )
        for row in record.rows
        if row.in_file
    ]
    rows += [
        SheetRow(line=line.line, cells=line.cells, payout=None, problems=line.problems, reference=line.reference)
        for line in record.invalid
    ]
    return Sheet(
        name=record.file_name or record.name,
        digest="",
        encoding="from the ledger",
        delimiter="",
        columns=record.columns,
        rows=tuple(sorted(rows, key=lambda row: row.line)),
    )


def choices_of(record: BatchRecord) -> Choices:
    """The flags that the last plan was confirmed with, and nothing that it did not say: no new attempt is made."""
    return replace(
        Choices.from_json(record.choices),
        retry=False,
        skip_invalid=True,
        said_at=record.last_confirmed_at,
        orders_known=record.accepted_orders,
        # That it was sent from nowhere else was true when it was said, and a copy of the ledger would say it again.
        never_sent=False,
    )
