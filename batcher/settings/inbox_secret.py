"""The secret by which an inbox lets us in: a file that only its owner can read. It never stands in the config."""

from pydantic import SecretStr

from batcher.settings.inboxes import Inbox
from batcher.settings.secret_places import secret_in_file

_WORDS = {
    "key_file": ("The private key", "Use the ssh agent."),
    "password_file": ("The password file", "Use the ssh agent."),
    "token_file": ("The file of the Google service account", "Use Google's default credentials."),
    "connection_string_file": ("The file of the Azure connection string", "Use account and Azure's credentials."),
}
_MOST_BYTES = 65_536


def load_inbox_secret(name: str, inbox: Inbox) -> SecretStr | None:
    """What the file holds that the inbox of this name names; `None` where it names none. Raises `UsageError`."""
    if inbox.secret_file is None:
        return None
    key, path = inbox.secret_file
    what, instead = _WORDS[key]
    return secret_in_file(path, what=what, setting=f"[inboxes.{name}] {key}", instead=instead, most_bytes=_MOST_BYTES)
