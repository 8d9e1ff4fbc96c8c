"""A sealed plan as a value and as a text: one digest for one plan, and no byte of the text can be another one."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from batcher.model import Environment
from batcher.planning import (
    Act,
    Choices,
    SealedFile,
    SealedPlan,
    plans_that_differ,
    sealed_rows,
    sealed_text,
    unsealed,
)
from batcher.states import State
from tests.payouts import BATCH, ENVIRONMENT, NOW, Book, payout, sheet

FILE = SealedFile(
    path="/home/zoë/nov.csv",
    name="nov.csv",
    digest="d" * 64,
    rows=2,
    encoding="utf-8",
    delimiter=",",
    header_line=1,
    columns={"amount": "Betrag"},
)


REFUSED = r"was changed since it was made|is no plan of batcher's|was made by another release"


@pytest.fixture
def sealed(book: Book) -> SealedPlan:
    """Two rows to send, in two currencies."""
    plan = book.plan(sheet(payout("R1"), payout("Ä2", "7.50", currency="EUR", email="ann@example.com")))
    return SealedPlan(
        batch=BATCH,
        environment=ENVIRONMENT,
        api_version="2024-02-05",
        file=FILE,
        said={"encoding": None},
        reading={"currency": None, "ceilings": {"GBP": "500"}},
        rules={"duplicates_window_days": 20},
        choices=Choices(pay_again=frozenset({"B", "A"})).as_json(),
        ignore_balance=False,
        journal="",
        rows=sealed_rows(plan),
        accepted_orders=(),
        prepared_by="jo",
        prepared_at=NOW,
    )


OTHERWISE: list[dict[str, Any]] = [
    {"batch": "dec"},
    {"environment": Environment(base_url=ENVIRONMENT.base_url, account="other")},
    {"environment": Environment(base_url="https://api.runa.io/v2", account=ENVIRONMENT.account)},
    {"api_version": "2025-01-01"},
    {"file": replace(FILE, path="else")},
    {"file": replace(FILE, name="else")},
    {"file": replace(FILE, digest="else")},
    {"file": replace(FILE, encoding="else")},
    {"file": replace(FILE, delimiter="else")},
    {"file": replace(FILE, rows=3)},
    {"file": replace(FILE, header_line=2)},
    {"file": replace(FILE, columns={"amount": "Summe"})},
    {"said": {"encoding": "cp1252"}},
    {"reading": {"currency": "GBP", "ceilings": {"GBP": "500"}}},
    {"rules": {"duplicates_window_days": 21}},
    {"choices": Choices().as_json()},
    {"ignore_balance": True},
    {"journal": "e" * 64},
    {"rows": ()},
    {"accepted_orders": ("O-1",)},
    {"prepared_by": "eve"},
    {"prepared_at": NOW + timedelta(seconds=1)},
]


def test_every_field_is_tried() -> None:
    assert {name for change in OTHERWISE for name in change} == set(SealedPlan.__dataclass_fields__)


@pytest.mark.parametrize("change", OTHERWISE, ids=lambda change: next(iter(change)))
def test_whatever_is_another_thing_makes_another_digest(sealed: SealedPlan, change: dict[str, Any]) -> None:
    assert replace(sealed, **change).digest != sealed.digest


@pytest.mark.parametrize("name", ["act", "line", "name", "attempt", "amount", "currency", "key", "body"])
def test_so_does_every_field_of_a_row(sealed: SealedPlan, name: str) -> None:
    values: dict[str, Any] = {
        "act": Act.ASK_AGAIN,
        "line": None,
        "attempt": 2,
        "amount": Decimal("10.01"),
        "currency": "USD",
    }
    first, *others = sealed.rows
    change: dict[str, Any] = {name: values.get(name, "else")}
    changed = replace(first, **change)
    assert replace(sealed, rows=(changed, *others)).digest != sealed.digest


def test_the_text_is_the_plan_and_the_plan_is_the_text(sealed: SealedPlan) -> None:
    again = unsealed(sealed_text(sealed))
    assert (again, again.digest) == (sealed, sealed.digest)
    assert sealed_text(again) == sealed_text(sealed)
    assert unsealed(sealed_text(replace(sealed, rows=()))).rows == ()


def test_people_find_sums_and_rows_in_the_text(sealed: SealedPlan) -> None:
    content = json.loads(sealed_text(sealed))
    assert (content["digest"], content["orders"]) == (sealed.digest, 2)
    assert content["totals"] == {"EUR": "7.50", "GBP": "10.00"}
    assert [(row["line"], row["name"], row["amount"]) for row in content["rows"]] == [
        (2, "R1", "10.00"),
        (3, "Ä2", "7.50"),
    ]


def test_no_byte_of_the_text_can_be_another_one(sealed: SealedPlan) -> None:
    text = sealed_text(sealed)
    for place, sign in enumerate(text):
        for other in {"0", " ", chr(ord(sign) ^ 1)} - {sign}:
            with pytest.raises(ValueError, match=REFUSED):
                unsealed(text[:place] + other + text[place + 1 :])
        with pytest.raises(ValueError, match=REFUSED):
            unsealed(text[:place])


@pytest.mark.parametrize("addition", ["\n", " ", "{}", "\x00"])
def test_nothing_can_be_added_to_the_text(sealed: SealedPlan, addition: str) -> None:
    for text in (sealed_text(sealed) + addition, addition + sealed_text(sealed)):
        with pytest.raises(ValueError, match=REFUSED):
            unsealed(text)


@pytest.mark.parametrize(
    "change",
    [
        {"rows": None},
        {"rows": [{}]},
        {"choices": {"retry": "perhaps"}},
        {"choices": {"pay_again": ["B", "A"]}},
        {"environment": []},
        {"prepared_at": "soon"},
        {"more": 1},
    ],
)
def test_what_somebody_wrote_by_hand_is_refused_and_breaks_nothing(sealed: SealedPlan, change: dict[str, Any]) -> None:
    content = json.loads(sealed_text(sealed)) | change
    with pytest.raises(ValueError, match="was changed since it was made"):
        unsealed(json.dumps(content, indent=2, ensure_ascii=False))


def test_a_row_is_sent_asked_about_again_or_taken_back(book: Book) -> None:
    book.confirm(sheet(payout("R1"), payout("R2", email="ann@example.com"), payout("R3", email="bo@example.com")))
    book.bring("R1", State.COMPLETED)
    book.bring("R2", State.UNKNOWN)
    rows = sealed_rows(
        book.plan(sheet(payout("R1"), payout("R2", email="ann@example.com"), payout("R4", email="di@example.com")))
    )
    assert [(row.act, row.name, row.line) for row in rows] == [
        (Act.ASK_AGAIN, "R2", 3),
        (Act.SEND, "R4", 4),
        (Act.TAKE_BACK, "R3", None),
    ]


def test_only_what_is_sent_counts_in_the_total(book: Book, sealed: SealedPlan) -> None:
    book.confirm(sheet(payout("R1")))
    book.bring("R1", State.UNKNOWN)
    rows = sealed_rows(book.plan(sheet(payout("R1"), payout("R2", "3.00", email="ann@example.com"))))
    again = replace(sealed, rows=rows)
    assert (again.orders, again.totals) == (1, {"GBP": Decimal("3.00")})


def test_what_differs_is_empty_exactly_where_the_digest_is_the_same(book: Book, sealed: SealedPlan) -> None:
    plan = book.plan(sheet(payout("R1")))
    assert plans_that_differ(sealed, replace(sealed), plan) == ()
    for change in OTHERWISE:
        assert plans_that_differ(sealed, replace(sealed, **change), plan)


def test_an_order_without_a_row_that_the_plan_did_not_know_is_named(book: Book, sealed: SealedPlan) -> None:
    plan = book.plan(sheet(payout("R1")))
    (problem,) = plans_that_differ(sealed, replace(sealed, accepted_orders=("O-7",)), plan)
    assert (problem.kind, "O-7" in problem.message) == ("order_without_row", True)
