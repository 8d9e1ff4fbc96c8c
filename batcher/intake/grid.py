"""Cells before anything is known of them: what every kind of file is read into, and what everything after looks at.

A CSV has nothing but text. A cell of a workbook has a type too, and what its text cannot say is kept beside it: that
it is a number, whose point is a decimal point whatever the column looks like; or why it cannot be taken as it stands.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from batcher.cells import restored
from batcher.model import Problem

if TYPE_CHECKING:
    from batcher.intake.blocks import Block


@dataclass(frozen=True, slots=True)
class Oddity:
    """Why a cell of a workbook cannot be taken as it is shown. It matters only in a column that batcher reads."""

    kind: str
    """The stable word that scripts get, such as `cell_is_date`."""
    message: str
    """A sentence that names the cell as the spreadsheet does (`D17`)."""
    fix: str


@dataclass(frozen=True, slots=True)
class Record:
    """One row that is not blank."""

    line: int
    """The row as a spreadsheet numbers it: a line end inside a quoted cell does not begin a new one."""
    cells: tuple[str, ...]
    """Exactly as read. The first is column A also where a sheet leaves that one empty."""
    numbers: frozenset[int] = frozenset()
    """Places of cells that hold a number: their text has a decimal point, no exponent and no thousands mark."""
    oddities: Mapping[int, Oddity] = field(default_factory=dict)
    """By place."""
    shown: Mapping[int, str] = field(default_factory=dict)
    """By place: how a number is shown, where that is in other characters than the cell's."""

    @property
    def restored(self) -> "Record":
        """The same without the apostrophes that keep a spreadsheet from running cells; see `batcher.cells`."""
        if not any(cell.startswith("'") for cell in self.cells):
            return self
        return replace(self, cells=tuple(map(restored, self.cells)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """All rows of one sheet, whatever they mean."""

    records: Callable[[], Iterator[Record]]
    """Reads them from the first row on; each call begins anew. May raise `InputInvalid` in the middle."""
    blocks: Callable[[int, int], Iterator["Block"]] | None = None
    """The rows below the header as columns, for so many columns and from the header's row on, where that is quicker."""
    encoding: str | None = None
    """As Python names it; `None` for a workbook."""
    delimiter: str | None = None
    """`None` for a workbook."""
    sheet: str | None = None
    """Which sheet of the workbook; `None` where the file has no sheets."""
    ends_open: bool = False
    """Whether the last row has no line end: the file may have been cut off in it."""
    doubts: tuple[Problem, ...] = ()
    """What is hidden or left out; each has one meaning and is said."""
