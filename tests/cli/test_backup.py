"""`batcher backup`: a copy that is whole, for its owner only, of one moment, and never in the place of another file."""

import re
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from batcher.ledger import LedgerLock
from tests.cli.desk import Desk, row, rows


@pytest.fixture
def paid(desk: Desk) -> Desk:
    assert desk.pay(desk.sheet(rows(3))).code == 0
    return desk


def ledger(desk: Desk) -> Path:
    return desk.folder / "ledger.sqlite3"


def beside(desk: Desk) -> set[str]:
    """Every file but the lock's."""
    return {path.name for path in desk.folder.iterdir() if path.is_file() and path.suffix not in (".lock", ".results")}


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def test_a_copy_has_everything_and_is_for_its_owner_only(paid: Desk) -> None:
    copy = paid.folder / "copy.sqlite3"
    done = paid.batcher("backup", copy)
    assert done.code == 0
    assert done.out.startswith(f"Back-up: {copy}\n")
    assert re.search(r"^  march +SANDBOX +\d+ events ", done.out, re.MULTILINE)
    assert paid.results()[0]["journal"][:16] in done.out
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert dump(copy) == dump(ledger(paid))


def test_its_digests_are_those_that_verify_takes(paid: Desk) -> None:
    copy = paid.folder / "copy.sqlite3"
    (told,) = paid.batcher("backup", copy, "--json").json["batches"]
    assert paid.batcher("verify", "march", "--head", told["journal"][:16]).code == 0
    paid.settings["ledger"] = {"url": f"sqlite:///{copy}"}
    verified = paid.batcher("verify", "march", "--json").json
    assert (verified["journal"], verified["events"], verified["agrees"]) == (told["journal"], told["events"], True)


def test_in_a_folder_it_is_called_by_the_moment(paid: Desk) -> None:
    folder = paid.folder / "backups"
    folder.mkdir()
    told = Path(paid.batcher("backup", folder, "--json").json["file"])
    assert told.parent == folder
    made_at = datetime.strptime(told.name, "ledger-%Y-%m-%d-%H%M%SZ.sqlite3").replace(tzinfo=UTC)
    assert made_at.timestamp() <= told.stat().st_mtime
    assert [path.name for path in folder.iterdir()] == [told.name]


@pytest.mark.parametrize("kind", ["file", "link that leads nowhere", "the ledger itself"])
def test_it_is_never_in_the_place_of_another_file(paid: Desk, kind: str) -> None:
    place = ledger(paid) if kind == "the ledger itself" else paid.folder / "taken"
    if kind == "file":
        place.write_text("mine")
    if kind == "link that leads nowhere":
        place.symlink_to(paid.folder / "nowhere")
    before, files = dump(ledger(paid)), beside(paid)
    done = paid.batcher("backup", place)
    assert done.code == 2
    assert "is there already, and a back-up replaces no file" in done.err
    assert (dump(ledger(paid)), beside(paid)) == (before, files)


def test_a_folder_that_is_not_there_is_said(paid: Desk) -> None:
    done = paid.batcher("backup", paid.folder / "nowhere" / "copy")
    assert done.code == 2
    assert "No file can be made in" in done.err


def test_without_a_ledger_there_is_nothing_to_copy_and_none_is_made(desk: Desk) -> None:
    done = desk.batcher("backup", desk.folder / "copy.sqlite3")
    assert done.code == 2
    assert "There is no ledger at" in done.err
    assert beside(desk) == {"batcher.toml"}


@pytest.mark.parametrize("lost", [slice(0, None), slice(8192, None), slice(8192, 12288)], ids=["all", "most", "a page"])
def test_of_a_damaged_ledger_no_copy_is_kept(paid: Desk, lost: slice) -> None:
    damaged = bytearray(ledger(paid).read_bytes())
    damaged[lost] = b"\xa5" * len(damaged[lost])
    ledger(paid).write_bytes(damaged)
    done = paid.batcher("backup", paid.folder / "copy.sqlite3")
    assert done.code == 1
    assert "is damaged" in done.err
    assert len(done.err.splitlines()) == 2
    assert "copy" not in " ".join(beside(paid))


def test_a_database_of_something_else_is_no_ledger(desk: Desk) -> None:
    with closing(sqlite3.connect(ledger(desk))) as connection, connection:
        connection.execute("CREATE TABLE songs (name)")
    done = desk.batcher("backup", desk.folder / "copy.sqlite3")
    assert (done.code, "is a database of something else" in done.err) == (1, True)
    assert "copy" not in " ".join(beside(desk))


def test_it_needs_no_lock_and_sees_what_was_committed_beside_one_who_writes(paid: Desk) -> None:
    lock = LedgerLock(ledger(paid), doing="batcher run of batch march", now=datetime.now(UTC))  # noqa: TID251
    with lock, closing(sqlite3.connect(ledger(paid), isolation_level=None)) as writer:
        writer.execute("UPDATE attempts SET error_message = 'committed'")  # lies in the log beside the ledger
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE attempts SET error_message = 'not committed'")
        copy = paid.folder / "copy.sqlite3"
        assert paid.batcher("backup", copy).code == 0
        writer.execute("COMMIT")
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT DISTINCT error_message FROM attempts").fetchall() == [("committed",)]


def test_one_of_an_older_release_is_copied_as_it_is(paid: Desk) -> None:
    """So that an upgrade can be undone: what opens it first migrates it."""
    with closing(sqlite3.connect(ledger(paid))) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0006'")
        connection.execute("DROP TABLE notices")
    done = paid.batcher("backup", paid.folder / "copy.sqlite3", "--json")
    assert (done.json["version"], done.json["batches"]) == ("0006", [])
    assert "a ledger of another release (0006)" in paid.batcher("backup", paid.folder / "another.sqlite3").out
    for path in (ledger(paid), paid.folder / "copy.sqlite3"):
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0006",)]


def test_many_batches_are_named_up_to_a_dozen(desk: Desk) -> None:
    for number in range(14):
        assert desk.pay(desk.sheet([row(f"R{number}", f"{number + 1}.00")]), batch=f"b{number:02}").code == 0
    done = desk.batcher("backup", desk.folder / "copy.sqlite3")
    assert done.out.splitlines()[2].split()[0] == "b13"
    assert done.out.splitlines()[-1] == "  … and 2 more; --json lists all."


@pytest.mark.process
def test_where_the_room_is_gone_in_the_middle_nothing_is_left(paid: Desk) -> None:
    copy, files = paid.folder / "copy.sqlite3", beside(paid)
    small = f"ulimit -f 64; exec {sys.executable} -m batcher backup {copy} --config {paid.config()}"
    done = subprocess.run(["bash", "-c", small], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "was not made" in done.stderr
    assert "Traceback" not in done.stderr
    assert beside(paid) == files
