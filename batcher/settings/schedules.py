"""`[schedules.NAME]`: what is paid again and again, by itself. There may be several of them, each with its own name."""

import re
from datetime import timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from batcher.inboxes.names import is_sheet
from batcher.model import BATCH_NAME
from batcher.schedules.definition import PLACE, Definition, Unit, unit_of, zone_of
from batcher.settings.kinds import Count, Section, Sums, Text, by_currency

SCHEDULE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
"""How schedules are called."""

_PLACES = re.compile(r"\{[^{}]*\}?|\}")
_LONGEST = {Unit.MONTH: "2026-11", Unit.WEEK: "2026-w48", Unit.DAY: "2026-11-28"}


def _cron(value: str) -> str:
    unit_of(value)
    return " ".join(value.split())


def _zone(value: str) -> str:
    return zone_of(value).key


def _with_period(value: str) -> str:
    places = set(_PLACES.findall(value))
    if other := sorted(places - {PLACE}):
        raise ValueError(f"text in which {PLACE} is the only placeholder; {other[0]} is none")
    if not places:
        raise ValueError(f"text with {PLACE} in it, so that no two periods share one")
    return value


def _batch(value: str) -> str:
    for period in _LONGEST.values():
        if not BATCH_NAME.fullmatch(_with_period(value).replace(PLACE, period)):
            raise ValueError(
                f"a batch's name with {PLACE} in it: up to 40 of a-z, 0-9, dot, underscore and hyphen, beginning with "
                "a letter or digit"
            )
    return value


class Schedule(Section):
    """What is paid again and again, by `batcher schedule run-due` or by `batcher serve`: one section for each."""

    cron: Annotated[Text, AfterValidator(_cron)] = Field(
        examples=["0 9 28 * *"],
        description="When it is due: minute, hour, day of the month, month, day of the week. Minute and hour are one "
        "number each, as a schedule pays once a day at the most.",
    )
    zone: Annotated[Text, AfterValidator(_zone)] = Field(
        examples=["Europe/London"], description="The time zone of that, and of the period's name."
    )
    file: Annotated[Text, AfterValidator(_with_period)] = Field(
        examples=["inbox/incentives-{period}.csv"],
        description="The sheet of a period; a relative path starts at this file's folder. {period} is the month that "
        "it is due in, such as 2026-11; of a weekly schedule the week, 2026-w48; of any other the day, 2026-11-28.",
    )
    inbox: Text | None = Field(
        default=None,
        examples=["sheets"],
        description="The inbox in which file is the name of a file; without it, file is a path of this machine.",
    )
    batch: Annotated[Text, AfterValidator(_batch)] = Field(
        examples=["incentives-{period}"], description="The name of a period's batch."
    )
    ceilings: Sums = Field(
        examples=[["GBP 25000"]],
        min_length=1,
        description="The most that one period may pay, one for each currency; a currency that you leave out has 0. "
        "Above it nothing is paid, and a person is told.",
    )
    late_hours: Annotated[Count, Field(ge=1, le=744)] = Field(
        default=24,
        description="For how many hours after it is due the file may come. After that nothing is paid by itself, and a "
        "person is told.",
    )
    same_again: bool = Field(
        default=False,
        description="Whether a sheet that asks for exactly what an earlier period's asked for, row by row, is paid "
        "again without a person. By default it is refused: it may be that sheet under another name.",
    )

    @model_validator(mode="after")
    def _one_ceiling_each(self) -> Self:
        if len(by_currency(self.ceilings)) < len(self.ceilings):
            raise ValueError("A schedule's ceilings have a currency twice; write one amount for each.")
        return self

    @model_validator(mode="after")
    def _file_of_an_inbox_is_a_name(self) -> Self:
        if self.inbox is not None and (set(self.file) & set("/\\") or not is_sheet(self.file)):
            raise ValueError(
                f"file is {self.file}; with inbox it is the name of a file in the inbox, without a folder, as a whole "
                "sheet is called."
            )
        return self

    def definition(self, name: str) -> Definition:
        """The same, as it is worked with."""
        return Definition(
            name=name,
            cron=self.cron,
            zone=self.zone,
            file=self.file,
            batch=self.batch,
            ceilings=by_currency(self.ceilings),
            late=timedelta(hours=self.late_hours),
            same_again=self.same_again,
            inbox=self.inbox or "",
        )
