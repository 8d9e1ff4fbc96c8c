"""What follows from the settings: the environment, and the ledger's file."""

from pathlib import Path

import platformdirs

from batcher.model import Environment
from batcher.settings.addresses import file_of_ledger_url
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
