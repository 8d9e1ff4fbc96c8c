"""This file beside the batch before: who is new, who is missing, whose amount is another, and the total.

Recipients are compared, not rows, by what each is to get in each currency in all. A digit too many shows here before
any rule could know it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from batcher import keys, money
from batcher.model import Payout
from batcher.records import BatchRecord

if TYPE_CHECKING:
    import pandas as pd

KEPT = 20
"""How many changes of each kind a comparison names; it counts all."""

_NOTHING = Decimal(0)
_WHO = ["recipient", "currency"]
_SIDES = ["before", "now"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one recipient was paid then and is to get now, in one currency."""

    recipient: str
    """Casefolded e-mail address, else the recipient's reference."""
    currency: str
    before: Decimal
    """Face value of the rows that were paid, or may have been; zero for none."""
    now: Decimal
    """Face value of the rows of the file; zero for none."""

    @property
    def difference(self) -> Decimal:
        """How much more it is now; below zero for less."""
        return self.now - self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A file beside an earlier batch."""

    batch: str
    """The earlier batch."""
    confirmed_at: datetime
    """When that was last confirmed."""
    new_count: int
    """Recipients that the batch did not pay."""
    missing_count: int
    """Recipients that it paid and that the file does not have."""
    changed_count: int
    """Recipients of both who get another sum in some currency."""
    new: tuple[Change, ...]
    """The largest, `KEPT` at most."""
    missing: tuple[Change, ...]
    """As `new`."""
    changed: tuple[Change, ...]
    """The largest of them, in turns by share of what it was and by amount; `KEPT` at most."""
    difference: Mapping[str, Decimal]
    """By currency: how much more all rows come to now, those without a recipient included; zero where equal."""
    nameless_before: int = 0
    """Rows that name no recipient: they cannot be compared."""
    nameless_now: int = 0

    @property
    def words(self) -> str:
        """`Compared with batch 2026-10-incentives (2026-10-30): 3 recipients new, …; GBP 120.00 more in total`."""
        recipients = "recipient" if self.new_count == 1 else "recipients"
        others = "another amount" if self.changed_count == 1 else "other amounts"
        told = (
            f"Compared with batch {self.batch} ({self.confirmed_at:%Y-%m-%d}): {self.new_count:,} {recipients} new, "
            f"{self.missing_count:,} missing, {self.changed_count:,} with {others}; {self._total()} in total."
        )
        if self.nameless_before or self.nameless_now:
            told += f" Rows without a recipient: {self.nameless_before:,} then, {self.nameless_now:,} now."
        return told

    def _total(self) -> str:
        changes = [
            f"{money.display(abs(amount), currency)} {'more' if amount > 0 else 'less'}"
            for currency, amount in self.difference.items()
            if amount
        ]
        return " and ".join([", ".join(changes[:-1]), changes[-1]] if len(changes) > 1 else changes) or "the same"


def compared(payouts: Iterable[Payout], before: BatchRecord) -> Comparison | None:
    """All payouts of a file beside what the earlier batch paid, or may have; `None` where nobody confirmed that."""
    if before.last_confirmed_at is None:
        return None
    frame = _frame(payouts, (row.latest.order.payout for row in before.rows if row.paid_or_open))
    nameless = frame.loc[frame["recipient"] == "", "is_now"]
    both = _by_recipient(frame[frame["recipient"] != ""])
    new, missing = both[both["is_new"]], both[both["is_missing"]]
    changed = both[~both["is_new"] & ~both["is_missing"] & (both["size"] != _NOTHING)]
    return Comparison(
        batch=before.name,
        confirmed_at=before.last_confirmed_at,
        new_count=new["recipient"].nunique(),
        missing_count=missing["recipient"].nunique(),
        changed_count=changed["recipient"].nunique(),
        new=_largest(new),
        missing=_largest(missing),
        changed=_largest(changed),
        difference=_difference(frame),
        nameless_before=int((~nameless).sum()),
        nameless_now=int(nameless.sum()),
    )


def _frame(now: Iterable[Payout], then: Iterable[Payout]) -> "pd.DataFrame":
    """One row for each payout of either side. Amounts are Python's `Decimal`: pandas never counts them as floats."""
    import pandas as pd  # noqa: PLC0415 - takes longer than all else that a check of a small sheet does

    rows = [(keys.recipient(payout), payout.currency, _NOTHING, payout.amount, True) for payout in now]
    rows += [(keys.recipient(payout), payout.currency, payout.amount, _NOTHING, False) for payout in then]
    frame = pd.DataFrame(rows, columns=[*_WHO, *_SIDES, "is_now"], dtype=object)
    return frame.astype({"is_now": bool})


def _by_recipient(frame: "pd.DataFrame") -> "pd.DataFrame":
    """For each recipient and currency: what it was, what it is, and whether the recipient is in one side alone."""
    sides = frame.groupby("recipient", sort=False)["is_now"]
    frame = frame.assign(is_new=sides.transform("all"), is_missing=~sides.transform("any"))
    both = frame.groupby(_WHO, sort=False, as_index=False).agg(
        before=("before", "sum"), now=("now", "sum"), is_new=("is_new", "first"), is_missing=("is_missing", "first")
    )
    return both.assign(size=(both["now"] - both["before"]).map(abs))


def _largest(changes: "pd.DataFrame") -> tuple[Change, ...]:
    """The first by share of what it was, the first by amount in its currency, the second by share, and so on."""
    import pandas as pd  # noqa: PLC0415 - as above

    shares = [_share(size, before) for size, before in zip(changes["size"], changes["before"], strict=True)]
    ranked = changes.assign(share=pd.Series(shares, index=changes.index, dtype=object))
    ranked = ranked.sort_values(["size", *_WHO], ascending=[False, True, True])
    ranked["by_amount"] = ranked.groupby("currency").cumcount()
    ranked = ranked.sort_values("share", ascending=False, kind="stable")
    ranked["by_share"] = range(len(ranked))
    ranked["turn"] = ranked[["by_share", "by_amount"]].min(axis=1)
    first = ranked.sort_values(["turn", "by_share"]).head(KEPT)
    columns = (first[name] for name in (*_WHO, "before", "now"))
    return tuple(
        Change(recipient=str(recipient), currency=str(currency), before=before, now=now_)
        for recipient, currency, before, now_ in zip(*columns, strict=True)
    )


def _share(size: Decimal, before: Decimal) -> Decimal:
    """How large the change is beside what it was; what was nothing changes most."""
    return size / before if before else Decimal("Infinity")


def _difference(frame: "pd.DataFrame") -> dict[str, Decimal]:
    sums = frame.groupby("currency")[_SIDES].sum()
    return {str(currency): now - before for currency, before, now in sums.itertuples()}
