"""The place of an inbox as the config has it, opened."""

from collections.abc import Mapping

from batcher.inboxes import Store
from batcher.settings import load_inbox_secret
from batcher.settings.inboxes import Inbox
from batcher.storage import open_store


def store_of(name: str, inbox: Inbox, environ: Mapping[str, str]) -> Store:
    """The store of the inbox of this name; nothing is asked of it yet.

    Raises `UsageError` where its secret cannot be read, or a package that it needs is not installed.
    """
    return open_store(inbox.place, load_inbox_secret(name, inbox), environ)
