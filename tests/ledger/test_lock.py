"""One process at a time sends from a ledger, and whoever comes second learns who has it."""

import getpass
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from batcher.errors import LedgerBusy, OwnFault
from batcher.ledger import LedgerLock, holder_of, results_lock
from tests.payouts import NOW


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


def lock(ledger: Path, doing: str = "batcher run of batch dec") -> LedgerLock:
    return LedgerLock(ledger, doing=doing, now=NOW)


def holder(ledger: Path) -> Path:
    return ledger.with_name(f"{ledger.name}.holder")


def test_whoever_comes_second_learns_who_has_it(ledger: Path) -> None:
    with lock(ledger, "batcher run of batch nov"), pytest.raises(LedgerBusy) as busy, lock(ledger):
        pass
    assert busy.value.exit_code == 11
    assert busy.value.message.startswith(
        f"Another process has this ledger: batcher run of batch nov, process {os.getpid()} of {getpass.getuser()} on "
    )
    assert busy.value.message.endswith(", since 2026-11-03T09:00:00+00:00.")
    assert "run the same command again" in busy.value.fix


def test_it_is_free_again_once_it_is_given_back(ledger: Path) -> None:
    first, second = lock(ledger), lock(ledger)
    for one in (first, second):
        with one:
            assert holder(ledger).exists()
        assert not holder(ledger).exists()


def test_it_is_given_back_when_the_work_fails(ledger: Path) -> None:
    with pytest.raises(ZeroDivisionError), lock(ledger):
        raise ZeroDivisionError
    with lock(ledger):
        pass


def test_whoever_was_refused_takes_nothing_from_the_holder(ledger: Path) -> None:
    with lock(ledger):
        note = holder(ledger).read_text()
        for _ in range(2):
            with pytest.raises(LedgerBusy), lock(ledger):
                pass
        assert holder(ledger).read_text() == note


def test_a_note_that_a_killed_process_left_is_no_lock(ledger: Path) -> None:
    holder(ledger).write_text(json.dumps({"pid": 1, "doing": "nothing"}))
    with lock(ledger):
        assert json.loads(holder(ledger).read_text())["pid"] == os.getpid()


@pytest.mark.parametrize("note", [None, "", "{", "[]", "{}", '"x"', '{"pid": 1}'])
def test_a_note_that_says_nothing_is_no_reason_to_fail_otherwise(ledger: Path, note: str | None) -> None:
    with lock(ledger):
        holder(ledger).unlink() if note is None else holder(ledger).write_text(note)
        with pytest.raises(LedgerBusy, match="it did not leave its name"), lock(ledger):
            pass


_LOOK = """
import sys
from pathlib import Path
from batcher.ledger import holder_of

print("looking", flush=True)
while True:
    holder_of(Path(sys.argv[1]))
"""


@pytest.mark.process
def test_whoever_looks_who_has_it_keeps_nobody_from_taking_it(ledger: Path) -> None:
    """Pages look every half second; a note that a killed process left must not make them ask for the lock itself."""
    with lock(ledger):
        left = holder(ledger).read_text()
    looking = subprocess.Popen(
        [sys.executable, "-c", _LOOK, str(ledger)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with looking:
        try:
            assert looking.stdout is not None
            assert looking.stdout.readline() == "looking\n"
            for _ in range(300):
                holder(ledger).write_text(left)
                with lock(ledger):
                    pass
        finally:
            looking.kill()


def test_who_has_it_is_known_while_they_have_it(ledger: Path) -> None:
    assert holder_of(ledger) is None
    for _ in range(2):
        with lock(ledger, "batcher run of batch nov"):
            found = holder_of(ledger)
            assert found is not None
            assert (found.doing, found.pid) == ("batcher run of batch nov", str(os.getpid()))
        assert holder_of(ledger) is None
        holder(ledger).write_text("left by a killed process")
        assert holder_of(ledger) is None


def test_its_files_are_for_their_owner_only(ledger: Path) -> None:
    before = os.umask(0)
    try:
        with lock(ledger):
            assert {oct(stat.S_IMODE(path.stat().st_mode)) for path in ledger.parent.iterdir()} == {"0o600"}
    finally:
        os.umask(before)


_HOLD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from batcher.ledger import LedgerLock, holder_of, results_lock

with LedgerLock(Path(sys.argv[1]), doing="holding", now=datetime(2026, 11, 3, tzinfo=UTC)):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.process
def test_a_process_that_is_killed_lets_go(ledger: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(ledger)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(LedgerBusy, match=f"holding, process {process.pid} of "), lock(ledger):
            pass
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=30)
        assert holder(ledger).exists()
        with lock(ledger):
            pass


def test_a_lock_that_cannot_be_made_is_told_in_words(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite3"
    Path(f"{ledger}.lock").mkdir()
    with pytest.raises(OwnFault, match=r"ledger\.sqlite3\.lock could not be written \(Is a directory\)"):
        LedgerLock(ledger, doing="a test", now=NOW).__enter__()


def test_a_note_that_cannot_be_written_or_removed_keeps_nobody_from_working(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite3"
    Path(f"{ledger}.holder").mkdir()
    with (
        LedgerLock(ledger, doing="a test", now=NOW),
        pytest.raises(LedgerBusy, match="it did not leave its name"),
        LedgerLock(ledger, doing="another", now=NOW),
    ):
        pass
    with LedgerLock(ledger, doing="a third", now=NOW):
        pass


def test_results_that_cannot_be_locked_are_told_in_words(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite3"
    Path(f"{ledger}.results").mkdir()
    with pytest.raises(OwnFault, match=r"ledger\.sqlite3\.results could not be written"), results_lock(ledger):
        pass
