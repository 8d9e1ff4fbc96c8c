"""What single fields of an answer can be: a value of the right kind and within bounds, or nothing."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any

_LINK = re.compile(r"\w+://\S+|(?:[\w-]+\.)+[A-Za-z]{2,}/\S+")
"""With its scheme or without."""
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_MESSAGE_CHARACTERS = 300


def json_value(content_type: str, answer: bytes | None) -> Any:
    """The JSON that the answer is, its fractions as `Decimal`; `None` where it is none (or `null`)."""
    if answer is None or "json" not in content_type.lower():
        return None
    try:
        return json.loads(answer, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, ArithmeticError, RecursionError):
        return None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def mapping(value: object) -> Mapping[str, Any]:
    """The object that it is, else an empty one."""
    return value if isinstance(value, dict) else {}


def text(value: object, longest: int) -> str | None:
    """The text that it is, neither empty nor longer than that."""
    return value if isinstance(value, str) and 0 < len(value) <= longest and _is_unicode(value) else None


def _is_unicode(value: str) -> bool:
    """JSON can escape half a character; no file and no database takes one."""
    return _HALF_CHARACTER.search(value) is None


def beginning(value: object, longest: int) -> str | None:
    """The beginning of a text, whatever is in it: what no database takes is replaced, so that the rest still counts."""
    return _HALF_CHARACTER.sub("\ufffd", value[:longest]) or None if isinstance(value, str) else None


def words(value: object) -> str | None:
    """The API's words for people, bounded and without links: one could be worth money."""
    if not isinstance(value, str) or not _is_unicode(value):
        return None
    return _LINK.sub("[link]", " ".join(value.split()))[:_MESSAGE_CHARACTERS] or None


def amount(value: object) -> Decimal | None:
    """The amount of money that it is, as a number or as a text."""
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        return None
    try:
        money = Decimal(value)
    except InvalidOperation:
        return None
    # Beyond these bounds it is no money, and would fill a cell with a million digits.
    return money if money.is_finite() and -10 < money.adjusted() < 20 else None


def date(value: str | None) -> datetime | None:
    """The moment that a header names, UTC."""
    if value is None:
        return None
    try:
        moment = parsedate_to_datetime(value)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    # A clock that says something else was never set; keys must not age by it.
    return moment if 2020 <= moment.year < 2200 else None
