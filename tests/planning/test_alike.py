"""Rows of one file that pay the same to the same person: told, with their lines."""

from typing import Any

import pytest

from batcher.model import Distribution, Payout
from batcher.planning import Alike, rows_alike
from tests.payouts import payout


def alike(*payouts: Payout) -> tuple[Alike, ...]:
    """The groups of a file that begins at line 2."""
    return rows_alike(enumerate(payouts, start=2))


def test_two_rows_with_different_references_are_told_with_their_lines() -> None:
    (group,) = alike(payout("R1"), payout("R2", "12.00"), payout("R3", email="Jo@Example.com"))
    assert group.words == (
        "Lines 2 and 4 pay the same to jo@example.com: GBP 10.00, AMZ-GB. Both are paid, since their references differ."
    )
    assert (group.warning.line, group.warning.kind, group.warning.message) == (2, "rows_alike", group.words)


def test_more_than_two_are_one_group() -> None:
    (group,) = alike(payout("R1"), payout("R2"), payout("R3"))
    assert group.words.startswith("Lines 2, 3 and 4 pay the same ")
    assert "All 3 are paid" in group.words


def test_a_long_group_is_cut_short() -> None:
    (group,) = alike(*(payout(f"R{number}") for number in range(15)))
    assert group.words.startswith("Lines 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 5 more pay the same ")


def test_rows_that_something_else_tells_apart_are_told_so() -> None:
    (group,) = alike(payout(None), payout(None, distribution=Distribution.PAYOUT_LINK))
    assert group.words.endswith("Both are paid, since they are not the same in every column.")


@pytest.mark.parametrize(
    "other",
    [
        payout("R2", "10.01"),
        payout("R2", currency="EUR"),
        payout("R2", products=("AIRBNB-GB",)),
        payout("R2", email="ann@example.com"),
    ],
)
def test_rows_that_differ_in_what_is_paid_or_to_whom_are_not_alike(other: Payout) -> None:
    assert alike(payout("R1"), other) == ()


def test_rows_without_a_recipient_are_nobodys() -> None:
    link: dict[str, Any] = {"distribution": Distribution.PAYOUT_LINK, "email": None}
    assert alike(payout("R1", **link), payout("R2", **link)) == ()


def test_groups_stand_in_the_order_of_their_first_lines() -> None:
    ann = {"email": "ann@example.com"}
    found = alike(payout("R1"), payout("R2", **ann), payout("R3", **ann), payout("R4"))
    assert [group.lines for group in found] == [(2, 5), (3, 4)]
