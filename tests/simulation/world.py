"""The world around the processes: the sandbox's logic, the network, the disk, the clocks, and the sheet."""

import hashlib
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random  # noqa: TID251 - the one place where a simulated world gets chance from, always seeded
from typing import Any

from pydantic import SecretStr

from batcher.assembly import Office, Surroundings, load_sheet
from batcher.ledger import LedgerLock
from batcher.model import Sheet
from batcher.ports import Blocking
from batcher.sandbox import Answer, Request, Switches
from batcher.sandbox import Api as Sandbox
from batcher.settings import Settings, load_settings
from tests.simulation.disk import Disk, Fate
from tests.simulation.process import Process, current
from tests.simulation.wire import Arrival, Passage, Trouble, Wires
from tests.virtual_time import START, VirtualClock

BATCH = "november"
API_KEY = SecretStr("xx.simulated")
BASE_URL = "http://127.0.0.1:9/v2"

ON_ARRIVAL = (Trouble.LOST, Trouble.UNHEARD, Trouble.REFUSED, Trouble.LATE, Trouble.TWICE)


_READ: dict[tuple[str, str], Sheet] = {}
"""Files as they were read: reading one again gives the same, and takes longer than the rest of a life."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the sheet. The pence of its amount are the person: no edit changes them, and no two share them."""

    reference: str
    person: int
    pounds: int
    word: str = "person"
    """The first word of the address: what becomes of the order, by the sandbox's magic."""
    distribution: str = "EMAIL"

    @property
    def email(self) -> str:
        """Whose it is."""
        return f"{self.word}@p{self.person}.example"

    @property
    def amount(self) -> Decimal:
        """Face value."""
        return Decimal(self.pounds) + Decimal(self.person) / 100


def person_of(amount: str) -> int:
    """Whose an order is, by its amount alone: no key, tag or address has to be believed."""
    return int(Decimal(amount) * 100) % 100


class World:
    """One seed's world. Everything in it that is drawn, is drawn by name: the same seed draws the same."""

    def __init__(self, seed: int, folder: Path, blank: Path, switches: Switches, *, per_minute: int) -> None:
        self.seed = seed
        self.folder = folder
        self.per_minute = per_minute
        self.clock = VirtualClock()
        """The clock of the machine that batcher runs on; its wall may be wrong."""
        self.sandbox = Sandbox(switches, seed)
        self.rows: list[Row] = []
        self.generation = 0
        """Which ledger this is: counts up where one is lost or put back."""
        self.slept_s = 0.0
        """How long nothing happened at all: months that no loop has to step through."""
        self.trouble = 0.0
        """The share of requests that the network troubles."""
        self.disk = Disk(self._fate)
        self.on_arrival: Callable[[Arrival, Answer], None] = lambda arrival, answer: None
        self.before_arrival: Callable[[Arrival], None] = lambda arrival: None
        self._blank = blank
        self.file_name = "sheet.csv"
        self._fates: dict[Process, tuple[int, Fate]] = {}
        self._commits: Counter[Process] = Counter()
        self._locks: list[tuple[Process, LedgerLock]] = []
        self._passed: Counter[tuple[str, str]] = Counter()
        self.trace = hashlib.sha256()
        """Of everything that arrived, and when: equal where a seed is run again."""
        self.settings = self._settings()
        self.lose_ledger()
        self.wires = Wires(self._passage, self._arrive, lambda: self.generation)

    # Time and chance

    @property
    def now_s(self) -> float:
        """True time, in seconds since 1970: the server's clock."""
        return START.timestamp() + self.clock.now_s + self.slept_s

    def chance(self, *names: object) -> Random:
        """Chance by name."""
        return Random("/".join(map(str, (self.seed, *names))))  # noqa: S311 - a simulated world, no secret

    # The machine

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.folder / "ledger" / "ledger.sqlite3"

    @property
    def results(self) -> Path:
        """The results as CSV."""
        return self.folder / "results" / f"{BATCH}.csv"

    def office(self, life: int) -> Office:
        """What a process opens when it starts."""
        surroundings = Surroundings(
            clock=self.clock, rng=self.chance("waits", life), transport=self.wires, commits=self.in_place
        )
        return Office(self.settings, surroundings)

    def take_lock(self, office: Office) -> None:
        """Take the ledger's lock for the process whose step this is; it ends with the process."""
        process = current()
        assert process is not None
        lock = office.lock("a simulated process")
        lock.__enter__()
        self._locks.append((process, lock))

    def ended(self, process: Process) -> None:
        """What the system does when a process ends, however it ends."""
        process.kill()
        self.disk.forget(process)
        for owner, lock in self._locks:
            if owner is process:
                lock.__exit__(None, None, None)
        self._locks = [(owner, lock) for owner, lock in self._locks if owner is not process]

    def doom(self, process: Process, commit: int, fate: Fate) -> None:
        """Let that happen at the process's commit of this number, and at every later one where the disk is full."""
        self._fates[process] = (commit, fate)

    def _fate(self, process: Process) -> Fate:
        self._commits[process] += 1
        at, fate = self._fates.get(process, (0, Fate.MADE))
        lasting = fate is Fate.FULL and self._commits[process] > at > 0
        return fate if self._commits[process] == at or lasting else Fate.MADE

    @contextmanager
    def in_place(self) -> Iterator[Blocking]:
        """Commits take a while, and are made in one step."""

        async def blocking(work: Callable[[], None]) -> None:
            process = current()
            share = self.chance("commit", self.disk.commits, self.clock.now_s).random()
            await self.clock.sleep(0.03 * share**3)
            if process is not None and not process.dead:
                work()

        yield blocking

    # The ledger, the sheet

    def lose_ledger(self) -> None:
        """There is none any more; a new one is begun."""
        self.generation += 1
        shutil.rmtree(self.ledger.parent, ignore_errors=True)
        self.ledger.parent.mkdir(mode=0o700)
        shutil.copy(self._blank, self.ledger)

    def copy_ledger(self, to: Path) -> None:
        """A back-up, made while nothing runs."""
        shutil.copytree(self.ledger.parent, to)

    def restore_ledger(self, backup: Path) -> None:
        """Put a back-up in the place of the ledger."""
        self.generation += 1
        shutil.rmtree(self.ledger.parent)
        shutil.copytree(backup, self.ledger.parent)

    def read_ledger(self, query: str, *values: str) -> list[Any]:
        """What the ledger's file has, by a connection of its own: nothing that is not committed."""
        connection = sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()

    def sheet(self, shuffled: Random | None = None) -> Sheet:
        """The rows, written as a file and read again."""
        rows = list(self.rows)
        if shuffled is not None:
            shuffled.shuffle(rows)
        lines = [f"{row.reference},{row.email},{row.amount},GBP,AMZ-GB,{row.distribution}\n" for row in rows]
        written = "reference,email,amount,currency,product,distribution\n" + "".join(lines)
        if (self.file_name, written) not in _READ:
            path = self.folder / self.file_name
            path.write_text(written)
            _READ[self.file_name, written] = load_sheet(path, self.settings)
        return _READ[self.file_name, written]

    # The network and the server

    def dump(self) -> dict[str, Any]:
        """The sandbox's own books."""
        return self.sandbox.dump(self.now_s)

    def _passage(self, request: Request) -> Passage:
        name = (f"{request.method} {request.path}", request.headers.get("x-idempotency-key", ""))
        self._passed[name] += 1
        rng = self.chance("passage", *name, self._passed[name])
        there_s, back_s = (0.01 + 0.2 * rng.random() + (2.0 * rng.random() if rng.random() < 0.05 else 0) for _ in "ab")
        trouble = rng.choice(ON_ARRIVAL) if rng.random() < self.trouble else Trouble.NONE
        return Passage(trouble, there_s, back_s)

    def _arrive(self, arrival: Arrival) -> Answer:
        self.before_arrival(arrival)
        answer = self.sandbox.handle(arrival.request, self.now_s, self.clock.now_s)
        request = arrival.request
        note = f"{self.clock.now_s:.6f} {request.method} {request.path} {request.headers.get('x-idempotency-key', '')}"
        self.trace.update(f"{note} {answer.wire} {answer.status}\n".encode())
        self.on_arrival(arrival, answer)
        return answer

    def _patience(self) -> dict[str, str]:
        """How long and how often it asks."""
        rng = self.chance("settings")
        return {
            "POLLING__FIRST_S": rng.choice(["0.5", "2"]),
            "POLLING__GIVE_UP_AFTER_S": rng.choice(["20", "120"]),
            "RETRY__ATTEMPTS": rng.choice(["1", "3", "5"]),
        }

    def _settings(self) -> Settings:
        given = {
            "API__BASE_URL": BASE_URL,
            "API__ACCOUNT": "simulated",
            "API__TIMEOUT_S": "5",
            "LIMITS__ORDERS_PER_MINUTE": str(self.per_minute),
            "RETRY__MIN_WAIT_S": "0.5",
            "RETRY__MAX_WAIT_S": "5",
            "RETRY__RATE_LIMITED_WAIT_S": "5",
            "LEDGER__URL": f"sqlite:///{self.ledger}",
            "RESULTS__DIRECTORY": str(self.results.parent),
            **self._patience(),
        }
        return load_settings(None, {f"BATCHER_{name}": value for name, value in given.items()}, places=())
