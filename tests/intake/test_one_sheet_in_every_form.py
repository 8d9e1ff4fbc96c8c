"""The same payouts saved in any way are the same payouts: the same amounts, and the same idempotency keys.

A form that says everything (Unicode, or a workbook) is read without a question. One that does not say what its letters
are may be asked about, and is never read as other payouts.
"""

import io
import itertools
import unicodedata
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from batcher import keys
from batcher.errors import InputInvalid
from batcher.intake import ReadOptions, read_sheet
from batcher.model import Payout, Sheet
from tests.intake.fragments import FILLED
from tests.intake.ways import (
    ENCODED,
    LOCALES,
    SIGNED,
    Asked,
    Way,
    as_ods,
    as_parquet,
    as_xlsx,
    rows,
    ways,
)
from tests.intake.workbooks import written

MANY = settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])

UNICODE = st.sampled_from([way for way in ENCODED if way[0].startswith("utf")])
ONE_BYTE = [way for way in ENCODED if not way[0].startswith("utf")]

Saves = Callable[..., bytes]


def read(folder: Path, data: bytes) -> Sheet:
    path = folder / "sheet"
    path.write_bytes(data)
    return read_sheet(path, ReadOptions())


def key(identity: str) -> str:
    return keys.idempotency_key(account="a", batch="b", identity=identity, attempt=1)


def wanted(asked: Sequence[Asked]) -> list[tuple[str, str, Decimal, str, str]]:
    """What each row must come to: key, reference, amount, currency and address."""
    return [_wanted(row, unicodedata.normalize("NFC", row.reference)) for row in asked]


def _wanted(row: Asked, reference: str) -> tuple[str, str, Decimal, str, str]:
    local, _, domain = row.email.partition("@")
    return key(f"reference:{reference}"), reference, row.amount, row.currency, f"{local}@{domain.lower()}"


def got(payout: Payout) -> tuple[str, str | None, Decimal, str, str | None]:
    return key(keys.identity(payout)), payout.reference, payout.amount, payout.currency, payout.email


def names(found: Sequence[Asked]) -> list[str]:
    return [row.name.replace("\r\n", "\n") for row in found]


def assert_the_same(sheet: Sheet, asked: Sequence[Asked]) -> None:
    assert [str(problem) for problem in sheet.problems] == []
    assert [got(payout) for _, payout in sheet.payouts] == wanted(asked)
    assert all(payout.amount.as_tuple().exponent == -2 for _, payout in sheet.payouts)
    assert [row.cells[1].replace("\r\n", "\n") for row in sheet.rows] == names(asked)


@MANY
@given(rows(), ways(encoded=UNICODE))
def test_text_in_unicode_is_always_read_as_the_same_payouts(tmp_path: Path, asked: list[Asked], way: Way) -> None:
    data = way.saved(asked)
    assert data is not None
    sheet = read(tmp_path, data)
    assert_the_same(sheet, asked)
    # Where rows end with a carriage return alone, one within a cell could be meant as the end of a row.
    assert {warning.kind for warning in sheet.warnings} <= ({"line_ends_mixed"} if way.line_end == "\r" else set())
    assert sheet.delimiter == way.delimiter


@MANY
@given(rows(), ways(encoded=st.sampled_from(ONE_BYTE)))
def test_text_that_does_not_say_what_its_letters_are_is_the_same_payouts_or_asked_about(
    tmp_path: Path, asked: list[Asked], way: Way
) -> None:
    data = way.saved(asked)
    if data is None:
        return
    try:
        sheet = read(tmp_path, data)
    except InputInvalid as error:
        asked_about = {problem.kind for problem in error.problems}
    else:
        asked_about = set()
    if asked_about:
        assert not data.isascii()
        assert asked_about <= {"encoding_ambiguous", "encoding_unknown"}
        return
    assert [str(problem) for problem in sheet.problems] == []
    assert [got(payout)[2:] for _, payout in sheet.payouts] == [wants[2:] for wants in wanted(asked)]
    # Letters that make a key are shown to a person wherever they were assumed.
    told = {warning.kind for warning in sheet.warnings}
    assert "encoding_assumed" in told or [got(payout) for _, payout in sheet.payouts] == wanted(asked)
    assert "encoding_assumed" in told or all(row.reference.isascii() for row in asked)


@MANY
@given(rows(), st.sampled_from([as_xlsx, as_ods, as_parquet]), st.booleans())
def test_a_workbook_is_always_read_as_the_same_payouts(
    tmp_path: Path, asked: list[Asked], save: Saves, numbers: bool
) -> None:
    sheet = read(tmp_path, save(asked, numbers=numbers))
    assert_the_same(sheet, asked)
    assert sheet.warnings == ()


@MANY
@given(rows(), ways(encoded=UNICODE), st.sampled_from([".", ","]))
def test_with_a_decimal_mark_that_is_said_it_is_the_same_payouts_or_a_problem(
    tmp_path: Path, asked: list[Asked], way: Way, decimal: str
) -> None:
    path = tmp_path / "sheet"
    path.write_bytes(way.saved(asked) or b"")
    sheet = read_sheet(path, ReadOptions(decimal=decimal))
    is_right = (decimal == ".") is (way.locale in ("plain", "english", "swiss"))
    if is_right:
        assert_the_same(sheet, asked)
    else:
        assert sheet.payouts == ()
        assert {problem.kind for problem in sheet.problems} == {"amount_contradicts_decimal"}


@MANY
@given(rows(), ways(encoded=UNICODE, omits_zeros=st.just(True)))
def test_without_decimals_where_there_are_none_it_is_the_same_amounts_or_a_problem(
    tmp_path: Path, asked: list[Asked], way: Way
) -> None:
    """`1,234` beside no proof of what its comma is has two meanings, and neither is paid."""
    sheet = read(tmp_path, way.saved(asked) or b"")
    assert len(sheet.rows) == len(asked)
    for row, wants in zip(sheet.rows, wanted(asked), strict=True):
        if row.payout is not None:
            assert got(row.payout) == wants
        else:
            assert {problem.kind for problem in row.problems} == {"amount_ambiguous"}


@pytest.mark.parametrize("reference", ["'-A1", "'=A1", "'@x", "'+44 7"])
def test_a_reference_that_is_kept_from_being_a_formula_is_the_same_in_every_format(
    tmp_path: Path, reference: str
) -> None:
    asked = [Asked(reference, "Ann", 1_250, "GBP", "ann@example.com")]
    text = Way("utf-8", b"", ",", quotes_all=False, line_end="\n", locale="plain", sign="none").saved(asked) or b""
    forms = [text, *(save(asked, numbers=True) for save in (as_xlsx, as_ods, as_parquet))]
    assert len({got(payout) for data in forms for _, payout in read(tmp_path, data).payouts}) == 1


@pytest.mark.parametrize(("number", "number_format", "shown"), [(12.5, "0.00", "12.50"), (1234, "#,##0", "1,234")])
def test_a_reference_that_a_workbook_shows_otherwise_is_the_one_that_is_shown_or_a_problem(
    tmp_path: Path, number: float, number_format: str, shown: str
) -> None:
    """The text that the same spreadsheet saves has what is shown: another reference would be another payout."""

    def fill(book: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, ["Reference", "Amount", "Currency", "Product", "Distribution", "Email"])
        sheet.write_row(1, 0, ["", 12.5, "GBP", "AMZ-GB", "EMAIL", "ann@example.com"])
        sheet.write_number(1, 0, number, book.add_format({"num_format": number_format}))

    sheet = read(tmp_path, written(fill))
    assert sheet.problems or sheet.rows[0].reference == shown


@pytest.mark.parametrize("digits", [15, 28, 29, 31, 38, 60])
def test_a_number_of_any_length_is_the_same_reference_in_parquet_as_in_text(tmp_path: Path, digits: int) -> None:
    whole = Decimal("1234567890" * 6)
    reference = str(whole)[:digits]
    columns = {"reference": pa.array([Decimal(reference)], pa.decimal256(70, 0)), "amount": ["5"]}
    file = io.BytesIO()
    parquet.write_table(pa.table(columns), file)
    path = tmp_path / "sheet"
    path.write_bytes(file.getvalue())
    assert [row.reference for row in read_sheet(path, FILLED).rows] == [reference]


def test_a_decimal_that_is_longer_than_cents_is_never_rounded(tmp_path: Path) -> None:
    amounts = pa.array([Decimal("12.500000000000000000000000000001")], pa.decimal128(38, 30))
    file = io.BytesIO()
    parquet.write_table(pa.table({"reference": ["R1"], "amount": amounts}), file)
    path = tmp_path / "sheet"
    path.write_bytes(file.getvalue())
    assert read_sheet(path, FILLED).payouts == ()


ACCENTED = [
    Asked("R1", "Zoé Müller", 123_450, "EUR", "ann@example.com"),
    Asked("007", "Jörg Straße", 1_250, "EUR", "ann@example.com"),
    Asked("INV-9", "François, Ærø", 200_000, "GBP", "bob@example.org"),
]


@pytest.mark.parametrize(
    ("encoding", "least"), [("cp1252", 1.0), ("mac_roman", 0.9), ("utf-8", 1.0), ("utf-16-le", 1.0)]
)
def test_at_least_this_share_of_real_sheets_is_read_without_a_question(
    tmp_path: Path, encoding: str, least: float
) -> None:
    every = list(itertools.product(",;\t|", (True, False), ("\n", "\r\n"), LOCALES, SIGNED))
    read_right = 0
    for delimiter, quotes_all, line_end, locale, sign in every:
        way = Way(encoding, b"", delimiter, quotes_all, line_end, locale, sign)
        try:
            sheet = read(tmp_path, way.saved(ACCENTED) or b"")
        except InputInvalid:
            continue
        read_right += [got(payout) for _, payout in sheet.payouts] == wanted(ACCENTED)
    assert read_right >= least * len(every)


@pytest.mark.parametrize("note", ['"say ""hi"", Bob"', '"say \\"hi\\", Bob"'])
def test_a_backslash_in_a_reference_stays_whatever_stands_in_another_cell(tmp_path: Path, note: str) -> None:
    path = tmp_path / "sheet"
    path.write_text(f"reference,amount,note\nA\\1,5,{note}\n")
    sheet = read_sheet(path, FILLED)
    assert sheet.problems or sheet.rows[0].reference == "A\\1"
