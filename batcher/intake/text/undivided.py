"""A text that none of the usual delimiters divides: one column, or cells behind a sign that is rarely one."""

import re
from collections import Counter
from collections.abc import Iterator

from batcher.errors import InputInvalid
from batcher.intake.refusal import refusal
from batcher.intake.text.csvtext import NAMES
from batcher.model import Problem

_NO_DELIMITERS = frozenset("\"'.-()\u2019")
"""Signs of names, numbers and sentences."""
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_MOST = 0.9
"""The share of lines with a sign from which on it may divide them."""


def signs_of(sample: str) -> list[str]:
    """The signs that each line holds equally often outside of quotes, at least twice; those of sentences left out."""
    counts = [Counter(line) for line in _lines(_QUOTED.sub('""', sample))]
    if len(counts) < 2:
        return []
    return [
        sign
        for sign, count in counts[0].items()
        if count > 1 and _may_divide(sign) and all(others[sign] == count for others in counts[1:])
    ]


def refused(sign: str, sample: str, line: int) -> InputInvalid:
    """Why the text is not read, although each of its lines holds the sign equally often."""
    shown, count = NAMES.get(sign, sign), _lines(_QUOTED.sub('""', sample))[0].count(sign)
    message = f"Every row is one cell, and each holds {shown!r} {count:,} times: it may divide the cells."
    fix = f"If it does, say --delimiter {shown}; if not, put quotes around the cells."
    return refusal("delimiter_unknown", message, fix, line=line)


def rare(sign: str, line: int) -> Problem:
    """What is said where such a sign is taken for the delimiter."""
    shown = NAMES.get(sign, sign)
    message = f"The cells are divided by {shown!r}, which every row holds equally often, and no usual delimiter."
    fix = "Check the cells, or say what divides them with --delimiter."
    return Problem(line=line, column=None, value=None, message=message, fix=fix, kind="delimiter_unusual")


def doubts(sample: str) -> Iterator[Problem]:
    """What is said of one column whose lines mostly hold a sign as often as the first, or more."""
    lines = _lines(sample)
    for sign, count in Counter(lines[0] if len(lines) > 1 else "").items():
        holding = sum(line.count(sign) >= count for line in lines)
        if count > 1 and not sign.isalnum() and sign not in "\"'()" and holding >= _MOST * len(lines):
            shown = NAMES.get(sign, sign)
            message = f"Every row is one cell, and most hold {shown!r} as often as the first: it may divide the cells."
            fix = f"If it does, say --delimiter {shown}; if not, go on."
            yield Problem(line=None, column=None, value=None, message=message, fix=fix, kind="delimiter_unknown")
            return


def _lines(sample: str) -> list[str]:
    return [line for line in re.split(r"\r\n|[\r\n]", sample) if line.strip()]


def _may_divide(sign: str) -> bool:
    return not sign.isalnum() and sign not in _NO_DELIMITERS
