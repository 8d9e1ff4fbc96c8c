"""The secret that Runa signs its webhooks with: from `RUNA_WEBHOOK_SECRET`, else the system keyring, else a file.

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
    return None if path is None else secret_of_file(path)


def secret_of_file(path: Path) -> SecretStr:
    """The secret in a file. Raises `UsageError` where others can use the file, or where it holds none."""
    secret = secret_in_file(
        path,
        what="The file of the webhooks' secret",
        setting="[webhooks] secret_file",
        instead=f"Use the system keyring or the variable {VARIABLE}.",
        most_bytes=_MAX_LENGTH * 2,
    )
    return _checked(secret, f"in {path}")


def _checked(secret: SecretStr, origin: str) -> SecretStr:
    text = secret.get_secret_value().strip()
    encoded = text.removeprefix(PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        key = b""
    if len(key) < _LEAST_BYTES or len(text) > _MAX_LENGTH:
        raise UsageError(
            f"The secret of Runa's webhooks {origin} is none: it is {PREFIX} and at least 22 signs of base64.",
            "Copy it again from Runa's portal, whole and without anything around it.",
        )
    return SecretStr(text)
