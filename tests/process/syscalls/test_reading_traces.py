"""Traces are read rightly, and what they show of the disk is judged rightly: a planted violation is seen."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.process.syscalls.durability import posts, violations
from tests.process.syscalls.points import Point
from tests.process.syscalls.tracing import Call, read

KEY = "00000000-0000-8000-8000-000000000001"
LEDGER = "/somewhere/ledger.sqlite3"


def ledger(tmp_path: Path, sends: int) -> bytes:
    """The bytes of a ledger that knows of so many sends of the key."""
    path = tmp_path / f"{sends}.sqlite3"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE attempts (id INTEGER PRIMARY KEY, key TEXT)")
        connection.execute("CREATE TABLE sends (id INTEGER PRIMARY KEY, attempt_id INTEGER)")
        connection.execute("INSERT INTO attempts (key) VALUES (?)", (KEY,))
        connection.executemany("INSERT INTO sends (attempt_id) VALUES (?)", [(1,)] * sends)
        connection.commit()
    return path.read_bytes()


def call(at: int, name: str, arguments: str, *, result: int = 0, took: int = 1, thread: int = 1) -> Call:
    """One call at that time."""
    error = None if result >= 0 else "EIO"
    return Call(thread, name, arguments, result, error, result < 0, at, at + took)


def write(at: int, content: bytes) -> Call:
    """The whole ledger written."""
    text = "".join(f"\\{byte:03o}" for byte in content)
    return call(at, "pwrite64", f'3<{LEDGER}>, "{text}", {len(content)}, 0', result=len(content))


def sync(at: int, *, result: int = 0) -> Call:
    """The ledger synced."""
    return call(at, "fdatasync", f"3<{LEDGER}>", result=result)


def post(at: int) -> Call:
    """The first bytes of a create."""
    text = f"POST /v2/order HTTP/1.1\\r\\nHost: localhost\\r\\nX-Idempotency-Key: {KEY}\\r\\n\\r\\n"
    return call(at, "sendto", f'7<socket:[1]>, "{text}", 90, 0, NULL, 0', result=90, thread=0)


def test_a_post_after_its_intent_was_synced_is_right(tmp_path: Path) -> None:
    found = posts([write(10, ledger(tmp_path, 1)), sync(20), post(30)], tmp_path / "disk")
    assert [(each.key, each.nth, each.unsynced) for each in found] == [(KEY, 1, 0)]
    assert violations(found, strict=True) == []


def test_a_post_before_the_sync_of_its_intent_is_a_violation(tmp_path: Path) -> None:
    for trace in (
        [write(10, ledger(tmp_path, 1)), post(15), sync(20)],
        [write(10, ledger(tmp_path, 1)), post(15)],
        [post(5), write(10, ledger(tmp_path, 1)), sync(20)],
    ):
        assert violations(posts(trace, tmp_path / "disk")) == [f"POST 1 of key {KEY} left before its intent was synced"]


def test_a_sync_that_has_not_ended_or_has_failed_makes_nothing_safe(tmp_path: Path) -> None:
    slow = call(20, "fdatasync", f"3<{LEDGER}>", took=20)
    for synced in (slow, sync(20, result=-1)):
        assert violations(posts([write(10, ledger(tmp_path, 1)), synced, post(30)], tmp_path / "disk"))


def test_a_resend_needs_a_synced_intent_of_its_own(tmp_path: Path) -> None:
    trace = [write(10, ledger(tmp_path, 1)), sync(20), post(30), post(40)]
    assert violations(posts(trace, tmp_path / "disk")) == [f"POST 2 of key {KEY} left before its intent was synced"]
    again = [*trace[:3], write(33, ledger(tmp_path, 2)), sync(36), post(40)]
    assert violations(posts(again, tmp_path / "disk")) == []


def test_bytes_of_another_row_that_are_not_synced_are_a_violation_only_where_rows_go_one_by_one(tmp_path: Path) -> None:
    trace = [write(10, ledger(tmp_path, 1)), sync(20), write(25, ledger(tmp_path, 2)), post(30)]
    found = posts(trace, tmp_path / "disk")
    assert violations(found) == []
    assert violations(found, strict=True) == [f"POST 1 of key {KEY} left while 1 ledger writes were unsynced"]


def test_what_the_disk_held_before_the_trace_counts(tmp_path: Path) -> None:
    assert violations(posts([post(30)], tmp_path / "disk", {"ledger.sqlite3": ledger(tmp_path, 1)})) == []


def test_a_line_of_strace_is_read_whole(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    trace.write_text(
        '1700000000.000000001 pwrite64(3</a/ledger.sqlite3-wal>, "a) = 1\\0\\"b", 9, 32) = 9 <0.000000002>\n'
        '1700000000.000000005 rename("/a/.new", "/a/n.csv") = -1 ENOSPC (No space left on device) (INJECTED) '
        "<0.000000001>\n"
        "1700000000.000000007 fdatasync(3</a/ledger.sqlite3-wal>) = ?\n"
        "+++ killed by SIGKILL +++\n"
    )
    write, rename, sync = read(trace, 1)
    assert (write.path, write.data, write.result, write.numbers[-1]) == ("/a/ledger.sqlite3-wal", b'a) = 1\0"b', 9, 32)
    assert write.ended_ns - write.began_ns == 2
    assert (rename.path, rename.error, rename.injected) == ("/a/.new", "ENOSPC", True)
    assert (sync.result, sync.injected, sync.ended_ns) == (None, False, sync.began_ns)


@pytest.mark.parametrize("text", ["1:pwrite64:37:SIGKILL", "0:fdatasync:5:EIO+", "2:sendto:1:SIGKILL@2"])
def test_a_point_reads_back_as_it_is_written(text: str) -> None:
    assert str(Point.of(text)) == text


def test_what_is_no_point_is_refused() -> None:
    with pytest.raises(ValueError, match="one is written"):
        Point.of("pwrite64")
