"""References that a spreadsheet has taken the zeros off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.planning.zeros import bare, lost_zeros, zeros_lost_since
from tests.payouts import Book, payout, sheet


@pytest.mark.parametrize(
    ("reference", "earlier", "lost"),
    [
        ("123", "0123", True),
        ("123", "000123", True),
        ("0123", "00123", True),
        ("0123", "123", False),
        ("123", "123", False),
        ("1230", "0123", False),
        ("A123", "0A123", False),
        ("0", "00", False),
        (None, "0123", False),
        ("123", None, False),
        ("\u0661", "0\u0661", False),
    ],
)
def test_zeros_are_lost_only_in_front_of_digits(reference: str | None, earlier: str | None, lost: bool) -> None:
    assert lost_zeros(reference, earlier) is lost


@given(st.integers(1, 10**9), st.integers(1, 5))
def test_any_number_knows_itself_without_its_zeros(number: int, zeros: int) -> None:
    assert lost_zeros(str(number), "0" * zeros + str(number))
    assert bare("0" * zeros + str(number)) == str(number)


def test_references_of_the_batch_before_without_their_zeros_are_a_warning(book: Book) -> None:
    book.confirm(sheet(payout("0123"), payout("0124"), payout("125")))
    later = sheet(payout("125"), payout("123"), payout("124"), payout("0126"))
    (warning,) = zeros_lost_since(later, book.batch())
    assert (warning.kind, warning.line, warning.value) == ("reference_zeros_lost", 3, "123")
    assert "was 0123 in batch" in warning.message
    assert "1 more row)" in warning.message
    assert zeros_lost_since(sheet(payout("0123"), payout("9")), book.batch()) == ()
