"""What becomes of an object that somebody writes in the middle, decided against a shelf in memory."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from batcher.errors import InboxUnreachable
from batcher.storage import Patience
from batcher.storage.buckets import PIECE, BucketStore, Found, Shelf


class MemoryShelf:
    """Implements `batcher.storage.buckets.Shelf`; before each call, somebody else may have been there."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[int, bytes]] = {}
        self.meanwhile: dict[str, Callable[[], None]] = {}
        self.damages_copies = False

    def write(self, key: str, data: bytes) -> None:
        self.objects[key] = (self.objects.get(key, (0, b""))[0] + 1, data)

    def _now(self, call: str) -> None:
        self.meanwhile.pop(call, lambda: None)()

    async def listed(self, prefix: str) -> list[tuple[str, Found]]:
        return [(key, self._found(key)) for key in self.objects if key.startswith(prefix)]

    async def found(self, key: str) -> Found | None:
        self._now("found")
        return self._found(key) if key in self.objects else None

    def _found(self, key: str) -> Found:
        version, data = self.objects[key]
        return Found(size=len(data), tag=str(version), mark=str(version))

    async def read(self, key: str, found: Found, start: int, end: int) -> bytes:
        self._now("read")
        return self.objects[key][1][start:end]

    async def put(self, source: Path, key: str) -> None:
        self.write(key, source.read_bytes())  # noqa: ASYNC240 - a fake

    async def copy(self, key: str, to: str) -> None:
        data = self.objects[key][1]
        self.write(to, data[:-1] + b"?" if self.damages_copies else data)
        self._now("copy")

    async def remove(self, key: str, found: Found) -> None:
        self._now("remove")
        if self._found(key) != found:
            raise InboxUnreachable("the condition was not met")
        del self.objects[key]


@pytest.fixture
def shelf() -> MemoryShelf:
    shelf = MemoryShelf()
    shelf.write("inbox/a.csv", b"one")
    return shelf


@pytest.fixture
def store(shelf: MemoryShelf) -> BucketStore:
    @asynccontextmanager
    async def connected() -> AsyncIterator[Shelf]:
        yield shelf

    return BucketStore("mem://inbox", "inbox", connected, patience=Patience(), most_bytes=10 * PIECE)


@pytest.mark.parametrize("call", ["copy", "read", "remove"])
def test_what_is_written_during_a_move_is_never_lost(shelf: MemoryShelf, store: BucketStore, call: str) -> None:
    shelf.meanwhile[call] = lambda: shelf.write("inbox/a.csv", b"two")
    with pytest.raises(InboxUnreachable):
        store.move("a.csv", folder="archive", to="a.csv")
    assert shelf.objects["inbox/a.csv"][1] == b"two"


def test_an_original_is_kept_until_its_copy_is_the_same(shelf: MemoryShelf, store: BucketStore) -> None:
    shelf.damages_copies = True
    with pytest.raises(InboxUnreachable, match=r"archive/a.csv in .* holds something else"):
        store.move("a.csv", folder="archive", to="a.csv")
    assert shelf.objects["inbox/a.csv"][1] == b"one"


def test_what_is_written_during_a_fetch_is_told_and_not_kept(
    shelf: MemoryShelf, store: BucketStore, tmp_path: Path
) -> None:
    shelf.meanwhile["read"] = lambda: shelf.write("inbox/a.csv", b"two")
    with pytest.raises(InboxUnreachable, match="was written to while it was read"):
        store.fetch("a.csv", tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_large_object_comes_in_pieces(shelf: MemoryShelf, store: BucketStore, tmp_path: Path) -> None:
    data = b"x" * PIECE + b"y" * PIECE + b"z"
    shelf.write("inbox/b.csv", data)
    store.fetch("b.csv", tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_bytes() == data
    store.move("b.csv", folder="archive", to="b.csv")
    assert shelf.objects["inbox/archive/b.csv"][1] == data


def test_objects_that_stand_for_folders_are_no_files(shelf: MemoryShelf, store: BucketStore) -> None:
    shelf.write("inbox/", b"")
    assert [file.name for file in store.listed()] == ["a.csv"]
