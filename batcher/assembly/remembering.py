"""What the ledger remembers of Runa, for who asks nobody: no key, no network, and no ledger made."""

from typing import TYPE_CHECKING

from batcher.errors import BatcherError
from batcher.settings import Settings, environment, ledger_path, ledger_url

if TYPE_CHECKING:
    from batcher.records import Catalogue


def file_digests(settings: Settings) -> frozenset[str]:
    """The digests of all files that a batch was ever planned from. Raises `OwnFault` for a damaged ledger."""
    path = ledger_path(settings)
    if not path.is_file() or not path.stat().st_size:
        return frozenset()

    from batcher.ledger import Ledger  # noqa: PLC0415 - as below

    with Ledger(ledger_url(settings)) as ledger:
        return ledger.file_digests()


def remembered_catalogue(settings: Settings) -> "tuple[Catalogue | None, str]":
    """Runa's catalogue as the ledger has it, and what kept it from being read, if anything."""
    path = ledger_path(settings)
    if not path.is_file() or not path.stat().st_size:
        return None, ""

    from batcher.ledger import Ledger  # noqa: PLC0415 - takes long to import, and most sheets are read without one

    try:
        with Ledger(ledger_url(settings)) as ledger:
            return ledger.catalogue(environment(settings)), ""
    except BatcherError as error:
        return None, str(error)
