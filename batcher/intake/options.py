"""What the config says about reading a sheet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """Defaults for empty cells, and names for columns that nothing else would recognise."""

    currency: str | None = None
    product: str | None = None
    distribution: str | None = None
    template: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    """Ours to theirs: `{"amount": "Net due"}`. Wins over the names that are known anyway."""
    unused: frozenset[str] = frozenset()
    """Ours that this sheet does not have, where a person has said so, whatever its columns are called."""
    encoding: str | None = None
    """What the bytes of the file are, where a person has said so; else it is found by evidence."""
    delimiter: str | None = None
    """One character, where a person has said it."""
    sheet: str | None = None
    """Which sheet of a workbook, where a person has said it."""
    header_line: int | None = None
    """In which row the columns are named, as a spreadsheet numbers it, where a person has said it."""
    decimal: str | None = None
    """`.` or `,`: the decimal mark of the amounts, where a person has said it; else their column must prove it."""
    same_recipient: str = "allow"
    """What several rows for one e-mail address are: `allow`, `warn` or `error`."""
    ceilings: Mapping[str, Decimal] = field(default_factory=dict)
    """The most that one row may pay, by currency."""
    require_reference: bool = False
    """Whether a row without a reference is a problem."""

    @property
    def defaults(self) -> dict[str, str]:
        """The columns that an empty cell is filled in for, and with what."""
        named = {
            "currency": self.currency,
            "product": self.product,
            "distribution": self.distribution,
            "template": self.template,
        }
        return {ours: text.strip() for ours, text in named.items() if text and text.strip()}
