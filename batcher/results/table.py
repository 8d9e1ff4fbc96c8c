"""The results as a table of text: the input's own columns, then ours."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from batcher.records import BatchRecord, InvalidLine, RowRecord
from batcher.states import RESULT_WORDS, State

OUR_COLUMNS = (
    "row",
    "status",
    "order_id",
    "redemption_url",
    "payout_status",
    "expiry_date",
    "price",
    "error_type",
    "error_message",
    "attempts",
    "idempotency_key",
    "submitted_at",
    "completed_at",
)
"""In this order, after the input's own."""

_NEVER_SENT = {State.PLANNED, State.WITHDRAWN}


def results_table(record: BatchRecord) -> tuple[list[str], list[list[str]]]:
    """Headers and lines: the rows of the current file in its order, then those that are no longer in it."""
    lines = sorted(_lines(record), key=lambda line: (not line.current, line.line))
    inputs = _input_columns(record.columns, lines)
    headers = [f"input_{name}" if name in OUR_COLUMNS else name for name in inputs]
    table = [
        [*(line.cells.get(name, "") for name in inputs), *(line.ours[name] for name in OUR_COLUMNS)] for line in lines
    ]
    return [*headers, *OUR_COLUMNS], table


class _Line:
    """One line of the results: its own cells by header, and ours by column."""

    def __init__(self, *, line: int, current: bool, columns: Iterable[str], cells: Iterable[str]) -> None:
        self.line = line
        self.current = current
        self.cells: Mapping[str, str] = dict(zip(columns, cells, strict=False))
        self.ours = dict.fromkeys(OUR_COLUMNS, "")
        self.ours["row"] = str(line) if current else ""


def _input_columns(current: Iterable[str], lines: Iterable[_Line]) -> list[str]:
    """The columns of the current file, then those that only earlier files had."""
    names = dict.fromkeys(current)
    for line in lines:
        names.update(dict.fromkeys(line.cells))
    return list(names)


def _lines(record: BatchRecord) -> Iterable[_Line]:
    rows = {row.identity: row for row in record.rows}
    unreadable = {f"reference:{line.reference}": line for line in record.invalid if line.reference is not None}
    for line in record.invalid:
        row = rows.get(f"reference:{line.reference}")
        if row is None or not row.paid_or_open:
            yield _invalid_line(line)
    for row in record.rows:
        if row.paid_or_open or row.identity not in unreadable:
            yield _row_line(row)


def _invalid_line(invalid: InvalidLine) -> _Line:
    line = _Line(line=invalid.line, current=True, columns=invalid.columns, cells=invalid.cells)
    line.ours |= {
        "status": "INVALID",
        "error_type": invalid.problems[0].kind,
        "error_message": " ".join(str(problem) for problem in invalid.problems),
        "attempts": "0",
    }
    return line


def _row_line(row: RowRecord) -> _Line:
    attempt = row.latest
    line = _Line(line=row.line, current=row.in_file, columns=row.columns, cells=row.cells)
    line.ours |= {
        "status": RESULT_WORDS[attempt.state],
        "order_id": attempt.order_id or "",
        "redemption_url": attempt.redemption_url or "",
        "payout_status": attempt.payout_status or "",
        "expiry_date": attempt.expiry_date or "",
        "price": _amount(attempt.price),
        "error_type": attempt.error_type or "",
        "error_message": attempt.error_message or "",
        "attempts": str(sum(1 for one in row.attempts if one.state not in _NEVER_SENT)),
        "idempotency_key": attempt.order.key,
        "submitted_at": _moment(attempt.submitted_at),
        "completed_at": _moment(attempt.completed_at),
    }
    return line


def _amount(amount: Decimal | None) -> str:
    return "" if amount is None else format(amount, "f")


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
