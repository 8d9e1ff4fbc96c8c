"""The secrets of webhooks, Runa's and ours, and the addresses of notifications: variables, the keyring, or files.

Like the API key it is wrapped as soon as it is read, and never stands in the config.
"""

import base64
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from batcher.errors import UsageError
from batcher.settings.api_key import keyring_user
from batcher.settings.secret_places import KEYRING_SERVICE, AskKeyring, ask_system_keyring, secret_in_file
from batcher.settings.sections import Settings
from batcher.settings.wiring import environment

VARIABLE = "RUNA_WEBHOOK_SECRET"
NOTIFY_VARIABLE = "NOTIFY_WEBHOOK_SECRET"
ADDRESSES_VARIABLE = "APPRISE_URLS"
PREFIX = "whsec_"
_LEAST_BYTES = 16
"""What is shorter could be guessed."""
_MAX_LENGTH = 1024


def load_webhook_secret(
    settings: Settings, environ: Mapping[str, str], *, ask_keyring: AskKeyring | None = None
) -> SecretStr | None:
    """The secret; `None` where there is none, and webhooks are not taken. Raises `UsageError` for what is none."""
    user = f"webhooks:{keyring_user(environment(settings))}"
    if VARIABLE in environ:
        return _checked(SecretStr(environ[VARIABLE]), f"in the variable {VARIABLE}")
    kept = (ask_keyring or ask_system_keyring)(KEYRING_SERVICE, user)
    if kept is not None:
        return _checked(SecretStr(kept), f"in the system keyring ({KEYRING_SERVICE}, {user})")
    path = settings.webhooks.secret_file
    return (
        None
        if path is None
        else secret_of_file(
            path,
            setting="[webhooks] secret_file",
            instead=f"Use the system keyring or the variable {VARIABLE}.",
        )
    )


def load_notify_secret(settings: Settings, environ: Mapping[str, str]) -> SecretStr:
    """What our own webhooks are signed with. Raises `UsageError` where there is none."""
    if NOTIFY_VARIABLE in environ:
        return _checked(SecretStr(environ[NOTIFY_VARIABLE]), f"in the variable {NOTIFY_VARIABLE}")
    path = settings.notifications.secret_file
    if path is None:
        raise UsageError(
            "There is no secret to sign notifications with, and [notifications] webhook_url is set.",
            f"Set the variable {NOTIFY_VARIABLE}, or name a file that only you can read as secret_file beside it.",
        )
    return secret_of_file(path, setting="[notifications] secret_file", instead=f"Use the variable {NOTIFY_VARIABLE}.")


def load_notify_addresses(settings: Settings, environ: Mapping[str, str]) -> list[SecretStr]:
    """Apprise's addresses, each a secret. Raises `UsageError` where others can read their file."""
    path = settings.notifications.addresses_file
    if ADDRESSES_VARIABLE in environ:
        text = environ[ADDRESSES_VARIABLE]
    elif path is not None:
        text = secret_in_file(
            path,
            what="The file of addresses for notifications",
            setting="[notifications] addresses_file",
            instead=f"Use the variable {ADDRESSES_VARIABLE}.",
            most_bytes=65_536,
        ).get_secret_value()
    else:
        return []
    lines = (line for line in text.splitlines() if not line.strip().startswith("#"))
    return [SecretStr(address) for line in lines for address in line.split()]


def secret_of_file(path: Path, *, setting: str, instead: str) -> SecretStr:
    """The secret in a file. Raises `UsageError` where others can use the file, or where it holds none.

    `setting` is where the file is named, and `instead` says what to use where files are not taken.
    """
    secret = secret_in_file(
        path, what="The file of a webhook's secret", setting=setting, instead=instead, most_bytes=_MAX_LENGTH * 2
    )
    return _checked(secret, f"in {path} ({setting})")


def _checked(secret: SecretStr, origin: str) -> SecretStr:
    text = secret.get_secret_value().strip()
    encoded = text.removeprefix(PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        key = b""
    if len(key) < _LEAST_BYTES or len(text) > _MAX_LENGTH:
        raise UsageError(
            f"The secret of webhooks {origin} is none: it is {PREFIX} and at least 22 signs of base64.",
            "Copy it again, whole and without anything around it.",
        )
    return SecretStr(text)
