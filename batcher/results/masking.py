"""A batch for those who may see how it stands, and no link."""

from collections.abc import Iterable
from dataclasses import replace

from batcher.model import without_links
from batcher.records import AttemptRecord, BatchRecord, RowRecord


def masked(record: BatchRecord) -> BatchRecord:
    """The same batch without any link: Runa's are left out, and those that stand in a cell are blotted out."""
    return replace(
        record,
        rows=tuple(map(_row, record.rows)),
        invalid=tuple(replace(line, cells=_cells(line.cells)) for line in record.invalid),
    )


def _row(row: RowRecord) -> RowRecord:
    return replace(row, cells=_cells(row.cells), attempts=tuple(map(_attempt, row.attempts)))


def _attempt(attempt: AttemptRecord) -> AttemptRecord:
    message = None if attempt.error_message is None else without_links(attempt.error_message)
    return replace(attempt, redemption_url=None, cells=_cells(attempt.cells), error_message=message)


def _cells(cells: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(without_links, cells))
