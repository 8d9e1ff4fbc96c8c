"""An inbox in memory that can be out of reach, full of surprises, or the last thing that a process ever speaks to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from batcher.errors import InboxUnreachable, InputInvalid
from batcher.inboxes import Listed


class PowerCut(BaseException):
    """The process is gone. Nobody in it may catch this."""


@dataclass
class Cutter:
    """Cuts the power at the n-th of the moments that it is asked about."""

    at: int | None = None
    moments: int = 0

    def moment(self) -> None:
        """One of them."""
        self.moments += 1
        if self.moments == self.at:
            raise PowerCut


def _nothing() -> None:
    """Nobody does anything meanwhile."""


@dataclass
class FakeStore:
    """Implements `batcher.inboxes.Store`."""

    files: dict[str, bytes] = field(default_factory=dict)
    folders: dict[str, bytes] = field(default_factory=dict)
    """By folder and name: `archive/payroll.csv`."""
    is_reachable: bool = True
    refuses: str = ""
    """A method that cannot be done, whatever can."""
    most_bytes: int = 1_000_000
    """What a file may have at the most."""
    unreadable: str = ""
    """A file that cannot be fetched."""
    meanwhile: Callable[[], None] = _nothing
    """What others do just after a file was fetched."""
    cutter: Cutter = field(default_factory=Cutter)
    asked: list[str] = field(default_factory=list)
    _marks: dict[str, int] = field(default_factory=dict)
    _written: int = 0

    def write(self, name: str, content: str | bytes) -> None:
        """Somebody sends a file."""
        self._written += 1
        self.files[name] = content.encode() if isinstance(content, str) else content
        self._marks[name] = self._written

    def listed(self) -> list[Listed]:
        """What is there."""
        self._ask("listed")
        written = [(name, len(self.files[name]), self._marks[name]) for name in self.files]
        return [Listed(name=name, size=size, mark=f"{mark}", written_ns=mark) for name, size, mark in written]

    def fetch(self, name: str, to: Path) -> None:
        """Write it to `to`."""
        self._ask("fetch")
        if name not in self.files or name == self.unreadable:
            raise InboxUnreachable(f"{name} cannot be read.")
        if len(self.files[name]) > self.most_bytes:
            raise InputInvalid(f"{name} is too large.")
        assert not to.exists()
        to.write_bytes(self.files[name])
        self.meanwhile()
        self.cutter.moment()

    def put(self, source: Path, *, folder: str, name: str) -> None:
        """Lay it into a folder."""
        self._ask("put")
        self.folders[f"{folder}/{name}"] = source.read_bytes()
        self.cutter.moment()

    def move(self, name: str, *, folder: str, to: str) -> None:
        """Take it into a folder, never over another file."""
        self._ask("move")
        content, there = self.files.get(name), self.folders.get(f"{folder}/{to}")
        if content is None and there is None:
            raise InboxUnreachable(f"{name} is nowhere.")
        if content is not None and there is not None and content != there:
            raise InboxUnreachable(f"{to} is there already.")
        if content is not None:
            self.folders[f"{folder}/{to}"] = self.files.pop(name)
        self.cutter.moment()

    def _ask(self, what: str) -> None:
        self.cutter.moment()
        self.asked.append(what)
        if not self.is_reachable or self.refuses == what:
            raise InboxUnreachable("sftp://us@files.example.com/in does not answer.", "Ask who keeps it.")
