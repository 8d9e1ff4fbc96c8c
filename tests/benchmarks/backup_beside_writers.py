"""Whether a back-up keeps those waiting who write: commits beside it, and alone, on a ledger of some size.

python -m tests.benchmarks.backup_beside_writers --megabytes 300
"""

import argparse
import sqlite3
import tempfile
import threading
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from batcher.ledger import Ledger, copy_ledger


def main() -> None:
    """Write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=300)
    megabytes = parser.parse_args().megabytes
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite3"
        with Ledger(f"sqlite:///{path}"):
            pass
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("CREATE TABLE filler (bytes BLOB)")
            connection.executemany("INSERT INTO filler VALUES (randomblob(?))", [(1_000_000,)] * megabytes)
        # Twice alone: a disk that others use as well is never the same.
        for what in ("alone", "beside a back-up", "alone", "beside a back-up"):
            taken_s = commits(path, Path(folder), beside=what != "alone")
            shares = f"{percent(taken_s, 50)}, {percent(taken_s, 99)}, {max(taken_s):.4f} s the longest"
            print(f"{what:<17} {len(taken_s):>6,} commits, {shares}")


def percent(taken_s: list[float], share: int) -> str:
    """One of a hundred parts."""
    return f"{share} %: {sorted(taken_s)[len(taken_s) * share // 100]:.4f} s"


def commits(path: Path, folder: Path, *, beside: bool) -> list[float]:
    """How long each commit takes, for as long as a back-up takes, or for five seconds."""
    ended = threading.Event()

    def copy() -> None:
        began_s = time.monotonic()  # noqa: TID251 - a benchmark takes real time
        made = copy_ledger(path, folder / "copy.sqlite3", now=datetime.now(UTC))  # noqa: TID251 - as above
        print(f"  {made.bytes:,} bytes copied and checked in {time.monotonic() - began_s:.1f} s")  # noqa: TID251
        made.path.unlink()
        ended.set()

    other = threading.Thread(target=copy) if beside else threading.Timer(5, ended.set)
    taken_s: list[float] = []
    with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as writer:
        writer.execute("PRAGMA synchronous=FULL")
        other.start()
        while not ended.is_set():
            began_s = time.monotonic()  # noqa: TID251
            writer.execute("INSERT INTO filler VALUES (randomblob(500))")
            taken_s.append(time.monotonic() - began_s)  # noqa: TID251
    other.join()
    return taken_s


if __name__ == "__main__":
    main()
