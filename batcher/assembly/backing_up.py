"""Settings to a copy of the ledger. Nothing is opened as a ledger for that: none is made, and none is migrated."""

from datetime import datetime
from pathlib import Path

from batcher.ledger import LedgerCopy, copy_ledger
from batcher.settings import Settings, ledger_path


def back_up(settings: Settings, to: Path, *, now: datetime) -> LedgerCopy:
    """Copy the ledger that the settings name. Raises as `copy_ledger` does."""
    return copy_ledger(ledger_path(settings), to, now=now)
