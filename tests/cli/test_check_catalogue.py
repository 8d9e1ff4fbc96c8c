"""`check` and what the ledger remembers of Runa's catalogue: no network, no key, and no ledger made."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from batcher.ledger import Ledger
from batcher.model import Product
from batcher.settings import environment, load_settings
from tests.cli.desk import Desk, row

READ_AT = datetime(2026, 7, 1, 9, 12, tzinfo=UTC)
AMAZON = Product(code="AMZ-GB", currency="GBP", orderable=True, minimum=Decimal(5), maximum=Decimal(500))


def ledger_of(desk: Desk) -> Path:
    return desk.folder / "ledger.sqlite3"


def remember(desk: Desk, *products: Product) -> None:
    """Leave a catalogue in the ledger, as a plan would have."""
    here = environment(load_settings(desk.config(), {}))
    with Ledger(f"sqlite:///{ledger_of(desk)}") as ledger:
        ledger.keep_catalogue(here, products, READ_AT)


def test_check_holds_the_sheet_against_the_catalogue_that_the_ledger_remembers(desk: Desk) -> None:
    remember(desk, AMAZON)
    sheet = desk.sheet([row("R1"), row("R2", Product="AMZ-GP"), row("R3", "4.00")])
    done = desk.batcher("check", sheet)
    assert done.code == 5
    assert done.out.splitlines() == [
        "Product unknown: 1 row",
        (
            "  Line 3, Product 'AMZ-GP': Runa's catalogue has no AMZ-GP: did you mean AMZ-GB? "
            "Enter the product's code as Runa's catalogue has it."
        ),
        "Amount not of product: 1 row",
        (
            "  Line 4, Amount '4.00': AMZ-GB comes in 5.00 to 500.00, not in GBP 4.00. "
            "Enter a value within that, or another product."
        ),
    ]
    assert "Held against Runa's catalogue of 2026-07-01 09:12 UTC (" in done.err
    assert "Of 3 rows, 2 cannot be paid: 2 problems. Mend them, then check again." in done.err


def test_one_row_is_mended_alone(desk: Desk) -> None:
    done = desk.batcher("check", desk.sheet([row("R1", "no amount")]))
    assert "Of 1 row, 1 cannot be paid: 1 problem. Mend it, then check again." in done.err


def test_a_sheet_that_the_catalogue_passes_is_called_good_with_its_age(desk: Desk) -> None:
    remember(desk, AMAZON)
    done = desk.batcher("check", desk.sheet([row("R1")]))
    assert (done.code, done.out) == (0, "")
    assert "Held against Runa's catalogue" in done.err


def test_check_as_json_names_the_catalogue_and_its_problems(desk: Desk) -> None:
    remember(desk, AMAZON)
    content = desk.batcher("check", desk.sheet([row("R1", "4.00")]), "--json").json
    assert (content["valid"], content["exit_code"]) == (0, 5)
    assert [problem["kind"] for problem in content["problems"]] == ["amount_not_of_product"]
    assert content["catalogue"]["read_at"] == READ_AT.isoformat()


def test_the_file_of_rows_to_mend_has_what_the_catalogue_says_of_them(desk: Desk) -> None:
    remember(desk, AMAZON)
    errors = desk.folder / "errors.csv"
    desk.batcher("check", desk.sheet([row("R1", "4.00")]), "--errors", errors)
    assert "Amount: AMZ-GB comes in 5.00 to 500.00" in errors.read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("place", ["ledger.sqlite3", "new/folder/ledger.sqlite3"])
def test_check_makes_neither_a_ledger_nor_a_folder(desk: Desk, place: str) -> None:
    desk.settings["ledger"] = {"url": f"sqlite:///{place}"}
    before = {*desk.folder.iterdir()}
    sheet, config = desk.sheet([row("R1")]), desk.config()
    done = desk.batcher("check", sheet)
    assert (done.code, "catalogue" in done.err) == (0, False)
    assert {*desk.folder.iterdir()} - before == {sheet, config}


def test_a_ledger_without_a_catalogue_holds_nothing_against_a_sheet(desk: Desk) -> None:
    with Ledger(f"sqlite:///{ledger_of(desk)}"):
        pass
    done = desk.batcher("check", desk.sheet([row("R1", Product="NOPE")]))
    assert (done.code, "catalogue" in done.err) == (0, False)


def test_the_catalogue_of_another_environment_holds_nothing_against_a_sheet(desk: Desk) -> None:
    remember(desk, AMAZON)
    desk.settings["api"] = {"account": "other"}
    assert desk.batcher("check", desk.sheet([row("R1", "4.00")])).code == 0


def test_a_ledger_that_cannot_be_read_keeps_no_sheet_from_being_checked(desk: Desk) -> None:
    desk.file("ledger.sqlite3", b"this is no database, but long enough to be taken for one " * 40)
    done = desk.batcher("check", desk.sheet([row("R1")]))
    assert done.code == 0
    assert "The sheet was not held against Runa's catalogue. The ledger " in done.err


def test_an_empty_file_in_the_place_of_the_ledger_is_left_empty(desk: Desk) -> None:
    path = desk.file("ledger.sqlite3", b"")
    assert desk.batcher("check", desk.sheet([row("R1")])).code == 0
    assert path.read_bytes() == b""


def test_check_tells_rows_that_pay_the_same_to_one_person(desk: Desk) -> None:
    sheet = desk.sheet([row("R1"), row("R2"), row("R3", Email="r1@example.com")])
    done = desk.batcher("check", sheet)
    assert done.code == 0
    assert done.out.splitlines()[0] == (
        "Lines 2 and 4 pay the same to r1@example.com: GBP 10.00, AMZ-GB. Both are paid, since their references differ."
    )
    content = desk.batcher("check", sheet, "--json").json
    kinds = [(warning["kind"], warning["line"]) for warning in content["warnings"]]
    assert kinds == [("recipient_repeated", 2), ("rows_alike", 2)]
