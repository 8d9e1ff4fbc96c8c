"""Sheets written without quotes: a cell that holds the delimiter is two, and every cell behind it has moved.

Where the row is then longer than its header, it can be known, also where nothing stands in the last cell.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.errors import InputInvalid
from batcher.intake import ReadOptions, read_sheet
from batcher.model import Sheet
from tests.intake.fragments import FILLED
from tests.intake.sheets import UNHURRIED
from tests.intake.ways import LOCALES, SIGNED, Asked, localised, rows, signed


def read(folder: Path, text: str, options: ReadOptions = FILLED) -> Sheet | None:
    path = folder / "sheet.csv"
    path.write_text(text, encoding="utf-8", newline="")
    try:
        return read_sheet(path, options)
    except InputInvalid:
        return None


def paid(sheet: Sheet | None) -> list[tuple[str | None, str]]:
    return [] if sheet is None else [(payout.reference, str(payout.amount)) for _, payout in sheet.payouts]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("reference,amount,note", "R1,12,50,"),
        ("reference,amount,note", "R1,1,234,"),
        ("reference,amount,note", "R1,£1,234,"),
        ("reference,amount,note", "R1,£235,76,"),
        ("reference,amount,note", "R1,142,92 GBP,"),
        ("reference,amount,note", "R1,77713,59,"),
        ("reference,amount,note", "R1,14 142,92,"),
        ("reference,amount,note", "R1,3'725,91,"),
        ("reference,amount,note", "R1,1,5,"),
        ("reference,amount,bonus", "R1,1,234,"),
        ("reference,amount,total", "R1,12,50,"),
        ("reference,amount,note,comment", "R1,12,50,hello,"),
        ("reference,amount,note,comment", "R1,1,234,thanks,"),
        ("amount,reference,note", "12,50,R1,"),
        ("reference,email,amount,name,note", "R1,ann@example.com,12,50,Ann,"),
    ],
)
def test_an_amount_that_its_own_comma_has_divided_is_never_paid(tmp_path: Path, header: str, row: str) -> None:
    """The row is one cell longer than its header; that nothing stands in the last one makes it no shorter."""
    assert paid(read(tmp_path, f"{header}\n{row}\n")) == []


@pytest.mark.parametrize("row", ["R1,12,50", "R1,1,234", "R1,£235,76", "R1,77713,59", "R1,142,92 GBP", "R1,3'725,91"])
def test_an_amount_is_divided_also_where_the_last_cell_was_left_out(tmp_path: Path, row: str) -> None:
    assert paid(read(tmp_path, f"reference,amount,note\n{row}\n")) == []


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("reference;amount;note\n446;321,00;\nA;1;743,00;\nR3;5,00;\n", [("446", "321.00"), ("R3", "5.00")]),
        ("name,amount,reference,note\nAnn,5.00,R1,\nSmith,3,6.00,R2,\n", [("R1", "5.00")]),
        ("amount;reference;note\n5,00;x;y;\n6,00;R2;\n", [("R2", "6.00")]),
    ],
)
def test_a_row_that_is_longer_than_the_others_has_moved_and_is_never_paid(
    tmp_path: Path, text: str, right: list[tuple[str, str]]
) -> None:
    assert [one for one in paid(read(tmp_path, text)) if one not in right] == []


@UNHURRIED
@given(
    rows(name=st.sampled_from(["Ann", "Zoé", "", "5", "x"]), reference=st.from_regex("R[0-9]{1,4}", fullmatch=True)),
    st.permutations(("reference", "amount", "name")),
    st.sampled_from(LOCALES),
    st.sampled_from(SIGNED),
    st.booleans(),
)
def test_a_row_that_is_longer_than_its_header_is_paid_as_it_is_meant_or_not_at_all(
    tmp_path: Path, asked: list[Asked], order: Sequence[str], locale: str, sign: str, omits_zeros: bool
) -> None:
    asked = [replace(one, currency="GBP") for one in asked]
    lines = [",".join([*order, "note"])]
    for one in asked:
        amount = localised(one.amount, locale)
        amount = re.sub("[.,]00$", "", amount) if omits_zeros else amount
        said = {"reference": one.reference, "amount": signed(amount, sign, "GBP"), "name": one.name}
        lines.append(",".join([*(said[name] for name in order), ""]))
    sheet = read(tmp_path, "\n".join(lines) + "\n")
    for row in sheet.rows if sheet else ():
        meant = asked[row.line - 2]
        if row.payout is not None and lines[row.line - 1].count(",") > len(order):
            assert (row.payout.reference, row.payout.amount) == (meant.reference, meant.amount), lines
