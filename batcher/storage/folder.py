"""A folder of this machine. Every path is opened part by part, so that no link in it leads to another place."""

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from batcher.errors import InboxUnreachable
from batcher.inboxes import FolderPlace, Listed
from batcher.storage import telling
from batcher.storage.arriving import PIECE, arriving, refuse_too_large
from batcher.storage.names import is_name, one_part, parts_of

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW


class FolderStore:
    """Implements `batcher.inboxes.Store`."""

    def __init__(self, place: FolderPlace, *, most_bytes: int) -> None:
        self._path, self._most_bytes = place.path, most_bytes

    def listed(self) -> list[Listed]:
        """The plain files of the folder."""
        with self._told("read"), self._inbox() as inbox, os.scandir(inbox) as entries:
            files = [_listed(entry) for entry in entries if is_name(entry.name)]
        return sorted((file for file in files if file is not None), key=lambda file: file.name)

    def fetch(self, name: str, to: Path) -> None:
        """Copy a file. Raises `InboxUnreachable` for one that is written meanwhile, too."""
        name = one_part(name)
        with (
            self._told("read"),
            self._inbox() as inbox,
            _opened(inbox, name) as file,
            arriving(to, name, self._most_bytes) as taken,
        ):
            status = os.fstat(file.fileno())
            refuse_too_large(name, status.st_size, self._most_bytes)
            while piece := file.read(PIECE):
                taken.write(piece)
            if _mark(os.fstat(file.fileno())) != _mark(status):
                raise telling.changed(name, self._path)

    def put(self, source: Path, *, folder: str, name: str) -> None:
        """Lay a file into a folder, under a name of its own until it is whole."""
        *folders, name = parts_of(folder=folder, name=name)
        with source.open("rb") as file, self._told("written"), self._folder(folders, make=True) as there:
            beside = f".{secrets.token_hex(8)}.part"
            try:
                with os.fdopen(os.open(beside, _NEW, 0o600, dir_fd=there), "wb") as copy:
                    os.fchmod(copy.fileno(), 0o600)
                    while piece := file.read(PIECE):
                        copy.write(piece)
                    copy.flush()
                    os.fsync(copy.fileno())
                os.rename(beside, name, src_dir_fd=there, dst_dir_fd=there)
                os.fsync(there)
            except BaseException:
                _remove(beside, there)
                raise

    def move(self, name: str, *, folder: str, to: str) -> None:
        """Take a file into a folder; a second name of it is made before the first is given up."""
        name = one_part(name)
        *folders, to = parts_of(folder=folder, name=to)
        with self._told("written"), self._inbox() as inbox, self._folder(folders, make=True) as there:
            here, target = _regular(inbox, name), _regular(there, to)
            if here is None:
                if target is None:
                    raise telling.gone(name, self._path)
                return
            if target is None:
                _take(name, inbox, to, there)
            elif not os.path.samestat(here, target) and not _same(inbox, name, there, to):
                raise telling.another(f"{folder}/{to}", self._path)
            else:
                os.unlink(name, dir_fd=inbox)
            os.fsync(inbox)
            os.fsync(there)

    @contextmanager
    def _inbox(self) -> Iterator[int]:
        """The inbox itself may be a link: whoever wrote the config chose it."""
        descriptor = os.open(self._path, _FOLDER)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def _folder(self, folders: list[str], *, make: bool) -> Iterator[int]:
        with self._inbox() as inbox:
            descriptor = os.dup(inbox)
            try:
                for part in folders:
                    if make:
                        _make(part, descriptor)
                    inner = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=descriptor)
                    os.close(descriptor)
                    descriptor = inner
                yield descriptor
            finally:
                os.close(descriptor)

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise InboxUnreachable(
                f"The inbox {self._path} is not there, or a file that was just seen in it is gone.",
                "Make the folder, or correct the url of the inbox.",
            ) from None
        except OSError as error:
            raise InboxUnreachable(
                f"The inbox {self._path} cannot be {what} ({error.strerror}).",
                "Give the user that runs batcher the right to read and write it, and put no links into it.",
            ) from None


def _listed(entry: "os.DirEntry[str]") -> Listed | None:
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:  # it went since
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return Listed(name=entry.name, size=status.st_size, mark=_mark(status), written_ns=status.st_mtime_ns)


def _mark(status: os.stat_result) -> str:
    return f"{status.st_ino}-{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}"


@contextmanager
def _opened(folder: int, name: str) -> Iterator[BinaryIO]:
    with os.fdopen(os.open(name, _READ, dir_fd=folder), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(0, "no plain file")
        yield file


def _regular(folder: int, name: str) -> os.stat_result | None:
    """The status of a plain file; `None` where there is nothing. Raises `OSError` for anything else."""
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise OSError(0, "no plain file")
    return status


def _make(name: str, folder: int) -> None:
    try:
        os.mkdir(name, 0o700, dir_fd=folder)
    except FileExistsError:
        return
    os.fsync(folder)


def _take(name: str, inbox: int, to: str, there: int) -> None:
    """Never over another file: a link is refused where the name is taken, whoever was quicker."""
    try:
        os.link(name, to, src_dir_fd=inbox, dst_dir_fd=there, follow_symlinks=False)
    except PermissionError:
        # A file system without links, or a file that belongs to somebody else.
        os.rename(name, to, src_dir_fd=inbox, dst_dir_fd=there)
    else:
        os.unlink(name, dir_fd=inbox)


def _same(inbox: int, name: str, there: int, to: str) -> bool:
    with _opened(inbox, name) as one, _opened(there, to) as other:
        while True:
            piece = one.read(PIECE)
            if piece != other.read(PIECE):
                return False
            if not piece:
                return True


def _remove(name: str, folder: int) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return
