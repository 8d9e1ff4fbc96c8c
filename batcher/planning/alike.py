"""Rows of one file that pay the same to the same person: both are paid, and a person should know."""

from collections.abc import Iterable
from dataclasses import dataclass

from batcher import keys, money
from batcher.model import Payout, Problem

LINES_NAMED = 10
"""Lines of one group that are named; the others are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Two or more rows of the file that share recipient, amount, currency and products."""

    lines: tuple[int, ...]
    """In the order of the file."""
    payout: Payout
    """The first of them."""
    told_apart_by_reference: bool
    """Whether each has a reference of its own; else something else tells them apart, such as the delivery."""

    @property
    def words(self) -> str:
        """`Lines 4 and 9 pay the same to jo@example.com: GBP 10.00, AMZ-GB.`, and why all of them are paid."""
        paid = f"{money.display(self.payout.amount, self.payout.currency)}, {'|'.join(self.payout.products)}"
        everyone = "Both" if len(self.lines) == 2 else f"All {len(self.lines):,}"
        why = "their references differ" if self.told_apart_by_reference else "they are not the same in every column"
        return (
            f"Lines {_listed(self.lines)} pay the same to {keys.recipient(self.payout)}: {paid}. "
            f"{everyone} are paid, since {why}."
        )

    @property
    def warning(self) -> Problem:
        """The same as a warning beside the first of the lines."""
        return Problem(
            line=self.lines[0],
            column=None,
            value=None,
            message=self.words,
            fix="Take out what is not meant.",
            kind="rows_alike",
        )


def rows_alike(rows: Iterable[tuple[int, Payout]]) -> tuple[Alike, ...]:
    """The groups among `rows` (line and payout), in the order of their first lines.

    Rows that name no recipient are in none: nobody knows whose they are.
    """
    groups: dict[str, list[tuple[int, Payout]]] = {}
    for line, payout in rows:
        if keys.recipient(payout):
            groups.setdefault(keys.twin_digest(payout), []).append((line, payout))
    return tuple(
        Alike(
            lines=tuple(line for line, _ in group),
            payout=group[0][1],
            told_apart_by_reference=all(payout.reference is not None for _, payout in group),
        )
        for group in groups.values()
        if len(group) > 1
    )


def _listed(lines: tuple[int, ...]) -> str:
    if len(lines) > LINES_NAMED:
        return f"{', '.join(map(str, lines[:LINES_NAMED]))} and {len(lines) - LINES_NAMED:,} more"
    return f"{', '.join(map(str, lines[:-1]))} and {lines[-1]}"
