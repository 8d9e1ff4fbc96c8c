"""Where the ledger lies and how it is opened: its folder, its rights, its durability, its migrations."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from tenacity import retry, retry_if_exception, stop_after_delay, wait_fixed

from batcher import folders
from batcher.errors import OwnFault, UsageError
from batcher.ledger.chain import Salts

HEAD = "0008"
"""The newest migration; a test holds it against the folder."""

_MIGRATIONS = Path(__file__).parent / "migrations"


def open_engine(url: str, salts: Salts = secrets.token_bytes) -> Engine:
    """An engine on the ledger at `url` (`sqlite:///…`), made and migrated where needed.

    `salts` is where its salts come from.
    Raises `UsageError` where the place cannot be used, `OwnFault` where what lies there is no sound ledger.
    """
    path = sqlite_path(url)
    prepare_place(path)
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"timeout": 30},
        hide_parameters=True,
        execution_options={"salts": salts},
    )
    event.listen(engine, "connect", _make_durable)
    try:
        _once_it_is_free(engine)
    except DatabaseError as error:
        engine.dispose()
        if "full" in str(error.orig):
            raise OwnFault(
                f"The ledger {path} cannot be opened ({error.orig}); nothing was sent.",
                "Make room on that disk, then run the same command again.",
            ) from error
        raise OwnFault(
            f"The ledger {path} cannot be read ({error.orig}).",
            "Nothing was sent. Do not delete it: restore it from a back-up, or ask for help with the file at hand.",
        ) from error
    return engine


def _is_locked(error: BaseException) -> bool:
    return isinstance(error, OperationalError) and "locked" in str(error.orig)


@retry(retry=retry_if_exception(_is_locked), stop=stop_after_delay(30), wait=wait_fixed(0.05), reraise=True)
def _once_it_is_free(engine: Engine) -> None:
    """Open and migrate. Changing to WAL does not wait for others who open a new ledger at the same time; this does."""
    with engine.begin() as connection:
        migrate(connection)


def sqlite_path(url: str) -> Path:
    """The file that a `sqlite:///` URL names; raises `UsageError` for any other."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UsageError(f"[ledger] url {url!r} is no database address.", "Write sqlite:///path/to/file.") from error
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        raise UsageError(
            f"[ledger] url {url!r} names no SQLite file.",
            "The ledger has to outlive the process: write sqlite:///path/to/ledger.sqlite3.",
        )
    return Path(parsed.database).expanduser().resolve()


def prepare_place(path: Path) -> None:
    """Make the folder (for its owner only) and the file (0600) before SQLite would make them for everyone."""
    try:
        folders.private(path.parent)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        elif not path.is_file():
            raise IsADirectoryError(errno.EISDIR, "it is no file")
        elif path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except OSError as error:
        raise UsageError(
            f"The ledger cannot be kept at {path} ({error.strerror}).",
            "Set [ledger] url to a place that this user may write to.",
        ) from error


def migrate(connection: Connection) -> None:
    """Bring the tables to `HEAD`. Raises `OwnFault` for a ledger that a newer release has written."""
    if current_version(connection) == HEAD:
        return
    # All of it or nothing, and one process at a time: another may have opened the same new ledger just now.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    version = current_version(connection)
    if version == HEAD:
        return
    if version is not None and version > HEAD:
        raise OwnFault(
            f"This ledger was written by a newer batcher (its version is {version}, this one knows {HEAD}).",
            "Install the newer batcher again; nothing was sent.",
        )
    # Alembic takes as long to import as everything else together, and is needed once for each ledger and release.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def current_version(connection: Connection) -> str | None:
    """The migration that the ledger is at, or `None` for a new one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if version is None else str(version)


@contextmanager
def writing_on(engine: Engine) -> Iterator[Connection]:
    """A transaction that nobody else writes beside, from its first reading on: what it reads is still so at its end."""
    with engine.begin() as connection:
        # The driver would begin it only before the first change, and another may write in between.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection


def write_failed(error: Exception) -> OwnFault:
    """What to say when a write to the ledger fails: nothing goes on without it."""
    reason = error.orig if isinstance(error, (OperationalError, DatabaseError)) else error
    return OwnFault(
        f"The ledger could not be written ({reason}), so nothing more was sent.",
        "Mend the disk or its rights, then run the same command again: it goes on where it stopped.",
    )


def _make_durable(connection: Any, _record: Any) -> None:
    """WAL with FULL: a commit has reached the disk when it returns.

    The cache, 256 MB at the most, holds the indices of keys and digests while a large plan is confirmed: those come in
    no order, and each page would be written and read again and again.
    """
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-256000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
