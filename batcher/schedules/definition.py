"""A schedule as the config has it: when it is due, and what each of its periods is called."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

PLACE = "{period}"
"""Stands for the period in the names of files and batches."""

_ONE_NUMBER = re.compile(r"[0-9]{1,2}")
_ONE_DAY_OF_MONTH = re.compile(r"[0-9]{1,2}|L|LW")
_ONE_WEEKDAY = re.compile(r"[0-7]|[A-Z]{3}")
_ONE_WEEKDAY_OF_MONTH = re.compile(r"(?:[0-7]|[A-Z]{3})(?:#[1-5]|L)")


class Unit(StrEnum):
    """How long a period is: the longest that has no more than one due moment."""

    MONTH = "month"
    WEEK = "week"
    DAY = "day"


_ANY_PERIOD = r"[0-9]{4}-(?:[0-9]{2}|w[0-9]{2}|[0-9]{2}-[0-9]{2})"
_FORMATS = {Unit.MONTH: "%Y-%m", Unit.WEEK: "%G-w%V", Unit.DAY: "%Y-%m-%d"}
"""How a period is written: no sign of it is one that a batch's name could not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What is to happen again and again."""

    name: str
    cron: str
    """Five fields, of which minute and hour are one number each."""
    zone: str
    """Of the cron expression, and of the period's name."""
    file: str
    """The path of a period's file, with `{period}`."""
    batch: str
    """The name of a period's batch, with `{period}`."""
    ceilings: Mapping[str, Decimal]
    """The most that one period may pay, by currency; one that is left out has 0."""
    late: timedelta
    """For how long after the due moment a file may come, and a run may begin."""
    same_again: bool = False
    """Whether a sheet may ask for exactly what an earlier period's asked for."""
    inbox: str = ""
    """The inbox in which `file` is the name of a file; empty where it is a path of this machine."""

    @property
    def timing(self) -> str:
        """What decides when it is due: where this is another one, the schedule was changed."""
        return f"{' '.join(self.cron.split())} {self.zone}"

    def period(self, moment: datetime) -> str:
        """What the period is called that is due at this moment."""
        return period_of(moment, self.zone, unit_of(self.cron))

    def file_of(self, period: str) -> str:
        """Where the file of a period is looked for."""
        return self.file.replace(PLACE, period)

    def batch_of(self, period: str) -> str:
        """What the batch of a period is called."""
        return self.batch.replace(PLACE, period)


def claims(definition: Definition, name: str) -> bool:
    """Whether this is the name of the file of some period, in whatever letters: nobody else pays it."""
    before, after = map(re.escape, definition.file.split(PLACE, 1))
    pattern = before + _ANY_PERIOD + after.replace(re.escape(PLACE), _ANY_PERIOD)
    return re.fullmatch(pattern, name, re.IGNORECASE) is not None


def unit_of(cron: str) -> Unit:
    """How long a period is. Raises `ValueError`, which completes "it must be …"."""
    fields = cron.upper().split()
    if len(fields) != 5:
        raise ValueError('a cron expression of five fields, such as "0 9 28 * *"')
    try:
        next(CronSim(" ".join(fields), datetime(2000, 1, 1)))  # noqa: DTZ001 - whether there is any moment, in any zone
    except CronSimError as error:
        raise ValueError(f'a cron expression such as "0 9 28 * *" ({str(error).lower()})') from None
    except StopIteration:
        raise ValueError("a cron expression with a day that comes") from None
    minute, hour, day, _, weekday = fields
    if not (_ONE_NUMBER.fullmatch(minute) and _ONE_NUMBER.fullmatch(hour)):
        raise ValueError("a cron expression with one minute and one hour: a schedule pays once a day at the most")
    if weekday == "*":
        return Unit.MONTH if _ONE_DAY_OF_MONTH.fullmatch(day) else Unit.DAY
    if day == "*" and _ONE_WEEKDAY_OF_MONTH.fullmatch(weekday):
        return Unit.MONTH
    return Unit.WEEK if day == "*" and _ONE_WEEKDAY.fullmatch(weekday) else Unit.DAY


def zone_of(name: str) -> ZoneInfo:
    """The time zone of that name. Raises `ValueError`, which completes "it must be …"."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError('the name of a time zone, such as "Europe/London"') from None


def period_of(moment: datetime, zone: str, unit: Unit) -> str:
    """The month, week (of ISO 8601) or day that a due moment lies in, where the schedule lives."""
    return moment.astimezone(zone_of(zone)).strftime(_FORMATS[unit])


def moments(definition: Definition, after: datetime) -> Iterator[datetime]:
    """The due moments after this one, in UTC and in order.

    What falls into the hour that summer time skips is due when that hour is over; in the hour that comes twice, it is
    due the first time only.
    """
    last = after
    for local in CronSim(" ".join(definition.cron.split()), after.astimezone(zone_of(definition.zone))):
        moment = local.astimezone(UTC)
        if moment > last:
            yield moment
            last = moment
