"""What is paid of an inbox by itself: the rest of `[inboxes.NAME]`."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from batcher import inboxes
from batcher.inboxes.names import PLACE
from batcher.model import BATCH_NAME
from batcher.settings.inboxes import Inbox
from batcher.settings.kinds import Sums, Text, by_currency

_PLACES = re.compile(r"\{[^{}]*\}?|\}")


def _batch(value: str) -> str:
    places = set(_PLACES.findall(value))
    if places != {PLACE} or not BATCH_NAME.fullmatch(value.replace(PLACE, "a")):
        raise ValueError(
            f"a batch's name with {PLACE} in it and no other placeholder: up to 40 of a-z, 0-9, dot, underscore and "
            "hyphen, beginning with a letter or digit"
        )
    return value


class PaidInbox(Inbox):
    """A place where sheets arrive, and what is paid of them: one section for each. No secret belongs in this file."""

    batch: Annotated[Text, AfterValidator(_batch)] | None = Field(
        default=None,
        examples=["{name}"],
        description="With it, each sheet that arrives is paid by itself. It is the name of a sheet's batch; {name} is "
        "the file's name without its ending, in small letters. Without it, the inbox only serves schedules.",
    )
    ceilings: Sums = Field(
        default=(),
        examples=[["GBP 25000"]],
        description="The most that one sheet may pay, one for each currency; a currency that you leave out has 0. "
        "Above it nothing is paid, and a person is told. Goes with batch.",
    )
    results: bool = Field(
        default=True,
        examples=[False],
        description="Whether the results are laid into the folder archive of the inbox, beside the sheet that was "
        "paid. They hold the links: whoever can read the inbox can use them.",
    )

    @model_validator(mode="after")
    def _what_is_paid_has_a_ceiling(self) -> Self:
        if self.batch is not None and not self.ceilings:
            raise ValueError('ceilings is missing: with batch it says what one sheet may pay, such as ["GBP 25000"].')
        if self.ceilings and self.batch is None:
            raise ValueError("ceilings does nothing without batch; schedules have ceilings of their own.")
        if len(by_currency(self.ceilings)) < len(self.ceilings):
            raise ValueError("ceilings has a currency twice; write one amount for each.")
        return self

    def definition(self, name: str) -> inboxes.Inbox:
        """The same, as it is worked with."""
        return inboxes.Inbox(name=name, batch=self.batch, ceilings=by_currency(self.ceilings), results=self.results)
