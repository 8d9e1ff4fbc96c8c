"""Where secrets lie: a file that only its owner can read, and the system keyring. No sentence here repeats one."""

import importlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import cast

from pydantic import SecretStr

from batcher.errors import UsageError

KEYRING_SERVICE = "batcher"

AskKeyring = Callable[[str, str], str | None]
"""Service and user to the password kept there, if any."""


def secret_in_file(path: Path, *, what: str, setting: str, instead: str, most_bytes: int) -> SecretStr:
    """What a regular file holds that only its owner can read, asked of the open file, so that no swap goes between.

    `what` names it in sentences, as in "The API key file"; `setting` is where the file is named, and `instead` says
    what to use where files are not taken. Raises `UsageError`. Of a longer file only the beginning is read.
    """
    if os.name == "nt":
        raise UsageError(f"Who may read a file cannot be checked on Windows, so {setting} is not taken there.", instead)
    named = f"{what} {path} ({setting})"
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe is refused, not waited for
        try:
            mode = os.fstat(descriptor).st_mode
            if not stat.S_ISREG(mode):
                raise UsageError(f"{named} is no regular file.")
            if mode & 0o077:
                raise UsageError(f"{named} can be used by others than its owner.", f"chmod 600 {path}")
            data = os.read(descriptor, most_bytes)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise UsageError(f"{named} cannot be read: {error.strerror}.") from None
    return SecretStr(data.decode("latin-1").strip())


def ask_system_keyring(service: str, user: str) -> str | None:
    """Ask keyring, where it is installed. One that is locked or not there counts as holding nothing."""
    try:
        keyring = importlib.import_module("keyring")
    except ModuleNotFoundError:
        return None
    try:
        return cast("str | None", keyring.get_password(service, user))
    except keyring.errors.KeyringError:
        return None
