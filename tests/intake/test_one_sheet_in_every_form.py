"""The same payouts saved in any way are the same payouts: the same amounts, and the same idempotency keys.

A form that says everything (Unicode, or a workbook) is read without a question. One that does not say what its letters
are may be asked about, and is never read as other payouts.
"""

import itertools
import unicodedata
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batcher import keys
from batcher.errors import InputInvalid
from batcher.intake import ReadOptions, read_sheet
from batcher.model import Payout, Sheet
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
    assert sheet.warnings == ()
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
        assert not data.isascii()
        assert {problem.kind for problem in error.problems} <= {"encoding_ambiguous", "encoding_unknown"}
        return
    assert [got(payout) for _, payout in sheet.payouts] == wanted(asked)
    assert [str(problem) for problem in sheet.problems] == []
    told = {warning.kind for warning in sheet.warnings}
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


def without_decimals(text: str) -> str:
    return text.replace(".00", "").replace(",00", "")


@MANY
@given(rows(), ways(encoded=UNICODE))
def test_without_decimals_where_there_are_none_it_is_the_same_amounts_or_a_problem(
    tmp_path: Path, asked: list[Asked], way: Way
) -> None:
    """`1,234` beside no proof of what its comma is has two meanings, and neither is paid."""
    text = (way.saved(asked) or b"").decode(way.encoding)
    sheet = read(tmp_path, without_decimals(text).encode(way.encoding))
    expected = dict(enumerate(wanted(asked)))
    assert len(sheet.rows) == len(asked)
    for place, row in enumerate(sheet.rows):
        if row.payout is not None:
            assert row.payout.amount == expected[place][2]
        else:
            assert {problem.kind for problem in row.problems} <= {"amount_ambiguous", "amount_mixed_marks"}


ACCENTED = [
    Asked("R1", "Zoé Müller", 123_450, "EUR", "ann@example.com"),
    Asked("007", "Jörg Straße", 1_250, "EUR", "ann@example.com"),
    Asked("INV-9", "François, Ærø", 200_000, "GBP", "bob@example.org"),
]


@pytest.mark.parametrize(("encoding", "least"), [("cp1252", 1.0), ("mac_roman", 0.9), ("utf-8", 1.0), ("utf-16-le", 1.0)])
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
