"""E-mail addresses: the syntax is `email_validator`'s, nothing is looked up, and nothing is mended.

Nearly every address is of a plain form for which the library's answer is known beforehand; only the others are put to
it. What a person did not mean to write (a curly quote, a space that nobody sees, a name before the address) is named,
also where the library would take it off in silence or take it for a letter.

Names that RFC 2606 keeps for tests are good addresses here: a rehearsal on the sandbox or the playground uses them.
"""

import re
import unicodedata

from batcher.intake.meaning.characters import named, unseen

RESERVED_NAMES = ("arpa", "invalid", "local", "localhost", "onion", "test")
LOWERED_MAILBOXES = (
    *("info", "marketing", "sales", "support", "abuse", "noc", "security", "postmaster", "hostmaster", "usenet"),
    *("news", "webmaster", "www", "uucp", "ftp"),
)
MAX_LENGTH = 254
"""The library's own lists and its longest address, so that it is imported only for addresses that are not plain.

A test holds them against the library; a name that stands here too much only costs time.
"""

_WORD = "[A-Za-z0-9_'&+-]+"
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
PLAIN_PATTERN = rf"^{_WORD}(?:\.{_WORD})*@(?:{_LABEL}\.)+[A-Za-z]{{2,63}}$"
"""What every plain address matches, in what Python's `re` and RE2 have in common."""
NOT_PLAIN_PATTERN = (
    r"(?i)^[^@]{65}|[@.]..--|xn--"
    rf"|[@.](?:{'|'.join(RESERVED_NAMES)})$"
    rf"|^(?:{'|'.join(LOWERED_MAILBOXES)})@"
)
"""What none may match: a long local part, labels of other scripts, reserved names, mailboxes the library lowers."""

_PLAIN, _NOT_PLAIN = re.compile(PLAIN_PATTERN), re.compile(NOT_PLAIN_PATTERN)
_FOR_TESTS = re.compile(r"(?P<before>.+\.)(?P<name>invalid|localhost)", re.IGNORECASE)
_STAND_IN = "test"
_TYPOGRAPHY = frozenset(
    "\u00ab\u00b4\u00bb\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2032\u2033\u2039\u203a"
    "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u3002"
)
"""Quotes, dashes and a full stop that a text processor puts in place of those of the keyboard."""
_ENDS = {".": "full stop", ",": "comma", ";": "semicolon", ":": "colon", '"': "quote", "'": "quote"}
_SHAPES = (
    (re.compile(r"mailto:.*", re.IGNORECASE), "it begins with mailto:"),
    (re.compile(r".*@.*[\s,;/|&<>]+.*@.*"), "it holds two addresses"),
    (re.compile(r".*[<>].*"), "a name or brackets stand beside the address"),
    (re.compile(r".*\s.*", re.DOTALL), "a space stands in it"),
)


def plain(text: str) -> bool:
    """Whether `text` is an address of a form that the library is known to take: it would only lower the domain."""
    return len(text) <= MAX_LENGTH and _PLAIN.fullmatch(text) is not None and _NOT_PLAIN.search(text) is None


def read_email(text: str) -> tuple[str | None, str]:
    """The address as it is sent (domain in lower case, local part as written), else why it is none."""
    if plain(text):
        local, _, domain = text.partition("@")
        return f"{local}@{domain.lower()}", ""
    reason = _never_meant(text)
    return (None, reason) if reason else _asked_of_library(text)


def _never_meant(text: str) -> str:
    """What stands in the cell by mistake; empty where there is no such thing."""
    strange = unseen(text) or next(filter(_is_look_alike, text), "")
    if strange:
        return f"it contains {named(strange)}"
    shape = next((said for shape, said in _SHAPES if shape.fullmatch(text)), "")
    if shape:
        return shape
    first, last = _ENDS.get(text[:1]), _ENDS.get(text[-1:])
    if first and text[:1] != "'":
        return f"it begins with a {first}"
    return f"it ends with a {last}" if last else ""


def _is_look_alike(sign: str) -> bool:
    """Whether `sign` stands for another one: typography, or a letter that is wide, raised or set otherwise.

    The library would take some of them for the plain sign, and the address would be another than the one written.
    """
    return sign in _TYPOGRAPHY or unicodedata.normalize("NFKC", sign) != unicodedata.normalize("NFC", sign)


def _asked_of_library(text: str) -> tuple[str | None, str]:
    from email_validator import EmailNotValidError, validate_email

    reserved = _FOR_TESTS.fullmatch(text)
    asked = f"{reserved['before']}{_STAND_IN}" if reserved else text
    try:
        address = validate_email(asked, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        return None, _one_sentence(str(error))
    return (f"{address.removesuffix(_STAND_IN)}{reserved['name'].lower()}" if reserved else address), ""


def _one_sentence(reason: str) -> str:
    """The library's words as the end of a sentence of ours."""
    return "; ".join(part[:1].lower() + part[1:] for part in reason.rstrip(".").split(". "))
