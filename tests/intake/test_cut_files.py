"""A file that was cut off, wherever that was: nothing is paid that the whole file does not pay."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.errors import InputInvalid
from batcher.intake import read_sheet
from tests.intake.fragments import FILLED
from tests.intake.sheets import UNHURRIED

AMOUNTS = st.decimals(min_value="0.01", max_value="99999", places=2)


def paid(folder: Path, text: str) -> tuple[set[tuple[str | None, Decimal]], bool]:
    """What is paid, and whether it is said that the file may be cut off."""
    path = folder / "sheet.csv"
    path.write_text(text, newline="")
    try:
        sheet = read_sheet(path, FILLED)
    except InputInvalid:
        return set(), True
    told = any(warning.kind == "file_cut_off" for warning in sheet.warnings)
    return {(payout.reference, payout.amount) for _, payout in sheet.payouts}, told


@UNHURRIED
@given(st.lists(AMOUNTS, min_size=2, max_size=4), st.sampled_from(["", "x", "a note"]), st.data())
def test_a_file_that_is_cut_before_its_last_column_pays_nothing_else(
    tmp_path: Path, amounts: list[Decimal], note: str, data: st.DataObject
) -> None:
    lines = [f"R{number},{amount},{note},end\n" for number, amount in enumerate(amounts)]
    text = "reference,amount,note,more\n" + "".join(lines)
    cut = data.draw(st.integers(len(text) - len(lines[-1]), len(text)))
    whole, _ = paid(tmp_path, text)
    left, told = paid(tmp_path, text[:cut])
    assert left <= whole or told, text[:cut]


@pytest.mark.parametrize("last", ["R3,1", "R3,12", "R3,12.", "R3,12.7", "R3,1234.5"])
@pytest.mark.parametrize(("header", "rest"), [("reference,amount", ""), ("reference,amount,note", ",x")])
def test_a_last_amount_that_may_be_cut_is_not_paid_without_a_word(
    tmp_path: Path, last: str, header: str, rest: str
) -> None:
    found, told = paid(tmp_path, f"{header}\nR1,1010.25{rest}\nR2,12.75{rest}\n{last}")
    assert told or len(found) < 3
