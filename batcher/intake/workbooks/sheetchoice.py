"""Which sheet of a workbook holds the payouts: the one that somebody names, or the only one that can be meant."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from batcher.cells import LISTS_SHEET, RESULTS_SHEETS
from batcher.intake.refusal import listed, refusal
from batcher.model import Problem


@dataclass(frozen=True, slots=True)
class SheetEntry:
    """A sheet of cells as the workbook lists it. Sheets of charts or macros are none."""

    name: str
    part: str
    """Where its cells are; what that means is the format's."""
    hidden: bool


def chosen(
    sheets: Sequence[SheetEntry], asked: str | None, file: str, has_content: Callable[[SheetEntry], bool]
) -> tuple[SheetEntry, tuple[Problem, ...]]:
    """The sheet to read, and what is said of the others. Raises `InputInvalid` where it is not one for certain."""
    if asked is not None:
        sheet = _named(sheets, asked, file)
        return sheet, _doubt_of_hidden([sheet] if sheet.hidden else [], "is hidden, and read as it was asked for")
    visible = [sheet for sheet in sheets if not sheet.hidden]
    hidden = [sheet for sheet in sheets if sheet.hidden and sheet.name != LISTS_SHEET]
    filled = [sheet for sheet in visible if has_content(sheet)]
    if len(filled) > 1:
        raise _ambiguous(filled, file)
    if filled:
        return filled[0], _doubt_of_hidden(hidden, "is hidden, and is not read")
    if any(has_content(sheet) for sheet in hidden):
        message = f"All that {file} holds is in hidden sheets: {_quoted(hidden)}."
        raise refusal("sheet_hidden_only", message, "Show the sheet and save the file, or name it with --sheet NAME.")
    raise refusal("file_empty", f"{file} is empty.", "Save the sheet again and check that it holds the payouts.")


def _named(sheets: Sequence[SheetEntry], asked: str, file: str) -> SheetEntry:
    exact = [sheet for sheet in sheets if sheet.name == asked]
    alike = exact or [sheet for sheet in sheets if sheet.name.casefold() == asked.strip().casefold()]
    if len(alike) == 1:
        return alike[0]
    message = f"{file} has no sheet {asked!r}; it has {_quoted(sheets) or 'none'}."
    raise refusal("sheet_unknown", message, "Name one of them with --sheet NAME.")


def _ambiguous(filled: Sequence[SheetEntry], file: str) -> Exception:
    message = f"{file} has {len(filled)} sheets with something in them: {_quoted(filled)}."
    ours = [sheet.name for sheet in filled] == list(RESULTS_SHEETS)
    fix = f"If these are batcher's own results, the rows are in the first: say --sheet {filled[0].name}."
    return refusal("sheet_ambiguous", message, fix if ours else "Say which holds the payouts with --sheet NAME.")


def _doubt_of_hidden(sheets: Sequence[SheetEntry], what: str) -> tuple[Problem, ...]:
    if not sheets:
        return ()
    message = f"{'Sheet' if len(sheets) == 1 else 'Each of the sheets'} {_quoted(sheets)} {what}."
    fix = "Check that no payout is missed there." if "not" in what else "Check that it is the sheet that is meant."
    return (Problem(line=None, column=None, value=None, message=message, fix=fix, kind="sheets_hidden"),)


def _quoted(sheets: Sequence[SheetEntry]) -> str:
    return listed([repr(sheet.name) for sheet in sheets])
