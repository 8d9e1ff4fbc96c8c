"""The results as an Excel workbook: text stays text, our own numbers are numbers, and nothing is ever run."""

import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

import xlsxwriter  # type: ignore[import-untyped]

from batcher import __version__
from batcher.cells import RESULTS_SHEETS
from batcher.errors import UsageError
from batcher.records import BatchRecord
from batcher.results.spreadsheet import MAX_CHARACTERS, MAX_COLUMNS, MAX_LINES, length, new_workbook, set_widths
from batcher.results.summary import Summary, SummaryLine
from batcher.results.table import Cell, ResultsTable, as_text

_EXACT_DIGITS = 15
"""What a spreadsheet keeps of a number; an amount with more is written as text."""
_LOOKED_AT = 200
"""Lines that a column's width is taken from."""
_OTHERWISE = "Write them as csv or parquet (--format, or [results] formats in the config)."


def workbook_of(table: ResultsTable, record: BatchRecord, summary: Summary) -> bytes:
    """The file's bytes: the results in one sheet, what they cost in a second one.

    The same record gives the same bytes. Raises `UsageError` for what a workbook cannot hold.
    """
    _refuse_too_much(table, record)
    file = io.BytesIO()
    # No other time than the record's own.
    workbook = new_workbook(file, f"Results of {record.name}", record.last_confirmed_at)
    pen = _Pen(workbook)
    _write_results(pen, workbook.add_worksheet(RESULTS_SHEETS[0]), table)
    _write_summary(pen, workbook.add_worksheet(RESULTS_SHEETS[1]), record, summary)
    workbook.close()
    return file.getvalue()


class _Pen:
    """Writes cells by their type. Looks of cells are made once."""

    def __init__(self, workbook: xlsxwriter.Workbook) -> None:
        self._workbook = workbook
        self._amounts: dict[tuple[int, bool], object] = {}
        self.bold = workbook.add_format({"bold": True})

    def write(self, sheet: xlsxwriter.worksheet.Worksheet, line: int, place: int, cell: Cell, *, bold: bool) -> None:
        """Write one cell. Only whole numbers and amounts are numbers; whatever else it is, it is text."""
        look = self.bold if bold else None
        if isinstance(cell, Decimal) and len(cell.as_tuple().digits) <= _EXACT_DIGITS:
            # A Decimal goes into the file as it is written: it never is a float on the way.
            sheet.write_number(line, place, cell, self._amount(cell, bold=bold))
        elif isinstance(cell, int):
            sheet.write_number(line, place, cell, look)
        elif text := as_text(cell):
            sheet.write_string(line, place, text, look)

    def _amount(self, amount: Decimal, *, bold: bool) -> object:
        """The look of an amount: with as many decimals as it has."""
        exponent = amount.as_tuple().exponent
        decimals = max(0, -exponent) if isinstance(exponent, int) else 0
        if (decimals, bold) not in self._amounts:
            number = "#,##0" + ("." + "0" * decimals if decimals else "")
            self._amounts[decimals, bold] = self._workbook.add_format({"num_format": number, "bold": bold})
        return self._amounts[decimals, bold]


def _write_results(pen: _Pen, sheet: xlsxwriter.worksheet.Worksheet, table: ResultsTable) -> None:
    for number, line in enumerate([table.headers, *table.lines]):
        for place, cell in enumerate(line):
            pen.write(sheet, number, place, cell, bold=number == 0)
    last_line, last_place = len(table.lines), len(table.headers) - 1
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, last_line, last_place)
    # A reference such as 007 is text on purpose: no green corner for it.
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{MAX_LINES + 1}"})
    looked_at = [table.headers, *table.lines[:_LOOKED_AT]]
    set_widths(sheet, [[as_text(line[place]) for line in looked_at] for place in range(last_place + 1)])


def _write_summary(pen: _Pen, sheet: xlsxwriter.worksheet.Worksheet, record: BatchRecord, summary: Summary) -> None:
    """Whose sums they are comes first: the sheet says of itself that it is none of payouts."""
    lines: list[tuple[Sequence[Cell], bool]] = [
        (("Batch", record.name), False),
        (("Environment", record.environment.label), False),
        (("Written by", f"batcher {__version__}"), False),
        ((), False),
        (("Currency", "Product", "Payouts", "Face value", "Discount", "Fees", "Total paid"), True),
        *((_sums(line), False) for line in summary.lines),
        *((_sums(line), True) for line in summary.totals),
        *(((note,), False) for note in notes(summary)),
    ]
    for number, (line, bold) in enumerate(lines):
        for place, cell in enumerate(line):
            pen.write(sheet, number, place, cell, bold=bold)
    table = [line for line, _ in lines if len(line) > 2]
    set_widths(sheet, [list(map(as_text, cells)) for cells in zip(*table, strict=True)])


def _sums(line: SummaryLine) -> tuple[Cell, ...]:
    amounts: tuple[Cell, ...] = (line.discount, line.fees, line.total)
    told = tuple("not told" if amount is None else amount for amount in amounts)
    return (line.currency, line.product or "all", line.payouts, line.face_value, *told)


def notes(summary: Summary) -> Iterable[str]:
    """What the sums leave open, in sentences."""
    for missing, what in ((summary.without_price, "price"), (summary.without_discount, "discount")):
        if missing:
            yield f"Of {missing} payout{'s' * (missing != 1)} Runa has not told the {what}."


def _refuse_too_much(table: ResultsTable, record: BatchRecord) -> None:
    if len(table.lines) > MAX_LINES or len(table.headers) > MAX_COLUMNS:
        message = f"The results of {record.name} have {len(table.lines):,} lines and {len(table.headers):,} columns"
        raise UsageError(f"{message}; a sheet of a workbook takes {MAX_LINES:,} and {MAX_COLUMNS:,}.", _OTHERWISE)
    for number, line in enumerate([table.headers, *table.lines]):
        for header, cell in zip(table.headers, line, strict=True):
            if isinstance(cell, str) and (count := length(cell)) > MAX_CHARACTERS:
                where = f"The cell of {header[:60]!r} in line {number + 1} of the results of {record.name}"
                message = f"{where} holds {count:,} characters; a cell of a workbook takes {MAX_CHARACTERS:,}."
                raise UsageError(message, _OTHERWISE)
