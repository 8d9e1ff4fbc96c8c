"""What Runa's catalogue has against a row, and what it cannot say."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from batcher.model import Environment, Payout, Problem, Product, Sheet
from batcher.planning import Standing, age_in_words, held_against_catalogue
from batcher.records import Catalogue
from tests.payouts import COLUMNS, NOW, Book, Unreadable, payout, sheet


def product(code: str, **fields: Any) -> Product:
    """GBP 5 to 500, for sale, but for what the test says; amounts as the catalogue writes them."""
    usual: dict[str, Any] = {"currency": "GBP", "orderable": True, "state": "LIVE", "minimum": "5", "maximum": "500.00"}
    both = usual | fields
    for bound in ("minimum", "maximum"):
        both[bound] = None if both[bound] is None else Decimal(both[bound])
    both["fixed"] = tuple(Decimal(value) for value in both.get("fixed", ()))
    return Product(code=code, **both)


def catalogue(*products: Product) -> Catalogue:
    return Catalogue(read_at=NOW, products={each.code.casefold(): each for each in products})


AMAZON = product("AMZ-GB")
BOOKS = product("BOOKS-GB", fixed=("10", "25.00", "50", "100.00"))
PARIS = product("AMZ-FR", currency="EUR")
SHOP = catalogue(AMAZON, BOOKS, PARIS, product("SHUT-GB", state="TEMPORARILY_DISABLED", orderable=False))


def title(ours: str) -> str | None:
    """The sheets of these tests call their columns as we do, and have no others."""
    return ours if ours in COLUMNS else None


def held(file: Sheet, shop: Catalogue = SHOP) -> Sheet:
    """The file with all of its rows held against the catalogue."""
    return held_against_catalogue(file, {row.line for row in file.rows}, shop, title=title)


def problems(paid: Payout, shop: Catalogue = SHOP) -> tuple[Problem, ...]:
    return held(sheet(paid), shop).problems


def told(found: Iterable[Problem]) -> list[tuple[str | None, str | None, str, str]]:
    return [(one.column, one.value, one.kind, one.message) for one in found]


@pytest.mark.parametrize(
    "paid",
    [
        payout(amount="5.00"),
        payout(amount="500.00"),
        payout(products=("amz-gb",)),
        payout(amount="25.00", products=("BOOKS-GB",)),
        payout(amount="7.50", currency="EUR", products=("AMZ-FR",)),
        payout(products=("PT-NOT-IN-IT",)),
        payout(amount="7.00", products=("AMZ-GB", "BOOKS-GB")),
    ],
)
def test_what_the_catalogue_has_passes(paid: Payout) -> None:
    assert problems(paid) == ()


def test_a_product_that_the_catalogue_does_not_have_is_told_with_near_ones() -> None:
    assert told(problems(payout(products=("AMZ-GP",)))) == [
        ("product", "AMZ-GP", "product_unknown", "Runa's catalogue has no AMZ-GP: did you mean AMZ-GB?")
    ]


def test_near_codes_are_told_whatever_the_case() -> None:
    (problem,) = problems(payout(products=("amz-gn",)))
    assert problem.message == "Runa's catalogue has no amz-gn: did you mean AMZ-GB?"


def test_a_code_that_is_like_no_other_is_told_without_a_guess() -> None:
    (problem,) = problems(payout(products=("ZZZZ",)))
    assert problem.message == "Runa's catalogue has no ZZZZ."


def test_a_sheet_of_unknown_codes_is_told_all_of_them_and_guesses_for_the_first() -> None:
    file = sheet(*(payout(f"R{number}", products=(f"AMZ-{number:03}",)) for number in range(60)))
    found = held(file, catalogue(product("AMZ-00")))
    assert len(found.problems) == 60
    assert ["did you mean" in one.message for one in found.problems] == [True] * 50 + [False] * 10


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"orderable": False}, "SHUT cannot be ordered at Runa at the moment (LIVE)."),
        ({"orderable": False, "state": None}, "SHUT cannot be ordered at Runa at the moment."),
        (
            {"orderable": None, "state": "TEMPORARILY_DISABLED"},
            "SHUT cannot be ordered at Runa at the moment (TEMPORARILY_DISABLED).",
        ),
    ],
)
def test_a_product_that_cannot_be_ordered_is_a_problem(fields: dict[str, Any], words: str) -> None:
    found = problems(payout(products=("SHUT",)), catalogue(product("SHUT", **fields)))
    assert told(found) == [("product", "SHUT", "product_not_orderable", words)]


def test_a_product_of_another_currency_is_a_problem_and_its_values_are_not_compared() -> None:
    found = problems(payout(amount="1.00", products=("AMZ-FR",)))
    assert told(found) == [
        ("currency", "GBP", "currency_not_of_product", "AMZ-FR comes in EUR, and the row is in GBP.")
    ]


@pytest.mark.parametrize("amount", ["4.99", "500.01"])
def test_a_value_outside_of_what_the_product_comes_in_is_a_problem(amount: str) -> None:
    assert told(problems(payout(amount=amount))) == [
        ("amount", amount, "amount_not_of_product", f"AMZ-GB comes in 5.00 to 500.00, not in GBP {amount}.")
    ]


@pytest.mark.parametrize(
    ("bounds", "amount", "words"),
    [
        ({"minimum": None}, "500.01", "at most 500.00"),
        ({"maximum": None}, "4.99", "at least 5.00"),
    ],
)
def test_a_bound_that_is_left_out_bounds_nothing(bounds: dict[str, None], amount: str, words: str) -> None:
    shop = catalogue(product("OPEN", **bounds))
    (problem,) = problems(payout(amount=amount, products=("OPEN",)), shop)
    assert problem.message == f"OPEN comes in {words}, not in GBP {amount}."
    other = {"500.01": "0.01", "4.99": "100000.00"}[amount]
    assert problems(payout(amount=other, products=("OPEN",)), shop) == ()


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("30.00", "the nearest are 25.00 and 50.00"),
        ("9.99", "the least is 10.00"),
        ("100.01", "the most is 100.00"),
    ],
)
def test_a_value_that_is_not_among_the_fixed_ones_is_told_the_nearest(amount: str, words: str) -> None:
    (problem,) = problems(payout(amount=amount, products=("BOOKS-GB",)))
    assert problem.message == f"BOOKS-GB does not come in GBP {amount}: {words}."


def test_one_of_several_products_must_come_in_the_value() -> None:
    (problem,) = problems(payout(amount="3.00", products=("AMZ-GB", "BOOKS-GB")))
    assert problem.message == (
        "None of the products comes in GBP 3.00: AMZ-GB comes in 5.00 to 500.00; "
        "BOOKS-GB comes in 10.00, 25.00, 50.00 or 100.00."
    )


def test_many_fixed_values_are_not_listed_one_by_one() -> None:
    many = product("MANY", fixed=tuple(str(value) for value in range(10, 30)))
    (problem,) = problems(payout(amount="3.00", products=("MANY", "ONE")), catalogue(many, product("ONE", fixed=["7"])))
    assert problem.message.endswith("MANY comes in 20 values from 10.00 to 29.00; ONE comes in 7.00.")


def test_each_of_several_products_must_be_there_to_be_had_in_the_currency() -> None:
    found = problems(payout(amount="3.00", products=("AMZ-FR", "NOPE", "SHUT-GB")))
    assert [one.kind for one in found] == ["currency_not_of_product", "product_unknown", "product_not_orderable"]


def test_what_the_catalogue_leaves_out_is_not_held_against_a_row() -> None:
    assert problems(payout(products=("BARE",)), catalogue(Product(code="BARE", state="A_NEW_WORD"))) == ()


def test_an_empty_catalogue_says_nothing() -> None:
    file = sheet(payout(products=("NOPE",)))
    assert held(file, catalogue()) == file


def test_only_the_lines_to_be_held_are_held() -> None:
    file = sheet(payout("R1", products=("NOPE",)), payout("R2", products=("NOPE",)))
    found = held_against_catalogue(file, {3}, SHOP)
    assert found.rows[0] == file.rows[0]
    assert found.rows[1] == replace(file.rows[1], payout=None, problems=found.problems)
    assert [(one.line, one.column, one.value) for one in found.problems] == [(3, None, None)]


def test_a_row_that_was_invalid_keeps_its_own_problems() -> None:
    file = sheet(Unreadable("R1"), payout("R2"))
    assert held(file) == file


def test_a_column_that_the_config_fills_in_has_no_cell_to_show() -> None:
    file = sheet(payout(products=("NOPE",)))
    found = held_against_catalogue(file, {2}, SHOP, title=lambda ours: None)
    assert [(one.column, one.value) for one in found.problems] == [(None, None)]


def test_a_product_that_works_badly_is_one_warning_and_no_problem() -> None:
    slow = product("SLOW-GB", state="TEMPORARILY_DEGRADED")
    file = sheet(payout("R1"), payout("R2", products=("SLOW-GB",)), payout("R3", products=("slow-gb",)))
    found = held(file, catalogue(AMAZON, slow))
    assert found.problems == ()
    assert [(one.line, one.kind, one.message) for one in found.warnings] == [
        (
            3,
            "product_degraded",
            "SLOW-GB does not work well at Runa at the moment (TEMPORARILY_DEGRADED); 2 rows name it.",
        )
    ]


def test_planning_takes_such_a_row_as_any_invalid_one(book: Book) -> None:
    file = held(sheet(payout("R1"), payout("R2", products=("NOPE",))))
    plan = book.plan(file)
    assert [line.standing for line in plan.lines] == [Standing.NEW, Standing.INVALID]
    assert [one.kind for one in plan.problems] == ["product_unknown"]
    book.confirm(file, skip_invalid=True)
    assert [line.problems[0].kind for line in book.batch().invalid] == ["product_unknown"]
    assert [row.name for row in book.batch().rows] == ["R1"]


def test_a_row_that_waits_to_be_sent_is_withdrawn_once_the_catalogue_speaks_against_it(book: Book) -> None:
    book.confirm(sheet(payout("R1")))
    plan = book.plan(held(sheet(payout("R1")), catalogue(BOOKS)), skip_invalid=True)
    assert {line.standing for line in plan.lines} == {Standing.INVALID, Standing.WITHDRAWN}
    assert plan.to_send == ()


def test_the_ledger_keeps_the_catalogue_as_it_was_read(book: Book) -> None:
    bare = Product(code="Bare", state="A_NEW_WORD", maximum=Decimal("1E+3"))
    book.ledger.keep_catalogue(book.environment, [AMAZON, BOOKS, bare], NOW)
    found = book.ledger.catalogue(book.environment)
    assert found is not None
    assert found == Catalogue(read_at=NOW, products={"amz-gb": AMAZON, "books-gb": BOOKS, "bare": bare})
    assert [str(value) for value in found.products["books-gb"].fixed] == ["10", "25.00", "50", "100.00"]


def test_a_catalogue_takes_the_place_of_the_one_before(book: Book) -> None:
    book.ledger.keep_catalogue(book.environment, [AMAZON], NOW)
    later = NOW + timedelta(days=1)
    book.ledger.keep_catalogue(book.environment, [BOOKS], later)
    assert book.ledger.catalogue(book.environment) == replace(catalogue(BOOKS), read_at=later)


def test_each_environment_has_its_own_catalogue(book: Book) -> None:
    book.ledger.keep_catalogue(book.environment, [AMAZON], NOW)
    assert book.ledger.catalogue(replace(book.environment, account="other")) is None
    assert book.ledger.catalogue(Environment(base_url="https://api.runa.io/v2", account="main")) is None


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=59), "just read"),
        (timedelta(seconds=-30), "just read"),
        (timedelta(minutes=1), "1 minute old"),
        (timedelta(minutes=119), "1 hour old"),
        (timedelta(hours=47), "1 day old"),
        (timedelta(days=3, hours=5), "3 days old"),
        (timedelta(days=-1), "later than this machine's clock"),
    ],
)
def test_the_age_of_a_catalogue_is_told(age: timedelta, words: str) -> None:
    assert age_in_words(NOW, NOW + age) == f"Held against Runa's catalogue of 2026-11-03 09:00 UTC ({words})"
