"""Where the ledger lies and how it is opened: rights, durability, and what is refused before it is touched."""

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from batcher.errors import BatcherError, OwnFault, UsageError
from batcher.ledger import Ledger, migrations
from batcher.ledger.place import HEAD, current_version, open_engine, sqlite_path
from batcher.ledger.tables import metadata
from tests.payouts import Book, payout, sheet


def mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


def url(path: Path) -> str:
    return f"sqlite:///{path}"


def make(path: Path) -> None:
    """A new ledger at `path`."""
    with Ledger(url(path)):
        pass


@pytest.fixture
def open_umask() -> Iterator[None]:
    """As careless as a process can be."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_the_folder_and_every_file_in_it_are_for_their_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "batcher"
    folder.parent.chmod(0o755)
    with Book(folder) as book:
        book.confirm(sheet(payout("R1")))
        assert mode(folder) == "0o700"
        assert {path.name: mode(path) for path in folder.iterdir()} == {
            "ledger.sqlite3": "0o600",
            "ledger.sqlite3-wal": "0o600",
            "ledger.sqlite3-shm": "0o600",
        }


def test_a_ledger_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    make(path)
    path.chmod(0o644)
    make(path)
    assert mode(path) == "0o600"


def test_a_folder_that_is_there_keeps_its_rights(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    make(tmp_path / "ledger.sqlite3")
    assert mode(tmp_path) == "0o750"


def test_every_connection_commits_to_the_disk(tmp_path: Path) -> None:
    engine = open_engine(url(tmp_path / "ledger.sqlite3"))
    with engine.connect() as one, engine.connect() as other, engine.connect() as third:
        for connection in (one, other, third):
            asked = ("journal_mode", "synchronous", "foreign_keys")
            told = [connection.execute(text(f"PRAGMA {name}")).scalar() for name in asked]
            assert told == ["wal", 2, 1]
    engine.dispose()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("nonsense", r"^\[ledger\] url 'nonsense' is no database address\."),
        ("postgresql://host/db", r"names no SQLite file\. The ledger has to outlive the process"),
        ("sqlite://", "names no SQLite file"),
        ("sqlite:///:memory:", "names no SQLite file"),
    ],
)
def test_an_address_that_names_no_file_is_refused(address: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Ledger(address)


def test_a_place_in_the_home_folder_may_be_written_with_a_tilde() -> None:
    assert sqlite_path("sqlite:///~/ledger.sqlite3") == Path.home() / "ledger.sqlite3"


def test_a_folder_in_place_of_the_file_is_refused_and_keeps_its_rights(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with pytest.raises(UsageError, match=r"^The ledger cannot be kept at .+ \(it is no file\)\. Set \[ledger\] url"):
        Ledger(url(tmp_path))
    assert mode(tmp_path) == "0o755"


def test_a_place_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(UsageError, match=r"^The ledger cannot be kept at .+ \(Not a directory\)\."):
        Ledger(url(tmp_path / "file" / "ledger.sqlite3"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(UsageError, match=r"\(Permission denied\)"):
            Ledger(url(tmp_path / "ledger.sqlite3"))
    finally:
        tmp_path.chmod(0o700)


def damaged(path: Path) -> bytes:
    """A ledger in which everything after the first page was lost."""
    make(path)
    data = path.read_bytes()
    assert len(data) > 8192
    return data[:4096] + b"\xa5" * (len(data) - 4096)


@pytest.mark.parametrize("kind", ["text", "random bytes", "damaged"])
def test_what_is_no_sound_ledger_is_our_own_fault_and_stays_as_it_is(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "ledger.sqlite3"
    data = {
        "text": b"reference,amount\nR1,10\n" * 400,
        "random bytes": bytes(range(256)) * 64,
    }.get(kind) or damaged(path)
    path.write_bytes(data)
    with pytest.raises(OwnFault, match=r"^The ledger .+ cannot be read \(.+\)\. Nothing was sent\. Do not delete it"):
        Ledger(url(path))
    assert path.read_bytes() == data
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_a_ledger_of_a_newer_release_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    make(path)
    changed = sqlite3.connect(path)
    changed.execute("UPDATE alembic_version SET version_num = '9999'")
    changed.commit()
    changed.close()
    before = path.read_bytes()
    with pytest.raises(OwnFault, match=r"^This ledger was written by a newer batcher \(its version is 9999, this one "):
        Ledger(url(path))
    assert path.read_bytes() == before


def test_what_the_migrations_make_is_what_the_tables_say(tmp_path: Path) -> None:
    engine = open_engine(url(tmp_path / "ledger.sqlite3"))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_newest_migration_is_the_one_that_a_ledger_is_brought_to(tmp_path: Path) -> None:
    (folder,) = migrations.__path__
    files = sorted(path.name for path in (Path(folder) / "versions").glob("[0-9]*.py"))
    assert files[-1].startswith(f"{HEAD}_")
    engine = open_engine(url(tmp_path / "ledger.sqlite3"))
    with engine.connect() as connection:
        assert current_version(connection) == HEAD
    engine.dispose()


def test_a_migration_that_breaks_off_leaves_nothing_behind(tmp_path: Path) -> None:
    """Here because one of its tables is in the way; were it a power cut, it would be the same."""
    path = tmp_path / "ledger.sqlite3"
    in_the_way = sqlite3.connect(path)
    in_the_way.execute("CREATE TABLE journal (x)")
    in_the_way.commit()
    with pytest.raises(OwnFault, match="table journal already exists"):
        Ledger(url(path))
    tables = in_the_way.execute("SELECT name FROM sqlite_master").fetchall()
    in_the_way.close()
    assert tables == [("journal",)]


def test_several_who_open_a_new_ledger_at_one_time_all_get_it(tmp_path: Path) -> None:
    import alembic.command  # noqa: F401 - first imports side by side are not what this is about

    def open_it(_: int) -> BatcherError | None:
        try:
            make(path)
        except BatcherError as error:
            return error
        return None

    for nth in range(5):
        path = tmp_path / f"{nth}.sqlite3"
        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(open_it, range(4))) == [None] * 4


_OPEN_AND_TELL = """
import sys
from batcher.ledger import Ledger

with Ledger(sys.argv[1]):
    print("alembic" in sys.modules)
"""


def test_alembic_is_imported_for_a_new_ledger_and_not_again(tmp_path: Path) -> None:
    told = [
        subprocess.run(
            [sys.executable, "-c", _OPEN_AND_TELL, url(tmp_path / "ledger.sqlite3")],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in range(2)
    ]
    assert told == ["True\n", "False\n"]
