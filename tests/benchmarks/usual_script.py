"""The script that people write for a sheet of payouts: a dictionary, a model and a uuid for every row.

    python -m tests.benchmarks.usual_script FILE

It is the other side of a benchmark, and says less than `batcher check`: what pydantic says of each row, and whether a
reference came before. It holds no row.
"""

import csv
import sys
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, EmailStr, Field, StringConstraints, ValidationError

NAMESPACE = uuid.UUID("6f0f9a5e-3a9e-5b7c-9d0e-0c1f5a8f7b11")

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]


class PayoutRow(BaseModel):
    """One row."""

    reference: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] = Field(
        alias="Reference"
    )
    amount: Decimal = Field(alias="Amount", gt=0, decimal_places=2)
    currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")] = Field(alias="Currency")
    product: Annotated[str, StringConstraints(pattern="^[A-Z0-9-]{2,40}$")] = Field(alias="Product code")
    distribution: Literal["Email", "Payout link", "Recipient"] = Field(alias="Delivery")
    email: EmailStr = Field(alias="Email address")
    name: Text = Field(alias="Name")
    department: Text = Field(alias="Department")


def main(path: Path) -> None:
    """Print how many rows are sound, what they pay, and how many are not."""
    seen: set[uuid.UUID] = set()
    total, bad = Decimal(0), 0
    with path.open(encoding="utf-8", newline="") as file:
        for cells in csv.DictReader(file):
            try:
                row = PayoutRow.model_validate(cells)
            except ValidationError:
                bad += 1
                continue
            key = uuid.uuid5(NAMESPACE, row.reference)
            bad += key in seen
            seen.add(key)
            total += row.amount
    print(f"{len(seen):,} rows, {total:,}, {bad:,} bad")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
