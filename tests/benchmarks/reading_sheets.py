"""The sheets of `python -m tests.benchmarks.reading`: one payout in each row, always the same for the same number.

    python -m tests.benchmarks.reading_sheets KIND ROWS FILE

Eight columns: references and e-mail addresses that no other row has, amounts of two decimals, a currency, a product, a
delivery, a name and a department. It is a process of its own, so that writing them costs the measuring one no memory.
"""

import csv
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

HEADER = (
    "Reference",
    "Amount",
    "Currency",
    "Product code",
    "Delivery",
    "Email address",
    "Name",
    "Department",
)
NAMES = ("Zoë Adams", "Liam O'Connor", "Mei Ng", "Amélie Laurent", "Jürgen Groß", "Ada Obi", "Søren Holm", "Ann Lee")
DEPARTMENTS = ("Sales", "Marketing", "Research", "Human resources", "Logistics")

Cells = list[str]


def cells_of(number: int) -> Cells:
    """A sound row."""
    return [
        f"INC-2026-{number:08d}",
        f"{5 + number * 37 % 49_500 / 100:.2f}",
        "GBP",
        "AMZ-GB",
        "Email",
        f"person{number:08d}@example.com",
        NAMES[number % len(NAMES)],
        DEPARTMENTS[number % len(DEPARTMENTS)],
    ]


def with_comma(number: int) -> Cells:
    """The same with a decimal comma."""
    reference, amount, *others = cells_of(number)
    return [reference, amount.replace(".", ","), *others]


MISTAKES = ((1, "ten pounds"), (2, "QQQ"), (3, "???"), (4, "by pigeon"), (5, "person{:08d} at example.com"))
"""By column: what no payout has there."""


def mistaken(number: int) -> Cells:
    """A row with one problem, of five kinds in turns."""
    cells = cells_of(number)
    column, value = MISTAKES[number % len(MISTAKES)]
    cells[column] = value.format(number)
    return cells


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How a CSV is written."""

    cells: Callable[[int], Cells] = cells_of
    delimiter: str = ","
    encoding: str = "utf-8"
    all_quoted: bool = False


KINDS: Mapping[str, Kind] = {
    "plain": Kind(),
    "quoted": Kind(all_quoted=True),
    "european": Kind(cells=with_comma, delimiter=";"),
    "cp1252": Kind(encoding="cp1252"),
    "mistaken": Kind(cells=mistaken),
}


def rows(kind: Kind, count: int) -> Iterator[Cells]:
    """The header and so many rows."""
    yield list(HEADER)
    yield from map(kind.cells, range(1, count + 1))


def write_csv(path: Path, kind: Kind, count: int) -> None:
    """Write them as CSV, with line ends as spreadsheets write them."""
    with path.open("w", encoding=kind.encoding, newline="") as file:
        csv.writer(
            file, delimiter=kind.delimiter, quoting=csv.QUOTE_ALL if kind.all_quoted else csv.QUOTE_MINIMAL
        ).writerows(rows(kind, count))


def write_workbook(path: Path, count: int) -> None:
    """Write them as a workbook, whose amounts are numbers."""
    from xlsxwriter import Workbook  # type: ignore[import-untyped]

    with Workbook(path, {"constant_memory": True}) as book:
        page = book.add_worksheet("Payouts")
        two_decimals = book.add_format({"num_format": "0.00"})
        page.write_row(0, 0, HEADER)
        for number in range(1, count + 1):
            reference, amount, *others = cells_of(number)
            page.write_string(number, 0, reference)
            page.write_number(number, 1, float(amount), two_decimals)
            for column, text in enumerate(others, start=2):
                page.write_string(number, column, text)


def main(kind: str, count: int, path: Path) -> None:
    """Write one sheet."""
    if kind == "xlsx":
        write_workbook(path, count)
    else:
        write_csv(path, KINDS[kind], count)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
