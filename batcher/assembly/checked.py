"""A sheet with everything that is known against it: its problems, rows alike, the catalogue as it is remembered.

Planning is imported only for what asks for it: the check of a small sheet would wait for that longer than for its rows.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from batcher.assembly.remembering import remembered_catalogue
from batcher.assembly.sheets import NOTHING_SAID, SaidOfFile, load_for_check, read_options
from batcher.intake import Counted, Surveyed
from batcher.model import CheckedSheet
from batcher.settings import Settings

if TYPE_CHECKING:
    from batcher.planning import Alike
    from batcher.records import Catalogue

TOO_LARGE = "So large a sheet is not held against Runa's catalogue; a plan of it, or of its parts, will be."


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check has found."""

    sheet: CheckedSheet
    alike: "tuple[Alike, ...]"
    """Rows that pay the same to one recipient."""
    catalogue_read_at: datetime | None
    """When Runa was asked for the catalogue that the rows were held against; `None` for none."""
    now: datetime
    notes: tuple[str, ...]
    """What the check could not look at, and why."""


def load_checked(path: Path, settings: Settings, said: SaidOfFile = NOTHING_SAID, *, now: datetime) -> Checked:
    """Check the sheet at `path`, with all its rows in hand only where there is a catalogue to hold them against.

    Raises `InputInvalid` where it cannot be read at all.
    """
    surveyed = load_for_check(path, settings, said)
    if not surveyed.is_small:
        return _counted(surveyed.counted(), now, TOO_LARGE)
    catalogue, why_not = remembered_catalogue(settings)
    if catalogue is not None:
        return _held_against(catalogue, surveyed, settings, said, now)
    return _counted(surveyed.counted(), now, why_not and f"The sheet was not held against Runa's catalogue. {why_not}")


def _counted(counted: Counted, now: datetime, note: str) -> Checked:
    alike: tuple[Alike, ...] = ()
    if counted.likely_alike:
        from batcher.planning import rows_alike

        alike = rows_alike(counted.likely_alike)
    notes = (note,) if note else ()
    return Checked(sheet=counted.sheet, alike=alike, catalogue_read_at=None, now=now, notes=notes)


def _held_against(
    catalogue: "Catalogue", surveyed: Surveyed, settings: Settings, said: SaidOfFile, now: datetime
) -> Checked:
    from batcher.intake.header import resolved
    from batcher.planning import held_against_catalogue, rows_alike

    sheet = surveyed.whole()
    title = resolved(1, sheet.columns, read_options(settings, said)).title
    held = held_against_catalogue(sheet, {row.line for row in sheet.rows}, catalogue, title=title)
    return Checked(
        sheet=CheckedSheet.of(held),
        alike=rows_alike((row.line, payout) for row, payout in held.payouts),
        catalogue_read_at=catalogue.read_at,
        now=now,
        notes=(),
    )
