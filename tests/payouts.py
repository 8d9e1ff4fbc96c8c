"""Payouts, sheets and records for tests, and a `Book`: a real ledger, taken through runs without an API.

with Book(tmp_path) as book:
    book.confirm(sheet(payout("R1")))
    book.bring("R1", State.COMPLETED)
    assert book.plan(sheet(payout("R1"))).lines[0].standing is Standing.PAID
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from batcher import keys
from batcher.evidence import Evidence
from batcher.ledger import Ledger, SqlJournal
from batcher.model import (
    Distribution,
    Environment,
    Instant,
    Order,
    Payout,
    PlannedOrder,
    Problem,
    Reply,
    Sheet,
    SheetRow,
    Speaker,
)
from batcher.planning import Choices, Plan, confirmation, make_plan
from batcher.policy import Finding, Verdict
from batcher.records import AttemptRecord, BatchRecord, RowRecord
from batcher.states import State
from tests.blank_ledger import lay_blank_ledger
from tests.virtual_time import run

NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
ENVIRONMENT = Environment(base_url="https://playground.runa.io", account="main")
SPEAKER = Speaker(base_url=ENVIRONMENT.base_url, api_version="2024-02-05", fingerprint="f" * 16)
COLUMNS = ("reference", "amount", "currency", "product", "distribution", "email", "note")
BATCH = "nov"
WINDOW_DAYS = 20


def payout(reference: str | None = "R1", amount: str = "10.00", **fields: Any) -> Payout:
    """GBP 10.00 to jo@example.com, but for what the test says."""
    usual: dict[str, Any] = {
        "currency": "GBP",
        "products": ("AMZ-GB",),
        "distribution": Distribution.EMAIL,
        "email": "jo@example.com",
        "recipient_reference": None,
        "template": None,
    }
    return Payout(reference=reference, amount=Decimal(amount), **(usual | fields))


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line whose amount is no number."""

    reference: str | None = None
    email: str = "jo@example.com"


def sheet(*entries: Payout | Unreadable, name: str = "nov.csv", first_line: int = 2, **fields: Any) -> Sheet:
    """A file with these rows, in this order, from line 2."""
    rows = tuple(_row(entry, line) for line, entry in enumerate(entries, start=first_line))
    usual: dict[str, Any] = {
        "name": name,
        "digest": hashlib.sha256(repr(rows).encode()).hexdigest(),
        "encoding": "utf-8",
        "delimiter": ",",
        "columns": COLUMNS,
        "rows": rows,
    }
    return Sheet(**(usual | fields))


def _row(entry: Payout | Unreadable, line: int) -> SheetRow:
    if isinstance(entry, Unreadable):
        cells = (entry.reference or "", "ten", "GBP", "AMZ-GB", "EMAIL", entry.email, "")
        return SheetRow(line=line, cells=cells, payout=None, problems=(problem(line),), reference=entry.reference)
    return SheetRow(line=line, cells=cells_of(entry), payout=entry, reference=entry.reference)


def cells_of(paid: Payout) -> tuple[str, ...]:
    """The payout as a line of a file, under `COLUMNS`."""
    return (
        paid.reference or "",
        str(paid.amount),
        paid.currency,
        "|".join(paid.products),
        paid.distribution.value,
        paid.email or "",
        "",
    )


def problem(line: int) -> Problem:
    """What is wrong with an unreadable line."""
    return Problem(
        line=line,
        column="amount",
        value="ten",
        message="This is no amount.",
        fix="Write digits.",
        kind="amount_not_a_number",
    )


def planned(paid: Payout, *, number: int = 1, batch: str = BATCH, account: str = ENVIRONMENT.account) -> PlannedOrder:
    """The attempt that planning would make of it."""
    identity = keys.identity(paid)
    key = keys.idempotency_key(account=account, batch=batch, identity=identity, attempt=number)
    body = keys.body(key=key, batch=batch, payout=paid)
    return PlannedOrder(identity=identity, number=number, key=key, body=body, payout=paid)


def attempt(state: State, paid: Payout, *, number: int = 1, **fields: Any) -> AttemptRecord:
    """An attempt as the ledger would give it."""
    usual: dict[str, Any] = {"columns": COLUMNS, "cells": cells_of(paid)}
    return AttemptRecord(id=number, order=planned(paid, number=number), state=state, planned_at=NOW, **(usual | fields))


def record_of(*attempts: AttemptRecord, **fields: Any) -> BatchRecord:
    """A batch of one row with these attempts."""
    row = RowRecord(
        id=1,
        identity=attempts[0].order.identity,
        line=2,
        in_file=True,
        columns=COLUMNS,
        cells=attempts[-1].cells,
        attempts=attempts,
    )
    return BatchRecord(environment=ENVIRONMENT, name=BATCH, columns=COLUMNS, rows=(replace(row, **fields),))


async def in_place(work: Callable[[], None]) -> None:
    """Commits on the event loop itself; implements `batcher.ports.Blocking`."""
    work()


ACCEPTED = Verdict(Finding.ACCEPTED, "accepted")

_ANSWERS = {
    State.HELD: Verdict(Finding.TURNED_AWAY, "rate_limited"),
    State.UNKNOWN: Verdict(Finding.UNUSABLE, "no_answer"),
    State.REJECTED: Verdict(Finding.REFUSED, "validation_error"),
}
_ORDER_WORDS = {State.COMPLETED: "COMPLETED", State.FAILED: "FAILED", State.MISMATCH: "COMPLETED"}


def link_of(attempt: AttemptRecord) -> str:
    """The link that a `Book` gives an attempt that it brings to `COMPLETED`."""
    return f"https://links.example/{attempt.order.key}"


class Book:
    """A ledger in a folder, a moment, and what a run does to both; set `now` to let time pass."""

    def __init__(self, folder: Path, *, environment: Environment = ENVIRONMENT) -> None:
        self.ledger = Ledger(f"sqlite:///{lay_blank_ledger(folder / 'ledger.sqlite3')}")
        self.environment = environment
        self.now = NOW
        self._orders = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ledger.__exit__(kind, error, trace)

    @property
    def path(self) -> Path:
        """The ledger's file."""
        return self.ledger.path

    @property
    def at(self) -> Instant:
        """This moment on all clocks."""
        return Instant(at=self.now, monotonic_s=(self.now - NOW).total_seconds(), boot="boot-1")

    def pass_days(self, days: float) -> None:
        """Let time pass."""
        self.now += timedelta(days=days)

    def plan(self, file: Sheet, batch: str = BATCH, *, evidence: Evidence | None = None, **choices: Any) -> Plan:
        """What a run of the file would do, by the ledger and what the order list says."""
        return make_plan(
            file,
            self.batch(batch),
            self.ledger,
            choices=Choices(**choices),
            now=self.now,
            window_days=WINDOW_DAYS,
            evidence=evidence,
        )

    def confirm(self, file: Sheet, batch: str = BATCH, **choices: Any) -> Plan:
        """Plan the file, and say yes to a plan that must have no problem."""
        plan = self.plan(file, batch, **choices)
        assert [one.message for one in plan.problems] == []
        self.ledger.confirm(confirmation(plan, confirmed_by="jo"), fingerprint=SPEAKER.fingerprint, now=self.now)
        return plan

    def batch(self, name: str = BATCH) -> BatchRecord:
        """The batch as the ledger has it."""
        return self.ledger.batch(self.environment, name)

    def row(self, name: str, batch: str = BATCH) -> RowRecord:
        """The row that people call so."""
        (found,) = (row for row in self.batch(batch).rows if row.name == name)
        return found

    def journal(self) -> SqlJournal:
        """A run's journal, that commits in place."""
        return self.ledger.journal(in_place)

    def bring(self, name: str, *states: State, batch: str = BATCH, **order: Any) -> RowRecord:
        """Send the row, and take it through answers to each of these states; gives where it then stands.

        `order` are fields of the order, where there is one.
        """
        for state in states:
            run(self._bring(self.row(name, batch).latest, state, order))
        return self.row(name, batch)

    def reopen(self, name: str, batch: str = BATCH) -> None:
        """The first order of the row that had failed no longer has; what was planned after it is withdrawn."""
        row = self.row(name, batch)
        failed = next(one for one in row.attempts if one.state is State.FAILED)
        run(self.journal().reopened(failed.id, row.latest.id, why="read again", at=self.at))

    async def _bring(self, latest: AttemptRecord, to: State, order: dict[str, Any]) -> None:
        journal = self.journal()
        if latest.state is not State.ACCEPTED:
            send_id = await journal.sending(latest.id, SPEAKER, self.at, server_at=None)
            if to is State.SENT:
                return
            verdict = _ANSWERS.get(to, ACCEPTED)
            reply = Reply(http_status=200, message="as it came", order=self._order("PROCESSING", {}, new=True))
            after = to if to in _ANSWERS else State.ACCEPTED
            await journal.answered(send_id, latest.id, reply=reply, verdict=verdict, to=after, at=self.at)
        if to in _ORDER_WORDS:
            read = self._order(_ORDER_WORDS[to], {"redemption_url": link_of(latest)} | order)
            await journal.settled(latest.id, order=read, to=to, why="read", at=self.at)

    def _order(self, status: str, fields: dict[str, Any], *, new: bool = False) -> Order:
        self._orders += new
        usual: dict[str, Any] = {
            "order_id": f"O-{self.environment.account}-{self._orders}",
            "status": status,
            "payout_status": "ACTIVE",
            "expiry_date": "2027-11-03",
            "price": Decimal("9.50"),
        }
        return Order(**(usual | fields))
