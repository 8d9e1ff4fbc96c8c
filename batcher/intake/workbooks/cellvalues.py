"""How a typed value of a workbook becomes the text of a cell, and what that text cannot say.

A spreadsheet keeps 15 digits of a number; what a file holds beyond them is noise of the way computers add, so that
12.499999999999998 is 12.5. What a person saw decides nothing: where it differs from what is held, that is said.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache

from batcher.intake.record import Oddity
from batcher.intake.workbooks.numberformats import Showing, Shown

EXACT_DIGITS = 15
"""What a spreadsheet keeps of a number."""
MAX_CHARACTERS = 131_072
"""Of one cell, as in a CSV; a spreadsheet's own limit is a quarter of that."""

_SPREADSHEETS = Context(prec=EXACT_DIGITS, rounding=ROUND_HALF_EVEN)
_NUMBER = re.compile(r"[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,3})?")
_CUT_AT = (255, 32_767)
"""Where old programs, and a spreadsheet itself, cut a text off."""


@dataclass(frozen=True, slots=True)
class CellValue:
    """One cell as it goes into a record."""

    text: str
    is_number: bool = False
    shown: str = ""
    """How a number is shown where that is the same number in other characters, such as `12.50`; else empty."""
    oddity: Oddity | None = None


EMPTY = CellValue("")


@lru_cache(maxsize=1024)
def letters_of(place: int) -> str:
    """The name of a column as a spreadsheet writes it: `A` for 0, `AA` for 26."""
    name, left = "", place + 1
    while left:
        left, last = divmod(left - 1, 26)
        name = chr(ord("A") + last) + name
    return name


def cell_name(place: int, line: int) -> str:
    """The name of a cell: `D17`."""
    return f"{letters_of(place)}{line}"


def number_in(text: str) -> Decimal | None:
    """The number that a file writes, of any size a spreadsheet has; `None` where it is none."""
    text = text.strip()
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def plain(value: Decimal) -> str:
    """Decimal point, no exponent, no thousands mark, no digit that says nothing."""
    if not value:
        return "0"
    # Not `normalize()`: it rounds to 28 digits.
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def from_text(text: str, name: str, shown: str | None = None) -> CellValue:
    """A cell of text, whatever the text looks like; `shown` is what its format makes of it."""
    if shown is not None and shown != text:
        seen = f"{name} holds {text} and {f'shows {shown}' if shown else 'does not show it'}."
        fix = "Set the format of the cell to 'Text', enter what is meant, and save the file."
        return CellValue(text, oddity=Oddity("text_not_as_shown", seen, fix))
    if len(text) in _CUT_AT:
        message = f"{name} holds exactly {len(text):,} characters, which is where programs cut a text off."
        return CellValue(text, oddity=Oddity("cell_cut", message, "Enter the whole text, or one that is shorter."))
    return CellValue(text)


def is_beyond(value: Decimal) -> bool:
    """Whether a number has more digits than a spreadsheet keeps."""
    return value.adjusted() >= EXACT_DIGITS


def from_number(value: Decimal, shown: Shown, name: str) -> CellValue:
    """A cell that holds a number, rounded already, and shows it in some way that is no date."""
    if is_beyond(value):
        return digits_lost(value, name)
    text = plain(value)
    if shown.how is Showing.PADDED:
        # Who asks for zeros in front means a code; the zeros belong to it, and no amount is written with them.
        return CellValue(shown.text)
    if shown.how is Showing.SAME:
        return CellValue(text, is_number=True, shown="" if shown.text == text else shown.text)
    seen = f"{name} holds {text} and shows {shown.text}" if shown.text else f"{name} holds {text} and does not show it"
    if shown.how is Showing.UNKNOWN:
        seen = f"{name} holds {text}, and its number format may show something else"
    fix = "Set the format of the cell to 'General', enter what is meant, and save the file."
    return CellValue(text, is_number=True, oddity=Oddity("number_not_as_shown", f"{seen}.", fix))


def rounded(held: Decimal) -> Decimal:
    """The number without the noise beyond what a spreadsheet keeps."""
    return _SPREADSHEETS.plus(held)


def digits_lost(value: Decimal, name: str, kept: int = EXACT_DIGITS) -> CellValue:
    """A number with more digits than were kept of it."""
    message = f"{name} holds a number of which only the first {kept} digits are kept: {plain(value)}."
    fix = "Set the column to 'Text', enter the number again, and save the file."
    return CellValue(plain(value), is_number=True, oddity=Oddity("number_digits_lost", message, fix))


def from_date(text: str, name: str) -> CellValue:
    """A date, a time or both, as ISO 8601 writes them."""
    message = f"{name} holds a date or a time, {text}: spreadsheets make one of entries such as 3-11."
    fix = "Set the column to 'Text', enter what is meant again, and save the file."
    return CellValue(text, oddity=Oddity("cell_is_date", message, fix))


def from_boolean(*, is_true: bool, name: str) -> CellValue:
    """A cell that is true or false."""
    text = "TRUE" if is_true else "FALSE"
    message = f"{name} holds the answer {text}, which is neither a text nor a number."
    return CellValue(text, oddity=Oddity("cell_is_boolean", message, "Set the cell to 'Text', and enter it again."))


def from_error(text: str, name: str) -> CellValue:
    """A cell whose formula has failed."""
    message = f"{name} shows the error {text} in place of a value."
    return CellValue(text, oddity=Oddity("cell_is_error", message, "Mend its formula, or enter the value itself."))


def without_value(name: str, stored: str = "") -> CellValue:
    """A formula whose result the file does not hold, or does not vouch for."""
    message = f"{name} is a formula, and the file does not hold its result"
    if stored:
        message = f"{name} is a formula that was never calculated; the file holds {stored} as a stand-in"
    fix = "Open the file in the spreadsheet, save it again, and use that file."
    return CellValue("", oddity=Oddity("formula_without_value", f"{message}.", fix))


_EPOCHS = {False: datetime(1899, 12, 30), True: datetime(1904, 1, 1)}  # noqa: DTZ001 - a sheet has no time zone
_LAST_DAY = 2_958_466
"""The first day that is beyond the year 9999."""


def moment(serial: Decimal, *, since_1904: bool) -> str | None:
    """The date and time that a spreadsheet counts as so many days; `None` where it has none."""
    if not 0 <= serial < _LAST_DAY - 1462 * since_1904:
        return None
    seconds = int((serial * 86_400).to_integral_value(ROUND_HALF_EVEN))
    days, seconds = divmod(seconds, 86_400)
    clock = str(timedelta(seconds=seconds)).rjust(8, "0")
    if not days and not since_1904:
        return clock
    if days == 60 and not since_1904:
        day = "1900-02-29"  # There was no such day. Spreadsheets count it, as the first of them did.
    else:
        day = (_EPOCHS[since_1904] + timedelta(days=days + (days < 60 and not since_1904))).date().isoformat()
    return f"{day}T{clock}" if seconds else day


def duration(serial: Decimal) -> str:
    """Hours, minutes and seconds, counted on beyond a day."""
    seconds = int((abs(serial) * 86_400).to_integral_value(ROUND_HALF_EVEN))
    return f"{'-' * (serial < 0)}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
