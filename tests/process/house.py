"""Real processes: a sandbox on a port, `batcher` as a person would start it, and a way to wait for what happens.

Nothing here sleeps for a fixed time: everything waits on a condition, with a deadline.
"""

import csv
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from batcher.settings import Settings, load_settings

DEADLINE_S = 120.0
_LOOK_AGAIN = threading.Event()

Row = Mapping[str, str]


def until(holds: Callable[[], bool], what: str, deadline_s: float = DEADLINE_S) -> None:
    """Return once `holds`; fail with `what` where it does not in time."""
    end_s = time.monotonic() + deadline_s  # noqa: TID251 - real processes take real time
    while not holds():
        assert time.monotonic() < end_s, f"in {deadline_s:.0f} s not seen: {what}"  # noqa: TID251
        _LOOK_AGAIN.wait(0.002)


class SandboxProcess:
    """`batcher sandbox` as a process of its own: it lives on when `batcher run` is killed."""

    def __init__(self, *flags: str, **switches: object) -> None:
        arguments = [*flags, *(f"--switch={name}={_text(value)}" for name, value in switches.items())]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "batcher", "sandbox", "--port=0", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url, "the sandbox did not start"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.communicate(timeout=DEADLINE_S)

    def dump(self) -> dict[str, Any]:
        """What it really issued."""
        dump: dict[str, Any] = self._ask("dump")
        return dump

    def advance(self, seconds: float) -> None:
        """Move its clock on."""
        self._ask("clock", {"advance_s": seconds})

    def switch(self, **switches: object) -> None:
        """Set switches while it runs."""
        self._ask("switches", switches)

    def posts(self) -> int:
        """How many creates it has seen."""
        return len(self.dump()["posts"])

    def paid(self) -> list[str]:
        """The reference of every order it made, sorted: a row that was paid twice is there twice."""
        return sorted(order["metadata"]["reference"] for order in self.dump()["orders"])

    def _ask(self, lever: str, content: object = None) -> Any:
        data = None if content is None else json.dumps(content).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(  # noqa: S310 - a loopback address
            f"{self.url.removesuffix('/v2')}/_sandbox/{lever}", data=data, headers=headers
        )
        with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:  # noqa: S310 - as above
            return json.load(answer)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


class House:
    """A folder with a config, from which `batcher` is run against one sandbox."""

    def __init__(
        self, folder: Path, sandbox: SandboxProcess, environ: Mapping[str, str] | None = None, /, **settings: object
    ) -> None:
        self.folder = folder
        self.ledger = folder / "ledger" / "ledger.sqlite3"
        self._environ = {
            **os.environ,
            **(environ or {}),
            "RUNA_API_KEY": "xx.process-test",
            "BATCHER_API__BASE_URL": sandbox.url,
            "BATCHER_LEDGER__URL": f"sqlite:///{self.ledger}",
            "BATCHER_RESULTS__DIRECTORY": str(folder / "results"),
            "BATCHER_LIMITS__ORDERS_PER_MINUTE": "6000",
            "BATCHER_POLLING__FIRST_S": "0.1",
            "BATCHER_RETRY__MIN_WAIT_S": "0.05",
            "BATCHER_RETRY__MAX_WAIT_S": "0.2",
            "BATCHER_RETRY__RATE_LIMITED_WAIT_S": "0.2",
            **{f"BATCHER_{name.upper()}": str(value) for name, value in settings.items()},
        }

    def settings(self) -> Settings:
        """What a process here goes by."""
        place = self.folder / "batcher.toml"
        return load_settings(place if place.exists() else None, self._environ, places=())

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start `batcher` and do not wait."""
        return subprocess.Popen(
            [sys.executable, "-m", "batcher", *arguments],
            cwd=self.folder,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def batcher(self, *arguments: str, deadline_s: float = 180.0) -> "subprocess.CompletedProcess[str]":
        """Run `batcher` to its end."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=deadline_s)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def run(self, sheet: Path, *arguments: str, batch: str = "november") -> "subprocess.CompletedProcess[str]":
        """`batcher run`, confirmed."""
        return self.batcher("run", str(sheet), "--batch", batch, "--yes", *arguments)

    def results(self, batch: str = "november") -> list[dict[str, str]]:
        """The results file, a mapping for each line."""
        path = self.folder / "results" / f"{batch}.csv"
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))


def kill(process: "subprocess.Popen[str]") -> None:
    """`kill -9`: the process gets no chance to do anything more."""
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=DEADLINE_S)


def write_sheet(path: Path, rows: Iterable[Row], *, delimiter: str = ",", encoding: str = "utf-8") -> Path:
    """Write rows as a sheet."""
    listed = list(rows)
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(listed[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(listed)
    return path


def payouts(count: int, *, start: int = 1) -> list[dict[str, str]]:
    """So many rows, each for another person and another amount."""
    return [
        {
            "Reference": f"R-{number:03}",
            "Name": f"Person {number}",
            "Email": f"person{number}@example.com",
            "Amount": f"{10 + number}.50",
            "Currency": "GBP",
            "Product": "AMZ-GB",
            "Delivery": "EMAIL",
        }
        for number in range(start, start + count)
    ]


def assert_each_link_in_its_own_line(results: Iterable[Row], dump: Mapping[str, Any]) -> None:
    """Every completed line has the link, order and amount of its own recipient, by the sandbox's own books."""
    orders = {order["id"]: order for order in dump["orders"]}
    for line in results:
        if line["status"] != "COMPLETED":
            assert not line["redemption_url"]
            continue
        order = orders[line["order_id"]]
        assert line["redemption_url"] == order["redemption_url"]
        assert line["Email"] == order["recipient"]
        assert line["Amount"] == order["amount"]
        assert line["Reference"] == order["metadata"]["reference"]
