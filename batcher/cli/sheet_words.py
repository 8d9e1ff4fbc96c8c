"""A sheet in words and as JSON, for `check` as for plans: how it was read, rows alike, which catalogue spoke of it.

Nothing of a plan is imported here: a check of a small sheet would wait for that longer than for its rows.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from batcher import money
from batcher.intake.text.csvtext import NAMES
from batcher.model import CheckedSheet

if TYPE_CHECKING:
    from batcher.planning import Alike

NAMED = 5
"""Groups of rows alike that are named on the screen; JSON has all."""


def sheet_in_words(sheet: CheckedSheet) -> str:
    """How the file was read, in one line."""
    delimiter = NAMES.get(sheet.delimiter, repr(sheet.delimiter) if sheet.delimiter else "")
    rows = f"{sheet.rows:,} row{'s' * (sheet.rows != 1)}"
    read = ", ".join(part for part in (sheet.encoding, delimiter) if part)
    sums = money.display_totals(dict(sheet.totals))
    return " ".join(filter(None, (f"{sheet.name}: {rows}, {sums}", read and f"({read})")))


def alike_in_words(alike: "Sequence[Alike]") -> Iterable[str]:
    """One line for each group of rows alike."""
    for group in alike[:NAMED]:
        yield group.words
    if len(alike) > NAMED:
        yield f"… and {len(alike) - NAMED:,} more groups of rows that pay the same to one recipient; --json lists all."


def catalogue_as_json(read_at: datetime | None, now: datetime) -> dict[str, str] | None:
    """Which catalogue rows were held against; `None` for none."""
    if read_at is None:
        return None

    from batcher.planning import age_in_words

    return {"read_at": read_at.isoformat(), "words": f"{age_in_words(read_at, now)}."}
