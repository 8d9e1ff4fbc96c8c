"""Where a new API key is put: the system keyring, or a file for its owner only. Never the config."""

import importlib
from pathlib import Path
from typing import Any, Protocol

from pydantic import SecretStr

from batcher.errors import UsageError
from batcher.settings.writing import put_file

_RECOMMENDED = 1
"""What keyring itself takes without being told to: below it are backends that keep nothing, or keep it in the clear."""


class Keyring(Protocol):
    """A place of the system that keeps secrets."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    def get(self, service: str, user: str) -> str | None:
        """What is kept under a service and a user, if anything. Raises `UsageError` where it is locked."""
        ...

    def keep(self, service: str, user: str, secret: SecretStr) -> None:
        """Keep it. Raises `UsageError` where that fails."""
        ...


def system_keyring() -> Keyring | None:
    """The keyring of this machine; `None` where the package is not installed, or has nothing safe to keep it in."""
    try:
        keyring = importlib.import_module("keyring")
    except ModuleNotFoundError:
        return None
    try:
        backend = keyring.get_keyring()
        usable = backend.priority >= _RECOMMENDED
    except (keyring.errors.KeyringError, RuntimeError, ImportError):
        return None  # how a backend says that it cannot work here
    return _SystemKeyring(backend, keyring.errors.KeyringError) if usable else None


class _SystemKeyring:
    def __init__(self, backend: Any, failure: type[Exception]) -> None:
        self._backend = backend
        self._failure = failure
        self.name = str(backend.name)

    def get(self, service: str, user: str) -> str | None:
        try:
            kept: str | None = self._backend.get_password(service, user)
        except self._failure as error:
            raise self._refused(error) from None
        return kept

    def keep(self, service: str, user: str, secret: SecretStr) -> None:
        try:
            self._backend.set_password(service, user, secret.get_secret_value())
        except self._failure as error:
            raise self._refused(error) from None

    def _refused(self, error: Exception) -> UsageError:
        # Only the kind of the error: what a backend says of it may hold what was to be kept.
        return UsageError(
            f"The system keyring ({self.name}) does not open ({type(error).__name__}).",
            "Unlock it and try again, or keep the API key in a file.",
        )


def keep_in_file(path: Path, key: SecretStr, *, replace: bool) -> None:
    """Write a file (0600, in a folder made 0700 if it is not there) with nothing in it but the key.

    Raises `UsageError` where it cannot be written, or is there and is not to be replaced.
    """
    put_file(path, f"{key.get_secret_value()}\n".encode("ascii"), replace=replace, mode=0o600)
