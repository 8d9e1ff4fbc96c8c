"""What the ledger remembers of Runa, for commands that ask nobody: no key, no network, and no ledger made."""

from typing import TYPE_CHECKING

from batcher.errors import BatcherError

if TYPE_CHECKING:
    from batcher.records import Catalogue
    from batcher.settings import Settings


def remembered_catalogue(settings: "Settings") -> "tuple[Catalogue | None, str]":
    """Runa's catalogue as the ledger has it, and what kept it from being read, if anything."""
    from batcher.settings import environment, ledger_path, ledger_url

    path = ledger_path(settings)
    if not path.is_file() or not path.stat().st_size:
        return None, ""

    from batcher.ledger import Ledger

    try:
        with Ledger(ledger_url(settings)) as ledger:
            return ledger.catalogue(environment(settings)), ""
    except BatcherError as error:
        return None, str(error)
