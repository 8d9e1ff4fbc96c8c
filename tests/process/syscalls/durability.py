"""What the disk would hold if the power went at a POST: only bytes that were synced before its first byte left.

The ledger's files are made again from a trace, written bytes and synced bytes apart. At every `POST /v2/order` the
synced ones alone are opened with SQLite, and must hold one send of that key for each POST of it, this one included.
"""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.process.syscalls.tracing import Call

CALLS = ("pwrite64", "write", "fsync", "fdatasync", "ftruncate", "unlink", "sendto", "sendmsg")
"""What has to be traced for it, of all threads."""
SHOWN = 5000
"""Of every string: more than a page of the ledger."""

_FILES = ("ledger.sqlite3", "ledger.sqlite3-wal", "ledger.sqlite3-journal")
_KEY = re.compile(rb"x-idempotency-key: *([^\r\n]+)", re.IGNORECASE)
_CREATE = b"POST /v2/order HTTP/"


@dataclass(frozen=True, slots=True)
class Post:
    """One create, at the moment its first byte left."""

    key: str
    nth: int
    """Of this key, in this trace."""
    intent_synced: bool
    """Whether the synced bytes alone hold so many sends of the key."""
    unsynced: int
    """Writes to the ledger that were made, or under way, and not synced then; another row's may be among them."""


def posts(calls: Iterable[Call], scratch: Path, start: Mapping[str, bytes] | None = None) -> list[Post]:
    """Every create of a trace. `start` is what the files held, all synced, when the trace began."""
    disk = _Disk(dict(start or {}))
    seen: Counter[str] = Counter()
    found = []
    for _, call, ends in sorted(_moments(calls), key=lambda moment: moment[0]):
        if not ends and (key := _created(call)) is not None:
            seen[key] += 1
            safe = disk.sends_synced(key, scratch) >= seen[key]
            found.append(Post(key, seen[key], safe, disk.unsynced))
        disk.take(call, ends=ends)
    return found


def violations(found: Iterable[Post], *, strict: bool = False) -> list[str]:
    """What is wrong, in words. `strict`: no byte of the ledger may be unsynced, whosesoever it is."""
    wrong = []
    for post in found:
        if not post.intent_synced:
            wrong.append(f"POST {post.nth} of key {post.key} left before its intent was synced")
        if strict and post.unsynced:
            wrong.append(f"POST {post.nth} of key {post.key} left while {post.unsynced} ledger writes were unsynced")
    return wrong


def files_of(ledger: Path) -> dict[str, bytes]:
    """What the ledger's files hold now, for `start`."""
    return {name: (ledger.parent / name).read_bytes() for name in _FILES if (ledger.parent / name).exists()}


def _moments(calls: Iterable[Call]) -> Iterator[tuple[tuple[int, bool], Call, bool]]:
    """Beginnings and ends. At one moment, ends come first."""
    for call in calls:
        yield (call.began_ns, True), call, False
        yield (call.ended_ns, call.ended_ns == call.began_ns), call, True


def _created(call: Call) -> str | None:
    if call.name not in {"sendto", "sendmsg", "write"} or not call.data.startswith(_CREATE):
        return None
    found = _KEY.search(call.data)
    return "(none)" if found is None else found[1].decode()


class _Disk:
    def __init__(self, start: dict[str, bytes]) -> None:
        self._written = {name: bytearray(content) for name, content in start.items()}
        self._synced = dict(start)
        self._dirty: Counter[str] = Counter()
        self._under_way: dict[int, tuple[bytes, int]] = {}

    @property
    def unsynced(self) -> int:
        return self._dirty.total()

    def take(self, call: Call, *, ends: bool) -> None:
        name = Path(call.path).name
        if name not in _FILES:
            return
        failed = ends and (call.result is None or call.result < 0)
        match call.name:
            case "pwrite64" | "write":
                self._write(call, name, ends=ends, failed=failed)
            case "fsync" | "fdatasync":
                self._sync(call, name, ends=ends, failed=failed)
            case "ftruncate" if ends and not failed:
                self._cut(name, call.numbers[-1])
            case "unlink" if ends and not failed:
                for files in (self._written, self._synced, self._dirty):
                    files.pop(name, None)

    def _write(self, call: Call, name: str, *, ends: bool, failed: bool) -> None:
        if not ends:
            self._dirty[name] += 1
        if not ends or failed:
            return
        assert call.result is not None
        assert len(call.data) >= call.result, "the trace shows too little of a write"
        content, offset = self._written.setdefault(name, bytearray()), call.numbers[-1]
        if len(content) < offset:
            content.extend(bytes(offset - len(content)))
        content[offset : offset + call.result] = call.data[: call.result]

    def _sync(self, call: Call, name: str, *, ends: bool, failed: bool) -> None:
        """What was written when it began is safe when it has ended; not what came in between, and not if it failed."""
        if not ends:
            self._under_way[call.thread] = bytes(self._written.get(name, b"")), self._dirty[name]
            return
        content, dirty = self._under_way.pop(call.thread)
        if not failed:
            self._synced[name] = content
            self._dirty[name] -= dirty

    def _cut(self, name: str, size: int) -> None:
        written = self._written.setdefault(name, bytearray())
        del written[size:]
        self._synced[name] = self._synced.get(name, b"")[:size]

    def sends_synced(self, key: str, scratch: Path) -> int:
        """How often the synced bytes say that the key was to be sent."""
        scratch.mkdir(exist_ok=True)
        for name in (*_FILES, "ledger.sqlite3-shm"):
            (scratch / name).unlink(missing_ok=True)
        for name, content in self._synced.items():
            (scratch / name).write_bytes(content)
        query = "SELECT count(*) FROM sends JOIN attempts ON attempts.id = sends.attempt_id WHERE attempts.key = ?"
        try:
            with closing(sqlite3.connect(scratch / "ledger.sqlite3")) as connection:
                return int(connection.execute(query, (key,)).fetchone()[0])
        except sqlite3.DatabaseError:
            return 0  # no table yet, or no sound file: nothing is safe
