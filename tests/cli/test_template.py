"""`batcher template`: what it prints can be paid; the workbook offers, explains, and keeps what is typed."""

import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pytest

from batcher.assembly.template_columns import COLUMNS
from batcher.cells import LISTS_SHEET
from batcher.ledger import Ledger
from batcher.model import Product
from batcher.settings import environment, load_settings
from tests.cli.desk import Desk


def workbook(desk: Desk, *flags: object) -> openpyxl.Workbook:
    path = desk.folder / "template.xlsx"
    assert desk.batcher("template", "--out", path, *flags).code == 0
    return openpyxl.load_workbook(path)


def validations(book: openpyxl.Workbook) -> dict[str, Any]:
    """Of each column that has one, by its header."""
    sheet = book["Payouts"]
    return {
        sheet.cell(1, cells.min_col).value: validation
        for validation in sheet.data_validations.dataValidation
        for cells in validation.sqref.ranges
    }


def offered(book: openpyxl.Workbook, column: str) -> list[str]:
    """What the drop-down of a column has in its list."""
    name, _, cells = validations(book)[column].formula1.partition("!")
    return [cell.value for (cell,) in book[name.strip("='")][cells.replace("$", "")]]


def remember(desk: Desk, *products: Product) -> None:
    """Leave a catalogue in the ledger, as a plan would have."""
    here = environment(load_settings(desk.config(), {}))
    with Ledger(f"sqlite:///{desk.folder / 'ledger.sqlite3'}") as ledger:
        ledger.keep_catalogue(here, products, datetime(2026, 7, 1, tzinfo=UTC))


def test_the_template_is_printed_and_passes_the_check(desk: Desk) -> None:
    done = desk.batcher("template")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("reference,email,amount,currency,product,distribution\r\nexample-1,")
    checked = desk.batcher("check", desk.file("payouts.csv", done.out.encode()))
    assert (checked.code, checked.out) == (0, "")
    assert "2 rows, GBP 35.00" in checked.err


@pytest.mark.parametrize(
    "settings",
    [
        {"defaults": {"currency": "EUR", "distribution": "RECIPIENT"}},
        {"columns": {"reference": "Case no", "template": "Design", "recipient_reference": "=Employee"}},
        {"input": {"require_reference": True}, "defaults": {"product": "PT-THANKS", "currency": "JPY"}},
    ],
)
def test_the_template_passes_the_check_under_the_settings_as_they_are(
    desk: Desk, settings: dict[str, dict[str, object]]
) -> None:
    desk.settings |= settings
    path = desk.folder / "payouts.csv"
    assert desk.batcher("template", "--out", path).code == 0
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert desk.batcher("check", path).code == 0


def test_the_workbook_passes_the_check_without_a_word_of_its_hidden_lists(desk: Desk) -> None:
    path = desk.folder / "sheet.xlsx"
    desk.batcher("template", "--out", path)
    content = desk.batcher("check", path, "--json").json
    assert (content["exit_code"], content["valid"], content["warnings"]) == (0, 2, [])


def test_as_json_the_template_is_one_text(desk: Desk) -> None:
    assert desk.batcher("template", "--json").json["content"] == desk.batcher("template").out


@pytest.mark.parametrize("name", ["template.csv", "template.xlsx"])
def test_a_file_is_for_its_owner_only_and_never_overwritten_without_a_word(desk: Desk, name: str) -> None:
    path = desk.folder / name
    assert desk.batcher("template", "--out", path, "--json").json["template"] == str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("mine")
    done = desk.batcher("template", "--out", path)
    assert (done.code, path.read_text()) == (2, "mine")
    assert "--force" in done.err
    assert desk.batcher("template", "--out", path, "--force").code == 0
    assert path.read_bytes() != b"mine"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--format", "xlsx"], "A workbook cannot be printed."),
        (["--format", "csv", "--out", "a.xlsx"], "a.xlsx would be csv inside"),
        (["--format", "xlsx", "--out", "a.csv"], "a.csv would be xlsx inside"),
    ],
)
def test_a_format_that_does_not_fit_is_refused(desk: Desk, arguments: list[str], told: str) -> None:
    done = desk.batcher("template", *arguments)
    assert done.code == 2
    assert told in done.err
    assert [path.name for path in desk.folder.iterdir()] == ["batcher.toml"]


@pytest.mark.parametrize(("name", "flags", "magic"), [("a", ["--format", "xlsx"], b"PK"), ("a", [], b"\xef\xbb\xbf")])
def test_a_name_without_an_ending_leaves_the_format_to_be_said(
    desk: Desk, name: str, flags: list[str], magic: bytes
) -> None:
    path = desk.folder / name
    desk.batcher("template", "--out", path, *flags)
    assert path.read_bytes().startswith(magic)


def test_the_workbook_has_every_column_and_the_two_examples(desk: Desk) -> None:
    lines = list(workbook(desk)["Payouts"].iter_rows(values_only=True))
    assert lines[0] == COLUMNS
    assert lines[1:] == [
        ("example-1", "ann@example.com", None, 25, "GBP", "AMZ-GB", "EMAIL", None),
        ("example-2", "ben@example.com", None, 10, "GBP", "AMZ-GB", "EMAIL", None),
    ]


def test_only_one_sheet_of_the_workbook_is_to_be_seen(desk: Desk) -> None:
    assert [(sheet.title, sheet.sheet_state) for sheet in workbook(desk)] == [
        ("Payouts", "visible"),
        (LISTS_SHEET, "hidden"),
    ]


def test_what_is_typed_stays_text_but_amounts_are_numbers(desk: Desk) -> None:
    sheet = workbook(desk)["Payouts"]
    dimensions = sheet.column_dimensions.values()
    text = {place for one in dimensions if one.number_format == "@" for place in range(one.min, one.max + 1)}
    assert text == {place for place, ours in enumerate(COLUMNS, 1) if ours != "amount"}
    assert [cell.number_format for cell in sheet[2]].count("@") == 5  # and two are empty
    assert sheet["D2"].data_type == "n"


def test_an_amount_has_to_be_a_number_above_zero(desk: Desk) -> None:
    validation = validations(workbook(desk))["amount"]
    assert (validation.type, validation.operator, validation.formula1) == ("decimal", "greaterThan", "0")
    assert (validation.errorStyle or "stop", str(validation.sqref)) == ("stop", "D2:D100001")


def test_currencies_and_deliveries_are_offered(desk: Desk) -> None:
    book = workbook(desk)
    assert offered(book, "currency") == ["GBP", "EUR", "USD"]
    assert offered(book, "distribution") == ["EMAIL", "PAYOUT_LINK", "RECIPIENT"]
    styles = {name: validation.errorStyle or "stop" for name, validation in validations(book).items()}
    assert styles == {"amount": "stop", "currency": "information", "distribution": "stop"}


def test_the_default_currency_is_offered_first(desk: Desk) -> None:
    desk.settings["defaults"] = {"currency": "SEK"}
    assert offered(workbook(desk), "currency") == ["SEK", "GBP", "EUR", "USD"]


def test_products_that_the_ledger_remembers_are_offered_however_many(desk: Desk) -> None:
    codes = [f"BRAND-{number:03}" for number in range(300)]
    off = (Product(code="OFF-1", orderable=False), Product(code="OFF-2", state="TEMPORARILY_DISABLED"))
    remember(desk, *off, *(Product(code=code) for code in reversed(codes)))
    book = workbook(desk)
    assert offered(book, "product") == codes
    assert validations(book)["product"].errorStyle == "information"


def test_without_a_catalogue_any_product_may_be_typed_and_no_ledger_is_made(desk: Desk) -> None:
    assert "product" not in validations(workbook(desk))
    assert not (desk.folder / "ledger.sqlite3").exists()


def test_a_ledger_that_cannot_be_read_is_said_and_keeps_nobody_from_a_template(desk: Desk) -> None:
    desk.file("ledger.sqlite3", b"this is no database, but long enough to be taken for one " * 40)
    done = desk.batcher("template", "--out", desk.folder / "a.xlsx")
    assert done.code == 0
    assert "No products are offered. The ledger " in done.err


def test_each_header_says_what_it_wants_and_whether_it_may_be_empty(desk: Desk) -> None:
    desk.settings["defaults"] = {"currency": "EUR"}
    header = workbook(desk)["Payouts"][1]
    said = {cell.value: cell.comment.text for cell in header}
    assert said["amount"].startswith("Required. The face value")
    assert said["currency"].startswith("May be empty: it then is EUR.")
    assert said["template"].startswith("May be empty. ")
    assert {cell.value for cell in header if cell.font.bold} == {"email", "amount", "product", "distribution"}


@pytest.mark.parametrize(
    ("settings", "required"),
    [
        ({"defaults": {"distribution": "PAYOUT_LINK", "product": "AMZ-GB"}}, {"reference", "amount", "currency"}),
        (
            {"defaults": {"distribution": "RECIPIENT", "currency": "GBP", "product": "AMZ-GB"}},
            {"recipient_reference", "email", "amount"},
        ),
        (
            {"input": {"require_reference": True}},
            {"reference", "email", "amount", "currency", "product", "distribution"},
        ),
    ],
)
def test_what_is_required_follows_from_the_settings(
    desk: Desk, settings: dict[str, dict[str, object]], required: set[str]
) -> None:
    desk.settings |= settings
    assert {cell.value for cell in workbook(desk)["Payouts"][1] if cell.font.bold} == required


def test_the_workbooks_columns_are_called_as_the_config_says(desk: Desk) -> None:
    desk.settings["columns"] = {"reference": "Case no"}
    assert [cell.value for cell in workbook(desk)["Payouts"][1]] == ["Case no", *COLUMNS[1:]]


def test_the_same_settings_give_the_same_bytes(desk: Desk) -> None:
    paths: list[Path] = [desk.folder / name for name in ("a.xlsx", "b.xlsx")]
    for path in paths:
        desk.batcher("template", "--out", path)
    assert len({path.read_bytes() for path in paths}) == 1
    # A second in which both were written would make them equal as well.
    assert openpyxl.load_workbook(paths[0]).properties.created == datetime(2000, 1, 1)  # noqa: DTZ001 - Excel has no zones
