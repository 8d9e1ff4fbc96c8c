"""An inbox as the config has it: what is paid of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """One inbox."""

    name: str
    batch: str | None
    """The name of a file's batch, with `{name}`; `None` where the inbox only serves schedules."""
    ceilings: Mapping[str, Decimal]
    """The most that one file may pay, by currency; one that is left out has 0."""
    results: bool = True
    """Whether the results are laid beside an archived sheet: whoever reads the inbox then reads the links."""
