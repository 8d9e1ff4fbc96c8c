"""The values that everything else passes around: frozen, and with a sentence for each field.

A sheet holds rows; a row that could be read is a `Payout`, one that could not is its `Problem`s. A payout that was
planned is a `PlannedOrder`: one key, one body. What the API says comes back as a `Reply`, with the `Order` in it.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from ipaddress import ip_address
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from batcher.money import totals

T = TypeVar("T")

RUNA_HOSTS = {"api.runa.io": "PRODUCTION", "playground.runa.io": "PLAYGROUND"}
"""What lies behind each host of Runa's. Exactly these: one that only looks like them is another one."""

BATCH_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
"""How batches are called: one way to write each name, also on disks that know no case."""

_LINK = re.compile(r"\b\w+://\S+")


def without_links(text: str) -> str:
    """`text` with every link blotted out: one that is worth money may stand in any cell, and never in a message."""
    return _LINK.sub(_blotted, text)


def _blotted(link: re.Match[str]) -> str:
    """What closes the sentence around a link is none of it."""
    return "[link]" + link[0][len(link[0].rstrip("'\".,;:)")) :]


class Distribution(StrEnum):
    """How the recipient gets the payout."""

    EMAIL = "EMAIL"
    PAYOUT_LINK = "PAYOUT_LINK"
    RECIPIENT = "RECIPIENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """What is left of who was paid and what was said, once that was purged: digests, by which it is known again."""

    content_digest: str
    twin_digest: str
    recipient_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """What one row asks for, normalised: two rows that mean the same are equal."""

    reference: str | None
    """The payer's own id of this payout: NFC, trimmed, case kept."""
    amount: Decimal
    """Face value in the product's currency, with exactly the currency's decimals."""
    currency: str
    """ISO 4217, upper case; the balance that pays."""
    products: tuple[str, ...]
    """Product codes, sorted; one `PT-…` alone is a template."""
    distribution: Distribution
    email: str | None
    """As it is sent: domain in lower case, local part as written. Compared casefolded."""
    recipient_reference: str | None
    """For `RECIPIENT`: who it is at the payer's."""
    template: str | None
    """The mail or page template, or `None` for the account's own."""
    remains: Remains | None = None
    """There where its personal fields were purged: they are then `None`, and it can never be sent."""

    @property
    def is_template(self) -> bool:
        """Whether the product is a payout template."""
        return len(self.products) == 1 and self.products[0].startswith("PT-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, for the person who mends it."""

    line: int | None
    """The row as a spreadsheet numbers it, from 1; `None` for the file as a whole."""
    column: str | None
    """The column's header as the file writes it."""
    value: str | None
    """The cell as it was read."""
    message: str
    """What is wrong, in a sentence."""
    fix: str
    """What to do about it, in a sentence."""
    kind: str
    """A stable word for scripts, such as `amount_not_a_number`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", without_links(self.message))
        object.__setattr__(self, "value", None if self.value is None else without_links(self.value))

    def __str__(self) -> str:
        where = f"Line {self.line}" if self.line is not None else "File"
        column = f", {self.column}" if self.column else ""
        value = f" {self.value!r}" if self.value else ""
        return f"{where}{column}{value}: {self.message} {self.fix}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """One record of the sheet: a payout, or what is wrong with it."""

    line: int
    """The row as a spreadsheet numbers it, from 1."""
    cells: tuple[str, ...]
    """As read, in the order of the sheet's columns."""
    payout: Payout | None
    problems: tuple[Problem, ...] = ()
    """Empty exactly when `payout` is there."""
    reference: str | None = None
    """The normalised reference, also of a row that is otherwise invalid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A file of payouts as it was read."""

    name: str
    """The file's name without its folder."""
    digest: str
    """SHA-256 of the file's bytes, in hex."""
    reading: str = ""
    """A digest of everything that decides how these bytes are read; empty where nobody has said it."""
    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    """Headers as the file writes them."""
    header_line: int = 1
    """The row of the headers, as a spreadsheet numbers it."""
    rows: tuple[SheetRow, ...]
    warnings: tuple[Problem, ...] = ()
    """What is odd but has one meaning; never a reason to refuse."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every problem of every row, in the order of lines."""
        return tuple(problem for row in self.rows for problem in row.problems)

    @property
    def payouts(self) -> tuple[tuple[SheetRow, Payout], ...]:
        """The rows that can be paid."""
        return tuple((row, row.payout) for row in self.rows if row.payout is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedSheet:
    """What a check says of a sheet, whatever its size: sound rows are counted, and only the others are held."""

    name: str
    """The file's name without its folder."""
    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    """Headers as the file writes them."""
    rows: int
    sound: int
    """Rows that can be paid."""
    totals: tuple[tuple[str, Decimal], ...]
    """What the sound rows pay, by currency."""
    faulty: tuple[SheetRow, ...]
    """Rows with problems, in the order of lines."""
    left_off: int = 0
    """Further faulty rows, which are only counted: there are too many to be mended one by one."""
    warnings: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, sheet: Sheet) -> "CheckedSheet":
        """The same of a sheet that is held as a whole."""
        return cls(
            name=sheet.name,
            encoding=sheet.encoding,
            delimiter=sheet.delimiter,
            columns=sheet.columns,
            rows=len(sheet.rows),
            sound=len(sheet.payouts),
            totals=tuple(totals((payout.currency, payout.amount) for _, payout in sheet.payouts).items()),
            faulty=tuple(row for row in sheet.rows if row.problems),
            warnings=sheet.warnings,
        )

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every problem of every row that is held, in the order of lines."""
        return tuple(problem for row in self.faulty for problem in row.problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where orders are made: a batch belongs to exactly one."""

    base_url: str
    account: str

    @property
    def label(self) -> str:
        """How screens and files name it: its kind, with account and host."""
        return f"{self.kind} ({self.account} at {self.base_url.split('://', 1)[-1]})"

    @property
    def kind(self) -> str:
        """`SANDBOX` on this machine, `PLAYGROUND`, `PRODUCTION`, or `OTHER HOST`, behind which is nobody knows what."""
        host = urlsplit(self.base_url).hostname or ""
        if host == "localhost" or _is_loopback(host):
            return "SANDBOX"
        return RUNA_HOSTS.get(host, "OTHER HOST")

    @property
    def is_real_money(self) -> bool:
        """Whether payouts here may cost something: what is not known counts as real."""
        return self.kind not in ("SANDBOX", "PLAYGROUND")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """As whom a send was made. A key is repeated only under the speaker that sent it first."""

    base_url: str
    api_version: str
    fingerprint: str
    """Tells API keys apart without telling them: a truncated SHA-256."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """One moment on the clocks of this machine."""

    at: datetime
    """UTC, from the wall clock; may jump."""
    monotonic_s: float
    """Seconds on a clock that never jumps; comparable between processes of one boot."""
    boot: str
    """Which boot that clock belongs to."""


class Fault(StrEnum):
    """Why there is no usable answer, where there is none."""

    NOT_SENT = "not_sent"
    """No connection came about, so no byte of the request left."""
    NO_ANSWER = "no_answer"
    """Cut off or timed out after bytes may have left."""
    UNREADABLE = "unreadable"
    """An answer came that is not what the API says: broken JSON, a foreign page, a redirect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order as the API reports it. What it leaves out is `None`: that proves nothing."""

    order_id: str
    status: str
    """`PROCESSING`, `COMPLETED`, `FAILED`, or a word nobody knows."""
    key: str | None = None
    """The idempotency key in its metadata."""
    link_mark: str | None = None
    """In its metadata, whose link it is; see `batcher.keys.link_mark`."""
    amount: Decimal | None = None
    currency: str | None = None
    products: tuple[str, ...] | None = None
    distribution: str | None = None
    email: str | None = None
    recipient_reference: str | None = None
    item_count: int | None = None
    description: str | None = None
    """Its tag, where batcher made it; see `batcher.keys.tag`."""
    discount: Decimal | None = None
    """What the payer saved, in total."""
    redemption_url: str | None = field(default=None, repr=False)
    """Whoever has it has the money: never printed, never logged."""
    payout_status: str | None = None
    expiry_date: str | None = None
    price: Decimal | None = None
    created_at: str | None = None
    completed_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back for one request: an answer, or a fault in place of one."""

    fault: Fault | None = None
    http_status: int | None = None
    error_type: str | None = None
    """The API's `type`, the one word of an error that may be branched on."""
    message: str | None = None
    """The API's words for people, bounded; never a link."""
    order: Order | None = None
    """There exactly when the answer is a success that names an order."""
    request_id: str | None = None
    date: datetime | None = None
    """The server's clock, UTC."""
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPage:
    """One page of the order list. Its rows say little: no items, no metadata, and no description while processing."""

    orders: tuple[Order, ...]
    after: str | None
    """The cursor of what follows; `None` where the list says that nothing does."""
    before: str | None
    """The cursor of what comes before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A product of the catalogue. What Runa leaves out is `None`, and then nothing is held against it."""

    code: str
    name: str = ""
    currency: str | None = None
    orderable: bool | None = None
    state: str | None = None
    """`LIVE`, `TEMPORARILY_DISABLED`, `TEMPORARILY_DEGRADED`, or a word nobody knows."""
    minimum: Decimal | None = None
    """Of the face value, where any between is possible."""
    maximum: Decimal | None = None
    fixed: tuple[Decimal, ...] = ()
    """The only face values there are; empty where any is possible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[T]):
    """What came back for a question: the reply, and what it was asked for where the reply is a good one."""

    reply: Reply
    content: T | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedOrder:
    """What an attempt will say, fixed before anything is sent."""

    identity: str
    """Which row it is; see `batcher.keys`."""
    number: int
    """The attempt, from 1."""
    key: str
    """The idempotency key."""
    body: bytes = field(repr=False)
    """The exact bytes of the request; a resend repeats them."""
    payout: Payout

    def __eq__(self, other: object) -> bool:
        # Also one whose body is made when it is asked for: see `batcher.planning.orders`.
        return isinstance(other, PlannedOrder) and all(
            getattr(self, name) == getattr(other, name) for name in ("identity", "number", "key", "body", "payout")
        )

    def __hash__(self) -> int:
        return hash((self.identity, self.number, self.key))
