"""Sealed plans that the desk is to carry out, by their digests; for their owner only.

<ledger>.page/plans/<digest>.json    0600
"""

import re
from pathlib import Path

from batcher import folders
from batcher.assembly.sealing import read_sealed, write_sealed
from batcher.errors import UsageError
from batcher.planning import SealedPlan
from batcher.settings import Settings, ledger_path

_DIGEST = re.compile(r"[0-9a-f]{64}")


def plans_folder(settings: Settings) -> Path:
    """Where every process that works with this ledger looks for them."""
    ledger = ledger_path(settings)
    return ledger.with_name(f"{ledger.name}.page") / "plans"


class Plans:
    """One folder of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._orders: dict[str, int] = {}

    def keep(self, sealed: SealedPlan) -> None:
        """Keep a plan. Raises `UsageError` where that cannot be."""
        folders.private(self._folder)
        write_sealed(sealed, self._folder / f"{sealed.digest}.json")

    def orders(self, digest: str) -> int | None:
        """How many orders a plan would make; `None` for one that is not here. Read once, as a digest never changes."""
        if digest not in self._orders:
            try:
                self._orders[digest] = self.find(digest).orders
            except UsageError:
                return None
        return self._orders[digest]

    def find(self, digest: str) -> SealedPlan:
        """The plan of that digest, which is computed again. Raises `UsageError`."""
        path = self._folder / f"{digest}.json"
        if not _DIGEST.fullmatch(digest) or not path.is_file():
            raise UsageError("This plan is not here any more.", "Look at the sheet again, and confirm it anew.")
        sealed = read_sealed(path)
        if sealed.digest != digest:
            raise UsageError("This plan is another one.", "Look at the sheet again, and confirm it anew.")
        return sealed
