"""What follows from the settings: the environment, the ledger's file, and what this version may speak to."""

from pathlib import Path

import platformdirs

from batcher.errors import UsageError
from batcher.model import Environment
from batcher.settings.addresses import file_of_ledger_url, is_loopback
from batcher.settings.sections import Settings


def environment(settings: Settings) -> Environment:
    """Where orders are made, with the account's name."""
    base_url = settings.api.base_url
    account = settings.api.account or Environment(base_url=base_url, account="").kind.lower()
    return Environment(base_url=base_url, account=account)


def ledger_path(settings: Settings) -> Path:
    """The ledger's file: the one that is set, else in the user's data folder. Makes no folder."""
    url = settings.ledger.url
    return file_of_ledger_url(url) if url else platformdirs.user_data_path("batcher") / "ledger.sqlite3"


def ledger_url(settings: Settings) -> str:
    """The ledger as a database address."""
    return f"sqlite:///{ledger_path(settings)}"


def require_reachable_environment(settings: Settings) -> None:
    """Refuse everything but this machine, until evidence from the order list is built. Delete this then."""
    if not is_loopback(settings.api.base_url):
        raise UsageError(
            f"This version cannot yet settle an unknown order by the order list, so it speaks to `batcher sandbox` "
            f"only, not to {settings.api.base_url}.",
            'Start `batcher sandbox` and set base_url = "http://127.0.0.1:8765/v2" under [api].',
        )
