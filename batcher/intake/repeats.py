"""What stands more than once among more rows than are held: their digests are kept, and too many of them on disk."""

import tempfile
from collections.abc import Iterable
from typing import IO

import numpy as np
import numpy.typing as npt
import pyarrow as pa

HELD = 1_000_000
"""Digests in memory, 8 bytes each; more go to parts on disk, each small enough to be looked at by itself."""
_PARTS = 64

Digests = npt.NDArray[np.int64]
NO_DIGESTS: Digests = np.empty(0, dtype=np.int64)


def digests(texts: pa.StringArray) -> Digests:
    """A number for each text, equal for equal texts; others share one by rare chance, and only in this process."""
    return np.fromiter(map(hash, texts.to_pylist()), dtype=np.int64, count=len(texts))


class Repeats:
    """Gathers digests, and finds those that came more than once."""

    def __init__(self, most: int = HELD) -> None:
        self._most = most
        self._held: list[Digests] = []
        self._count = 0
        self._parts: list[IO[bytes]] = []

    def add(self, more: Digests) -> None:
        """Take some."""
        self._held.append(more)
        self._count += len(more)
        if self._count > self._most:
            self._put_away()

    def found(self) -> Digests:
        """Those that came more than once, in order, each once."""
        if not self._parts:
            return _more_than_once(self._held)
        self._put_away()
        found = []
        for part in self._parts:
            part.seek(0)
            found.append(_more_than_once([np.frombuffer(part.read(), dtype=np.int64)]))
            part.close()
        self._parts = []
        return np.sort(np.concatenate(found))

    def _put_away(self) -> None:
        if not self._parts:
            # No digest tells what it was made of. They are closed once they were read.
            self._parts = [tempfile.TemporaryFile() for _ in range(_PARTS)]  # noqa: SIM115
        held, self._held, self._count = np.concatenate([NO_DIGESTS, *self._held]), [], 0
        into = (held % _PARTS).astype(np.uint8)
        for number, part in enumerate(self._parts):
            part.write(held[into == number].tobytes())


def _more_than_once(some: Iterable[Digests]) -> Digests:
    together = list(some)
    if not together:
        return NO_DIGESTS
    ordered = np.concatenate(together)
    ordered.sort()
    again = ordered[1:] == ordered[:-1]
    again[1:] &= ~again[:-1]  # The first of them will do.
    found: Digests = ordered[1:][again]
    return found
