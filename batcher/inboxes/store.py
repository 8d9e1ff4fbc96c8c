"""The port to the place that an inbox is. `batcher.storage` has what implements it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A file as the inbox lists it."""

    name: str
    """Its name in the inbox, without a folder."""
    size: int
    """In bytes."""
    mark: str
    """What is another one whenever the file was written again: its time, or the store's own tag of its contents."""
    written_ns: int = 0
    """When it was written, on the clock of the place; 0 where files come to be whole or not at all, as in a bucket."""


class Store(Protocol):
    """One inbox. Each method raises `InboxUnreachable` where it cannot be done now, and may be called again then."""

    def listed(self) -> list[Listed]:
        """The files that lie in the inbox itself, by name; none of its folders, no link that leads elsewhere."""
        ...

    def fetch(self, name: str, to: Path) -> None:
        """Write the bytes of a file to a path of this machine that is not there yet; 0600, whole or not at all.

        Raises `InputInvalid` for a file that is larger than any that is taken.
        """
        ...

    def put(self, source: Path, *, folder: str, name: str) -> None:
        """Lay a file of this machine into a folder of the inbox: whole or not at all, in place of one of this name."""
        ...

    def move(self, name: str, *, folder: str, to: str) -> None:
        """Take a file of the inbox into a folder of it, under another name; nothing where it is there already."""
        ...
