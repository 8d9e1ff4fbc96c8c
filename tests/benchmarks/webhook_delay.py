"""How long after an order is over the ledger knows it: by Runa's webhooks, and by polling alone.

    python -m tests.benchmarks.webhook_delay

`batcher serve` and `batcher sandbox --webhook` as two processes on this machine. With webhooks nobody asks by the clock
within a minute; without, it is asked as batcher comes. The sandbox looks every 0.05 s whether a webhook is due, which
is in the figures; the way from Runa's servers is not.
"""

import argparse
import os
import statistics
import tempfile
from pathlib import Path

from tests.process.hooked import page
from tests.process.house import payouts, until, write_sheet


def measured(count: int, *, hooked: bool) -> list[float]:
    """Seconds for each of so many orders."""
    first_s = 60 if hooked else 1
    with tempfile.TemporaryDirectory() as folder, page(Path(folder), hooked=hooked, polling__first_s=first_s) as at:
        at.server.ask(write_sheet(Path(folder) / "payouts.csv", payouts(count)), "november")
        until(lambda: at.server.says("november", "Ended"), "the end of the run", 600)
        return at.known_s("november")


def main() -> None:
    """Print a table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--orders", type=int, default=200)
    count = arguments.parse_args().orders
    print(f"Load before: {os.getloadavg()[0]:.1f}\n")
    print("| | orders | median | 99 of 100 | longest |\n|---|--:|--:|--:|--:|")
    for words, hooked in (("webhooks", True), ("polling alone", False)):
        found = sorted(measured(count, hooked=hooked))
        most = found[round(0.99 * (len(found) - 1))]
        print(f"| {words} | {len(found)} | {statistics.median(found):.2f} s | {most:.2f} s | {found[-1]:.2f} s |")


if __name__ == "__main__":
    main()
