"""What the journal costs where a file is large: confirming it, computing its chain again, purging it.

    python -m tests.benchmarks.chained_journal [ROWS]

The seconds differ from machine to machine; what they are spent on does not.
"""

import statistics
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from batcher.clock import SystemClock
from batcher.planning import confirmation
from batcher.records import Confirmation
from tests.payouts import BATCH, ENVIRONMENT, SPEAKER, Book, payout, sheet

ROWS = 20_000
ROUNDS = 3


def main(rows: int) -> None:
    """Print the median seconds of each, and how large the ledger is."""
    clock = SystemClock()
    spent: dict[str, list[float]] = {"confirmed": [], "verified": [], "purged": []}

    def measured(what: str, work: Callable[[], object]) -> None:
        began_s = clock.instant().monotonic_s
        work()
        spent[what].append(clock.instant().monotonic_s - began_s)

    file = sheet(*(payout(f"R{n}", email=f"person{n}@example.com") for n in range(rows)))
    size = 0
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder, Book(Path(folder)) as book:
            plan = confirmation(book.plan(file), confirmed_by="jo")
            measured("confirmed", partial(_confirm, book, plan))
            measured("verified", partial(book.ledger.read_journal, ENVIRONMENT, BATCH))
            size = book.path.stat().st_size + Path(f"{book.path}-wal").stat().st_size
            measured("purged", partial(book.ledger.purge, ENVIRONMENT, BATCH, by="jo", now=book.now))
    for what, seconds in spent.items():
        print(f"{rows:,} rows {what}: {statistics.median(seconds):.2f} s")
    print(f"ledger and its log after confirming: {size / 1e6:.1f} MB")


def _confirm(book: Book, plan: Confirmation) -> None:
    book.ledger.confirm(plan, fingerprint=SPEAKER.fingerprint, now=book.now)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
