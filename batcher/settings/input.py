"""`[input]`: what a sheet must hold, and how it is read."""

import codecs
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from batcher.settings.kinds import Count, Section, Sums, Text, by_currency

_DELIMITERS = ("comma", "semicolon", "tab", "pipe", "space")


def _encoding(value: str) -> str:
    try:
        return codecs.lookup(value).name
    except LookupError:
        raise ValueError('the name of an encoding, such as "utf-8" or "cp1252"') from None


def _delimiter(value: str) -> str:
    if len(value) != 1 and value.casefold() not in _DELIMITERS:
        raise ValueError(f"one character, or one of {', '.join(_DELIMITERS)}")
    return value


class Input(Section):
    """What a sheet must hold, and how yours are written where a file alone could be read in two ways."""

    require_reference: bool = Field(
        default=False, description="Whether a row without a reference of its own is an error."
    )
    same_recipient: Literal["allow", "warn", "error"] = Field(
        default="warn", description="What several rows for one e-mail address are: allow, warn or error."
    )
    ceilings: Sums = Field(
        default=(),
        description='The most that one row may pay, one for each currency: "GBP 500". None is set without it.',
    )
    encoding: Annotated[str, AfterValidator(_encoding)] | None = Field(
        default=None, examples=["cp1252"], description="What the bytes of your CSVs are; found by evidence without it."
    )
    delimiter: Annotated[str, AfterValidator(_delimiter)] | None = Field(
        default=None,
        examples=["semicolon"],
        description="What divides their cells: comma, semicolon, tab or a sign; found by evidence without it.",
    )
    sheet: Text | None = Field(
        default=None, examples=["Payouts"], description="Which sheet of a workbook; the only one without it."
    )
    header_line: Annotated[Count, Field(ge=1)] | None = Field(
        default=None, examples=[3], description="The row that names the columns; found by evidence without it."
    )
    decimal: Literal["point", "comma"] | None = Field(
        default=None,
        examples=["comma"],
        description="The decimal mark of your amounts; without it an amount with two meanings is an error, unless its "
        "column shows which is meant.",
    )

    @property
    def ceiling_by_currency(self) -> dict[str, Decimal]:
        """The most that one row may pay, by currency."""
        return by_currency(self.ceilings)
