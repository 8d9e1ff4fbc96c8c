"""Folders for what is nobody else's: ledgers, keys, plans, uploads, results."""

import errno
import os
from pathlib import Path

FOR_OWNER = 0o700


def private(folder: Path) -> None:
    """Make a folder, and whatever is missing above it, each for its owner only; what is there stays as it is.

    `Path.mkdir(parents=True)` would open the upper ones to others. Raises `OSError`.
    """
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=FOR_OWNER, exist_ok=True)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
