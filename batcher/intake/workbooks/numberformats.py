"""What a spreadsheet shows of a number: `0.00` shows 12.35 where the cell holds 12.3456, and a person saw 12.35.

No library does this; each gives the held value and the format's code. Only what can change the meaning of a number is
worked out here: rounding, percent, scaling, zeros in front, and words around it. What is not understood is said to be.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum
from functools import lru_cache

from batcher.money import minor_units


class Showing(StrEnum):
    """How what is shown stands to what is held."""

    SAME = "same"
    """The number itself, perhaps with a currency and thousands marks."""
    PADDED = "padded"
    """The format asks for zeros in front and no decimals: a code, such as `00123`, rather than a quantity."""
    OTHER = "other"
    """Another number, or words beside it."""
    UNKNOWN = "unknown"
    """The format does something that is not understood here."""
    MOMENT = "moment"
    """A date or a time of day."""
    DURATION = "duration"
    """Hours, minutes or seconds that are counted on beyond a day."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A number as its format shows it."""

    how: Showing
    text: str = ""
    """As shown, with a decimal point and commas; empty where it is not known."""


_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_(?P<space>.)|\*(?P<fill>.)|\[(?P<bracket>[^\]]*)\]|(?P<general>General|Standard|G/通用格式)'
    r"|(?P<digit>[0#?])|(?P<point>\.)|(?P<comma>,)|(?P<percent>%)|(?P<exponent>E[+-])|(?P<fraction>/)|(?P<text>@)"
    r"|(?P<next>;)|(?P<meridiem>AM/PM|A/P)|(?P<date>[ymdhsbge])|(?P<letter>[a-z])|(?P<sign>.)",
    re.IGNORECASE | re.DOTALL,
)
_COLOUR = re.compile(r"black|blue|cyan|green|magenta|red|white|yellow|colou?r ?\d+", re.IGNORECASE)
_COUNTED_ON = re.compile(r"h+|m+|s+", re.IGNORECASE)
_LONGEST = 255
"""Of a format in any spreadsheet."""
_WIDE = Context(prec=2 * _LONGEST)
"""A number may be asked for with as many decimals as a format has room for."""
_APART = frozenset(" \u00a0\u2009\u202f'\u2019")
"""What stands between thousands where a comma does not."""


@dataclass(slots=True)
class _Section:
    """What one of the sections between semicolons does."""

    kinds: set[str] = field(default_factory=set)
    """What else than digits and words is in it, as the tokens are named."""
    before: str = ""
    """Words in front of the number."""
    after: str = ""
    digits: int = 0
    """Places for digits, of which some show a zero where there is none, and some are decimals."""
    zeros: int = 0
    decimals: int = 0
    percents: int = 0
    """Each multiplies what is shown by a hundred."""
    thousands: int = 0
    """Each divides it by a thousand."""
    grouped: bool = False
    """Thousands stand apart."""
    interrupted: bool = False
    """Words stand between its digits."""
    how: Showing | None = None
    """Where it does not depend on the number."""
    money: bool = False
    """The words beside the number name a currency, or are none."""
    minus: bool = False
    """The words beside it make it look negative."""
    padded: bool = False
    """It asks for zeros in front of whole numbers, and not between thousands."""


def shown(code: str, value: Decimal) -> Shown:
    """What a cell with the format `code` shows of `value`."""
    if len(code) > _LONGEST:
        return Shown(Showing.UNKNOWN)
    sections = _sections(code)
    place = _chosen(len(sections), value)
    section = sections[place]
    if section.how is not None:
        return Shown(section.how)
    return _number(section, value, signed=place == 0)


def shown_text(code: str, text: str) -> str:
    """What a cell with the format `code` shows of `text`: usually just that."""
    sections = _sections(code[:_LONGEST])
    section = sections[3] if len(sections) > 3 else sections[-1]
    if "text" not in section.kinds:
        # A fourth section that does not mention the text stands in place of it.
        return section.before.strip() if len(sections) > 3 else text
    words = section.before + section.after
    return f"{section.before}{text}{section.after}".strip() if words.strip() else text


def _chosen(count: int, value: Decimal) -> int:
    """Positive, negative and zero each have a section, where there are that many. The fourth is for text."""
    if value < 0 and count > 1:
        return 1
    return 2 if value == 0 and count > 2 else 0


@lru_cache(maxsize=512)
def _sections(code: str) -> tuple[_Section, ...]:
    sections = [_Section()]
    for kind, text in _tokens(code):
        if kind == "next":
            sections.append(_Section())
        else:
            _take(sections[-1], kind, text)
    conditional = any("condition" in section.kinds for section in sections)
    for section in sections:
        _conclude(section, conditional=conditional)
    return tuple(sections)


_WHATEVER_THE_NUMBER = {
    "unknown": Showing.UNKNOWN,
    "counted on": Showing.DURATION,
    "date": Showing.MOMENT,
}


def _conclude(section: _Section, *, conditional: bool) -> None:
    words = f"{section.before} {section.after}"
    section.money = is_currency(words) and not POINT_BEFORE.search(section.before)
    section.minus = section.before.strip().endswith(("-", "(", "\u2212")) or section.after.strip() in ("-", "\u2212")
    section.padded = section.zeros > 1 and not section.grouped and not section.decimals
    found = (how for kind, how in _WHATEVER_THE_NUMBER.items() if kind in section.kinds)
    section.how = Showing.UNKNOWN if conditional else next(found, None)


def _tokens(code: str) -> Iterator[tuple[str, str]]:
    for found in _TOKEN.finditer(code):
        kind = str(found.lastgroup)
        yield kind, found[kind] or ""


def _take(section: _Section, kind: str, text: str) -> None:
    if kind == "digit":
        _take_digit(section, text)
    elif kind == "comma":
        # After the last digit it divides by a thousand; the next digit shows that it only groups.
        section.thousands += 1 if section.digits else 0
    elif kind == "percent":
        section.percents += 1
        _take_words(section, text)
    elif kind == "bracket":
        _take_bracket(section, text)
    elif kind in ("quoted", "escaped", "sign") or (kind == "fraction" and not section.digits):
        _take_words(section, text)
    elif kind in ("space", "fill"):
        pass
    else:
        section.kinds.add({"letter": "unknown", "meridiem": "date"}.get(kind, kind))


def _take_digit(section: _Section, text: str) -> None:
    if section.after.strip("".join(_APART)):
        section.interrupted = True
    section.after = ""
    section.digits += 1
    if "point" in section.kinds:
        section.decimals += 1
    else:
        section.zeros += text == "0"
        section.grouped = section.grouped or section.thousands > 0
        section.thousands = 0


def _take_words(section: _Section, text: str) -> None:
    if section.digits or section.kinds & {"general", "text"}:
        section.after += text
    else:
        section.before += text


def _take_bracket(section: _Section, text: str) -> None:
    if text.startswith("$"):
        # `[$€-407]`: a currency, and whose way of writing it is. What the file calls a currency is one.
        symbol = text[1:].rpartition("-")[0] if "-" in text else text[1:]
        _take_words(section, "¤" if symbol and not any(map(str.isdigit, symbol)) else symbol)
    elif _COUNTED_ON.fullmatch(text):
        section.kinds.add("counted on")
    elif not _COLOUR.fullmatch(text):
        section.kinds.add("condition")


def _number(section: _Section, value: Decimal, *, signed: bool) -> Shown:
    minus = "-" if signed and value < 0 else ""
    in_full = bool(section.kinds & {"exponent", "general", "text"})
    if not section.digits and not in_full:
        # `"-"` or nothing for zero is how accounts are written.
        return Shown(Showing.SAME if value == 0 else Showing.OTHER, f"{minus}{section.before}".strip())
    # Words leave a number what it is if they name a currency; `k` and `per dozen` may not.
    harmless = section.money and (value <= 0 or not section.minus)
    if in_full:
        words = f"{minus}{section.before}{abs(value):f}{section.after}"
        return Shown(Showing.SAME) if harmless and not section.percents else Shown(Showing.OTHER, words)
    if "fraction" in section.kinds:
        return Shown(Showing.SAME if harmless and value == value.to_integral_value() else Showing.UNKNOWN)
    if section.interrupted:
        return Shown(Showing.UNKNOWN)
    size = (abs(value) * 100**section.percents / 1000**section.thousands).quantize(
        Decimal(1).scaleb(-section.decimals), ROUND_HALF_UP, _WIDE
    )
    same = size == abs(value) and harmless and not section.percents and not section.thousands
    text = f"{minus}{section.before}{_digits(section, size)}{section.after}".replace("\u00a4", "").strip()
    if same and not section.padded:
        return Shown(Showing.SAME, text)
    return Shown(Showing.PADDED if same else Showing.OTHER, text)


def _digits(section: _Section, size: Decimal) -> str:
    whole, _, rest = f"{size:,f}".partition(".") if section.grouped else f"{size:f}".partition(".")
    return whole.rjust(section.zeros, "0") + (f".{rest}" if rest else "")


_MONEY_WORDS = {
    *("kr", "zł", "zl", "kč", "kc", "ft", "fr", "sfr", "r", "rs", "us", "au", "ca", "nz", "hk", "sg", "lei", "din"),
    *("kn", "tl", "rp", "rm", "euro", "euros", "грн", "лв", "元", "圆", "円", "원"),
}
"""What currencies are called besides their codes and signs, in lower case."""
_BESIDE_MONEY = frozenset(".,:'+-()\u00a4\u2019\u2010\u2011\u2012\u2013\u2014\u2212")
POINT_BEFORE = re.compile(r"(?:^|[\W_])[.,]\s*$")
"""A mark before the digits that belongs to no word: `.50` is shown for 50."""


@lru_cache(maxsize=512)
def is_currency(words: str) -> bool:
    """Whether `words` beside a number name nothing but currencies: `%`, `k` and `per dozen` do not, nor do digits."""
    letters = ""
    for sign in words:
        category = unicodedata.category(sign)
        letters += sign if category[0] in "LM" else " "
        if category[0] not in "LMZ" and category != "Sc" and sign not in _BESIDE_MONEY:
            return False
    return all(word.lower() in _MONEY_WORDS or minor_units(word) is not None for word in letters.split())
