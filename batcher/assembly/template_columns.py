"""What the template's columns are called, want and offer, under the settings as they are."""

from collections.abc import Sequence

from batcher.model import Distribution
from batcher.results.template_workbook import TemplateColumn
from batcher.settings import Settings

COLUMNS = ("reference", "email", "recipient_reference", "amount", "currency", "product", "distribution", "template")
"""Ours, in the order of the template."""

USUAL_CURRENCIES = ("GBP", "EUR", "USD")

_WANTS = {
    "reference": "Your own id of this payout, different in every row. With it an edited row is still the same row.",
    "email": "The recipient's e-mail address. Needed for EMAIL and RECIPIENT; with PAYOUT_LINK it only says whose link "
    "it is.",
    "recipient_reference": "Needed for RECIPIENT only: who the recipient is in your books. Letters, digits and - _ @ .",
    "amount": "The face value, above zero and without a currency sign. Several products, or a template, take whole "
    "amounts only.",
    "currency": "The currency's code, such as GBP; the balance that pays.",
    "product": "The product's code, such as AMZ-GB, several with | between them, or a template that begins with PT-.",
    "distribution": "How the recipient gets it: EMAIL, PAYOUT_LINK or RECIPIENT.",
    "template": "The id of the mail or page template; empty is the account's own.",
}


def title_of(ours: str, settings: Settings) -> str:
    """What a sheet calls one of our columns: by our name, unless the config says another."""
    return settings.columns.mapping.get(ours, ours)


def template_columns(settings: Settings, products: Sequence[str]) -> tuple[TemplateColumn, ...]:
    """Every column, for a workbook. `products` are the codes that can be ordered; none where that is not known."""
    currency = settings.defaults.currency
    choices = {
        "currency": tuple(dict.fromkeys([*([currency] if currency else []), *USUAL_CURRENCIES])),
        "product": tuple(products),
        "distribution": tuple(way.value for way in Distribution),
    }
    return tuple(
        TemplateColumn(
            title=title_of(ours, settings),
            wants=f"{_need(ours, settings)} {_WANTS[ours]}",
            required=_is_required(ours, settings),
            choices=choices.get(ours, ()),
            only_choices=ours == "distribution",
            is_amount=ours == "amount",
        )
        for ours in COLUMNS
    )


def _need(ours: str, settings: Settings) -> str:
    default = getattr(settings.defaults, ours, None)
    if default:
        return f"May be empty: it then is {default}."
    return "Required." if _is_required(ours, settings) else "May be empty."


def _is_required(ours: str, settings: Settings) -> bool:
    """Whether every row needs it; who delivers by link alone needs no address, but then a reference."""
    by_link = settings.defaults.distribution is Distribution.PAYOUT_LINK
    needed = {
        "amount": True,
        "currency": not settings.defaults.currency,
        "product": not settings.defaults.product,
        "distribution": not settings.defaults.distribution,
        "email": not by_link,
        "reference": settings.input.require_reference or by_link,
        "recipient_reference": settings.defaults.distribution is Distribution.RECIPIENT,
    }
    return needed.get(ours, False)
