"""All rows of one sheet, whatever they mean: what every reader gives, and everything after looks at."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from batcher.intake.blocks import Block
from batcher.intake.record import Record
from batcher.model import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """All rows of one sheet, whatever they mean."""

    records: Callable[[], Iterator[Record]]
    """Reads them from the first row on; each call begins anew. May raise `InputInvalid` in the middle."""
    blocks: Callable[[int, int], Iterator[Block]] | None = None
    """The rows below the header as columns, for so many columns and from the header's row on, where that is quicker."""
    encoding: str | None = None
    """As Python names it; `None` for a workbook."""
    delimiter: str | None = None
    """`None` for a workbook."""
    sheet: str | None = None
    """Which sheet of the workbook; `None` where the file has no sheets."""
    ends_open: bool = False
    """Whether the last row has no line end: the file may have been cut off in it."""
    left_open: int | None = None
    """The first row of a CSV in which a quote was opened and never closed: where its cell ends is only likely."""
    doubts: tuple[Problem, ...] = ()
    """What is hidden or left out; each has one meaning and is said."""
