"""What a rule is: the mask of its offenders, with words for each."""

from dataclasses import dataclass

from batcher.intake.masks import Offenders


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that a row must not do."""

    kind: str
    """The stable word that scripts get."""
    column: str | None
    """Ours; `None` where the row as a whole is wrong."""
    offenders: Offenders
    message: str
    fix: str
    even_if_misshapen: bool = False
    """Asked also of rows whose shape is wrong."""
