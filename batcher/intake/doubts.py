"""What is odd about a sheet but has one meaning: warnings, never a reason to refuse."""

from collections.abc import Sequence

import pandas as pd

from batcher.intake.amounts import shown
from batcher.intake.encoding import ASSUMED, NAMES
from batcher.intake.header import Header
from batcher.model import Distribution, Problem

_READ_BY_LETTERS = ("reference", "email", "product", "recipient_reference", "template")


def warnings_of(frame: pd.DataFrame, header: Header, encoding: str) -> tuple[Problem, ...]:
    """One warning for each kind of oddness, naming the first row that has it."""
    found = (_settled_marks(frame, header), _unused_recipients(frame, header), _assumed_letters(frame, encoding))
    return tuple(warning for warning in found if warning is not None)


def _settled_marks(frame: pd.DataFrame, header: Header) -> Problem | None:
    rows = frame[frame["amount_settled"]]
    if rows.empty:
        return None
    cell, amount = rows["amount"].iloc[0], shown(rows["amount_read"].iloc[0])
    message = f"The amount {cell} is read as {amount}, as other amounts of its column show what the marks mean"
    return _warning(
        "amount_mark_settled", rows, header, "amount", f"{message}{_and_more(rows)}.", "Check that it is so."
    )


def _unused_recipients(frame: pd.DataFrame, header: Header) -> Problem | None:
    rows = frame[(frame["recipient_reference"] != "") & frame["method"].notna()]
    rows = rows[rows["method"] != Distribution.RECIPIENT]
    if rows.empty:
        return None
    message = f"The recipient reference is not sent, as a delivery by {rows['distribution'].iloc[0]} has none"
    fix = "Leave the cell empty, or deliver to RECIPIENT."
    return _warning(
        "recipient_reference_unused", rows, header, "recipient_reference", f"{message}{_and_more(rows)}.", fix
    )


def _assumed_letters(frame: pd.DataFrame, encoding: str) -> Problem | None:
    """An encoding of one byte a letter is found by how its letters look; where it matters, a person should look too."""
    if encoding not in ASSUMED:
        return None
    for ours in _READ_BY_LETTERS:
        rows = frame[~frame[ours].map(str.isascii).astype(bool)]
        if not rows.empty:
            message = (
                f"The file does not say what its letters are; as {NAMES[encoding]} this reads {rows[ours].iloc[0]}"
            )
            fix = "Check the letters, or save the sheet again as 'CSV UTF-8'."
            line = int(rows["line"].iloc[0])
            return Problem(
                line=line,
                column=None,
                value=None,
                message=f"{message}{_and_more(rows)}.",
                fix=fix,
                kind="encoding_assumed",
            )
    return None


def _warning(kind: str, rows: pd.DataFrame, header: Header, ours: str, message: str, fix: str) -> Problem:
    line, value = int(rows["line"].iloc[0]), str(rows[ours].iloc[0])
    return Problem(line=line, column=header.title(ours), value=value, message=message, fix=fix, kind=kind)


def _and_more(rows: Sequence[object] | pd.DataFrame) -> str:
    more = len(rows) - 1
    return "" if not more else f" (and so in {more:,} more row{'s' if more > 1 else ''})"
