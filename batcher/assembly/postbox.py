"""One inbox and its folder on this machine: what is fetched from it, and what is laid into it.

<ledger>.inboxes/NAME/<digest>.csv             what was taken, until it is at its end; 0600
<ledger>.inboxes/NAME/ID-<digest>.why.txt      what is laid beside it
"""

import hashlib
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from batcher import folders
from batcher.errors import InboxUnreachable, InputInvalid, OwnFault
from batcher.inboxes import Inbox, InboxFile, Listed, Stillness, Store
from batcher.inboxes.names import DONE, ending_of, kept_as
from batcher.settings import Settings, ledger_path

T = TypeVar("T")

ABANDONED_S = 86_400
"""So old is what a process has left that was killed; what is younger may be another one's, which is at it."""


class Aside(Protocol):
    """Runs what waits for others beside the event loop, such as `asyncio.to_thread`."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]:
        """What the work gives."""
        ...


def inboxes_folder(settings: Settings) -> Path:
    """Where every process that works with this ledger keeps what it takes."""
    ledger = ledger_path(settings)
    return ledger.with_name(f"{ledger.name}.inboxes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A file that is here."""

    listed: Listed
    digest: str
    """Empty where it was refused."""
    refused: str = ""
    """Why it is not taken as it is: too large."""


class Postbox:
    """One inbox. What speaks to its store raises `InboxUnreachable`."""

    def __init__(self, inbox: Inbox, store: Callable[[], Store], folder: Path, aside: Aside) -> None:
        self.inbox, self.stillness = inbox, Stillness()
        self._store, self._folder, self._aside = store, folder, aside

    @property
    def name(self) -> str:
        """What the config calls it."""
        return self.inbox.name

    async def listing(self) -> dict[str, Listed]:
        """What lies there now, by name."""
        return await self._aside(lambda: {file.name: file for file in self._store().listed()})

    async def fetch(self, listed: Listed) -> Fetched | None:
        """Bring a file here; `None` where it turns out to be still in the making."""
        return await self._aside(lambda: self._fetched(listed))

    def copy_of(self, line: InboxFile) -> Path:
        """Our copy of a file. No part of its name is its sender's."""
        return self._folder / f"{line.digest}{ending_of(line.name)}"

    def beside(self, line: InboxFile, what: str) -> Path:
        """Where that is written which is to be laid beside a file, such as `why.txt`."""
        return self._folder / f"{line.id}-{line.digest}.{what}"

    def forget(self, line: InboxFile, *, keep_copy: bool) -> None:
        """Remove all that is here of a file."""
        for path in self._folder.glob(f"{line.id}-*.*"):
            path.unlink(missing_ok=True)
        if not keep_copy:
            self.copy_of(line).unlink(missing_ok=True)

    def tidy(self, lines: Iterable[InboxFile], now_s: float) -> None:
        """Remove what a killed process has left of no line; these lines are open."""
        needed = list(lines)
        kept, ids = {self.copy_of(line) for line in needed}, tuple(f"{line.id}-" for line in needed)
        for path in self._folder.glob("*"):
            with suppress(OSError):
                old = now_s - path.stat().st_mtime > ABANDONED_S
                if path.is_dir() and old:
                    shutil.rmtree(path, ignore_errors=True)
                elif old and path not in kept and not path.name.startswith(ids):
                    path.unlink()

    async def shelve(self, line: InboxFile, folder: str, rename: Callable[[str], InboxFile]) -> InboxFile:
        """Take a file out of the inbox into a folder of it, as `line.kept_as`; done before, it does nothing.

        `rename` notes that it has to have another name there, and gives the line with it; so does this.
        """
        listing = await self.listing()
        there = listing.get(line.name)
        stamped = kept_as(line.name, line.noted_at)
        if there is not None and not line.is_still(there):
            # Another file has come in its place, and is looked at as such: it is not this one that goes.
            line = rename(stamped)
            await self._put_copy(line, folder)
            return line
        if f"{line.name}{DONE}" in listing:
            # Left behind, it would say of the next file of this name that it is whole.
            await self._move(f"{line.name}{DONE}", folder, f"{line.kept_as}{DONE}")
        try:
            await self._move(line.name, folder, line.kept_as)
        except InboxUnreachable:
            there = (await self.listing()).get(line.name)
            if there is None:
                await self._put_copy(line, folder)  # somebody took it away
            elif line.is_still(there) and line.kept_as != stamped:
                line = rename(stamped)  # a file of that name is there, which is not ours
                await self._move(line.name, folder, line.kept_as)
            else:
                raise
        return line

    async def _put_copy(self, line: InboxFile, folder: str) -> None:
        """Lay our copy there, if there is one: none was made of a file that is too large, and it may have been lost."""
        if self.copy_of(line).is_file():
            await self.put(self.copy_of(line), folder, line.kept_as)

    async def put(self, source: Path, folder: str, name: str) -> None:
        """Lay a file into a folder of the inbox."""
        await self._aside(lambda: self._store().put(source, folder=folder, name=name))

    async def _move(self, name: str, folder: str, to: str) -> None:
        await self._aside(lambda: self._store().move(name, folder=folder, to=to))

    # Beside the event loop

    def _fetched(self, listed: Listed) -> Fetched | None:
        self._make_folder()
        room = Path(tempfile.mkdtemp(prefix="incoming-", dir=self._folder))
        arrived = room / "sheet"
        try:
            self._store().fetch(listed.name, arrived)
            if self._there(listed.name) != listed:
                return None
            arrived.chmod(0o600)
            with arrived.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            arrived.replace(self._folder / f"{digest}{ending_of(listed.name)}")
            return Fetched(listed=listed, digest=digest)
        except InputInvalid as error:
            return Fetched(listed=listed, digest="", refused=str(error))
        except InboxUnreachable:
            if self._there(listed.name) != listed:  # it is being written, or went: that is no trouble
                return None
            raise
        finally:
            shutil.rmtree(room, ignore_errors=True)

    def _make_folder(self) -> None:
        try:
            folders.private(self._folder)
        except OSError as error:
            raise OwnFault(f"{self._folder} could not be made ({error.strerror}).", "Mend that.") from error

    def _there(self, name: str) -> Listed | None:
        return next((file for file in self._store().listed() if file.name == name), None)
