"""A column of amounts: one meaning each, proven by the column or declared, or an error that shows both.

`12,50` can only have a decimal comma and `1,234.50` only a decimal point, so each proves what the marks of its column
mean. `1,234` proves nothing: it is either of two amounts, and neither is paid unless all proofs of its column agree.

Where they do not agree, two people have written the column, and no cell with two meanings is settled. The cells of the
rarer mark are named, and so are those of either that could be thousands (`1234,500`): somebody has to say what they
are.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from batcher.intake.meaning.numerals import (
    COMMA,
    MARKS,
    POINT,
    ends_like_thousands,
    is_plain,
    may_be_myriads,
    meanings,
    other,
    shown,
)
from batcher.intake.meaning.written import Written, read_cell

__all__ = ["Evidence", "Reading", "judged", "readings", "shown"]

_EITHER = "either"
_NAMES = {POINT: "decimal point", COMMA: "decimal comma"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What one cell means as an amount, or why it means none."""

    amount: Decimal | None
    fault: str = ""
    """`missing`, `not_a_number`, `negative`, `ambiguous`, `mixed` or `contradicts_declared`; empty where there is an
    amount."""
    words: str = ""
    """What the fault's message shows: both meanings (`ambiguous`), the reason (`not_a_number`), or what the amount is
    written with (`mixed`, `contradicts_declared`)."""
    settled: bool = False
    """Whether the cell alone had two meanings and the column's proof chose one."""
    currency_text: str = ""
    """The currency sign or code in the cell, as written."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the cells of a column show about its decimal mark. Blocks of a column are added up with `merged`."""

    point: int = 0
    """Cells that are an amount only with a decimal point."""
    comma: int = 0
    """Cells that are an amount only with a decimal comma."""
    ambiguous: int = 0
    """Cells that are one amount with either mark and another with the other."""

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Evidence":
        """The evidence of these cells, a text as often as it stands there."""
        counts = dict.fromkeys((*MARKS, _EITHER), 0)
        for text, count in Counter(texts).items():
            kind = _shows(text)
            if kind:
                counts[kind] += count
        return cls(counts[POINT], counts[COMMA], counts[_EITHER])

    def merged(self, later: "Evidence") -> "Evidence":
        """The evidence of both."""
        return Evidence(self.point + later.point, self.comma + later.comma, self.ambiguous + later.ambiguous)

    @property
    def proven(self) -> str | None:
        """The decimal mark of the column, if some cell proves it and none the other."""
        if self.contradicted or not (self.point or self.comma):
            return None
        return POINT if self.point else COMMA

    @property
    def contradicted(self) -> bool:
        """Whether cells prove both marks."""
        return bool(self.point and self.comma)

    def is_rarer(self, mark: str) -> bool:
        """Whether no more cells prove this mark than the other."""
        return self._count(mark) <= self._count(other(mark))

    def against(self, mark: str) -> str:
        """A cell with this mark beside those that contradict it, in words."""
        others = self._count(other(mark))
        return f"a {_NAMES[mark]}, and {others:,} other{'s' * (others != 1)} with a {_NAMES[other(mark)]}"

    def _count(self, mark: str) -> int:
        return self.point if mark == POINT else self.comma


def _shows(text: str) -> str:
    """The decimal mark that the cell proves, `_EITHER` where it has two meanings; empty where it shows nothing."""
    if is_plain(text):
        return POINT if POINT in text else ""
    cell = read_cell(text)
    if may_be_myriads(cell.numeral):
        return ""
    if len(cell.meanings) == 1:
        return next(iter(cell.meanings))
    return _EITHER if len(set(cell.meanings.values())) > 1 else ""


def readings(text: str) -> dict[str, Decimal]:
    """Each decimal mark under which the cell is an amount, with that amount."""
    return meanings(text) if is_plain(text) else dict(read_cell(text).meanings)


def judged(text: str, evidence: Evidence, declared: str | None = None) -> Reading:
    """What the cell means in a column with this evidence, of which a person may have `declared` the decimal mark."""
    if is_plain(text) and (POINT not in text or (declared != COMMA and not evidence.contradicted)):
        return Reading(Decimal(text))
    cell = read_cell(text)
    if cell.fault:
        return Reading(None, cell.fault, cell.words, currency_text=cell.currency_text)
    if declared is not None:
        return _by_declaration(cell, declared)
    proven, amounts = evidence.proven, set(cell.meanings.values())
    if len(amounts) > 1 or may_be_myriads(cell.numeral):
        if proven is not None and proven in cell.meanings:
            return Reading(cell.meanings[proven], settled=True, currency_text=cell.currency_text)
        return Reading(None, "ambiguous", _both(cell), currency_text=cell.currency_text)
    if evidence.contradicted and len(cell.meanings) == 1:
        mark = next(iter(cell.meanings))
        if evidence.is_rarer(mark) or ends_like_thousands(cell.numeral):
            return Reading(None, "mixed", evidence.against(mark), currency_text=cell.currency_text)
    return Reading(amounts.pop(), currency_text=cell.currency_text)


def _by_declaration(cell: Written, declared: str) -> Reading:
    if declared in cell.meanings:
        return Reading(cell.meanings[declared], currency_text=cell.currency_text)
    words = f"a {_NAMES[other(declared)]}, and a {_NAMES[declared]} is what was said"
    return Reading(None, "contradicts_declared", words, currency_text=cell.currency_text)


def _both(cell: Written) -> str:
    """Both meanings, the one with a decimal point first."""
    if may_be_myriads(cell.numeral):
        return f"{cell.numeral.replace(COMMA, '')} or {shown(cell.meanings[COMMA])}"
    return " or ".join(shown(cell.meanings[mark]) for mark in MARKS)
