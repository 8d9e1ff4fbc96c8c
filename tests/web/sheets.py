"""Sheets that the tests of the page send."""

import csv
import io
from collections.abc import Sequence
from typing import Any

GOOD = [
    {
        "Reference": f"R{number}",
        "Name": name,
        "Amount": f"{number}0.00",
        "Currency": "GBP",
        "Product": "AMZ-GB",
        "Distribution": "EMAIL",
        "Email": f"{name}@example.com",
    }
    for number, name in ((1, "ann"), (2, "ben"))
]


def sheet_of(rows: Sequence[dict[str, str]], encoding: str = "utf-8", **options: Any) -> bytes:
    """The rows as a CSV; the columns are those of the first."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), **options)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)
