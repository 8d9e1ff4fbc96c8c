"""One row's cells before anything is known of them: what every kind of file is read into.

A CSV has nothing but text. A cell of a workbook has a type too, and what its text cannot say is kept beside it: that
it is a number, whose point is a decimal point whatever the column looks like; or why it cannot be taken as it stands.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from batcher.cells import restored


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
