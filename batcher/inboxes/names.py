"""Names of files in an inbox. Whoever sends a file chose its name: it is hostile text, and no path of this machine."""

import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime

from batcher.model import BATCH_NAME, without_links

PLACE = "{name}"
"""Stands for the name of the file in the name of its batch."""

DONE = ".done"
"""A file of a sheet's name and this behind it says that the sheet is whole."""

RESULTS, ERRORS, WHY = "results.csv", "errors.xlsx", "why.txt"
"""What is laid beside a sheet at its end."""

_IN_THE_MAKING = (DONE, ".part", ".tmp", ".filepart", ".crdownload")
_ENDINGS = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".ods", ".parquet", ".xls"})
_FORBIDDEN = frozenset('<>:"/\\|?*')
_MOST = 100
"""Characters of a name that we give, or say."""


def is_sheet(name: str) -> bool:
    """Whether it may be a sheet: nothing hidden, no lock of an editor, nothing that is still being sent."""
    return not name.startswith((".", "~")) and not name.casefold().endswith(_IN_THE_MAKING)


def shown(name: str) -> str:
    """The name as it is said to people: on one line, bounded, and with no sign that hides or turns around others."""
    plain = "".join(sign if _is_plain(sign) else "?" for sign in without_links(name))
    return plain if len(plain) <= _MOST else f"{plain[: _MOST - 1]}…"


def ending_of(name: str) -> str:
    """The ending of our own copy: one of those that sheets have, or none. What a file is, its bytes say."""
    _, ending = _split(name.casefold())
    return ending if ending in _ENDINGS else ""


def batch_of(template: str, name: str) -> str | None:
    """What the batch of a file is called: its name without the ending, in small letters; `None` for no batch's name.

    Nothing else is made of the name: two files that only look alike to us would share a batch.
    """
    stem, ending = _split(name)
    known = stem if ending.casefold() in _ENDINGS else name
    batch = template.replace(PLACE, known.lower())
    return batch if known.isascii() and BATCH_NAME.fullmatch(batch) else None


def first_free(name: str, taken: Iterable[str], at: datetime, digest: str) -> str:
    """What a file is called at its end, so that neither it nor what lies beside it has the name of another's."""
    used = {one for kept in taken for one in _all_of(kept)}
    stamped = kept_as(name, at)
    for one in (kept_as(name), stamped):
        if used.isdisjoint(_all_of(one)):
            return one
    stem, ending = _split(stamped)
    return f"{stem}-{digest[:12]}{ending}"


def _all_of(kept: str) -> set[str]:
    names = (kept, f"{kept}{DONE}", *(beside(kept, what) for what in (RESULTS, ERRORS, WHY)))
    return {one.casefold() for one in names}


def kept_as(name: str, at: datetime | None = None) -> str:
    """What a file is called in the folder that it is taken to: its own name where every system can have that.

    `at` is put before the ending, where the name alone is there already.
    """
    safe = "".join(sign if _is_plain(sign) and sign not in _FORBIDDEN else "_" for sign in name).strip(" .")
    stem, ending = _split(safe or "sheet")
    stamp = "" if at is None else f"-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return f"{stem[:_MOST]}{stamp}{ending[:20]}"


def beside(kept: str, what: str) -> str:
    """The name of what lies beside a file that is kept as `kept`, such as `results.csv`."""
    return f"{_split(kept)[0]}.{what}"


def _split(name: str) -> tuple[str, str]:
    """What stands before the last dot, and what from it on: of a name, and never of a path."""
    stem, dot, ending = name.rpartition(".")
    return (stem, f"{dot}{ending}") if stem else (name, "")


def _is_plain(sign: str) -> bool:
    return unicodedata.category(sign) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
