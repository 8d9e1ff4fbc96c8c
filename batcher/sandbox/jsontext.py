"""JSON in and out in which no number is ever a float: amounts stay `Decimal` from the wire and back to it."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NoReturn


def read(text: bytes | str) -> Any:
    """The value written in `text`; fractions are `Decimal`. Raises `ValueError` for what is not JSON."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def write(value: object) -> bytes:
    """The value as ASCII JSON; a `Decimal` becomes a number with all its places (`10.00`)."""
    return "".join(_pieces(value)).encode("ascii")


def _pieces(value: object) -> list[str]:
    if isinstance(value, Decimal):
        return [format(value, "f")]
    if isinstance(value, Mapping):
        members = [f"{json.dumps(str(name))}:{''.join(_pieces(each))}" for name, each in value.items()]
        return ["{", ",".join(members), "}"]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ["[", ",".join("".join(_pieces(each)) for each in value), "]"]
    return [json.dumps(value)]
