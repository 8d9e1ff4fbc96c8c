"""A product cell: one code, several apart by `|`, or one template `PT-…`."""

import re
from functools import lru_cache

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_WITH_AMOUNT = re.compile(r".*[0-9]\.[0-9]{2}")
"""What is left of `AMZ-GB,10.00` without its comma; the amount's column then holds what stood right of it."""
_TEMPLATE = "PT-"


@lru_cache(maxsize=1024)
def read_products(text: str) -> tuple[tuple[str, ...], str]:
    """The codes, sorted, and an empty fault; else no codes and `missing`, `malformed`, `repeated` or `mixed`."""
    if not text:
        return (), "missing"
    codes = [code.strip() for code in text.split("|")]
    if not all(map(_CODE.fullmatch, codes)) or any(map(_WITH_AMOUNT.fullmatch, codes)):
        return (), "malformed"
    if any(map(_nearly_template, codes)):
        return (), "malformed"
    if len({code.casefold() for code in codes}) < len(codes):
        return (), "repeated"
    if len(codes) > 1 and any(code.startswith(_TEMPLATE) for code in codes):
        return (), "mixed"
    return tuple(sorted(codes)), ""


def takes_whole_amounts(codes: tuple[str, ...]) -> bool:
    """Several products, or a template, come in whole numbers only."""
    return len(codes) > 1 or any(code.startswith(_TEMPLATE) for code in codes)


def _nearly_template(code: str) -> bool:
    """`pt-…` in small letters would be taken for a product of that name, and `PT-` alone names nothing."""
    return code == _TEMPLATE or (code.upper().startswith(_TEMPLATE) and not code.startswith(_TEMPLATE))
