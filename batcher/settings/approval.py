"""`[approval]`: when one person is not enough."""

from decimal import Decimal
from typing import Self

from pydantic import Field, model_validator

from batcher.settings.kinds import Section, Sums, by_currency


class Approval(Section):
    """When a plan needs a second person, who approves it: never the one who prepared it."""

    above: Sums = Field(
        default=(),
        description='The most that a plan may send in all without one, one for each currency: "GBP 10000". A currency '
        "that you leave out then has 0. None is needed without it.",
    )

    @property
    def limits(self) -> dict[str, Decimal]:
        """The most that one person may send, by currency."""
        return by_currency(self.above)

    @model_validator(mode="after")
    def _one_limit_each(self) -> Self:
        if len(self.limits) < len(self.above):
            raise ValueError("approval.above has a currency twice; write one amount for each.")
        return self
