"""Files that hold links or people's data: written whole or not at all, for their owner only."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from batcher.cells import neutralised
from batcher.cycles import uncollected
from batcher.errors import OwnFault
from batcher.model import SheetRow
from batcher.records import BatchRecord
from batcher.results import replacing
from batcher.results.mending import Mending
from batcher.results.mending_workbook import workbook_to_mend
from batcher.results.parquet import parquet_of
from batcher.results.summary import summary_of
from batcher.results.table import ResultsTable, as_text, results_table
from batcher.results.workbook import workbook_of

FORMATS = ("csv", "xlsx", "parquet")
"""What results are written as, in the order in which they are written."""


@uncollected()
def write_results(record: BatchRecord, directory: Path, formats: Iterable[str] = ("csv",)) -> tuple[Path, ...]:
    """Write `NAME.csv`, `NAME.xlsx`, `NAME.parquet` anew in `directory`, as `formats` says; gives their paths.

    The folder is made for its owner only, if it is not there. Each file is replaced whole or not at all, in the order
    of `FORMATS`: the CSV, which takes everything, is in its place before a workbook could refuse a cell. Raises
    `UsageError` for what a format cannot hold, and `OwnFault` for what cannot be written.
    """
    table = results_table(record)
    paths = results_paths(record.name, directory, formats)
    for path in paths:
        _put(path, _content(path.suffix[1:], table, record))
    return paths


def results_paths(batch: str, directory: Path, formats: Iterable[str]) -> tuple[Path, ...]:
    """Where the results of a batch lie, in the order of `FORMATS`."""
    wanted = set(formats)
    return tuple(directory / f"{batch}.{word}" for word in FORMATS if word in wanted)


def remove_leftovers(name: str, directory: Path) -> None:
    """Remove what a process that was killed has left of the batch `name` beside its results: half a file, with links.

    Raises `OwnFault` where that fails.
    """
    for word in FORMATS:
        try:
            replacing.remove_leftovers(directory / f"{name}.{word}")
        except OSError as error:
            raise OwnFault(
                f"{error.filename} could not be removed ({error.strerror}).", "Remove it: it may hold links."
            ) from error


def content_of(word: str, record: BatchRecord) -> bytes:
    """What `write_results` would write for one of `FORMATS`."""
    return _content(word, results_table(record), record)


def _content(word: str, table: ResultsTable, record: BatchRecord) -> bytes:
    if word == "xlsx":
        return workbook_of(table, record, summary_of(record))
    if word == "parquet":
        return parquet_of(table, record)
    return _csv_of(table.headers, ([as_text(cell) for cell in line] for line in table.lines))


def write_to_mend(columns: Sequence[str], rows: Iterable[SheetRow], path: Path) -> Path:
    """Write the faulty rows of a sheet with these columns, to be mended: see `batcher.results.mending`.

    A workbook where `path` ends with .xlsx, else a CSV. Raises `UsageError` for what a workbook cannot hold, and
    `OwnFault` where the file cannot be written.
    """
    content = content_to_mend(columns, rows, path.suffix.lower().removeprefix("."))
    return _put(path, content, fix="Mend that, or name another place; the sheet is as it was.")


def content_to_mend(columns: Sequence[str], rows: Iterable[SheetRow], word: str) -> bytes:
    """What `write_to_mend` would write: a workbook for `xlsx`, else a CSV."""
    mending = Mending(columns)
    table = map(mending.row, rows)
    if word == "xlsx":
        return workbook_to_mend(mending, table)
    return _csv_of(mending.headers, (row.all_cells for row in table))


def write_csv(path: Path, headers: Sequence[str], lines: Iterable[Sequence[str]]) -> Path:
    """Replace `path` by a table that a spreadsheet opens by a double click and runs nothing of.

    Raises `OwnFault` where it cannot be written; what was there before is then still there.
    """
    return _put(path, _csv_of(headers, lines))


def _csv_of(headers: Sequence[str], lines: Iterable[Sequence[str]]) -> bytes:
    content = io.BytesIO()
    text = io.TextIOWrapper(content, encoding="utf-8-sig", newline="")
    writer = csv.writer(text)
    writer.writerow([neutralised(header) for header in headers])
    writer.writerows([neutralised(cell) for cell in line] for line in lines)
    text.flush()
    return content.getvalue()


_AGAIN = "Mend that; nothing is lost, `batcher results` writes it again from the ledger."


def _put(path: Path, content: bytes, *, fix: str = _AGAIN) -> Path:
    """Replace the file; raises `OwnFault` where that fails, and what was there before is then still there."""
    try:
        replacing.replace(path, content)
    except OSError as error:
        raise OwnFault(f"{path} could not be written ({error.strerror}).", fix) from error
    return path
