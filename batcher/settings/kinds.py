"""What settings are made of: sections, and values with their bounds.

Validators raise a `ValueError` that completes "it must be …".
"""

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from batcher.money import minor_units

_MAX_TEXT = 255
_MAX_PATH = 4096
_SUM = re.compile(r"([A-Z]{3}) ([0-9]{1,12}(?:\.[0-9]{1,4})?)")


def _not_a_truth_value(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a number")  # noqa: TRY004 - pydantic reports a ValueError, a TypeError it lets through
    return value


def has_control_characters(text: str) -> bool:
    """Whether some character of the text is one that nobody types."""
    return any(unicodedata.category(sign) == "Cc" for sign in text)


def _text(value: str) -> str:
    text = value.strip()
    if not text or len(text) > _MAX_TEXT or has_control_characters(text):
        raise ValueError(f"text of 1 to {_MAX_TEXT} characters, without control characters")
    return text


def listed(value: object) -> object:
    """`csv, xlsx` of a variable as the list that the file has."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _sum(value: str) -> str:
    match = _SUM.fullmatch(value.strip())
    if not match or minor_units(match[1]) is None:
        raise ValueError('a currency and an amount with at most a decimal point, such as "GBP 500"')
    return f"{match[1]} {match[2]}"


def by_currency(sums: Iterable[str]) -> dict[str, Decimal]:
    """`GBP 500`, `EUR 600` as amounts by currency."""
    pairs = (text.split() for text in sums)
    return {currency: Decimal(amount) for currency, amount in pairs}


def not_blank(value: object) -> object:
    """A path that is one."""
    if isinstance(value, str) and not value.strip():
        raise ValueError('a path; the working directory is "."')  # which pathlib would read into an empty one
    return value


def plain_path(value: Path) -> Path:
    """A path that can be typed, `~` as the home."""
    if len(str(value)) > _MAX_PATH or has_control_characters(str(value)):
        raise ValueError(f"a path of up to {_MAX_PATH:,} characters, without control characters")
    try:
        return value.expanduser()
    except RuntimeError:
        raise ValueError("a path, and whose home ~ means here is not known") from None


def _absolute(value: Path) -> Path:
    path = plain_path(value)
    if not path.is_absolute():
        raise ValueError("an absolute path")
    return path


Seconds = Annotated[float, BeforeValidator(_not_a_truth_value), Field(allow_inf_nan=False)]
Count = Annotated[int, BeforeValidator(_not_a_truth_value)]
Text = Annotated[str, AfterValidator(_text)]
Sums = Annotated[tuple[Annotated[str, AfterValidator(_sum)], ...], BeforeValidator(listed)]
"""A sum for each currency: `GBP 500`."""

SecretFile = Annotated[Path, BeforeValidator(not_blank), AfterValidator(_absolute)]
"""A file with a secret in it; where it lies does not depend on where a command is run."""


class Section(BaseModel):
    """One section of the config file."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)
