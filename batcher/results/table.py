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
    "environment",
)
"""In this order, after the input's own."""

OVERTAKEN = (
    "This order had failed and came through after the row was changed. What the file says now was not paid: put the "
    "row back as it was, and give what is still to be paid a reference of its own."
)

_NEVER_SENT = {State.PLANNED, State.WITHDRAWN}


def results_table(record: BatchRecord) -> tuple[list[str], list[list[str]]]:
    """Headers and lines: the rows of the current file in its order, then those that are no longer in it."""
    lines = sorted(_lines(record), key=lambda line: (not line.current, line.line))
    inputs = _input_columns(record.columns, lines)
    kept = _kept(inputs)
    table = [
        [*(line.cells.get(name, "") for name in inputs), *(line.ours[name] for name in OUR_COLUMNS)] for line in lines
    ]
    return [*(kept[name] for name in inputs), *OUR_COLUMNS], table


class _Line:
    """One line of the results: its own cells by header, and ours by column."""

    def __init__(
        self, *, environment: str, line: int, current: bool, columns: Iterable[str], cells: Iterable[str]
    ) -> None:
        self.line = line
        self.current = current
        self.cells: Mapping[str, str] = dict(zip(columns, cells, strict=False))
        self.ours = dict.fromkeys(OUR_COLUMNS, "")
        self.ours["row"] = str(line) if current else ""
        self.ours["environment"] = environment


def _input_columns(current: Iterable[str], lines: Iterable[_Line]) -> list[str]:
    """The columns of the current file, then those that only earlier files had."""
    names = dict.fromkeys(current)
    for line in lines:
        names.update(dict.fromkeys(line.cells))
    return list(names)


def _kept(inputs: Iterable[str]) -> Mapping[str, str]:
    """What each input column is called here: `input_status` for `status`, and no header twice, whatever its case.

    Columns of our names come first; one that is called `input_status` already (a results file, paid again) gives way.
    """
    taken, kept = set(OUR_COLUMNS), dict[str, str]()
    for name in sorted(inputs, key=lambda name: name.strip().casefold() not in OUR_COLUMNS):
        header = name
        while header.strip().casefold() in taken:
            header = f"input_{header}"
        kept[name] = header
        taken.add(header.strip().casefold())
    return kept


def _lines(record: BatchRecord) -> Iterable[_Line]:
    """A line for each row, and one for each line that could not be read: neither ever stands in for the other."""
    for line in record.invalid:
        yield _invalid_line(line, record.environment.kind)
    for row in record.rows:
        yield _row_line(row, record.environment.kind)


def _invalid_line(invalid: InvalidLine, environment: str) -> _Line:
    line = _Line(environment=environment, line=invalid.line, current=True, columns=invalid.columns, cells=invalid.cells)
    line.ours |= {
        "status": "INVALID",
        "error_type": invalid.problems[0].kind,
        "error_message": " ".join(str(problem) for problem in invalid.problems),
        "attempts": "0",
    }
    return line


def _row_line(row: RowRecord, environment: str) -> _Line:
    attempt = row.latest
    # A link stands beside the cells that its order was made for, whatever a later file has in that line.
    columns, cells = (attempt.columns, attempt.cells) if row.paid_or_open else (row.columns, row.cells)
    line = _Line(environment=environment, line=row.line, current=row.in_file, columns=columns, cells=cells)
    line.ours |= {
        "status": RESULT_WORDS[attempt.state],
        "order_id": attempt.order_id or "",
        "redemption_url": attempt.redemption_url or "",
        "payout_status": attempt.payout_status or "",
        "expiry_date": attempt.expiry_date or "",
        "price": _amount(attempt.price),
        "error_type": "overtaken" if row.overtaken else attempt.error_type or "",
        "error_message": OVERTAKEN if row.overtaken else attempt.error_message or "",
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
