"""A second reader of delimited text and of amounts, which shares nothing with the first: a witness in the tests.

The text is read as RFC 4180 says, sign by sign, for a delimiter that is known already. Of an amount it says not which
one is meant but which ones could be: one for each decimal mark.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto

Row = tuple[int, tuple[str, ...]]
"""Its number, counted from 1 with the blank ones, and its cells."""


class Broken(Exception):
    """The text has no meaning in this style."""


@dataclass(frozen=True, slots=True)
class Style:
    """What stands around cells."""

    delimiter: str
    quote: str = '"'
    escape: str = ""
    skips_blanks: bool = False


class _At(Enum):
    ROW = auto()
    CELL = auto()
    PLAIN = auto()
    QUOTED = auto()
    CLOSED = auto()


class _Machine:
    """Takes one sign after the other; a line end is one sign."""

    def __init__(self, style: Style) -> None:
        self.rows: list[tuple[str, ...]] = []
        self._style = style
        self._at = _At.ROW
        self._cells: list[str] = []
        self._cell: list[str] = []

    def take(self, sign: str, *, escaped: bool = False) -> None:
        """One sign; one that is escaped is a letter whatever it is."""
        if self._at is _At.QUOTED:
            self._in_quotes(sign, escaped)
        elif self._at is _At.CLOSED:
            self._behind_quotes(sign, escaped)
        elif escaped:
            self._letter(sign)
        elif sign in ("\n", "\r", "\r\n"):
            self._end_row()
        elif sign == self._style.delimiter:
            self._end_cell()
        elif self._at in (_At.ROW, _At.CELL) and sign == self._style.quote:
            self._at = _At.QUOTED
        elif not (self._at in (_At.ROW, _At.CELL) and sign == " " and self._style.skips_blanks):
            self._letter(sign)
        else:
            self._at = _At.CELL

    def end(self) -> list[tuple[str, ...]]:
        """All rows, once the text is over."""
        if self._at is _At.QUOTED:
            raise Broken("a quote is never closed")
        if self._at is not _At.ROW:
            self._end_row()
        return self.rows

    def _letter(self, sign: str) -> None:
        self._cell.append(sign)
        self._at = _At.PLAIN

    def _in_quotes(self, sign: str, escaped: bool) -> None:
        if sign == self._style.quote and not escaped:
            self._at = _At.CLOSED
        else:
            self._cell.append(sign)

    def _behind_quotes(self, sign: str, escaped: bool) -> None:
        if escaped:
            raise Broken("text behind a closing quote")
        if sign == self._style.quote:
            self._cell.append(sign)
            self._at = _At.QUOTED
        elif sign == self._style.delimiter:
            self._end_cell()
        elif sign in ("\n", "\r", "\r\n"):
            self._end_row()
        else:
            raise Broken("text behind a closing quote")

    def _end_cell(self) -> None:
        self._cells.append("".join(self._cell))
        self._cell = []
        self._at = _At.CELL

    def _end_row(self) -> None:
        if self._at is not _At.ROW:
            self._end_cell()
        self.rows.append(tuple(self._cells))
        self._cells = []
        self._at = _At.ROW


def rows_of(text: str, style: Style) -> list[Row]:
    """The rows that are not blank. Raises `Broken` where the text has no meaning."""
    machine = _Machine(style)
    signs = re.findall(r"\r\n|[\s\S]", text)
    place = 0
    while place < len(signs):
        escapes = signs[place] == style.escape
        if escapes:
            place += 1
            if place == len(signs):
                raise Broken("the text ends with an escape")
        machine.take(signs[place], escaped=escapes)
        place += 1
    return [(line, cells) for line, cells in enumerate(machine.end(), 1) if any(not _blank(cell) for cell in cells)]


def _blank(cell: str) -> bool:
    return not cell.strip()


def unguarded(cell: str) -> str:
    """A cell without the apostrophe that keeps a spreadsheet from running it."""
    return re.sub("\\A'(?=[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20])", "", cell)


_DIGITS_AND_MARKS = re.compile(r"[0-9](?:[0-9.,'\u2019 \u00a0\u202f\u2009]*[0-9])?")
_DASH = re.compile(r"[.,](?:--?|[\u2013\u2014])")
_CURRENCY = re.compile(r"(?:[^\W\d_]{2,4}\.?|[^\W\d_]{0,4}[^\w\s.,'()\[\]%+\u2212\u2013\u2014-])?")


def possible_amounts(text: str) -> frozenset[Decimal]:
    """Every amount that the cell could be, of either decimal mark; none where it holds more or less than one."""
    found = _DIGITS_AND_MARKS.search(text)
    if found is None:
        return frozenset()
    numeral, before, behind = found[0], text[: found.start()].strip(), text[found.end() :]
    dash = _DASH.match(behind)
    if dash:
        numeral, behind = numeral + dash[0][0], behind[dash.end() :]
    if not (_CURRENCY.fullmatch(before) and _CURRENCY.fullmatch(behind.strip())):
        return frozenset()
    return frozenset(amount for mark in ".," if (amount := _amount(numeral, mark)) is not None)


def _amount(numeral: str, mark: str) -> Decimal | None:
    whole, _, part = numeral.partition(mark)
    if mark in part or not re.fullmatch("[0-9]*", part):
        return None
    groups = re.split("[^0-9]", whole)
    between = set(re.findall("[^0-9]", whole))
    if len(between) > 1 or (len(groups) > 1 and not _grouped(groups, between.pop())):
        return None
    if len(whole) > 1 and whole.startswith("0"):
        return None
    return Decimal(f"{''.join(groups)}.{part or '0'}")


def _grouped(groups: list[str], mark: str) -> bool:
    """Whether digits stand in groups of three, or with commas as in India."""
    sizes = [len(group) for group in groups]
    threes = 1 <= sizes[0] <= 3 and set(sizes[1:]) == {3}
    lakhs = mark == "," and 1 <= sizes[0] <= 2 and sizes[-1] == 3 and set(sizes[1:-1]) <= {2}
    return threes or lakhs
