"""The results as a table: the input's own columns, which are text, then ours, which have their types."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
    "journal",
)
"""In this order, after the input's own."""

Cell = str | int | Decimal | datetime | None
"""`None` is empty, and so is no text at all."""


@dataclass(frozen=True, slots=True)
class ResultsTable:
    """What every format of the results says, each in its own way."""

    inputs: tuple[str, ...]
    """Headers of the input's own columns, no two alike; their cells are text."""
    lines: tuple[tuple[Cell, ...], ...]
    """Under `inputs` and then `OUR_COLUMNS`: the rows of the current file in its order, then those no longer in it."""

    @property
    def headers(self) -> tuple[str, ...]:
        """All headers, in order."""
        return (*self.inputs, *OUR_COLUMNS)


def as_text(cell: Cell) -> str:
    """A cell as it is written where everything is text: amounts with their decimals, moments in UTC to the second."""
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return format(cell, "f")
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(cell)


OVERTAKEN = (
    "This order had failed and came through after the row was changed. What the file says now was not paid: put the "
    "row back as it was, and give what is still to be paid a reference of its own."
)

_NEVER_SENT = {State.PLANNED, State.WITHDRAWN}


def results_table(record: BatchRecord) -> ResultsTable:
    """The results of a batch."""
    sources: list[InvalidLine | RowRecord] = sorted([*record.invalid, *record.rows], key=_place)
    inputs = _input_columns(record.columns, sources)
    kept = _kept(inputs)
    kind, journal = record.environment.kind, record.journal or None
    return ResultsTable(
        inputs=tuple(kept[name] for name in inputs), lines=tuple(_cells(sources, inputs, kind, journal))
    )


def _place(source: InvalidLine | RowRecord) -> tuple[bool, int]:
    """Where it stands: what is no longer in the file comes last."""
    return isinstance(source, RowRecord) and not source.in_file, source.line


def _cells(
    sources: Iterable[InvalidLine | RowRecord], inputs: Sequence[str], environment: str, journal: str | None
) -> Iterable[tuple[Cell, ...]]:
    """A line for each row, and one for each line that could not be read: neither ever stands in for the other.

    Of a large batch only the cells are held, and never all lines as they are made.
    """
    for source in sources:
        line = _row_line(source, environment) if isinstance(source, RowRecord) else _invalid_line(source, environment)
        line.ours["journal"] = journal
        yield (*(line.cells.get(name, "") for name in inputs), *(line.ours[name] for name in OUR_COLUMNS))


class _Line:
    """One line of the results: its own cells by header, and ours by column."""

    def __init__(
        self, *, environment: str, line: int, current: bool, columns: Iterable[str], cells: Iterable[str]
    ) -> None:
        self.line = line
        self.current = current
        self.cells: Mapping[str, str] = dict(zip(columns, cells, strict=False))
        self.ours: dict[str, Cell] = dict.fromkeys(OUR_COLUMNS)
        self.ours["row"] = line if current else None
        self.ours["environment"] = environment


def _input_columns(current: Iterable[str], sources: Iterable[InvalidLine | RowRecord]) -> list[str]:
    """The columns of the current file, then those that only earlier files had."""
    names = dict.fromkeys(current)
    for columns, width in dict.fromkeys(map(_headed, sources)):
        names.update(dict.fromkeys(columns[:width]))
    return list(names)


def _headed(source: InvalidLine | RowRecord) -> tuple[tuple[str, ...], int]:
    """The headers above its cells, and how many cells there are."""
    columns, cells = _shown(source) if isinstance(source, RowRecord) else (source.columns, source.cells)
    return columns, len(cells)


def _shown(row: RowRecord) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Headers and cells: a link stands beside those that its order was made for, whatever a later file has there."""
    attempt = row.latest
    return (attempt.columns, attempt.cells) if row.paid_or_open else (row.columns, row.cells)


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


def _invalid_line(invalid: InvalidLine, environment: str) -> _Line:
    line = _Line(environment=environment, line=invalid.line, current=True, columns=invalid.columns, cells=invalid.cells)
    line.ours |= {
        "status": "INVALID",
        "error_type": invalid.problems[0].kind,
        "error_message": " ".join(str(problem) for problem in invalid.problems),
        "attempts": 0,
    }
    return line


def _row_line(row: RowRecord, environment: str) -> _Line:
    attempt = row.latest
    columns, cells = _shown(row)
    line = _Line(environment=environment, line=row.line, current=row.in_file, columns=columns, cells=cells)
    line.ours |= {
        "status": RESULT_WORDS[attempt.state],
        "order_id": attempt.order_id,
        "redemption_url": attempt.redemption_url,
        "payout_status": attempt.payout_status,
        "expiry_date": attempt.expiry_date,
        "price": attempt.price,
        "error_type": "overtaken" if row.overtaken else attempt.error_type,
        "error_message": OVERTAKEN if row.overtaken else attempt.error_message,
        "attempts": sum(1 for one in row.attempts if one.state not in _NEVER_SENT),
        "idempotency_key": attempt.order.key,
        "submitted_at": attempt.submitted_at,
        "completed_at": attempt.completed_at,
    }
    return line
