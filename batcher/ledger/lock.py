"""One process at a time sends from a ledger; the lock names its holder to whoever comes second."""

import fcntl
import getpass
import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from batcher.errors import LedgerBusy, OwnFault


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who has the lock, as far as they left their name; every field is empty where they did not."""

    doing: str = ""
    """Such as `batcher run of batch march`."""
    pid: str = ""
    user: str = ""
    host: str = ""
    since: str = ""
    """UTC, as ISO 8601 writes it."""

    @property
    def words(self) -> str:
        """What they do, who they are, and since when."""
        if not self.doing:
            return "it did not leave its name"
        return f"{self.doing}, process {self.pid} of {self.user} on {self.host}, since {self.since}"

    def is_at(self, batch: str) -> bool:
        """Whether what they do is about this batch."""
        return self.doing.endswith(f" batch {batch}")


class LedgerLock:
    """Held from the plan to the last result. The system lets go of it when the process ends, however it ends.

    Its holder locks the note with their name as well. Whoever only looks asks for that one: a look at the lock itself
    would have it for a moment, and keep out whoever wants it just then.
    """

    def __init__(self, ledger: Path, *, doing: str, now: datetime) -> None:
        self._lock = FileLock(f"{ledger}.lock", timeout=0, mode=0o600)
        # Beside the lock, not in it: whoever asks for a lock may empty its file.
        self._holder = Path(f"{ledger}.holder")
        self._held_note: int | None = None
        self._note = json.dumps(
            {
                "pid": os.getpid(),
                "user": user_name(),
                "host": platform.node(),
                "since": now.isoformat(timespec="seconds"),
                "doing": doing,
            }
        )

    def __enter__(self) -> Self:
        try:
            self._lock.acquire()
        except Timeout as error:
            raise LedgerBusy(
                f"Another process has this ledger: {_read(self._holder).words}.",
                "Wait until it is done, or stop it with Ctrl-C; then run the same command again.",
            ) from error
        except OSError as error:
            raise _no_lock(self._lock.lock_file, error) from error
        # A name for whoever comes second: without it the lock is as good.
        with suppress(OSError):
            self._leave_note()
        return self

    def _leave_note(self) -> None:
        """Put the note in the place of an older one, at which somebody may be looking, once it is locked."""
        new = self._holder.with_name(f"{self._holder.name}.new")
        self._held_note = os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        fcntl.flock(self._held_note, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(self._held_note, self._note.encode())
        new.replace(self._holder)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # a note that outlives its process says nothing: see `holder_of`
            self._holder.unlink(missing_ok=True)
        if self._held_note is not None:
            os.close(self._held_note)
            self._held_note = None
        self._lock.release()


@contextmanager
def results_lock(ledger: Path) -> Iterator[None]:
    """One process at a time reads a ledger and replaces results by what it read. Raises `OwnFault`."""
    path = f"{ledger}.results"
    lock = FileLock(path, mode=0o600)
    try:
        lock.acquire()
    except OSError as error:
        raise _no_lock(path, error) from error
    try:
        yield
    finally:
        lock.release()


def _no_lock(path: str, error: OSError) -> OwnFault:
    return OwnFault(
        f"{path} could not be written ({error.strerror or error}), so nobody can be kept out meanwhile.",
        "Mend the disk or its rights, then run the same command again: it goes on where it stopped.",
    )


def holder_of(ledger: Path) -> Holder | None:
    """Who has the lock now; `None` where nobody has. Keeps nobody from taking it."""
    note = Path(f"{ledger}.holder")
    try:
        with note.open("rb") as file:
            # A note may outlive its process, and its lock does not.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(note)
    except OSError:
        pass
    return None


def _read(note: Path) -> Holder:
    try:
        told = json.loads(note.read_text())
        return Holder(**{name: str(told[name]) for name in ("doing", "pid", "user", "host", "since")})
    except (OSError, ValueError, LookupError, TypeError):
        return Holder()


def user_name() -> str:
    """Who runs this process, by the name that the machine has for them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "an unnamed user"
