"""The faulty rows of a sheet as a table of their own: mended there, the table itself is a sheet that can be paid.

A row keeps its own columns and cells exactly as they were read, and beside them stands what is wrong with it. A row
that was refused in its sheet is refused in this table too until it is mended: where its cells alone would no longer
show the mistake, something else keeps it from being taken.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count

from batcher.model import Problem, SheetRow

OUR_COLUMNS = ("line", "problem", "how to mend it")
"""In this order, after the sheet's own; with a number behind where the sheet has a column of such a name itself."""

RELEASE = "clear this cell once the row is mended"
"""Stands beyond the last header in rows whose mistake would not be seen again. A surplus cell is refused by itself."""

MAX_WORDS = 2_000
"""Characters of all that is said of a row, or of a cell: a message may quote a cell of any length."""

_SEEN = frozenset(
    {
        "spreadsheet_error",
        "control_character",
        "totals_row",
        "note_row",
        "header_repeated",
        "second_table",
        "reference_scientific",
        "reference_invisible",
        "reference_too_long",
        "reference_missing",
        "reference_duplicate",
        "reference_lookalike",
        "row_repeated",
        "recipient_repeated",
        "amount_missing",
        "amount_negative",
        "amount_not_a_number",
        "amount_other_currency",
        "amount_zero",
        "amount_too_small",
        "amount_too_large",
        "amount_too_many_decimals",
        "amount_not_whole",
        "amount_above_ceiling",
        "amount_not_of_product",
        "currency_missing",
        "currency_unknown",
        "currency_not_of_product",
        "product_missing",
        "product_malformed",
        "product_repeated",
        "product_template_mixed",
        "product_unknown",
        "product_not_orderable",
        "distribution_missing",
        "distribution_unknown",
        "email_missing",
        "email_invalid",
        "link_without_owner",
        "recipient_reference_missing",
        "recipient_reference_invalid",
        "template_invalid",
    }
)
"""Mistakes that the cells of the row show by themselves, wherever they stand, until they are mended.

Any other might be gone in this file: it lay between the cells, in their types, in other rows, or in what was said.
"""

_NUMBERED = re.compile(r"(.+?)(?: \((\d+)\))?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class MendingRow:
    """One row to be mended."""

    cells: tuple[str, ...]
    """Under the sheet's own columns, as read."""
    told: tuple[str, str, str]
    """Under `OUR_COLUMNS`."""
    notes: Mapping[int, str]
    """By the place of a cell: what is wrong with it, and how to mend it. What the whole row has is beside its line."""
    release: str
    """`RELEASE`, or empty where the mistake can be seen in the cells."""

    @property
    def all_cells(self) -> tuple[str, ...]:
        """The row as it is written."""
        return (*self.cells, *self.told, *([self.release] if self.release else []))


class Mending:
    """The table for a sheet with these columns. Where the sheet is such a table itself, what it says makes way."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._old = _old_places(columns)
        self._kept = tuple(place for place in range(len(columns)) if place not in self._old)
        self.columns = tuple(columns[place] for place in self._kept)
        """The sheet's own, as its file writes them."""
        self.headers = (*self.columns, *_names_beside(self.columns))
        """All of them, in order."""
        self._places = {title.strip(): place for place, title in enumerate(self.columns)}

    def row(self, row: SheetRow) -> MendingRow:
        """One faulty row as it is written."""
        notes: dict[int, list[str]] = {}
        for problem in row.problems:
            place = self._places.get(problem.column or "", len(self.columns))
            notes.setdefault(place, []).append(f"{problem.message} {problem.fix}")
        wrong = " ".join(f"{_where(problem)}{problem.message}" for problem in row.problems)
        fix = " ".join(dict.fromkeys(f"{_where(problem)}{problem.fix}" for problem in row.problems))
        if self._old and any(RELEASE in problem.message for problem in row.problems):
            # Nobody has cleared that cell; what the row was refused for first is the better explanation.
            wrong, fix = (row.cells[self._old[place]] for place in (1, 2))
        return MendingRow(
            cells=tuple(row.cells[place] for place in self._kept),
            told=(str(row.line), _plain(wrong), _plain(fix)),
            notes={place: _plain(" ".join(words)) for place, words in notes.items()},
            release=RELEASE if any(map(_is_unseen, row.problems)) else "",
        )


def _is_unseen(problem: Problem) -> bool:
    return problem.kind not in _SEEN


def _where(problem: Problem) -> str:
    return f"{problem.column}: " if problem.column else ""


def _plain(text: str) -> str:
    """One bounded line without control characters: one that a message quotes would be a mistake of the new file."""
    line = _CONTROL.sub("\ufffd", " ".join(text.split()))
    return line if len(line) <= MAX_WORDS else f"{line[: MAX_WORDS - 1]}…"


def _old_places(columns: Sequence[str]) -> tuple[int, ...]:
    """Where an earlier table's columns of ours stand, and what a spreadsheet has left empty behind them."""
    for place in range(len(columns) - len(OUR_COLUMNS) + 1):
        behind = place + len(OUR_COLUMNS)
        if _are_ours(columns[place:behind]):
            while behind < len(columns) and not columns[behind].strip():
                behind += 1
            return tuple(range(place, behind))
    return ()


def _are_ours(titles: Sequence[str]) -> bool:
    """Whether these are `OUR_COLUMNS`, all with the same number behind or none with any."""
    matches = [_NUMBERED.fullmatch(title.strip().casefold()) for title in titles]
    parts = [(match[1], match[2]) for match in matches if match is not None]
    return tuple(name for name, _ in parts) == OUR_COLUMNS and len({number for _, number in parts}) == 1


def _names_beside(columns: Sequence[str]) -> tuple[str, ...]:
    """`OUR_COLUMNS`, with the first number behind that makes them like no column of the sheet."""
    taken = set(map(_compared, columns))
    numbered = (tuple(f"{name} ({number})" for name in OUR_COLUMNS) for number in count(2))
    return next(names for names in chain([OUR_COLUMNS], numbered) if taken.isdisjoint(map(_compared, names)))


def _compared(title: str) -> str:
    """As headers are compared when a sheet is read: letters and digits, without case."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", title).casefold()))
