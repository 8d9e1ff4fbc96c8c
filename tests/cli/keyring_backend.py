"""A keyring for a process that tests start: named by PYTHON_KEYRING_BACKEND, it keeps what it is given in a file."""

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend

FILE = "BACKEND_OF_TESTS_FILE"
"""The variable that names the file."""


class Keyring(KeyringBackend):
    """As good as a system's own, to whoever asks for its priority."""

    priority = 5
    name = "Tests"

    def get_password(self, service: str, username: str) -> str | None:
        return _kept().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        Path(os.environ[FILE]).write_text(json.dumps(_kept() | {f"{service}/{username}": password}))


def _kept() -> dict[str, str]:
    path = Path(os.environ[FILE])
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    return kept
