"""Templates. Everything is escaped; what a template does not know is an error, not an empty place."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from batcher import __version__, money
from batcher.web.wording import on_page

if TYPE_CHECKING:
    from batcher.web.visit import Visit

TEMPLATES = Path(__file__).parent / "templates"


@cache
def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters.update(amount=amount, duration=duration, moment=moment, number=number, on_page=on_page, plural=plural)
    return found


def rendered(visit: "Visit", template: str, context: Mapping[str, Any]) -> str:
    """The template with what every page shows: where orders are made, who is there, and the menu."""
    from batcher.web.pages import menu_of  # noqa: PLC0415 - the pages render, and so import this file

    return (
        _environment()
        .get_template(template)
        .render(
            visit=visit,
            csrf_field=partial(csrf_field, visit),
            environment=visit.house.environment,
            menu=menu_of(visit.house.settings),
            version=__version__,
            **context,
        )
    )


def csrf_field(visit: "Visit") -> Markup:
    """The hidden field that every form of a signed-in person needs."""
    token = visit.session.csrf_secret if visit.session is not None else ""
    return Markup('<input type="hidden" name="csrf" value="{}">').format(token)


def amount(value: Decimal, currency: str) -> Markup:
    """`GBP 1,234.50`; in the browser the digits are written as its locale does."""
    decimals = max(money.minor_units(currency) or 0, len(format(value, "f").partition(".")[2]))
    shown = f"{value:,.{decimals}f}"
    return Markup('<span class="amount">{} <data value="{}" data-decimals="{}">{}</data></span>').format(
        currency, format(value, "f"), decimals, shown
    )


def number(value: int) -> Markup:
    """`12,345`; in the browser as its locale writes it."""
    return Markup('<data value="{}" data-decimals="0">{}</data>').format(value, f"{value:,}")


def moment(value: datetime) -> Markup:
    """`2026-11-28 14:05 UTC`; in the browser in its own zone and locale."""
    utc = value.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        utc.isoformat(timespec="seconds"), utc.strftime("%Y-%m-%d %H:%M UTC")
    )


def duration(seconds: float) -> str:
    """`about 2 hours 5 minutes`, rounded up."""
    minutes = math.ceil(seconds / 60)
    if minutes <= 1:
        return "less than a minute" if seconds < 60 else "about a minute"
    hours, rest = divmod(minutes, 60)
    parts = [f"{count} {plural(count, word)}" for count, word in ((hours, "hour"), (rest, "minute")) if count]
    return f"about {' '.join(parts)}"


def plural(count: int, one: str, many: str = "") -> str:
    """`row` for one, `rows` for any other number."""
    return one if count == 1 else many or f"{one}s"
