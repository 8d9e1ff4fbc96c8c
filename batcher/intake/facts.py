"""What only the whole sheet tells: how its amounts are written, and which rows are there twice."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from batcher.intake.meaning.amounts import Evidence, Reading, judged

_REMEMBERED = 200_000
"""Amounts whose reading is kept; a sheet has few that differ."""


@dataclass(slots=True, kw_only=True)
class Facts:
    """What a row cannot know of itself."""

    delimiter: str | None = None
    """Of the file; `None` for a workbook."""
    amounts: Evidence = field(default_factory=Evidence)
    decimal: str | None = None
    """The decimal mark that a person has said."""
    rows: int = 0
    methods: frozenset[str] = frozenset()
    """The ways of delivery that some row names."""
    unnamed: tuple[int, str] | None = None
    """The first column that has no header but holds something, by its place, and what."""
    reference_peers: Mapping[int, str] = field(default_factory=dict)
    """By line: the other lines with the same reference."""
    reference_lookalikes: Mapping[int, str] = field(default_factory=dict)
    """By line: the lines whose references only look the same."""
    usual_count: int = 0
    """Cells that most rows have."""
    ends_empty: bool = False
    """Whether some row ends in an empty cell: this file writes them, and a row that lacks some lacks something."""
    short_together: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """Which sixteens of rows are all equally short; see `sixteens`."""
    lone_numbers: frozenset[int] = frozenset()
    """Rows of a CSV that are one cell with nothing but a number in it, in a table of several columns."""
    second_header: int | None = None
    """The row of a second header that names other columns; whatever stands below it is no payout of this table."""
    recipient_peers: Mapping[int, str] = field(default_factory=dict)
    """By line: the other lines for the same e-mail address."""
    _read: dict[str, Reading] = field(default_factory=dict, init=False)

    def amount(self, text: str) -> Reading:
        """What an amount's text means in this sheet."""
        reading = self._read.get(text)
        if reading is None:
            reading = judged(text, self.amounts, self.decimal)
            if len(self._read) < _REMEMBERED:
                self._read[text] = reading
        return reading

    @property
    def has_peers(self) -> bool:
        """Whether any row stands more than once."""
        return bool(self.reference_peers or self.reference_lookalikes or self.recipient_peers)
