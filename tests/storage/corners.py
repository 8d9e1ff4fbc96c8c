"""One inbox of each kind, with a second way to look into it than the store that is tested."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from batcher.inboxes import FolderPlace, Place, Store
from batcher.storage import MOST_BYTES, Patience, open_store

PATIENCE = Patience(connect_s=10, read_s=10, total_s=60)


@dataclass(frozen=True)
class Corner:
    """An inbox, and what lies there whatever the store says of it."""

    place: Place
    secret: SecretStr | None
    environ: dict[str, str]
    plant: Callable[[str, bytes], None]
    """A path in the inbox and what it holds; whatever was there before is replaced."""
    files: Callable[[], dict[str, bytes]]
    """Every path in the inbox with what it holds."""
    modes: Callable[[str], int | None] = lambda path: None
    """The rights of a file or folder, where there are any."""
    cannot_hold: tuple[str, ...] = ()
    """Names that this emulator of a service cannot keep."""

    def store(self, *, patience: Patience = PATIENCE, most_bytes: int = MOST_BYTES) -> Store:
        return open_store(self.place, self.secret, self.environ, patience=patience, most_bytes=most_bytes)


def on_disk(folder: Path, place: Place, secret: SecretStr | None = None) -> Corner:
    """An inbox whose files lie in a folder of this machine, however the store reaches them."""

    def plant(path: str, data: bytes) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)

    return Corner(
        place,
        secret,
        {},
        plant,
        files=lambda: {
            str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()
        },
        modes=lambda path: (folder / path).stat().st_mode & 0o777,
    )


def folder_corner(folder: Path) -> Corner:
    """A folder of this machine."""
    folder.mkdir()
    return on_disk(folder, FolderPlace(path=folder))
