"""The template: a sheet with every column that is needed, and two example rows that can be paid as they are."""

import csv
import io
from collections.abc import Mapping

from batcher.assembly.remembering import remembered_catalogue
from batcher.assembly.template_columns import COLUMNS, template_columns, title_of
from batcher.cells import neutralised
from batcher.model import Distribution
from batcher.planning import orderable_codes
from batcher.results.template_workbook import template_workbook
from batcher.settings import Settings

USUAL_PRODUCTS = {"GBP": "AMZ-GB", "EUR": "AMZ-DE", "USD": "AMZ-US"}
"""What the examples buy where no product is set, by currency."""

_PEOPLE = (("ann", "25"), ("ben", "10"))
"""Whole amounts: some currencies, several products and templates take no others."""


def template_text(settings: Settings) -> str:
    """The sheet as CSV. A cell that the settings have a default for is left empty, as it may be."""
    rows = _examples(settings)
    # A column that the config maps has to be in every sheet.
    columns = [ours for ours in COLUMNS if ours in rows[0] or ours in settings.columns.mapping]
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([neutralised(title_of(ours, settings)) for ours in columns])
    writer.writerows([row.get(ours, "") for ours in columns] for row in rows)
    return text.getvalue()


def template_as_workbook(settings: Settings) -> tuple[bytes, str]:
    """The sheet as a workbook with drop-downs, and why it offers no products, if something kept it from that."""
    catalogue, why_not = remembered_catalogue(settings)
    columns = template_columns(settings, orderable_codes(catalogue) if catalogue is not None else ())
    examples = [[row.get(ours, "") for ours in COLUMNS] for row in _examples(settings)]
    return template_workbook(columns, examples), why_not


def _examples(settings: Settings) -> list[Mapping[str, str]]:
    """The example rows, by our columns; what is not there is not needed."""
    defaults = settings.defaults
    currency = defaults.currency or ("EUR" if defaults.product == USUAL_PRODUCTS["EUR"] else "GBP")
    cells = {
        "currency": "" if defaults.currency else currency,
        "product": "" if defaults.product else USUAL_PRODUCTS.get(currency, USUAL_PRODUCTS["GBP"]),
        "distribution": "" if defaults.distribution else Distribution.EMAIL.value,
    }
    to_recipients = defaults.distribution is Distribution.RECIPIENT
    return [
        {
            "reference": f"example-{number}",
            "email": f"{name}@example.com",
            **({"recipient_reference": f"{name}-{number}"} if to_recipients else {}),
            "amount": amount,
            **cells,
        }
        for number, (name, amount) in enumerate(_PEOPLE, 1)
    ]
