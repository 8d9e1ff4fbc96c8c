"""The template as a workbook: it offers what may be entered, keeps text as text, and says what each column wants.

What it says stands in comments, and what it offers on a hidden sheet: two sheets with something on them would leave
open which one is to be paid.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import xlsxwriter  # type: ignore[import-untyped]

from batcher.cells import LISTS_SHEET
from batcher.results.spreadsheet import TEXT_FORMAT, new_workbook, width_of

LINES = 100_000
"""Rows that are made ready below the header; a sheet of payouts has no more."""

_REQUIRED, _OPTIONAL = "#FFE699", "#F2F2F2"


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateColumn:
    """One column of the template."""

    title: str
    """Its header."""
    wants: str
    """What belongs into its cells, in sentences."""
    required: bool = False
    """Whether a row may not leave it out."""
    choices: tuple[str, ...] = ()
    """What the cells offer; nothing where anything may be typed."""
    only_choices: bool = False
    """Whether anything else is refused as it is typed."""
    is_amount: bool = False
    """Its cells are numbers; all others are text, whatever it looks like."""


def template_workbook(columns: Sequence[TemplateColumn], examples: Sequence[Sequence[str]]) -> bytes:
    """The file's bytes; the same columns and examples give the same."""
    file = io.BytesIO()
    workbook = new_workbook(file, "Payouts")
    sheet = workbook.add_worksheet("Payouts")
    lists = workbook.add_worksheet(LISTS_SHEET)
    lists.hide()
    sheet.set_comments_author("batcher")
    text = workbook.add_format({"num_format": TEXT_FORMAT})
    required = workbook.add_format({"num_format": TEXT_FORMAT, "bold": True, "bg_color": _REQUIRED})
    optional = workbook.add_format({"num_format": TEXT_FORMAT, "bg_color": _OPTIONAL})
    for place, column in enumerate(columns):
        cells = [line[place] for line in examples]
        sheet.set_column(place, place, width_of([column.title, *cells]), None if column.is_amount else text)
        sheet.write_string(0, place, column.title, required if column.required else optional)
        sheet.write_comment(0, place, column.wants, {"x_scale": 2, "y_scale": 1.5})
        for number, cell in enumerate(cells, 1):
            _write_example(sheet, number, place, cell, column, text)
        if column.is_amount:
            _take_amounts_only(sheet, place)
        elif column.choices:
            _offer(sheet, lists, place, column)
    sheet.freeze_panes(1, 0)
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{LINES + 1}"})
    workbook.close()
    return file.getvalue()


def _write_example(
    sheet: xlsxwriter.worksheet.Worksheet, number: int, place: int, cell: str, column: TemplateColumn, text: object
) -> None:
    if column.is_amount:
        sheet.write_number(number, place, Decimal(cell))
    elif cell:
        sheet.write_string(number, place, cell, text)


def _take_amounts_only(sheet: xlsxwriter.worksheet.Worksheet, place: int) -> None:
    says = {"error_title": "No amount", "error_message": "Enter a number above zero, without a currency sign."}
    sheet.data_validation(1, place, LINES, place, {"validate": "decimal", "criteria": ">", "value": 0, **says})


def _offer(
    sheet: xlsxwriter.worksheet.Worksheet, lists: xlsxwriter.worksheet.Worksheet, place: int, column: TemplateColumn
) -> None:
    """Offer the choices by a range: a list in the cell itself ends at 255 characters."""
    for number, choice in enumerate(column.choices):
        lists.write_string(number, place, choice)
    letter = xlsxwriter.utility.xl_col_to_name(place)
    offered = {
        "validate": "list",
        "source": f"='{LISTS_SHEET}'!${letter}$1:${letter}${len(column.choices)}",
        "error_type": "stop" if column.only_choices else "information",
        "error_title": "Not on the list",
        "error_message": "Enter one from the list." if column.only_choices else "It is taken, but check its spelling.",
    }
    sheet.data_validation(1, place, LINES, place, offered)
