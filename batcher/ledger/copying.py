"""A copy of a ledger, made while others write and send: whole or not at all, and never over another file."""

import errno
import os
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from batcher.errors import OwnFault, UsageError
from batcher.ledger.health import read_address
from batcher.ledger.place import HEAD
from batcher.ledger.restored import mark_of
from batcher.model import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedBatch:
    """A batch as the copy has it."""

    name: str
    environment: Environment
    events: int
    journal: str
    """The digest of its journal's last event, in hex: what `verify` of the copy comes to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerCopy:
    """A copy that was made and checked."""

    path: Path
    bytes: int
    version: str
    """The release's number of the ledger's form."""
    batches: tuple[CopiedBatch, ...]
    """The one that something happened to last, first; none of a ledger of another release."""

    @property
    def is_of_another_release(self) -> bool:
        """Whether what is in it may mean something else."""
        return self.version != HEAD


def copy_ledger(source: Path, to: Path, *, now: datetime) -> LedgerCopy:
    """Copy the ledger at `source` into the new file `to`, or, where that is a folder, into one of this moment's name.

    The copy is of one moment. Writers are not kept waiting, whoever has the lock: SQLite reads beside them. Raises
    `UsageError` for a place that cannot be taken, `OwnFault` where the copy cannot be made or is not sound.
    """
    if not source.is_file() or source.stat().st_size == 0:
        raise UsageError(f"There is no ledger at {source}, so there is nothing to copy.", "See `batcher doctor`.")
    path = (to / f"ledger-{now:%Y-%m-%d-%H%M%S}Z.sqlite3") if to.is_dir() else to
    with _unfinished(path) as part:
        batches, version = _copied(source, part, now)
        _put(part, path)
    return LedgerCopy(path=path, bytes=path.stat().st_size, version=version, batches=batches)


@contextmanager
def _unfinished(path: Path) -> Iterator[Path]:
    """A new file beside `path`, for its owner only, that is gone afterwards."""
    if path.exists() or path.is_symlink():
        raise _taken(path)
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    except OSError as error:
        raise UsageError(
            f"No file can be made in {path.parent} ({error.strerror}).", "Make the folder first, for your user alone."
        ) from error
    try:
        mode = os.fstat(descriptor).st_mode
        os.close(descriptor)
        if stat.S_IMODE(mode) & 0o077:
            raise UsageError(
                f"Files in {path.parent} can be read by others, and the ledger has redemption links in it.",
                "Choose a place that keeps the rights of files, and encrypt what leaves this machine.",
            )
        yield Path(name)
    except (OSError, sqlite3.OperationalError) as error:
        raise _not_made(path, str(error)) from error
    finally:
        for left in (name, f"{name}-journal"):
            Path(left).unlink(missing_ok=True)


def _copied(source: Path, part: Path, now: datetime) -> tuple[tuple[CopiedBatch, ...], str]:
    with closing(sqlite3.connect(part, isolation_level=None)) as copy:
        try:
            with closing(sqlite3.connect(read_address(source), uri=True, timeout=30)) as ledger:
                # All of it in one step, so in one reading: in several, each write of another would begin it anew.
                ledger.backup(copy)
            # One file is the whole of it: no log beside it that somebody could forget.
            copy.execute("PRAGMA journal_mode=DELETE")
            copy.execute(f"PRAGMA user_version={mark_of(now)}")
            (told,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            raise _damaged(source, str(error)) from error
        if told != "ok":
            raise _damaged(source, " ".join(told.split()))
        if copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone() is None:
            raise OwnFault(f"{source} is a database of something else, and no copy of it was kept.")
        (version,) = copy.execute("SELECT version_num FROM alembic_version").fetchone()
        return (_batches(copy) if version == HEAD else ()), str(version)


_LAST_EVENTS = """
    SELECT b.name, e.base_url, e.account, j.number, j.digest
    FROM batches b JOIN environments e ON e.id = b.environment_id JOIN journal j ON j.batch_id = b.id
    WHERE j.number = (SELECT max(number) FROM journal WHERE batch_id = b.id)
    ORDER BY j.id DESC
"""


def _batches(copy: sqlite3.Connection) -> tuple[CopiedBatch, ...]:
    return tuple(
        CopiedBatch(
            name=name, environment=Environment(base_url=base_url, account=account), events=number, journal=digest
        )
        for name, base_url, account, number, digest in copy.execute(_LAST_EVENTS)
    )


def _put(part: Path, path: Path) -> None:
    """Give the copy its name, on the disk, unless somebody else has taken it meanwhile."""
    _sync(part)
    try:
        _rename(part, path)
    except FileExistsError as error:
        raise _taken(path) from error
    with suppress(OSError):  # not every system opens folders
        _sync(path.parent)


def _rename(part: Path, path: Path) -> None:
    """As a rename does, but for a name that is taken. Raises `FileExistsError`."""
    try:
        os.link(part, path)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
        # A drive without links: the name is taken first, and the copy put in its place.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        part.replace(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _taken(path: Path) -> UsageError:
    return UsageError(f"{path} is there already, and a back-up replaces no file.", "Give the copy a new name.")


def _not_made(path: Path, why: str) -> OwnFault:
    return OwnFault(
        f"The back-up {path} was not made ({why}).",
        "The ledger is as it was, and nothing was left there. Make room there, or mend its rights; then run it again.",
    )


def _damaged(source: Path, why: str) -> OwnFault:
    return OwnFault(
        f"The ledger {source} is damaged ({why}), and no copy of it was kept.",
        "Send nothing from it. Keep it, restore the last back-up, and let `batcher reconcile` ask Runa.",
    )
