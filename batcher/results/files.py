"""Files that hold links or people's data: written whole or not at all, for their owner only."""

import csv
import io
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from batcher.cells import neutralised
from batcher.errors import OwnFault
from batcher.model import Problem, Sheet
from batcher.records import BatchRecord
from batcher.results.table import results_table


def write_results(record: BatchRecord, directory: Path) -> Path:
    """Write `NAME.csv` anew in `directory` (made for its owner only, if it is not there); gives its path."""
    headers, lines = results_table(record)
    path = directory / f"{record.name}.csv"
    return write_csv(path, headers, lines)


def write_problems(sheet: Sheet, path: Path) -> Path:
    """Write the sheet's problems as a table: line, column, value, what is wrong, how to mend it."""
    problems: Sequence[Problem] = sheet.problems
    lines = [
        [str(problem.line or ""), problem.column or "", problem.value or "", problem.message, problem.fix, problem.kind]
        for problem in problems
    ]
    return write_csv(path, ["line", "column", "value", "problem", "how to mend it", "kind"], lines)


def write_csv(path: Path, headers: Sequence[str], lines: Iterable[Sequence[str]]) -> Path:
    """Replace `path` by a table that a spreadsheet opens by a double click and runs nothing of.

    Raises `OwnFault` where it cannot be written; what was there before is then still there.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([neutralised(header) for header in headers])
    writer.writerows([neutralised(cell) for cell in line] for line in lines)
    try:
        _replace(path, text.getvalue().encode("utf-8-sig"))
    except OSError as error:
        raise OwnFault(
            f"{path} could not be written ({error.strerror}).",
            "Mend that; nothing is lost, `batcher results` writes it again from the ledger.",
        ) from error
    return path


def _replace(path: Path, content: bytes) -> None:
    """Beside the old file first, to the disk, then in its place."""
    if not path.parent.exists():
        path.parent.mkdir(parents=True, mode=0o700)
    # mkstemp makes it 0600 from the first moment on.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
