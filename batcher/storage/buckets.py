"""A bucket: objects whose names look like paths. What differs between the clouds is behind `Shelf`.

There is no rename. A move copies, holds the copy against the original byte by byte, and only then removes the original,
on the condition that it still is the one that was copied.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from batcher.inboxes import Listed
from batcher.storage import telling
from batcher.storage.arriving import arriving, refuse_too_large
from batcher.storage.names import is_name, one_part, parts_of
from batcher.storage.patience import Patience, carried_out

PIECE = 8 << 20
"""How many bytes are asked for at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An object as it is now."""

    size: int
    tag: str
    """Of its contents: what the service compares where a request holds for this version alone."""
    mark: str
    """What is another one whenever it was written again."""


class Shelf(Protocol):
    """A connection to one bucket. Keys are taken as they are: no pattern, no version and no escape is read in one."""

    async def listed(self, prefix: str) -> list[tuple[str, Found]]:
        """Every key that begins so and has no slash behind that, on however many pages."""
        ...

    async def found(self, key: str) -> Found | None:
        """An object; `None` where there is none of exactly this key."""
        ...

    async def read(self, key: str, found: Found, start: int, end: int) -> bytes:
        """Some bytes of an object, `end` not among them."""
        ...

    async def put(self, source: Path, key: str) -> None:
        """Write an object whole or not at all."""
        ...

    async def copy(self, key: str, to: str) -> None:
        """Copy an object within the service."""
        ...

    async def remove(self, key: str, found: Found) -> None:
        """Remove an object if it still is this one, where the service can tell."""
        ...


class BucketStore:
    """Implements `batcher.inboxes.Store`."""

    def __init__(
        self,
        label: str,
        prefix: str,
        connected: Callable[[], AbstractAsyncContextManager[Shelf]],
        *,
        patience: Patience,
        most_bytes: int,
    ) -> None:
        self._label, self._prefix, self._connected = label, f"{prefix}/" if prefix else "", connected
        self._patience, self._most_bytes = patience, most_bytes

    def listed(self) -> list[Listed]:
        """The objects of the inbox itself; an object that stands for a folder has no name in it."""
        return carried_out(self._listed(), self._label, self._patience)

    def fetch(self, name: str, to: Path) -> None:
        """Copy an object, piece by piece. Raises `InboxUnreachable` for one that is written meanwhile, too."""
        carried_out(self._fetch(one_part(name), to), self._label, self._patience)

    def put(self, source: Path, *, folder: str, name: str) -> None:
        """Lay a file into a folder."""
        key = self._key(*parts_of(folder=folder, name=name))
        carried_out(self._put(source, key), self._label, self._patience)

    def move(self, name: str, *, folder: str, to: str) -> None:
        """Take an object into a folder."""
        target = self._key(*parts_of(folder=folder, name=to))
        carried_out(self._move(one_part(name), target), self._label, self._patience)

    async def _listed(self) -> list[Listed]:
        async with self._connected() as shelf:
            entries = await shelf.listed(self._prefix)
        named = [(key.removeprefix(self._prefix), found) for key, found in entries]
        files = [Listed(name=name, size=found.size, mark=found.mark) for name, found in named if is_name(name)]
        return sorted(files, key=lambda file: file.name)

    async def _fetch(self, name: str, to: Path) -> None:
        key = self._key(name)
        async with self._connected() as shelf:
            found = await shelf.found(key)
            if found is None:
                raise telling.gone(name, self._label)
            refuse_too_large(name, found.size, self._most_bytes)
            with arriving(to, name, self._most_bytes) as taken:
                for start in range(0, found.size, PIECE):
                    taken.write(await shelf.read(key, found, start, min(start + PIECE, found.size)))
                if taken.size != found.size or await shelf.found(key) != found:
                    raise telling.changed(name, self._label)

    async def _put(self, source: Path, key: str) -> None:
        async with self._connected() as shelf:
            await shelf.put(source, key)

    async def _move(self, name: str, target: str) -> None:
        key = self._key(name)
        async with self._connected() as shelf:
            here, there = await shelf.found(key), await shelf.found(target)
            if here is None:
                if there is None:
                    raise telling.gone(name, self._label)
                return
            if there is None:
                await shelf.copy(key, target)
                there = await shelf.found(target)
            if there is None or not await _same(shelf, (key, here), (target, there)):
                raise telling.another(target.removeprefix(self._prefix), self._label)
            if await shelf.found(key) != here:
                raise telling.changed(name, self._label)
            await shelf.remove(key, here)

    def _key(self, *parts: str) -> str:
        return self._prefix + "/".join(parts)


async def _same(shelf: Shelf, one: tuple[str, Found], other: tuple[str, Found]) -> bool:
    size = one[1].size
    if size != other[1].size:
        return False
    for start in range(0, size, PIECE):
        end = min(start + PIECE, size)
        if await shelf.read(*one, start, end) != await shelf.read(*other, start, end):
            return False
    return True
