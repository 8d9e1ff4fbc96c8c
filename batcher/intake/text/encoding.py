"""Bytes to text: the encoding, found by evidence over the whole file, or said by a person.

A byte order mark comes first; then UTF-8, which other encodings fail to be by chance; then UTF-16 without a mark, where
one byte order alone reads as text. What is left has one byte for each letter: Windows-1252, as Excel writes it in
Western Europe, or Mac Roman, as Excel wrote it on a Mac. Each is judged by the places where its letters stand as nobody
writes them (`cafŽ`, `12Ä`). Where that decides nothing, both readings are shown, and nothing is guessed.
"""

import codecs
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from batcher.errors import InputInvalid
from batcher.intake.refusal import refusal

NAMES = {"cp1252": "Windows-1252", "mac_roman": "Mac Roman", "utf-8": "UTF-8", "utf-8-sig": "UTF-8"}
"""What a person calls them."""

_SAVE_AGAIN = "Save it again as 'CSV UTF-8'"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    # Before UTF-16, whose mark this one begins with.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WITH_NULS = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
ASSUMED = ("cp1252", "mac_roman")
_OF_PROGRAMS = ("unicode-escape", "raw-unicode-escape")
"""How Python writes text into programs: no sheet is saved so, and reading one so would change its backslashes."""
_OTHERS = ("cp1250", "cp850", "cp1251", "iso8859_2")
"""Tried only to name one in a message; nothing is read with them unless somebody says so."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, and what its bytes were read with."""

    text: str
    encoding: str
    """As Python names it."""


def decoded(data: bytes, asked: str | None = None) -> Decoded:
    """The text of these bytes; `asked` is what a person says that they are.

    Raises `InputInvalid` where no encoding explains every byte, where two do and differ, and where `asked` is none.
    """
    if asked:
        return _as_asked(data, asked)
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _by_its_mark(data, encoding)
    if b"\x00" in data:
        return _without_mark(data)
    try:
        return Decoded(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError as error:
        _refuse_mixed(data, error.start)
    return _by_its_letters(data)


def _name_of(asked: str) -> str:
    """Python's name of an encoding. Raises `LookupError` for what is none of a file of text."""
    name = codecs.lookup(asked).name
    if name in _OF_PROGRAMS:
        raise LookupError(asked)
    return name


def _as_asked(data: bytes, asked: str) -> Decoded:
    try:
        name = _name_of(asked)
        text = data.decode(name)
        text.encode()  # Some let halves of surrogate pairs through, which are no text.
    except (LookupError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            line = line_at(data, error.start)
            message = f"The file is not {asked}: the byte 0x{data[error.start]:02X} in row {line} has no meaning in it."
            raise refusal(
                "encoding_wrong", message, f"Say another encoding, or none. {_SAVE_AGAIN}.", line=line
            ) from None
        message = f"There is no encoding {asked!r}."
        raise refusal("encoding_wrong", message, "Name one such as utf-8, cp1252, latin-1 or mac_roman.") from None
    return Decoded(text.lstrip("\ufeff"), name)


def _by_its_mark(data: bytes, encoding: str) -> Decoded:
    try:
        # A file that was put together from others may hold the mark more than once.
        return Decoded(data.decode(encoding).lstrip("\ufeff"), encoding)
    except UnicodeDecodeError as error:
        name = encoding.removesuffix("-sig").upper()
        message = f"The file says that it is {name} but is damaged at byte {error.start}."
        raise refusal("encoding_damaged", message, f"{_SAVE_AGAIN}.") from None


def _without_mark(data: bytes) -> Decoded:
    """UTF-16 or UTF-32 without a mark: the one form in which every character is text and most are plain ASCII."""
    readings = []
    for encoding in _WITH_NULS:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text and sum(letter.isascii() for letter in text) * 2 > len(text):
            readings.append(Decoded(text, encoding))
    if len(readings) == 1:
        return readings[0]
    message = "The file holds NUL bytes: it is damaged, or it is no text."
    raise refusal("nul_bytes", message, f"{_SAVE_AGAIN}.", line=line_at(data, data.index(b"\x00")))


def _refuse_mixed(data: bytes, damaged_at: int) -> None:
    """Refuse a file in which some lines are UTF-8 and others are not: two programs have written it."""
    beyond = re.finditer(rb"[^\r\n]*[\x80-\xff][^\r\n]*", data)
    first = next((found.start() for found in beyond if _is_utf8(found[0])), None)
    if first is None:
        return
    unicode, line = line_at(data, first), line_at(data, damaged_at)
    message = f"Two programs have written this file: row {unicode} is UTF-8, and row {line} is not."
    fix = f"Open it where all its letters look right, and save it again as 'CSV UTF-8'; look at row {line} above all."
    raise refusal("encoding_mixed", message, fix, line=line)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _by_its_letters(data: bytes) -> Decoded:
    readings = list(_readings(data))
    if not readings:
        raise _unknown(data)
    odd = [misfits(reading.text) for reading in readings]
    best = min(odd)
    likely = [reading for reading, count in zip(readings, odd, strict=True) if count == best]
    if best * 4 > len(_BEYOND_ASCII.findall(likely[0].text)):
        raise _unknown(data)
    if len({reading.text for reading in likely}) > 1:
        raise _two_readings(likely)
    return likely[0]


def _readings(data: bytes) -> Iterator[Decoded]:
    for encoding in ASSUMED:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        yield Decoded(text, encoding)


_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_PLACES = re.compile(r"([^\x00-\x7f])(?=(.?))", re.DOTALL)
_CONTRACTION = re.compile(r"[A-Za-z]\u2019(?:s|t|d|m|ll|re|ve)\b|\b[ODLodl]\u2019[A-Z]")
_QUOTED = re.compile(r"[\u201c\u2018\u00ab][^\u201c\u201d\u2018\u00ab\u00bb\r\n]{1,80}[\u201d\u2019\u00bb]")
_TELLING = (_CONTRACTION, _QUOTED, re.compile(r"\w[®™](?!\w)|\s[\u2013\u2014]\s|[a-z]\u2026(?!\w)"))
"""Shapes that are there on purpose: an apostrophe in a word, a quotation, a trade mark, a dash between blanks."""
_RARE = frozenset(
    "\u2020\u2021\u2030\u00a4\u00a6\u00ac\u00a8\u00af\u00b8\u02c6\u02dc\u02c7\u02d8\u02d9\u02da\u02dd\u02db"
    "\u2202\u2211\u220f\u03c0\u222b\u03a9\u221a\u2206\u2248\u2260\u221e\u2264\u2265\u25ca\u2044\ufb01\ufb02\u0131\uf8ff"
)
"""Signs and ligatures of which a sheet of payments has none, and each encoding a few."""
_LONE_LETTERS = frozenset("àáâèéêìíòóùúÀÁÈÉÊÒÓÙÚ")
"""Letters that are words by themselves."""
_BEFORE_WORDS = frozenset("\u201c\u2018\u00ab\u201e\u201a\u00bf\u00a1\u2039#")
_BETWEEN_LETTERS = frozenset("\u2019\u2013\u2014\u00b7\u00ad\u00a0\u202f")


def misfits(text: str) -> int:
    """How many places of `text` hold a character beyond ASCII as nobody writes it.

    Shapes that are there on purpose are subtracted: of two readings without a misfit the one with an apostrophe wins.
    """
    around: Counter[tuple[str, str, str]] = Counter()
    for found in _PLACES.finditer(text):
        before = text[found.start() - 1] if found.start() else ""
        around[before, found[1], found[2]] += 1
    odd = sum(count for (before, sign, after), count in around.items() if _misfits(before, sign, after))
    return odd - sum(len(shape.findall(text)) for shape in _TELLING)


def _misfits(before: str, sign: str, after: str) -> bool:
    category = unicodedata.category(sign)
    if sign in _RARE:
        return True
    if category[0] == "L":
        return _letter_misfits(before, sign, after)
    if category in {"Cc", "Cn", "Co", "Cs"}:
        return True
    if category == "Sc":
        return before.isalpha() or after.isalpha()
    if sign in _BETWEEN_LETTERS:
        return False
    if sign in _BEFORE_WORDS:
        return before.isalnum()
    if category == "No":
        return after.isalpha() or (before.isalpha() and before != "m")
    if sign == "\u2026" and before.isupper():
        return True
    if sign == "°" and after in "CF":
        return False
    # Any other sign stands beside a word, or behind it (`Acme®`, `20°`, `”`), and never right before a letter.
    return after.isalpha() or (before.isalpha() and category in {"Sm", "Sk", "Lm"})


def _letter_misfits(before: str, sign: str, after: str) -> bool:
    around = (before, after)
    if before.isdigit() or after.isdigit():
        return sign not in "ºª"
    if not before.isalpha() and (sign in "ÿŸ" or not after.isalpha()):
        return sign not in _LONE_LETTERS
    if "LATIN" not in unicodedata.name(sign, "") and any(letter.isascii() and letter.isalpha() for letter in around):
        return True  # Two alphabets in one word.
    if all(letter.isalpha() and not letter.isascii() for letter in around):
        return True  # Three in a row: another alphabet, read as this one.
    return (before.islower() and sign.isupper()) or (sign.islower() and after.isupper())


def _two_readings(readings: list[Decoded]) -> InputInvalid:
    line, words = _first_difference(*(reading.text for reading in readings[:2]))
    shown = " or ".join(f"{word!r} ({NAMES[reading.encoding]})" for word, reading in zip(words, readings, strict=False))
    message = f"The file does not say what its letters are: row {line} reads {shown}."
    ways = " or ".join(f"--encoding {reading.encoding}" for reading in readings)
    return refusal("encoding_ambiguous", message, f"Say which is right with {ways}, or {_save_again()}.", line=line)


def _save_again() -> str:
    return _SAVE_AGAIN[0].lower() + _SAVE_AGAIN[1:]


def _first_difference(one: str, other: str) -> tuple[int, tuple[str, str]]:
    """The row of the first word that two readings of the same bytes read differently, and that word in each."""
    at = next(place for place, (mine, theirs) in enumerate(zip(one, other, strict=True)) if mine != theirs)
    ends = '\r\n,;\t|"'
    start = max(one.rfind(end, 0, at) for end in ends) + 1
    stop = min((found for end in ends if (found := one.find(end, at)) >= 0), default=len(one))
    start, stop = max(start, at - 20), min(stop, at + 20)
    line = one[:at].replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    return line, (one[start:stop].strip(), other[start:stop].strip())


def _unknown(data: bytes) -> InputInvalid:
    at = next(place for place, byte in enumerate(data) if byte > 0x7F)
    line = line_at(data, at)
    maybe = [
        f"{word!r} with --encoding {encoding}" for encoding in _OTHERS if (word := _fitting_word(data, encoding, at))
    ]
    as_shown = f" Row {line} would read {' or '.join(maybe)}." if maybe else ""
    message = f"The file's letters cannot be read: it is neither Unicode nor Windows-1252 nor Mac Roman.{as_shown}"
    fix = f"{_SAVE_AGAIN}{', or say which encoding it is' if maybe else ''}."
    return refusal("encoding_unknown", message, fix, line=line)


def _fitting_word(data: bytes, encoding: str, at: int) -> str:
    """The word around a byte, where the whole file fits this encoding; empty where it does not."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return ""
    if misfits(text) > 0:
        return ""
    return _first_difference(text, data.decode("latin-1"))[1][0] if len(text) == len(data) else ""


def line_at(data: bytes, offset: int) -> int:
    """The line of a byte, counted by line ends: the nearest there is before the cells are known."""
    before = data[:offset].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return before.count(b"\n") + 1
