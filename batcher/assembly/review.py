"""A plan as a person looks at it before saying yes: sums, cover, people, twins, and what is other than last time."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from batcher import keys, planning
from batcher.assembly.casework import Prospect
from batcher.assembly.office import Office
from batcher.model import Payout, Problem
from batcher.planning import Alike, Change, Comparison, Cover, Plan, Standing
from batcher.planning.plan import SENDING

SHOWN = 20
"""Rows of one kind that are named; all are counted."""

ASKED = 100
"""Doubtful rows of which each is asked about by itself."""

_BARS = 10

STANDING_WORDS = {
    Standing.NEW: "new, to be sent",
    Standing.RETRY: "refused or failed before, to be tried again",
    Standing.UNSENT: "confirmed before, to be sent",
    Standing.UNKNOWN: "unknown, to be asked again under the same key",
    Standing.KEPT: "unknown, and not to be asked again: evidence or a person settles them",
    Standing.FOUND: "found in Runa's list, nothing is sent",
    Standing.PROCESSING: "open, to be read again",
    Standing.PAID: "paid already",
    Standing.LEFT: "refused or failed before, left as they are",
    Standing.STUCK: "for a person to decide",
    Standing.INVALID: "cannot be read as a payout",
    Standing.EDITED: "paid or open, and changed in the sheet",
    Standing.MISSING: "paid or open, and gone from the sheet",
    Standing.DOUBTFUL: "perhaps paid already",
    Standing.WITHDRAWN: "taken back: confirmed before, never sent",
    Standing.GONE: "no longer in the sheet",
}
"""How many rows are what, in words that follow a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """So many payouts of one currency, or of one currency and product."""

    currency: str
    product: str | None
    payouts: int
    face_value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows of one standing."""

    standing: Standing
    words: str
    rows: int
    named: tuple[tuple[str, int | None, str], ...]
    """Name, line and why of the first of them, where there is something to say about each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubtful:
    """A row that is perhaps paid already."""

    name: str
    line: int | None
    why: str
    meant: bool
    """Whether somebody has said that it is to be paid all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One recipient of the plot: what was paid the last time, and what is to be paid now."""

    recipient: str
    currency: str
    before: Decimal
    now: Decimal
    before_share: float
    """Of the longest bar of its currency: how wide it is drawn."""
    now_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Everything that is shown of a plan."""

    batch: str
    environment: str
    file_name: str
    large: Mapping[str, Decimal]
    """Totals, by currency, that are typed before it goes."""
    approval_above: Mapping[str, Decimal]
    """The limits, by currency, that it lies above: another person has to approve it. Empty where one is enough."""
    sums: tuple[Sum, ...]
    """Of what would be sent, by currency and product."""
    totals: tuple[Sum, ...]
    """The same by currency."""
    groups: tuple[Group, ...]
    covers: tuple[Cover, ...]
    seconds: float
    """How long the sends take at the limit."""
    new_recipients: int
    """Whom no other batch has paid."""
    known_recipients: int
    nameless: int
    """Payouts that name no recipient."""
    alike: tuple[Alike, ...]
    comparison: Comparison | None
    bars: tuple[Bar, ...]
    doubtful: tuple[Doubtful, ...]
    """The first `ASKED` rows that are perhaps paid already, whether or not somebody has said that they are meant."""
    problems: tuple[Problem, ...]
    """What keeps it from being confirmed."""
    warnings: tuple[Problem, ...]
    notes: tuple[str, ...]
    nothing_to_do: bool

    @property
    def is_short(self) -> bool:
        """Whether some balance does not cover all: nothing is sent unless somebody goes on although it is so."""
        return any(cover.is_short for cover in self.covers)


def review_of(office: Office, prospect: Prospect) -> Review:
    """What there is to see of a plan, by what was asked and by the ledger."""
    plan, preflight = prospect.plan, prospect.preflight
    sending = [line.payout for line in plan.to_send if line.payout is not None]
    new, known, nameless = _people(office, plan, sending)
    comparison = None if preflight is None else preflight.comparison
    return Review(
        batch=plan.batch,
        environment=plan.environment.label,
        file_name=plan.sheet.name,
        large=planning.large_totals(plan.sends_total, office.type_total_above),
        approval_above=office.approvals.above(plan.sends_total),
        sums=_sums(sending, lambda one: "|".join(one.products)),
        totals=_sums(sending, lambda one: None),
        groups=tuple(_groups(plan)),
        covers=() if preflight is None else preflight.covers,
        seconds=office.seconds_for(len(sending)),
        new_recipients=new,
        known_recipients=known,
        nameless=nameless,
        alike=() if preflight is None else preflight.alike,
        comparison=comparison,
        bars=() if comparison is None else bars(comparison.changed),
        doubtful=tuple(islice(_doubtful(plan), ASKED)),
        problems=plan.problems,
        warnings=() if preflight is None else preflight.warnings,
        notes=() if preflight is None else preflight.notes,
        nothing_to_do=plan.nothing_to_do and not plan.of(Standing.WITHDRAWN),
    )


def _sums(payouts: Iterable[Payout], product: Callable[[Payout], str | None]) -> tuple[Sum, ...]:
    groups: defaultdict[tuple[str, str | None], list[Decimal]] = defaultdict(list)
    for payout in payouts:
        groups[payout.currency, product(payout)].append(payout.amount)
    return tuple(
        Sum(currency=currency, product=name, payouts=len(amounts), face_value=sum(amounts, Decimal(0)))
        for (currency, name), amounts in sorted(groups.items(), key=lambda one: (one[0][0], one[0][1] or ""))
    )


_TOLD_EACH = frozenset(Standing) - {Standing.NEW, Standing.UNSENT, Standing.PAID, Standing.GONE}


def _groups(plan: Plan) -> Iterable[Group]:
    counts = Counter(line.standing for line in plan.lines)
    for standing, words in STANDING_WORDS.items():
        if not counts[standing]:
            continue
        lines = plan.of(standing)[:SHOWN] if standing in _TOLD_EACH else ()
        named = tuple((line.name, line.line, line.why) for line in lines)
        yield Group(standing=standing, words=words, rows=counts[standing], named=named)


def _doubtful(plan: Plan) -> Iterable[Doubtful]:
    for line in plan.lines:
        meant = line.name in plan.choices.pay_again and bool(line.why) and line.standing in SENDING
        if meant or line.standing is Standing.DOUBTFUL:
            yield Doubtful(name=line.name, line=line.line, why=line.why, meant=meant)


def _people(office: Office, plan: Plan, sending: Iterable[Payout]) -> tuple[int, int, int]:
    """How many recipients are new, how many are known, and how many payouts name none."""
    recipients = [keys.recipient(payout) for payout in sending]
    named = set(recipients) - {""}
    names, digests = office.history.known_recipients(plan.environment, besides=plan.batch)
    known = {one for one in named if one in names or (digests and keys.recipient_digest_of(one) in digests)}
    return len(named - known), len(known), recipients.count("")


def bars(changes: Sequence[Change]) -> tuple[Bar, ...]:
    """The largest changes as bars, each beside what was paid before, as wide as they are in their currency."""
    shown = changes[:_BARS]
    longest: dict[str, Decimal] = {}
    for one in shown:
        longest[one.currency] = max(longest.get(one.currency, Decimal(0)), one.before, one.now)
    return tuple(
        Bar(
            recipient=one.recipient,
            currency=one.currency,
            before=one.before,
            now=one.now,
            before_share=_share(one.before, longest[one.currency]),
            now_share=_share(one.now, longest[one.currency]),
        )
        for one in shown
    )


def _share(amount: Decimal, of: Decimal) -> float:
    """A width on a screen; no sum is made of it."""
    return float(round(amount / of, 4)) if of else 0.0
