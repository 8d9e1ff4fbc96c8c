"""A table held to the rules, block by block: first what only all rows tell, then each row by itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from batcher.intake.abreast import in_order
from batcher.intake.blocks import Block
from batcher.intake.columns import DERIVED
from batcher.intake.facts import Facts
from batcher.intake.frame import Frame
from batcher.intake.header import Header, known, refuse_thousands, refuse_unnamed, require, resolved
from batcher.intake.judgement import problems_of
from batcher.intake.opening import grid_of
from batcher.intake.options import ReadOptions
from batcher.intake.refusal import refusal
from batcher.intake.rules import rules_for
from batcher.intake.survey import surveyed, with_peers
from batcher.intake.table import Table, refuse_left_open, refuse_no_payouts, refuse_payouts_above, table_of
from batcher.model import Distribution, Problem

HELD = 100_000
"""Rows of a small table that are kept between its readings; a larger one is read anew each time."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A block, and what is wrong with its rows."""

    frame: Frame
    problems: dict[int, list[Problem]]
    """By place; only of rows that have any."""

    @property
    def sound(self) -> list[int]:
        """The places of rows that have no problem."""
        return [place for place in range(len(self.frame)) if place not in self.problems]


class Judging:
    """One table, its header, and the facts that a first reading has found."""

    def __init__(self, table: Table, header: Header, options: ReadOptions) -> None:
        self.table = table
        self.header = header
        self._options = options
        self._blocks: list[Block] | None = []
        self._complete = False
        self.facts = Facts(delimiter=(table.grid.delimiter or "")[:1] or None, decimal=options.decimal)

    def blocks(self) -> Iterator[Block]:
        """Every block, from the first on."""
        if self._complete and self._blocks is not None:
            yield from self._blocks
            return
        for block in self.table.blocks():
            if self._blocks is not None and not self._complete:
                self._blocks.append(block)
                if sum(map(len, self._blocks)) > HELD:
                    self._blocks = None
            yield block
        self._complete = True

    def frames(self) -> Iterator[Frame]:
        """Every block with what is read of its cells."""
        return (Frame(block, self.header, self._options, self.facts, DERIVED) for block in self.blocks())

    def survey(self, most: int | None = None) -> None:
        """Read all blocks for what only all of them tell. Raises `InputInvalid` for more than `most` rows."""
        self.facts, repeated = surveyed(self._at_most(most), self.facts)
        if repeated:
            self.facts = with_peers(self.facts, self.frames(), repeated)

    def _at_most(self, most: int | None) -> Iterator[Frame]:
        count = 0
        for frame in self.frames():
            count += len(frame)
            if most is not None and count > most:
                message = f"The sheet has more than {most:,} rows, the most that one batch may have."
                raise refusal("too_many_rows", message, "Split it into several sheets, each with its own batch name.")
            yield frame

    def judged(self) -> Iterator[Judged]:
        """Every block with the problems of its rows."""
        rules = rules_for(require_reference=self._options.require_reference)
        return in_order(lambda frame: Judged(frame, problems_of(frame, rules, self.header)), self.frames())


def opened(path: Path, options: ReadOptions) -> tuple[Table, str]:
    """The file's one table, and the digest of its bytes. Raises `InputInvalid` where it is none."""
    names = partial(known, columns=options.columns)
    grid, digest = grid_of(path, names, options)
    return table_of(grid, names, options.header_line), digest


def judging_of(table: Table, options: ReadOptions, most: int | None = None) -> Judging:
    """The table as one of payouts, surveyed.

    Raises `InputInvalid` where its columns are not those of payouts, and where it has more than `most` rows.
    """
    refuse_no_payouts(table)
    header = resolved(table.header.line, table.header.cells, options)
    refuse_left_open(table)
    refuse_payouts_above(table, header)
    refuse_thousands(header)
    judging = Judging(table, header, options)
    judging.survey(most)
    refuse_unnamed(header, judging.facts.unnamed)
    require(header, needed_by_deliveries(judging.facts, header))
    return judging


def needed_by_deliveries(facts: Facts, header: Header) -> list[str]:
    """The columns that some delivery needs: one that the sheet lacks is told once, not on every row."""
    needed = []
    if facts.methods & {Distribution.EMAIL, Distribution.RECIPIENT}:
        needed.append("email")
    if Distribution.RECIPIENT in facts.methods:
        needed.append("recipient_reference")
    if Distribution.PAYOUT_LINK in facts.methods and "email" not in header.places:
        needed.append("reference")
    return needed
