"""What the ledger remembers, as values: the use cases read these and never a table."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Self, overload

from batcher import keys, money
from batcher.model import Environment, Payout, PlannedOrder, Problem, Product, Speaker
from batcher.policy import Finding, Verdict
from batcher.states import PAID_OR_OPEN, State

_COUNTED = re.compile(r"[._-]*[0-9][0-9._-]*")
"""Digits, with the separators beside them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRecord:
    """One request of an attempt."""

    id: int = 0
    """Counts up through the ledger: what has the higher one was sent later, whatever the clock said."""
    sent_at: datetime
    speaker: Speaker
    server_at: datetime | None = None
    """The newest time that the server had told before; older than the truth, never newer."""
    answered_at: datetime | None = None
    """`None` where no answer was recorded, whether or not one came."""
    finding: Finding | None = None
    cause: str | None = None

    @property
    def verdict(self) -> Verdict:
        """What was made of its answer; one that was never recorded is unusable."""
        if self.finding is None:
            return Verdict(Finding.UNUSABLE, "no_answer_recorded")
        return Verdict(self.finding, self.cause or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """One attempt of a row: what it says, where it stands, and what is known of its order."""

    id: int
    order: PlannedOrder
    state: State
    planned_at: datetime
    columns: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    """The row in the file that it was confirmed with: beside these cells, and no others, belongs its link."""
    sends: tuple[SendRecord, ...] = ()
    """Oldest first."""
    order_id: str | None = None
    accepted_at: datetime | None = None
    completed_at: datetime | None = None
    redemption_url: str | None = field(default=None, repr=False)
    payout_status: str | None = None
    expiry_date: str | None = None
    price: Decimal | None = None
    discount: Decimal | None = None
    """What was taken off the face value, where the API has told it."""
    error_type: str | None = None
    error_message: str | None = None

    @property
    def submitted_at(self) -> datetime | None:
        """When it was first sent."""
        return self.sends[0].sent_at if self.sends else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRecord:
    """One row of a batch, through all files it was in and all attempts it had."""

    id: int
    identity: str
    line: int
    """Where it stood in the last confirmed file that had it."""
    in_file: bool
    """Whether the last confirmed file has it."""
    columns: tuple[str, ...]
    cells: tuple[str, ...]
    attempts: tuple[AttemptRecord, ...]
    """Oldest first; never empty."""
    wanted: str = ""
    """The content digest of what the last confirmed file that has it asks for."""

    @property
    def latest(self) -> AttemptRecord:
        """The attempt that says where the row stands: the one that paid or may pay, else the last one not withdrawn.

        An order that had failed and no longer has is followed again, and may be older than attempts that were refused.
        """
        return max(
            self.attempts,
            key=lambda one: (one.state in PAID_OR_OPEN, one.state is not State.WITHDRAWN, one.order.number),
        )

    @property
    def name(self) -> str:
        """What people call it: its reference, or a short name made of its content."""
        return keys.row_name(self.identity)

    @property
    def paid_or_open(self) -> bool:
        """Whether money was, is being or may have been paid for it."""
        return self.latest.state in PAID_OR_OPEN

    @property
    def could_pay(self) -> bool:
        """Whether money is, or could still be, in play for it: an order that failed has been seen to come through."""
        return self.paid_or_open or any(one.state is State.FAILED for one in self.attempts)

    @property
    def overtaken(self) -> bool:
        """Whether an order that had failed came through after the row was changed: what it says now is not paid."""
        paid = keys.content_digest(self.latest.order.payout)
        return self.in_file and self.paid_or_open and self.wanted not in ("", paid)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidLine:
    """A line of the last confirmed file that could not be read as a payout."""

    line: int
    columns: tuple[str, ...]
    cells: tuple[str, ...]
    reference: str | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRecord:
    """One batch as the ledger knows it."""

    environment: Environment
    name: str
    rows: tuple[RowRecord, ...] = ()
    invalid: tuple[InvalidLine, ...] = ()
    columns: tuple[str, ...] = ()
    """Of the last confirmed file."""
    file_name: str | None = None
    file_rows: int | None = None
    """Records of that file, valid or not; `None` where an older release confirmed it."""
    choices: Mapping[str, object] = field(default_factory=dict)
    """The flags that it was confirmed with."""
    accepted_orders: frozenset[str] = frozenset()
    """Orders that fit no row and that somebody went on without, in any of its plans."""
    sealed: Mapping[str, datetime] = field(default_factory=dict)
    """The sealed plans that were carried out, by their digests, oldest first: when each was confirmed."""
    first_confirmed_at: datetime | None = None
    last_confirmed_at: datetime | None = None
    journal: str = ""
    """The digest of the last event of its journal, in hex; empty where nothing ever happened."""
    events: int = 0
    """The number of that event."""
    last_change: str = ""
    """As `journal`, of the last event that changed something: all but those that tell who has seen links."""

    @property
    def paid(self) -> dict[str, Decimal]:
        """Face value of the rows that were paid, per currency."""
        payouts = (row.latest.order.payout for row in self.rows if row.latest.state is State.COMPLETED)
        return money.totals((payout.currency, payout.amount) for payout in payouts)


PURGED_AFTER_DAYS = 90
"""After so many days a batch may be purged, unless somebody says otherwise."""

PURGED_AFTER_DAYS_LEAST = 30
"""So long Runa remembers a key, and an order that failed may still come through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalData:
    """What a batch still holds of names, addresses and links, and what stands against removing it."""

    unsettled: Mapping[str, int]
    """Attempts that may still be sent, paid or settled, by the word that the results use; without zeros."""
    last_touched_at: datetime | None
    """When a plan was confirmed or something happened last."""
    held: int
    """Rows and unreadable lines with something to remove."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """One place where the journal, the ledger and the results do not agree: somebody has changed one of them."""

    where: str
    """The place, for people: `event 12 of R7`, `R7, amount`, `nov.csv, line 8, price`. Never a value of a person's."""
    message: str
    """What does not agree, as the end of a sentence that begins with the place."""
    event: int | None = None
    """The number of the event in the batch's journal."""
    row: str | None = None
    """What people call the row."""
    field: str | None = None
    """The field of the ledger, or the column of the results."""
    file: str | None = None
    line: int | None = None
    """In a results file, as a spreadsheet numbers it."""


class Digests(Sequence[str]):
    """Digests in hex: millions of them in a third of the room that the texts would take."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._odd: dict[int, str] = {}
        """What somebody has put in the place of one, by where it stands."""

    def append(self, digest: str) -> None:
        """Put one at the end."""
        try:
            plain = bytes.fromhex(digest)
        except ValueError:
            plain = b""
        if len(plain) != _DIGEST_BYTES or plain.hex() != digest:
            self._odd[len(self)] = digest
            plain = bytes(_DIGEST_BYTES)
        self._bytes += plain

    def __len__(self) -> int:
        return len(self._bytes) // _DIGEST_BYTES

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # it grows

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[str]: ...

    def __getitem__(self, place: int | slice) -> str | Sequence[str]:
        if isinstance(place, slice):
            return tuple(self[one] for one in range(*place.indices(len(self))))
        at = range(len(self))[place]
        return self._odd[at] if at in self._odd else self._bytes[at * _DIGEST_BYTES : (at + 1) * _DIGEST_BYTES].hex()


_DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalReading:
    """A batch's journal, computed again from its beginning, beside what the tables say."""

    digests: Sequence[str]
    """Of its events, in hex, in order."""
    discrepancies: tuple[Discrepancy, ...]
    last_events: Mapping[int, int] = field(default_factory=dict)
    """By id of each row, the number of the last event that tells of it."""
    plan_events: frozenset[int] = frozenset()
    """Numbers of the events that noted a confirmed plan, with which lines and columns may have moved."""

    @property
    def head(self) -> str:
        """The digest of the last event."""
        return self.digests[-1] if self.digests else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """A paid or open attempt elsewhere that a new row may be the twin of."""

    batch: str
    name: str
    reference: str | None
    twin_digest: str
    state: State
    since: datetime
    """When it was paid, else when it was first sent."""
    known_at: datetime
    """When it was first sent and not turned away, or its order was found: before, nobody could take it for a twin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Runa's products as they were read last."""

    read_at: datetime
    products: Mapping[str, Product]
    """By casefolded code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowEntry:
    """A row as a confirmed plan writes it into the ledger."""

    identity: str
    line: int
    cells: tuple[str, ...]
    wanted: str
    """The content digest of what it asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """Everything that one confirmed plan changes in the ledger; written whole or not at all."""

    environment: Environment
    batch: str
    file_name: str
    file_digest: str
    columns: tuple[str, ...]
    choices: Mapping[str, object]
    """The flags it was confirmed with."""
    confirmed_by: str
    """The user's name on this machine."""
    entries: tuple[RowEntry, ...]
    """Every valid row of the file."""
    invalid: tuple[InvalidLine, ...]
    orders: tuple[PlannedOrder, ...]
    """Attempts to be planned; one that was withdrawn is planned again."""
    withdrawn: tuple[int, ...]
    """Attempts, by id, that are no longer wanted; before `orders`, so that an edited row's attempt is planned again."""
    recipe: str = keys.RECIPE


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What a run said at its end whose file was paid whole: what it would say again as long as nothing has changed."""

    file_digest: str
    """SHA-256 of the file's bytes, in hex."""
    reading: str
    """A digest of everything that decided how they were read."""
    encoding: str
    delimiter: str
    rows: int
    """All of them in the file, all of them paid."""
    totals: Mapping[str, Decimal]
    """What they paid, by currency."""
    last_payment_at: datetime
    agreements: tuple[str, ...]
    """The closing proof, which had nothing else to say."""
    list_reading: int
    """The newest reading of the order list, by which that was proven; 0 for none."""
    journal: str = ""
    """The digest of the event that tells of it, the last one of the batch that changed something, in hex."""
    proven: bool = False
    """Whether the closing proof holds as well: nothing in the ledger has changed since."""

    def as_json(self) -> dict[str, object]:
        """How the journal keeps it."""
        return {
            "file_digest": self.file_digest,
            "reading": self.reading,
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "rows": self.rows,
            "totals": {currency: format(amount, "f") for currency, amount in self.totals.items()},
            "last_payment_at": self.last_payment_at.isoformat(),
            "agreements": list(self.agreements),
            "list_reading": self.list_reading,
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """What `as_json` has given. Raises `KeyError`, `TypeError` or `ValueError` for anything else."""
        return cls(
            file_digest=str(told["file_digest"]),
            reading=str(told["reading"]),
            encoding=str(told["encoding"]),
            delimiter=str(told["delimiter"]),
            rows=int(told["rows"]),
            totals={str(currency): Decimal(amount) for currency, amount in told["totals"].items()},
            last_payment_at=datetime.fromisoformat(told["last_payment_at"]),
            agreements=tuple(map(str, told["agreements"])),
            list_reading=int(told["list_reading"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSummary:
    """One line of `batcher status`."""

    name: str
    environment: Environment
    rows: int
    counts: Mapping[str, int]
    """Rows by the word that the results use."""
    paid: Mapping[str, Decimal]
    """Face value of the rows that were paid, per currency."""
    last_confirmed_at: datetime
    file_name: str


def kind_of_batch(name: str) -> str:
    """What the names of a recurring payment share: `incentives` of `2026-11-incentives`, without digits and dates."""
    return _COUNTED.sub("", name)


def same_payment(ours: Payout, theirs: Payout) -> bool:
    """Whether two rows ask for the same, after normalising."""
    return keys.content_digest(ours) == keys.content_digest(theirs)
