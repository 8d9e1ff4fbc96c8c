"""A file on its way to this machine: bounded, for its owner alone, and there whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from batcher.errors import InboxUnreachable, InputInvalid

MOST_BYTES = 1_000_000_000
"""What a file may have at the most: some ten million rows, and no more than a disk can spare."""

PIECE = 1 << 20
"""How much of a file is held in memory at once."""


class Arriving:
    """What is written piece by piece, and counted."""

    def __init__(self, file: BinaryIO, to: Path, name: str, most_bytes: int) -> None:
        self._file, self._to, self._name, self._most_bytes = file, to, name, most_bytes
        self.size = 0

    def write(self, piece: bytes) -> None:
        """Take one piece more. Raises `InputInvalid` for one too many, `InboxUnreachable` for a full disk."""
        self.size += len(piece)
        refuse_too_large(self._name, self.size, self._most_bytes)
        with _told(self._to):
            self._file.write(piece)


def refuse_too_large(name: str, size: int, most_bytes: int) -> None:
    """Raises `InputInvalid` for more bytes than a file may have."""
    if size > most_bytes:
        raise InputInvalid(
            f"{name} is larger than {most_bytes:,} bytes, the most that is taken from an inbox.",
            "Split it into several sheets.",
        )


@contextmanager
def arriving(to: Path, name: str, most_bytes: int) -> Iterator[Arriving]:
    """A new file beside `to`, which becomes it at the end, and goes if anything comes between.

    Raises `InboxUnreachable` where this machine cannot keep it.
    """
    with _told(to):
        descriptor, beside = tempfile.mkstemp(prefix=".arriving-", dir=to.parent)
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            yield Arriving(file, to, name, most_bytes)
            with _told(to):
                os.fsync(file.fileno())
        with _told(to):
            Path(beside).rename(to)
    finally:
        Path(beside).unlink(missing_ok=True)


@contextmanager
def _told(to: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InboxUnreachable(
            f"{to} cannot be written on this machine ({error.strerror}).",
            "Make room, or mend the rights of its folder.",
        ) from None
