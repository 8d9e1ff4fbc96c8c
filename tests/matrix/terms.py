"""The words of the table: when a fault strikes, what is done afterwards, and what is expected of each run."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Moment(StrEnum):
    """When a fault strikes the row."""

    FIRST = "first"
    """The row is sent for the first time."""
    RESEND = "resend"
    """An earlier run left the row unknown; this one asks again."""
    ACCEPTED = "accepted"
    """An earlier run has the row's order id; this one reads the order."""


class Recovery(StrEnum):
    """What is done once the fault is over."""

    SAME = "same"
    """The same command again."""
    RESUME = "resume"
    """`batcher resume`."""
    REORDERED = "reordered"
    """The same rows in another order."""
    EDITED = "edited"
    """The struck row changed: its amount, or where its recipient is at fault, the address mended."""


class Sent(StrEnum):
    """What a run sends for the struck row."""

    NOTHING = "nothing"
    FIRST = "first"
    """Its first key, for the first time."""
    SAME = "same"
    """The key that was used before, with the same bytes."""
    AMENDED = "amended"
    """The key that was used before with the bytes of the edited row: every earlier send was turned away at the door."""
    NEW = "new"
    """A new key, after proof that the old one paid nothing."""


@dataclass(frozen=True, slots=True)
class Step:
    """One run after the fault."""

    exit_code: int
    sent: Sent
    back: bool = False
    """Not the recovery itself any more: the file as it was, with the command that takes it."""
    days: int = 0
    """How many days pass before it; else a quarter of an hour."""

    @classmethod
    def read(cls, text: str) -> "Step":
        """A step from its short form: `0 same`, `back 0 same`, `31 days 0 new`."""
        words = text.split()
        back = words[0] == "back"
        words = words[back:]
        days = int(words[0]) if words[1] == "days" else 0
        exit_code, sent = words[2:] if days else words
        return cls(int(exit_code), Sent(sent), back, days)

    def __str__(self) -> str:
        days = f"{self.days} days " if self.days else ""
        return f"{'back ' if self.back else ''}{days}{self.exit_code} {self.sent}"


def steps(text: str) -> tuple[Step, ...]:
    """Runs from their short form: `5 nothing > back 0 same`."""
    return tuple(Step.read(part) for part in text.split(">"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Then:
    """What each recovery leads to: its runs in their short form, until all is settled or a person has to decide."""

    same: str
    resume: str
    reordered: str
    edited: str

    def of(self, recovery: Recovery) -> tuple[Step, ...]:
        """The runs of one recovery."""
        return steps(getattr(self, recovery.value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Real:
    """What happens where a fault strikes at a moment."""

    happens: str
    """Sentences for a finance person."""
    exit_code: int
    """Of the run that meets the fault."""
    sends: int
    """How often that run tries to send the struck row."""
    state: str
    """The row's newest attempt in the ledger afterwards; `-` where there is none, `A|B` where it may be either."""
    then: Then
    sent: Sent | None = None
    """What that run sends for the row; usually its first key, or at a later moment the same one again."""
    orders: int | None = None
    """Orders that Runa has for the row's person afterwards; usually one where the state says that there is one."""
    person: str = ""
    """Why no run settles it and what a person has to do, where that is so."""
    defect: str = ""
    """Why it is expected to fail, where batcher does something else than it should."""

    def sent_at(self, moment: Moment) -> Sent:
        """What the run that meets the fault sends for the row."""
        usual = Sent.FIRST if moment is Moment.FIRST else Sent.SAME
        return self.sent or (usual if self.sends else Sent.NOTHING)

    @property
    def orders_made(self) -> int:
        """Orders that Runa has afterwards for the row's person."""
        return int(self.state.split("|")[-1] in ORDERED) if self.orders is None else self.orders


ORDERED = frozenset({"ACCEPTED", "COMPLETED", "FAILED", "MISMATCH"})
"""States of a row that has an order."""


@dataclass(frozen=True, slots=True)
class Impossible:
    """A fault that cannot strike at a moment."""

    why: str


Place = Real | Impossible
"""What the table says of a fault at a moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A fault at all of its moments."""

    name: str
    """As it stands in the ids of the tests."""
    title: str
    strikes: tuple[str, ...]
    """What is done to the world, by name: several forms of the same fault share the cells between them."""
    at: Mapping[Moment, Place]
    also: tuple[str, ...] = ()
    """Other tests that prove what virtual time cannot, as `path::name`."""


@dataclass(frozen=True, slots=True)
class Section:
    """Faults of one kind."""

    title: str
    intro: str
    rows: tuple[Row, ...]
