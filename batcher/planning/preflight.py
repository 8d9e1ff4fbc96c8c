"""What is looked at before a plan is confirmed, beside the rows themselves."""

from dataclasses import dataclass
from datetime import datetime

from batcher.model import Problem
from batcher.planning.alike import Alike
from batcher.planning.comparison import Comparison
from batcher.planning.cover import Cover


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """Funds, catalogue, the batch before, and rows alike. What could not be read is a note, and stops nothing."""

    made_at: datetime
    """UTC."""
    covers: tuple[Cover, ...] = ()
    """One for each currency that the plan pays in."""
    catalogue_read_at: datetime | None = None
    """When Runa's catalogue was read that the rows were held against; `None` where there was none."""
    comparison: Comparison | None = None
    """With the batch before; `None` where there is none."""
    alike: tuple[Alike, ...] = ()
    warnings: tuple[Problem, ...] = ()
    """What the catalogue finds doubtful, and other warnings of the sheet."""
    notes: tuple[str, ...] = ()
    """Sentences on what could not be read."""

    @property
    def is_short(self) -> bool:
        """Whether some balance is known to be too small for what would be sent."""
        return any(cover.is_short for cover in self.covers)
