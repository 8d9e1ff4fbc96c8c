"""The template sheet: every column that is needed, and two example rows that can be paid as the settings are."""

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from batcher.settings import Settings

NAME = "payouts-template.csv"
USUAL_PRODUCTS = {"GBP": "AMZ-GB", "EUR": "AMZ-DE", "USD": "AMZ-US"}
"""What the examples buy where no product is set, by currency."""

_PEOPLE = (("ann", "25"), ("ben", "10"))
"""Whole amounts: some currencies, several products and templates take no others."""


def template_text(settings: "Settings") -> str:
    """The sheet. A cell that the settings have a default for is left empty, as it may be."""
    from batcher.model import Distribution

    defaults = settings.defaults
    currency = defaults.currency or ("EUR" if defaults.product == USUAL_PRODUCTS["EUR"] else "GBP")
    cells = {
        "currency": "" if defaults.currency else currency,
        "product": "" if defaults.product else USUAL_PRODUCTS.get(currency, USUAL_PRODUCTS["GBP"]),
        "distribution": "" if defaults.distribution else Distribution.EMAIL.value,
    }
    to_recipients = defaults.distribution is Distribution.RECIPIENT
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["reference", "email", *(["recipient_reference"] if to_recipients else []), "amount", *cells])
    for number, (name, amount) in enumerate(_PEOPLE, 1):
        who = [f"example-{number}", f"{name}@example.com", *([f"{name}-{number}"] if to_recipients else [])]
        writer.writerow([*who, amount, *cells.values()])
    return text.getvalue()
