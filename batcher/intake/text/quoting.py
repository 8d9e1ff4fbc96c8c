"""The ways to quote that a text gives cause for, and what proves one of them."""

import re
from collections.abc import Iterator
from dataclasses import replace

from batcher.intake.text.csvtext import Dialect


def variants(sample: str, delimiter: str) -> Iterator[Dialect]:
    """Every dialect with this delimiter but the plain one that some sign in the text may stand for."""
    plain, sign = Dialect(delimiter), re.escape(delimiter)
    if '\\"' in sample:
        yield replace(plain, escape="\\")
    if delimiter != " " and f"{delimiter} " in sample:
        yield replace(plain, skips_blanks=True)
    if delimiter * 2 in sample and not delimiter.isalnum():
        yield replace(plain, doubled=True)
    no_other_quote = re.search(rf'(?:^|{sign})"', sample, re.MULTILINE) is None
    if no_other_quote and re.search(rf"(?:^|{sign})'", sample, re.MULTILINE):
        yield replace(plain, quote="'")
        if "\\'" in sample:
            yield replace(plain, quote="'", escape="\\")
    rare = _around_titles(sample, delimiter)
    if no_other_quote and rare:
        yield replace(plain, quote=rare)


def is_proven(sample: str, dialect: Dialect) -> bool:
    """Whether a quote that is not the usual one encloses every cell of some row, or cells that write it twice."""
    quote, sign = re.escape(dialect.quote), re.escape(dialect.delimiter)
    if dialect.quote == '"':
        return False
    if re.search(rf"^{quote}[^{quote}\r\n]*{quote}(?:{sign}{quote}[^{quote}\r\n]*{quote})+\s*$", sample, re.MULTILINE):
        return True
    twice = rf"(?:^|{sign})'[^'\r\n]+''[^'\r\n]+(?:''[^'\r\n]*)*'(?={sign}|[\r\n]|\Z)"
    return dialect.quote == "'" and "''" in sample and re.search(twice, sample, re.MULTILINE) is not None


def _around_titles(sample: str, delimiter: str) -> str:
    """The sign that each cell of the first line begins and ends with, where it is none of the usual quotes."""
    line = next(iter(sample.split("\n", 1)), "").strip("\r\n")
    sign = line[:1]
    if not sign or sign.isalnum() or sign.isspace() or sign in "\"'()[]\\" or sign == delimiter:
        return ""
    cells = line.split(delimiter)
    around = all(len(cell) > 1 and cell[0] == sign == cell[-1] for cell in cells)
    return sign if len(cells) > 1 and around else ""
