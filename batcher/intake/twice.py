"""Rows that ask for the same payment, among more rows than are held as payouts.

What such rows have in common, whatever else they say, is recipient, amount, currency and products: by these the columns
show which rows come into question, and only of those are payouts made and compared.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from batcher import keys
from batcher.intake.arrays import is_blank, literal, numbers, scaled, truths
from batcher.intake.judging import Judged
from batcher.intake.meaning.products import read_products
from batcher.intake.peers import same_key
from batcher.intake.repeats import NO_DIGESTS, Digests, Repeats, digests
from batcher.model import Payout

_MIXED = 0x1E3779B97F4A7C15
"""Spreads numbers that lie close together; sums and products go over, as those of digests may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A sound row that shares recipient, amount, currency and products with another."""

    line: int
    cells: tuple[str, ...]
    payout: Payout


def sound(judged: Judged) -> npt.NDArray[np.bool_]:
    """Which rows of a block have no problem."""
    mask = np.ones(len(judged.frame), dtype=bool)
    mask[list(judged.problems)] = False
    return mask


class Twice:
    """Gathers, block by block, who is paid what, and then finds the rows that come into question."""

    def __init__(self, *, nameless_only: bool) -> None:
        self._nameless_only = nameless_only
        """Whether only rows without a reference are looked at."""
        self._seen = Repeats()

    def add(self, judged: Judged) -> None:
        """Take the sound rows of a block."""
        _, found = self._asked(judged)
        self._seen.add(found)

    def candidates(self, blocks: Iterable[Judged]) -> Iterator[Candidate]:
        """The rows in question, from the same blocks again; they are not read where there is no such row."""
        repeated = self._seen.found()
        for judged in blocks if len(repeated) else ():
            places, found = self._asked(judged)
            again = places[np.isin(found, repeated)].tolist()
            frame = judged.frame
            for place, payout in frame.payouts(again).items():
                yield Candidate(line=frame["line"][place].as_py(), cells=frame.block.row(place), payout=payout)

    def _asked(self, judged: Judged) -> tuple[npt.NDArray[np.int64], Digests]:
        """The places of rows that may be there twice, and a number for what each pays to whom."""
        frame = judged.frame
        rows = truths(sound(judged))
        nameless = pc.equal(frame["reference_read"], literal(""))
        if self._nameless_only:
            rows = pc.and_(rows, nameless)
        elif not is_blank(frame["reference_read"]):
            # Whoever has a reference and names no recipient is like nobody.
            rows = pc.and_(rows, pc.or_(nameless, pc.not_equal(frame["recipient"], literal(""))))
        if not rows.true_count:
            return NO_DIGESTS, NO_DIGESTS
        places = np.flatnonzero(np.array(rows.to_pylist(), dtype=np.bool_))
        (currencies,), (products,) = frame.each("currency", hash), frame.each("product", _products)
        paid = scaled(frame["amount_value"].filter(rows))
        for told in (currencies, products):
            paid = paid * _MIXED + numbers(told.filter(rows))
        return places, paid * _MIXED + digests(frame["recipient"].filter(rows))


def _products(text: str) -> int:
    """Equal for the same products, whatever their order and case."""
    return hash(tuple(sorted(code.casefold() for code in read_products(text)[0])))


def repeated_by(candidates: Iterable[Candidate]) -> dict[int, str]:
    """By line, the other lines that ask for the same, among rows without a reference."""
    nameless = [(one.line, keys.identity(one.payout)) for one in candidates if one.payout.reference is None]
    words = same_key([line for line, _ in nameless], [identity for _, identity in nameless])
    return {line: others for (line, _), others in zip(nameless, words, strict=True) if others}
