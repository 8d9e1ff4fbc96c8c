"""A sheet with everything that is known against it: its problems, rows alike, the catalogue as it is remembered."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from batcher.assembly.remembering import remembered_catalogue
from batcher.assembly.sheets import NOTHING_SAID, SaidOfFile, load_for_check, read_options
from batcher.intake.header import resolved
from batcher.model import CheckedSheet
from batcher.planning import Alike
from batcher.planning.alike import rows_alike
from batcher.planning.catalogue import held_against_catalogue
from batcher.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check has found."""

    sheet: CheckedSheet
    alike: tuple[Alike, ...]
    """Rows that pay the same to one recipient."""
    catalogue_read_at: datetime | None
    """When Runa was asked for the catalogue that the rows were held against; `None` for none."""
    now: datetime
    notes: tuple[str, ...]
    """What the check could not look at, and why."""


def load_checked(path: Path, settings: Settings, said: SaidOfFile = NOTHING_SAID, *, now: datetime) -> Checked:
    """Check the sheet at `path`. Raises `InputInvalid` where it cannot be read at all."""
    sheet = load_for_check(path, settings, said)
    if isinstance(sheet, CheckedSheet):
        note = "So large a sheet is not held against Runa's catalogue; a plan of it, or of its parts, will be."
        return Checked(sheet=sheet, alike=(), catalogue_read_at=None, now=now, notes=(note,))
    catalogue, why_not = remembered_catalogue(settings)
    if catalogue is not None:
        title = resolved(1, sheet.columns, read_options(settings, said)).title
        sheet = held_against_catalogue(sheet, {row.line for row in sheet.rows}, catalogue, title=title)
    return Checked(
        sheet=CheckedSheet.of(sheet),
        alike=rows_alike((row.line, payout) for row, payout in sheet.payouts),
        catalogue_read_at=None if catalogue is None else catalogue.read_at,
        now=now,
        notes=(f"The sheet was not held against Runa's catalogue. {why_not}",) if why_not else (),
    )
