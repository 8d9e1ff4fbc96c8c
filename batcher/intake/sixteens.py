"""Rows that Excel has left empty cells out of: sixteen rows at a time, if none of them needs the cell."""

import numpy as np
import numpy.typing as npt

from batcher.intake.arrays import numbers
from batcher.intake.frame import Frame
from batcher.intake.shapes import sixteens

_SEVERAL = 4
"""Rows that say something together."""

Numbers = npt.NDArray[np.int64]


class Sixteens:
    """Gathers, block by block, how many cells the rows of each sixteen have."""

    def __init__(self) -> None:
        self._found: list[tuple[Numbers, Numbers, Numbers, Numbers]] = []
        self._width = 0

    def add(self, frame: Frame) -> None:
        """Look at a block, which may begin and end within a sixteen."""
        self._width = len(frame.header.titles)
        counts: Numbers = numbers(frame.block.counts)
        of_rows = sixteens(frame)  # In order, as lines are.
        begins = np.flatnonzero(np.diff(of_rows, prepend=-1))
        which, sizes = of_rows[begins], np.diff(begins, append=len(of_rows))
        least, most = np.minimum.reduceat(counts, begins), np.maximum.reduceat(counts, begins)
        kept = least < self._width
        # The other part of these is in another block.
        kept[[0, -1]] = True
        self._found.append((which[kept], least[kept], most[kept], sizes[kept]))

    def together(self) -> Numbers:
        """The sixteens of which every row is equally short."""
        if not self._found:
            return np.empty(0, dtype=np.int64)
        which, least, most, sizes = (np.concatenate(parts) for parts in zip(*self._found, strict=True))
        order = np.argsort(which, kind="stable")
        ordered = which[order]
        begins = np.flatnonzero(np.diff(ordered, prepend=-1))
        ids = ordered[begins]
        lowest = np.minimum.reduceat(least[order], begins)
        highest = np.maximum.reduceat(most[order], begins)
        rows = np.add.reduceat(sizes[order], begins)
        alike: Numbers = ids[(lowest == highest) & (highest < self._width) & (rows >= _SEVERAL)]
        return alike
