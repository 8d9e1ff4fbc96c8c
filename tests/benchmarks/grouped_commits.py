"""What grouping saves: sends that wait together against the same sends one by one, each on the disk before it counts.

    python -m tests.benchmarks.grouped_commits

It prints ratios of one run, in which the two take turns; the seconds behind them differ from disk to disk.
"""

import asyncio
import statistics
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from batcher.clock import SystemClock
from batcher.ledger import SqlJournal
from tests.payouts import BATCH, ENVIRONMENT, SPEAKER, Book, payout, sheet

ROWS = 640
ROUNDS = 5

Write = Callable[[SqlJournal, list[int]], Awaitable[None]]


async def one_by_one(journal: SqlJournal, attempts: list[int]) -> None:
    """Each send waits for its own commit before the next begins."""
    for attempt in attempts:
        await journal.sending(attempt, SPEAKER, SystemClock().instant())


async def together(journal: SqlJournal, attempts: list[int]) -> None:
    """All sends wait at once, and share commits."""
    now = SystemClock().instant()
    await asyncio.gather(*(journal.sending(attempt, SPEAKER, now) for attempt in attempts))


async def in_place(work: Callable[[], None]) -> None:
    """Commits without a thread: only the disk is measured."""
    work()


def seconds(write: Write) -> float:
    """How long `ROWS` sends take, in a new ledger."""
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as folder, Book(Path(folder)) as book:
        book.confirm(sheet(*(payout(f"R{n}", email=f"person{n}@example.com") for n in range(ROWS))))
        attempts = [row.latest.id for row in book.ledger.batch(ENVIRONMENT, BATCH).rows]
        began_s = clock.instant().monotonic_s
        asyncio.run(_written(write, book.ledger.journal(in_place), attempts))
        return clock.instant().monotonic_s - began_s


async def _written(write: Write, journal: SqlJournal, attempts: list[int]) -> None:
    await write(journal, attempts)


def main() -> None:
    """Print how many times faster sends are noted when they wait together."""
    ratios = sorted(seconds(one_by_one) / seconds(together) for _ in range(ROUNDS))
    print(f"{ROWS} sends, {ROUNDS} rounds: together they are on the disk {statistics.median(ratios):.1f} times as fast")
    print(f"(from {ratios[0]:.1f} to {ratios[-1]:.1f}) as one by one.")


if __name__ == "__main__":
    main()
