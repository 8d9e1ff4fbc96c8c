"""What the reader promises of any file whatever: held against a second reader, and told as sentences.

A file is read, or refused in words. No row is lost between its bytes and the payouts, each payout is what its own row
says, and what had two meanings is never settled without a word.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from batcher import keys
from batcher.errors import InputInvalid, UsageError
from batcher.intake import Outline, ReadOptions, read_outline, read_sheet
from batcher.intake.record import Record
from batcher.model import Payout, Problem, Sheet, SheetRow
from tests.intake.second_reader import Broken, Row, Style, possible_amounts, rows_of, unguarded


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file; anything but these is a traceback."""

    outline: Outline | InputInvalid | UsageError
    sheet: Sheet | InputInvalid | UsageError

    @property
    def paid(self) -> int:
        """How many rows would be paid."""
        return len(self.sheet.payouts) if isinstance(self.sheet, Sheet) else 0


def outcome_of(path: Path, options: ReadOptions) -> Outcome:
    """Both readings of the file, or why there is none."""
    outline: Outline | InputInvalid | UsageError
    sheet: Sheet | InputInvalid | UsageError
    try:
        outline = read_outline(path, options)
    except (InputInvalid, UsageError) as error:
        outline = error
    try:
        sheet = read_sheet(path, options)
    except (InputInvalid, UsageError) as error:
        sheet = error
    return Outcome(outline, sheet)


def broken(path: Path, options: ReadOptions, outcome: Outcome | None = None) -> list[str]:
    """Every promise that is not kept for this file; exceptions that are no refusals come out as they are."""
    found = outcome or outcome_of(path, options)
    said = [*_of_words(found.outline), *_of_words(found.sheet)]
    if isinstance(found.sheet, Sheet):
        said += _of_rows(found.sheet)
    if isinstance(found.outline, Outline):
        records = list(found.outline.records)
        said += _of_division(found.outline, records, path.read_bytes())
        if isinstance(found.sheet, Sheet):
            said += _of_both(found.outline, records, found.sheet)
            said += _of_payouts(found.outline, records, found.sheet, options)
    elif isinstance(found.sheet, Sheet):
        said.append("the sheet is read although its table is refused")
    return said


def _of_words(outcome: Outline | Sheet | InputInvalid | UsageError) -> Iterator[str]:
    if isinstance(outcome, UsageError):
        return
    if isinstance(outcome, InputInvalid):
        if len(outcome.problems) != 1 or outcome.problems[0].message != outcome.message:
            yield f"a refusal says {outcome.message!r} and has the problems {outcome.problems!r}"
        problems: Iterable[Problem] = outcome.problems
    elif isinstance(outcome, Outline):
        problems = outcome.doubts
    else:
        problems = [*outcome.warnings, *outcome.problems]
    for problem in problems:
        if not (problem.message.strip() and problem.fix.endswith(".") and problem.message.endswith((".", ".)"))):
            yield f"a problem is not told in sentences: {problem!r}"
        if problem.line is not None and problem.line < 1:
            yield f"a problem names no line: {problem!r}"
        if not problem.kind:
            yield f"a problem is of no kind: {problem!r}"


def _of_rows(sheet: Sheet) -> Iterator[str]:
    lines = [row.line for row in sheet.rows]
    if sorted(set(lines)) != lines:
        yield f"the rows are not in the order of different lines: {lines}"
    for row in sheet.rows:
        if (row.payout is None) is not bool(row.problems):
            yield f"row {row.line} is not either a payout or a problem"
        if any(problem.line != row.line for problem in row.problems):
            yield f"row {row.line} is told a problem of another: {row.problems!r}"
        if len(row.cells) != len(sheet.columns):
            yield f"row {row.line} has {len(row.cells)} cells for {len(sheet.columns)} columns"
    identities = [keys.identity(payout) for _, payout in sheet.payouts]
    if len(set(identities)) < len(identities):
        yield "two payouts have one identity"


def _of_both(outline: Outline, records: list[Record], sheet: Sheet) -> Iterator[str]:
    if [record.line for record in records] != [row.line for row in sheet.rows]:
        yield f"rows {[row.line for row in sheet.rows]} came of the records {[record.line for record in records]}"
    if (sheet.header_line, sheet.columns) != (outline.header.line, outline.header.titles):
        yield "the sheet has another header than its outline"
    width = len(sheet.columns)
    for record, row in zip(records, sheet.rows, strict=False):
        if tuple(map(unguarded, record.cells[:width])) != row.cells:
            yield f"row {row.line} is {row.cells} and was read as {record.cells}"
        if any(cell.strip() for cell in record.cells[width:]) and row.payout is not None:
            yield f"row {row.line} would be paid without its surplus cells {record.cells[width:]}"


def _of_division(outline: Outline, records: list[Record], data: bytes) -> Iterator[str]:
    """Whether the second reader finds the same cells in the same rows, each of them told."""
    if outline.encoding is None or outline.delimiter is None:
        return
    text = data.decode(outline.encoding).removeprefix("\ufeff").removesuffix("\x1a")
    read = {outline.header.line: outline.header.titles} | {record.line: record.cells for record in records}
    above = {record.line: record.cells for record in outline.table.above}
    if above and not any(doubt.kind == "rows_above_header" for doubt in outline.doubts):
        yield f"nothing is said of the rows {sorted(above)} above the header"
    seen = _trimmed((read | above).items())
    sign = outline.delimiter[:1]
    if any(doubt.kind == "quote_taken_as_text" for doubt in outline.doubts):
        # What the second reader refuses was read by the width of rows: all that is written must be there all the same.
        if _letters("".join(cell for _, cells in seen for cell in cells), sign) != _letters(text, sign):
            yield f"the rows are {seen}, and the text has other letters"
        return
    if outline.delimiter.startswith(sign * 2):
        seen = [(line, _between(cells)) for line, cells in seen]
    witnessed = [_without_declaration(rows, sign) for rows in _readings(text, sign)]
    if seen not in witnessed:
        yield f"the rows are {seen} and the second reader has {witnessed[:1]}"


def _between(cells: tuple[str, ...]) -> tuple[str, ...]:
    """The cells with an empty one between any two: so a delimiter of two signs is read by whoever knows of one."""
    return tuple(part for cell in cells for part in (cell, ""))[:-1]


def _letters(text: str, delimiter: str) -> str:
    """A text without quotes, guards and all that stands between cells."""
    return re.sub(rf"\Asep=.|[\"'\s{re.escape(delimiter)}]", "", text)


def _readings(text: str, delimiter: str) -> Iterator[list[Row]]:
    """The text in the style of RFC 4180, and in the others that it gives cause for."""
    styles = [Style(delimiter)]
    if '\\"' in text or f"\\{delimiter}" in text:
        styles.append(Style(delimiter, escape="\\"))
    if f"{delimiter} " in text:
        styles.append(Style(delimiter, skips_blanks=True))
    if "'" in text:
        styles.append(Style(delimiter, quote="'"))
        styles.append(Style(delimiter, quote="'", escape="\\"))
    if text.startswith("`"):
        styles.append(Style(delimiter, quote="`"))
    for style in styles:
        try:
            yield rows_of(text, style)
        except Broken:
            continue


def _without_declaration(rows: list[Row], delimiter: str) -> list[Row]:
    line, cells = rows[0] if rows else (0, ())
    said = "".join(cells).strip('"').casefold()
    declares = line == 1 and cells[:1] != ("",) and said in ("sep=", f"sep={delimiter}")
    return _trimmed(rows[1:] if declares else rows)


def _trimmed(rows: Iterable[Row]) -> list[Row]:
    """In order of lines, without guards and without empty cells at the end."""
    found = []
    for line, cells in sorted(rows):
        kept = [unguarded(cell) for cell in cells]
        while kept and not kept[-1]:
            kept.pop()
        found.append((line, tuple(kept)))
    return found


def _of_payouts(outline: Outline, records: list[Record], sheet: Sheet, options: ReadOptions) -> Iterator[str]:
    settled = any(warning.kind == "amount_mark_settled" for warning in sheet.warnings)
    for record, row in zip(records, sheet.rows, strict=False):
        if row.payout is not None:
            yield from _of_payout(row, row.payout, outline, options)
            yield from _of_amount(record, row.payout.amount, outline, settled or options.decimal is not None)


def _of_amount(record: Record, amount: Decimal, outline: Outline, is_settled: bool) -> Iterator[str]:
    place = outline.header.places["amount"]
    cell = record.cells[place]
    possible = frozenset({Decimal(cell)}) if place in record.numbers else possible_amounts(cell)
    if amount not in possible:
        yield f"A WRONG AMOUNT: row {record.line} would be paid {amount}, and its cell is {cell!r}"
    elif len(possible) > 1 and not is_settled:
        yield f"row {record.line} is paid {amount} of {cell!r}, which may be another amount, and nothing is said"


def _of_payout(row: SheetRow, payout: Payout, outline: Outline, options: ReadOptions) -> Iterator[str]:
    """Whether who and what is paid stands in the row itself."""

    def cell(ours: str) -> str:
        place = outline.header.places.get(ours)
        return (row.cells[place].strip() if place is not None else "") or options.defaults.get(ours, "")

    if (payout.reference or "") != unicodedata.normalize("NFC", cell("reference")).strip():
        yield f"row {row.line} has the reference {payout.reference!r}, and its cell is {cell('reference')!r}"
    if payout.currency != cell("currency").upper():
        yield f"row {row.line} is paid in {payout.currency}, and its cell is {cell('currency')!r}"
    if sorted(payout.products) != sorted(part.strip() for part in cell("product").split("|")):
        yield f"row {row.line} is paid by {payout.products}, and its cell is {cell('product')!r}"
    local, _, domain = (payout.email or "").partition("@")
    if payout.email and (local.casefold() not in cell("email").casefold() or "@" not in cell("email") or not domain):
        yield f"row {row.line} goes to {payout.email}, and its cell is {cell('email')!r}"
