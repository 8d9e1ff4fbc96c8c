"""The config's defaults, held to what a cell of the sheet is held to, before any row gets them."""

import re

from batcher import money
from batcher.errors import UsageError
from batcher.intake.delivery import TEMPLATE_PATTERN
from batcher.intake.meaning.delivery import distribution_of
from batcher.intake.meaning.products import read_products
from batcher.intake.options import ReadOptions


def check_defaults(options: ReadOptions) -> None:
    """Raise `UsageError` for a default that would make every row wrong."""
    good = {
        "currency": lambda text: money.minor_units(text.upper()) is not None,
        "product": lambda text: not read_products(text)[1],
        "distribution": lambda text: distribution_of(text) is not None,
        "template": lambda text: re.fullmatch(TEMPLATE_PATTERN, text) is not None,
    }
    examples = {"currency": "GBP", "product": "AMZ-GB", "distribution": "EMAIL", "template": "your template's id"}
    for ours, text in options.defaults.items():
        if not good[ours](text):
            raise UsageError(
                f"[defaults] in the config has {ours} = {text!r}.", f"It takes such as {examples[ours]!r}."
            )
