"""The batch of every run here: twenty rows of every kind, its sheets, and where batcher keeps what it knows of it."""

import os
from collections.abc import Mapping
from pathlib import Path

from tests.process.house import Row, write_sheet
from tests.process.syscalls.zygote import Command

BATCH = "november"
LATE_S = 60.0
"""How long the order for late@ stays FAILED. Between two runs the bank's clock goes on by more than that."""

BETWEEN_RUNS_S = 90.0

SWITCHES: Mapping[str, object] = {
    "rate": "none",
    "latency_min_s": 0.0005,
    "latency_max_s": 0.004,
    "complete_min_s": 0,
    "complete_max_s": 0.01,
    "late_s": LATE_S,
    # Even a good run sends some rows again, under their own keys.
    "lost_reply": {"overall": [6]},
    "error_made": {"overall": [12]},
}

LATE = "R-12"
FAILING = ("R-09", "R-14")
REFUSED = ("R-06", "R-17")
EDITED = ("R-01", "R-19")
"""The first and the last row: the one is paid early, the other late."""

_KINDS = {
    2: ("AMZ-GB", "PAYOUT_LINK", "person{}@example.com", "12.50"),
    6: ("AMZ-GB", "EMAIL", "product@example.com", "16.50"),
    7: ("BANK-GB", "RECIPIENT", "person{}@example.com", "17.50"),
    9: ("AMZ-GB", "EMAIL", "fail-bare@example.com", "19.50"),
    11: ("AMZ-GB", "PAYOUT_LINK", "person{}@example.com", "21.50"),
    12: ("AMZ-GB", "EMAIL", "late@example.com", "22.50"),
    14: ("AMZ-GB", "EMAIL", "fail-full@example.com", "24.50"),
    16: ("AMZ-GB", "PAYOUT_LINK", "person{}@example.com", "27.50"),
    17: ("AMZ-GB", "EMAIL", "invalid@example.com", "28.50"),
}


def rows() -> list[dict[str, str]]:
    """Twenty rows for twenty people, of different amounts."""
    made = []
    for number in range(1, 21):
        usual = ("AMZ-GB", "EMAIL", "person{}@example.com", f"{10 + number}.75")
        product, delivery, email, amount = _KINDS.get(number, usual)
        made.append(
            {
                "Reference": f"R-{number:02}",
                "Email": email.format(number),
                "Amount": amount,
                "Currency": "GBP",
                "Product": product,
                "Delivery": delivery,
                "Recipient reference": f"P-{number}" if delivery == "RECIPIENT" else "",
            }
        )
    return made


PAYABLE = tuple(row["Reference"] for row in rows() if row["Reference"] not in {*FAILING, *REFUSED})


def edited(reference: str) -> list[dict[str, str]]:
    """The same rows, one with another amount."""
    return [{**row, "Amount": "33.25"} if row["Reference"] == reference else row for row in rows()]


class Desk:
    """A folder with the sheet, the ledger and the results, and the commands that are given there."""

    def __init__(self, folder: Path, url: str, *, orders_per_minute: int = 6000) -> None:
        self.folder = folder
        self.state = folder / "state"
        """What is kept and put back: ledger and results."""
        self.ledger = self.state / "ledger" / "ledger.sqlite3"
        self.results = self.state / "results"
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "RUNA_API_KEY": "xx.process-test",
            "BATCHER_API__BASE_URL": url,
            "BATCHER_LEDGER__URL": f"sqlite:///{self.ledger}",
            "BATCHER_RESULTS__DIRECTORY": str(self.results),
            "BATCHER_LIMITS__ORDERS_PER_MINUTE": str(orders_per_minute),
            "BATCHER_POLLING__FIRST_S": "0.03",
            "BATCHER_RETRY__MIN_WAIT_S": "0.02",
            "BATCHER_RETRY__MAX_WAIT_S": "0.05",
            "BATCHER_RETRY__RATE_LIMITED_WAIT_S": "0.05",
            "BATCHER_RECONCILE__SETTLE_AFTER_S": "1",
        }
        self.sheets = folder / "sheets"
        self.sheets.mkdir(parents=True, exist_ok=True)
        self.state.mkdir(exist_ok=True)

    def run(self, sheet: list[Row] | list[dict[str, str]], name: str = "payouts.csv") -> Command:
        """`batcher run` of these rows, confirmed."""
        path = write_sheet(self.sheets / name, sheet)
        return self.command("run", str(path), "--batch", BATCH, "--yes")

    def resume(self) -> Command:
        """`batcher resume`."""
        return self.command("resume", BATCH)

    def command(self, *arguments: str) -> Command:
        """Any command of batcher."""
        return Command(arguments, folder=self.folder, environ=self.environ)
