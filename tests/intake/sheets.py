"""Small sheets for tests: rows written to real files, and read back."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings

from batcher.intake import ReadOptions, read_sheet
from batcher.model import Payout, Problem, Sheet

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
"""For properties: a busy machine is no failure, and each example writes its own file over the last."""

HEADER = (
    "Reference",
    "Amount",
    "Currency",
    "Product",
    "Distribution",
    "Email",
    "Recipient reference",
    "Template",
    "Note",
)


def row(reference: str = "R1", **cells: str) -> list[str]:
    """A good row, but for what the test says."""
    good = {
        "reference": reference,
        "amount": "12.50",
        "currency": "GBP",
        "product": "AMZ-GB",
        "distribution": "EMAIL",
        "email": "ann@example.com",
        "recipient_reference": "",
        "template": "",
        "note": "",
    }
    return list((good | cells).values())


def as_text(rows: Sequence[Sequence[str]], *, delimiter: str = ",", line_end: str = "\n") -> str:
    """Rows as a spreadsheet writes them: quotes only where a cell needs them."""
    return "".join(delimiter.join(_cell(cell, delimiter) for cell in cells) + line_end for cells in rows)


def _cell(text: str, delimiter: str) -> str:
    quoted = text.replace('"', '""')
    return f'"{quoted}"' if any(sign in text for sign in (delimiter, '"', "\r", "\n")) else text


def read_text(folder: Path, text: str, **options: Any) -> Sheet:
    """What the reader makes of this text as a UTF-8 file."""
    return read_bytes(folder, text.encode(), **options)


def read_bytes(folder: Path, data: bytes, **options: Any) -> Sheet:
    """What the reader makes of a file of these bytes."""
    path = folder / "sheet.csv"
    path.write_bytes(data)
    return read_sheet(path, ReadOptions(**options))


def read_rows(folder: Path, *rows: Sequence[str], **options: Any) -> Sheet:
    """What the reader makes of these rows under the usual header."""
    return read_text(folder, as_text([HEADER, *rows]), **options)


def payouts(sheet: Sheet) -> list[Payout]:
    """The payouts of a sheet that must have no problem."""
    assert [str(problem) for problem in sheet.problems] == []
    return [payout for _, payout in sheet.payouts]


def kinds(sheet: Sheet) -> list[tuple[int | None, str]]:
    """Line and kind of every problem."""
    return [(problem.line, problem.kind) for problem in sheet.problems]


def only_problem(sheet: Sheet) -> Problem:
    """The one problem of a sheet that must have exactly one."""
    (problem,) = sheet.problems
    return problem
