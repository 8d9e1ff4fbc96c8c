"""How a ledger is: looked at without making, migrating or changing anything, while others may be writing it."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, NullPool, create_engine, func, select
from sqlalchemy.exc import DatabaseError

from batcher.ledger.lock import holder_of
from batcher.ledger.place import HEAD, current_version
from batcher.ledger.reading import account_of
from batcher.ledger.tables import attempts, batches, environments, rows, sends
from batcher.model import Environment
from batcher.states import OPEN

LAST_SENDS = 500
"""How far back it is counted what Runa found to be too fast."""

_MOUNTS = Path("/proc/mounts")
_NETWORK = frozenset({"afs", "ceph", "cifs", "davfs", "fuse.sshfs", "glusterfs", "lustre", "ncpfs", "smb3", "smbfs"})
_SYNCHRONISED = ("dropbox", "google drive", "googledrive", "icloud", "mobile documents", "nextcloud", "onedrive")
"""How folders are named that a program copies elsewhere, one file at a time, while they are written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerHealth:
    """What was found. What could not be looked at is `None`, or empty."""

    path: Path
    exists: bool
    """Whether there is a file with anything in it."""
    file_mode: int | None = None
    folder_mode: int | None = None
    elsewhere: str | None = None
    """Why it does not lie on a disk of this machine alone, where that can be told."""
    holder: str | None = None
    """Who sends from it now."""
    fault: str | None = None
    """Why it is no sound ledger, in the database's words."""
    version: str | None = None
    head: str = HEAD
    """The version that this release writes."""
    open_rows: int = 0
    """Rows of the environment that may have paid, and are not settled."""
    oldest_open_batch: str | None = None
    oldest_open_since: datetime | None = None
    """When the oldest of them was sent first."""
    recent_sends: int = 0
    """Of any environment; `LAST_SENDS` at the most."""
    recent_too_many: int = 0
    """How many of these were answered 429."""
    last_too_many_at: datetime | None = None
    account: str | None = None
    """Under which name the API key was used before."""


def examine(path: Path, place: Environment, *, fingerprint: str | None) -> LedgerHealth:
    """How the ledger at `path` is, as far as it can be told. Raises nothing for what is wrong with it."""
    path = path.expanduser().resolve()
    health = LedgerHealth(path=path, exists=False, elsewhere=_elsewhere(path), folder_mode=_mode(path.parent))
    try:
        if not path.exists() or path.stat().st_size == 0:
            return health
        holder = holder_of(path)
        health = replace(health, exists=True, file_mode=_mode(path), holder=None if holder is None else holder.words)
        with _connected(path) as connection:
            return _looked_through(health, connection, place, fingerprint)
    except DatabaseError as error:
        return replace(health, exists=True, fault=str(error.orig))
    except OSError as error:
        return replace(health, exists=True, fault=error.strerror or type(error).__name__)


def _looked_through(
    health: LedgerHealth, connection: Connection, place: Environment, fingerprint: str | None
) -> LedgerHealth:
    told = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
    version = current_version(connection)
    if told != "ok" or version is None or version > HEAD:
        # What a newer release keeps may mean something else.
        fault = (
            " ".join(str(told).split())
            if told != "ok"
            else "it is a database of something else"
            if version is None
            else None
        )
        return replace(health, fault=fault, version=version)
    open_rows, batch, since = _oldest_open(connection, place)
    recent, too_many, last_too_many_at = _recent_sends(connection)
    return replace(
        health,
        version=version,
        open_rows=open_rows,
        oldest_open_batch=batch,
        oldest_open_since=since,
        recent_sends=recent,
        recent_too_many=too_many,
        last_too_many_at=last_too_many_at,
        account=None
        if fingerprint is None
        else account_of(connection, base_url=place.base_url, fingerprint=fingerprint),
    )


def _oldest_open(connection: Connection, place: Environment) -> tuple[int, str | None, datetime | None]:
    """How many attempts are open, and the batch and the time of the one that was sent first."""
    since = func.coalesce(func.min(sends.c.sent_at), attempts.c.planned_at, type_=sends.c.sent_at.type)
    found = connection.execute(
        select(batches.c.name, since.label("since"))
        .select_from(attempts)
        .join(rows, rows.c.id == attempts.c.row_id)
        .join(batches, batches.c.id == rows.c.batch_id)
        .join(environments, environments.c.id == batches.c.environment_id)
        .outerjoin(sends, sends.c.attempt_id == attempts.c.id)
        .where(
            attempts.c.state.in_(sorted(OPEN)),
            environments.c.base_url == place.base_url,
            environments.c.account == place.account,
        )
        .group_by(attempts.c.id)
        .order_by("since", attempts.c.id)
    ).all()
    return (len(found), found[0].name, found[0].since) if found else (0, None, None)


def _recent_sends(connection: Connection) -> tuple[int, int, datetime | None]:
    recent = connection.execute(
        select(sends.c.http_status, sends.c.sent_at).order_by(sends.c.id.desc()).limit(LAST_SENDS)
    )
    answers = recent.all()
    too_many = [send.sent_at for send in answers if send.http_status == 429]
    return len(answers), len(too_many), too_many[0] if too_many else None


def read_address(path: Path) -> str:
    """How SQLite opens a ledger for a reader who leaves it, and the files beside it, as they are."""
    # Alone, a reader leaves new files behind it, and a writer takes an old log in: each where the other does not.
    mode = "ro" if Path(f"{path}-wal").exists() else "rw"
    return f"file:{quote(str(path))}?mode={mode}"


@contextmanager
def _connected(path: Path) -> Iterator[Connection]:
    """A connection that leaves the file, and the files beside it, as they are."""
    address = read_address(path)
    engine: Engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(address, uri=True, timeout=5, check_same_thread=False),
        poolclass=NullPool,
        hide_parameters=True,
    )
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only=ON")
        connection.exec_driver_sql("BEGIN")
        try:
            yield connection
        finally:
            connection.rollback()


def _mode(path: Path) -> int | None:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None


def _elsewhere(path: Path) -> str | None:
    parts = [part.casefold() for part in path.parts]
    if any(part.startswith(_SYNCHRONISED) for part in parts):
        return "its folder looks like one that is copied elsewhere while it is written"
    try:
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    kind = file_system_of(path, mounts)
    on_network = kind is not None and (kind in _NETWORK or kind.startswith("nfs"))
    return f"it is on a network drive ({kind})" if on_network else None


def file_system_of(path: Path, mounts: str) -> str | None:
    """The kind of file system that `path` is on, by the text of `/proc/mounts`; `None` where it does not say."""
    found: tuple[int, str] | None = None
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        place = Path(os.fsdecode(fields[1].encode().decode("unicode_escape").encode("latin-1")))
        if path.is_relative_to(place) and (found is None or len(place.parts) >= found[0]):
            found = (len(place.parts), fields[2])
    return None if found is None else found[1]
