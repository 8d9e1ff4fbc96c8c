"""A sealed plan: what a run would send, and what decides it, under one digest. Made again it is the same, or refused.

It is made of the plan, of how the file is read, and of where the ledger stood. It holds neither the file's cells nor
any address: keys and digests say which row is which, and what it would say.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from batcher import money
from batcher.model import Environment, PlannedOrder
from batcher.planning.plan import SENDING, Choices, Plan, PlanLine, Standing

if TYPE_CHECKING:
    from pydantic import TypeAdapter

VERSION = 1
"""Of what is sealed and how it is written down; a plan of another version is refused."""


class Act(StrEnum):
    """What a run would do with a row."""

    SEND = "send"
    ASK_AGAIN = "ask again"
    """The same bytes under the same key, which makes the order if it was never made."""
    TAKE_BACK = "take back"
    """Confirmed before, never sent, and no longer wanted."""


_ACTS = dict.fromkeys(SENDING, Act.SEND) | {
    Standing.UNKNOWN: Act.ASK_AGAIN,
    Standing.WITHDRAWN: Act.TAKE_BACK,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedRow:
    """One row with which a run would do something."""

    act: Act
    line: int | None
    """In the file; `None` for a row that the file no longer has."""
    name: str
    """Its reference, or a short name made of its content; empty where the reference is an address or a link."""
    attempt: int
    amount: Decimal
    currency: str
    key: str
    """The idempotency key: which row of which batch it is, and which attempt."""
    body: str
    """SHA-256 of the exact request, in hex."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFile:
    """Which file it is, and what was found in it."""

    path: str
    name: str
    digest: str
    """SHA-256 of its bytes, in hex."""
    rows: int
    encoding: str
    delimiter: str
    header_line: int
    columns: Mapping[str, str]
    """Ours to theirs, as they were found."""


@dataclass(frozen=True, kw_only=True)
class SealedPlan:
    """Everything that decides what a run would send. Two are the same exactly if their digests are."""

    batch: str
    environment: Environment
    api_version: str
    file: SealedFile
    said: Mapping[str, Any]
    """What a person said of how the file is read; the settings say the rest."""
    reading: Mapping[str, Any]
    """Everything that decides what a row means: said, set, or by default."""
    rules: Mapping[str, Any]
    """Settings by which a row is refused or not."""
    choices: Mapping[str, Any]
    """The flags."""
    ignore_balance: bool
    journal: str
    """The digest of the last event of the batch's journal that changed something, in hex; empty where none ever did.

    Who has seen links since is no other plan.
    """
    rows: tuple[SealedRow, ...] = field(repr=False)
    """In the order of the plan."""
    accepted_orders: tuple[str, ...]
    """Orders in Runa's list that fit no row, and without which it goes on because somebody said so."""
    prepared_by: str
    prepared_at: datetime
    """When that was begun: before ledger and list were read. The flags speak of nothing that was paid since."""

    @property
    def orders(self) -> int:
        """How many orders would be made."""
        return sum(row.act is Act.SEND for row in self.rows)

    @cached_property
    def meant(self) -> Choices:
        """The flags as the planner takes them. Raises `ValueError` for what are none."""
        from pydantic import TypeAdapter  # noqa: PLC0415 - only where a plan is sealed

        return TypeAdapter(Choices).validate_python(dict(self.choices))

    @cached_property
    def totals(self) -> dict[str, Decimal]:
        """Face value per currency of what would be sent."""
        return money.totals((row.currency, row.amount) for row in self.rows if row.act is Act.SEND)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all of it, in hex: what an approval speaks of."""
        text = json.dumps(self.as_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(f"batcher plan {VERSION}\n{text}".encode()).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """All of it but the digest, with the sums that people look for first."""
        content: dict[str, Any] = _adapter().dump_python(self, mode="json")
        rows = content.pop("rows")
        return content | {
            "orders": self.orders,
            "totals": {currency: format(amount, "f") for currency, amount in self.totals.items()},
            "rows": rows,
        }


@cache
def _adapter() -> "TypeAdapter[SealedPlan]":
    from pydantic import TypeAdapter  # noqa: PLC0415 - only where a plan is sealed

    return TypeAdapter(SealedPlan)


def sealed_rows(plan: Plan) -> tuple[SealedRow, ...]:
    """Every row that the plan would send, ask about again, or take back."""
    return tuple(_sealed(line, _ACTS[line.standing]) for line in plan.lines if line.standing in _ACTS)


def _sealed(line: PlanLine, act: Act) -> SealedRow:
    order = order_of(line)
    return SealedRow(
        act=act,
        line=line.line,
        name="" if "@" in line.name or "://" in line.name else line.name,
        attempt=order.number,
        amount=order.payout.amount,
        currency=order.payout.currency,
        key=order.key,
        body=hashlib.sha256(order.body).hexdigest(),
    )


def order_of(line: PlanLine) -> PlannedOrder:
    """The order that would be made: a new one, or the one that the ledger has."""
    if line.order is not None:
        return line.order
    assert line.record is not None  # noqa: S101 - a row without a planned order is one that the ledger knows
    return line.record.latest.order


def sealed_text(sealed: SealedPlan) -> str:
    """The sealed plan as the text of a file, a line for each row: the same text for the same plan, to the byte."""
    content: dict[str, Any] = {"batcher_plan": VERSION, "digest": sealed.digest} | sealed.as_json()
    rows = content.pop("rows")
    head = json.dumps(content, indent=2, ensure_ascii=False)
    lines = ",\n".join(f"    {json.dumps(row, ensure_ascii=False)}" for row in rows)
    return head.removesuffix("\n}") + ',\n  "rows": [\n' + lines + ("\n" if lines else "") + "  ]\n}\n"


def unsealed(text: str) -> SealedPlan:
    """The plan that `sealed_text` has written. Raises `ValueError`, with the end of a sentence, for any other text."""
    content = marked(text)
    if content is None:
        raise ValueError("is no plan of batcher's")
    if content["batcher_plan"] != VERSION:
        raise ValueError("was made by another release of batcher")
    try:
        sealed = _adapter().validate_python({name: content[name] for name in content if name not in _ADDED})
        unchanged = sealed.meant.as_json() == dict(sealed.choices) and sealed_text(sealed) == text
    except (ValueError, TypeError, ArithmeticError, RecursionError):
        unchanged = False
    if not unchanged:
        raise ValueError("was changed since it was made")
    return sealed


_ADDED = frozenset({"batcher_plan", "digest", "orders", "totals"})
"""What the text says beside the fields: made from them again, and compared."""


def marked(text: str) -> dict[str, Any] | None:
    """What a text says that was written as a sealed plan, whatever became of it since; `None` for any other text."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) and "batcher_plan" in content else None
