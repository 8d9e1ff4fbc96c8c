"""A file replaced whole or not at all, for its owner only; and what a write that was killed has left is removed."""

import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path

from batcher import folders


def replace(path: Path, content: bytes) -> None:
    """Write beside the old file first, to the disk, then put that in its place. Raises `OSError`."""
    folders.private(path.parent)
    remove_leftovers(path)
    # mkstemp makes it 0600 from the first moment on.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _lock(descriptor)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def remove_leftovers(path: Path) -> None:
    """Remove what killed writes of this file have left beside it; one that goes on keeps its own. Raises `OSError`."""
    # mkstemp's eight characters: an editor's swap file is none of ours.
    ours = re.compile(rf"\.{re.escape(path.name)}\.[a-z0-9_]{{8}}")
    for left in path.parent.iterdir() if path.parent.exists() else ():
        if ours.fullmatch(left.name):
            _remove_unless_it_is_written(left)


def _remove_unless_it_is_written(path: Path) -> None:
    with suppress(FileNotFoundError, BlockingIOError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            _lock(descriptor)
            path.unlink()
        finally:
            os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Until the file is closed, by whatever end. Raises `BlockingIOError` where somebody else has it."""
    with suppress(ImportError):
        import fcntl  # noqa: PLC0415 - not on Windows

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
