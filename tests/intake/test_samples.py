"""The sheets in `sample_data/` are what the documentation says of them."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from batcher import keys
from batcher.intake import ReadOptions, read_sheet
from batcher.intake.rules import ROW_KINDS
from batcher.model import Distribution, Sheet
from batcher.sandbox.catalogue import BY_CODE, TEMPLATES
from tests.intake.sheets import payouts

SAMPLES = Path(__file__).parents[2] / "sample_data"


def read(name: str, **options: Any) -> Sheet:
    return read_sheet(SAMPLES / name, ReadOptions(**options))


def test_the_november_run_has_forty_payouts_and_nothing_odd() -> None:
    sheet = read("incentives-2026-11.csv")
    assert len(payouts(sheet)) == 40
    assert sheet.warnings == ()
    assert (sheet.encoding, sheet.delimiter) == ("utf-8", ",")


def test_a_european_spreadsheet_of_it_is_the_same_payouts_under_the_same_keys() -> None:
    ours, theirs = read("incentives-2026-11.csv"), read("incentives-2026-11-european.csv")
    assert (theirs.encoding, theirs.delimiter) == ("cp1252", ";")
    assert payouts(ours) == payouts(theirs)
    assert _keys(ours) == _keys(theirs)
    assert len(set(_keys(ours))) == 40
    assert [row.cells[1] for row in ours.rows] == [row.cells[1] for row in theirs.rows]


def _keys(sheet: Sheet) -> list[str]:
    return [
        keys.idempotency_key(account="acme", batch="november", identity=keys.identity(payout), attempt=1)
        for payout in payouts(sheet)
    ]


def test_the_sandbox_can_pay_every_row_of_it() -> None:
    for payout in payouts(read("incentives-2026-11.csv")):
        if payout.is_template:
            assert TEMPLATES[payout.products[0]] == payout.currency
            continue
        for code in payout.products:
            product = BY_CODE[code]
            assert product.is_orderable
            assert product.currency == payout.currency
            assert product.can_give(payout.amount)
            assert (product.payout_type == "PAYMENT") == (payout.distribution is Distribution.RECIPIENT)


def test_it_shows_every_way_of_paying() -> None:
    found = payouts(read("incentives-2026-11.csv"))
    assert {payout.distribution for payout in found} == set(Distribution)
    assert {payout.currency for payout in found} == {"GBP", "EUR"}
    assert any(payout.is_template for payout in found)
    assert any(len(payout.products) > 1 for payout in found)


def test_the_sheet_of_mistakes_has_every_mistake_that_a_row_can_have() -> None:
    name = "with-every-mistake.csv"
    strict = read(name, require_reference=True, same_recipient="error", ceilings={"GBP": Decimal(11)})
    problems = [*read(name).problems, *strict.problems, *read(name, decimal=",").problems]
    # An amount that a comma has divided stands only before a last column; `test_rules` has it. One that a line end has
    # divided is the first cell or the last; the corpus has it.
    assert {problem.kind for problem in problems} == ROW_KINDS - {"amount_split", "amount_torn"}


def test_the_sheet_of_mistakes_has_two_sound_rows_at_its_top() -> None:
    sheet = read("with-every-mistake.csv")
    assert [row.line for row, _ in sheet.payouts][:2] == [2, 3]
    assert all(bool(row.problems) == (row.payout is None) for row in sheet.rows)
