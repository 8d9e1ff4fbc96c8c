"""Amounts: one meaning each, or both meanings shown."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.intake import ReadOptions, survey_sheet
from batcher.intake.meaning.amounts import Evidence, Reading, judged, readings
from batcher.intake.meaning.numerals import decimals_of
from batcher.intake.paid import MAX_AMOUNT
from tests.intake.sheets import HEADER, UNHURRIED, as_text, kinds, only_problem, payouts, read_rows, row

AMOUNTS = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(10**9), places=2)


def written(amount: Decimal, mark: str) -> str:
    """With thousands marks and exactly two decimals, as a spreadsheet of that country shows it."""
    text = f"{amount:,.2f}"
    return text if mark == "." else text.translate(str.maketrans(",.", ".,"))


def column(texts: list[str]) -> list[Reading]:
    """What the cells of one column mean."""
    evidence = Evidence.of(texts)
    return [judged(text, evidence) for text in texts]


@UNHURRIED
@given(st.lists(AMOUNTS, min_size=1), st.sampled_from(".,"))
def test_amounts_with_two_decimals_mean_what_was_written_in_either_country(amounts: list[Decimal], mark: str) -> None:
    read = column([written(amount, mark) for amount in amounts])
    assert [reading.amount for reading in read] == amounts


@UNHURRIED
@given(AMOUNTS)
def test_plain_digits_mean_the_same_everywhere(amount: Decimal) -> None:
    whole = amount.to_integral_value()
    assert set(readings(f"{whole:f}").values()) == {whole}


@UNHURRIED
@given(st.text())
def test_what_is_read_is_never_invented(text: str) -> None:
    for amount in readings(text).values():
        assert amount.is_finite()
        digits = "".join(letter for letter in text if letter in "0123456789")
        assert f"{amount:f}".replace(".", "").strip("0") == digits.strip("0")


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("£12.50", "12.50", "£"),
        ("12.50 €", "12.50", "€"),
        ("GBP 12.50", "12.50", "GBP"),
        ("12,50 EUR", "12.50", "EUR"),
        ("US$ 12", "12", "US$"),
        ("1,234.50GBP", "1234.50", "GBP"),
    ],
)
def test_a_currency_in_the_cell_is_told_with_the_amount(text: str, amount: str, currency: str) -> None:
    (read,) = column([text])
    assert (read.amount, read.fault, read.currency_text) == (Decimal(amount), "", currency)


@pytest.mark.parametrize("text", ["-12.50", "- 12", "(12.50)", "12.50-", "\u221212", "-£12.50", "(12,50 €)"])
def test_a_negative_amount_is_named_as_such(text: str) -> None:
    assert column([text])[0].fault == "negative"


PROOFS = {".": {"12.50", "1,234.50", "1,23,456", "£0.5"}, ",": {"12,50", "1.234,50", "1234,567", "0,500"}}
SHOW_NOTHING = ["12", "1,234", "1.234", "1,2345", "12,5000", "£1,234", "12,-", "-12,50", "(1.23)", "1 234", "x", ""]
COLUMNS = st.lists(st.sampled_from(sorted({*PROOFS["."], *PROOFS[","], *SHOW_NOTHING})))


@UNHURRIED
@given(COLUMNS)
def test_what_is_read_is_one_of_the_meanings_of_the_cell(texts: list[str]) -> None:
    evidence = Evidence.of(texts)
    for text in texts:
        read = judged(text, evidence)
        assert (read.amount is None) == bool(read.fault)
        assert read.amount is None or read.amount in readings(text).values()


@UNHURRIED
@given(COLUMNS)
def test_two_meanings_are_settled_by_proof_without_contradiction_only(texts: list[str]) -> None:
    proofs = [mark for mark, cells in PROOFS.items() if cells.intersection(texts)]
    for text in ("1,234", "1.234", "£9,999"):
        read = judged(text, Evidence.of(texts))
        assert read.settled == (len(proofs) == 1) == (read.amount is not None)
        assert read.amount is None or read.amount == readings(text)[proofs[0]]


@UNHURRIED
@given(COLUMNS, COLUMNS, COLUMNS)
def test_evidence_of_blocks_adds_up_to_that_of_the_column(one: list[str], two: list[str], three: list[str]) -> None:
    whole = Evidence.of([*one, *two, *three])
    assert Evidence.of(one).merged(Evidence.of(two)).merged(Evidence.of(three)) == whole
    assert Evidence.of(one).merged(Evidence.of(two).merged(Evidence.of(three))) == whole


@UNHURRIED
@given(COLUMNS, st.randoms(use_true_random=False))
def test_the_order_of_a_column_never_matters(texts: list[str], chance: Any) -> None:
    shuffled = list(texts)
    chance.shuffle(shuffled)
    once, again = Evidence.of(texts), Evidence.of(shuffled)
    for text in texts:
        assert judged(text, once).amount == judged(text, again).amount
        assert judged(text, once).fault == judged(text, again).fault


@UNHURRIED
@given(COLUMNS)
def test_of_two_marks_in_a_column_the_rarer_is_never_paid(texts: list[str]) -> None:
    evidence = Evidence.of(texts)
    if evidence.contradicted:
        rarer = "." if evidence.point <= evidence.comma else ","
        for text in texts:
            if set(readings(text)) == {rarer}:
                assert judged(text, evidence).amount is None


def test_evidence_counts_the_cells_of_each_kind() -> None:
    evidence = Evidence.of(["12", "12,50", "13,50", "1,234", "£1.50", "x", "-7,5", "12,5000"])
    assert evidence == Evidence(1, 2, 1)
    assert evidence.contradicted
    assert evidence.proven is None
    assert evidence.against(".") == "a decimal point, and 2 others with a decimal comma"


@pytest.mark.parametrize(
    ("column", "proven"), [(["12.50"], "."), (["12,50"], ","), (["12", "1,234"], None), (["12.50", "12,50"], None)]
)
def test_what_a_column_proves(column: list[str], proven: str | None) -> None:
    assert Evidence.of(column).proven == proven


@pytest.mark.parametrize(
    ("text", "column", "amount", "fault"),
    [
        ("1,234", [], None, "ambiguous"),
        ("1,234", ["12.50"], "1234", ""),
        ("1,234", ["12,50"], "1.234", ""),
        ("1,234", ["12.50", "12,50"], None, "ambiguous"),
        ("1.234,50", ["12.50"], None, "mixed"),
        ("12,50", ["12.50", "13.50"], None, "mixed"),
        ("12.50", ["12,50", "13.50"], "12.50", ""),
        ("1234,500", ["12,50"], "1234.500", ""),
        ("1234,500", ["12.50", "12,50"], None, "mixed"),
        ("1 234,500", ["12.50", "12,50"], None, "mixed"),
        ("£1234.500", ["12.50", "12,50"], None, "mixed"),
        ("0,500", ["12.50", "12,50"], "0.500", ""),
        ("0,500", ["12.50"], None, "mixed"),
        ("1,234,567", ["12.50", "12,50"], "1234567", ""),
        ("1.234,567", ["12.50", "12,50"], "1234.567", ""),
        ("12,5000", [], None, "ambiguous"),
        ("12,5000", ["12,50"], "12.5", ""),
        ("12,5000", ["12.50"], None, "ambiguous"),
        ("12,5000", ["12.50", "12,50"], None, "ambiguous"),
    ],
)
def test_a_cell_in_its_column(text: str, column: list[str], amount: str | None, fault: str) -> None:
    read = judged(text, Evidence.of([*column, text]))
    assert (read.amount, read.fault) == (Decimal(amount) if amount is not None else None, fault)


@pytest.mark.parametrize(
    ("text", "declared", "amount", "fault"),
    [
        ("1,234", ".", "1234", ""),
        ("1,234", ",", "1.234", ""),
        ("£1,234", ",", "1.234", ""),
        ("12", ",", "12", ""),
        ("12.50", ".", "12.50", ""),
        ("12,5000", ",", "12.5", ""),
        ("12.-", ",", "12", ""),
        ("12.50", ",", None, "contradicts_declared"),
        ("12,50", ".", None, "contradicts_declared"),
        ("12,5000", ".", None, "contradicts_declared"),
        ("1,234,567", ",", None, "contradicts_declared"),
        ("-12.50", ",", None, "negative"),
        ("", ",", None, "missing"),
    ],
)
def test_a_declared_mark_is_believed_and_never_against_a_cell(
    text: str, declared: str, amount: str | None, fault: str
) -> None:
    for evidence in (Evidence(), Evidence.of(["12.50"]), Evidence.of(["12.50", "12,50"])):
        read = judged(text, evidence, declared)
        assert (read.amount, read.fault) == (Decimal(amount) if amount is not None else None, fault)
        assert not read.settled


@pytest.mark.parametrize(
    ("text", "words"),
    [("1,234", "1234 or 1.234"), ("1.234", "1.234 or 1234"), ("1,2345", "12345 or 1.2345"), ("1,230", "1230 or 1.23")],
)
def test_both_meanings_in_words(text: str, words: str) -> None:
    assert judged(text, Evidence()).words == words


def test_what_contradicts_is_named() -> None:
    words = judged("1234,500", Evidence.of(["12.50", "1234,500"])).words
    assert words == "a decimal comma, and 1 other with a decimal point"
    assert judged("12.50", Evidence(), ",").words == "a decimal point, and a decimal comma is what was said"


def test_the_currency_of_a_cell_is_kept_whatever_becomes_of_its_amount() -> None:
    proof = Evidence.of(["12.50"])
    assert [judged(text, proof).currency_text for text in ("£12.50", "1,234 €", "(12.50 kr)", "12")] == [
        "£",
        "€",
        "kr",
        "",
    ]


def test_two_readings_are_both_shown(tmp_path: Path) -> None:
    problem = only_problem(read_rows(tmp_path, row(amount="1,234"), row("R2", amount="12")))
    assert problem.kind == "amount_ambiguous"
    assert (problem.line, problem.column, problem.value) == (2, "Amount", "1,234")
    assert "1234 or 1.234" in problem.message


def test_another_amount_of_the_column_proves_the_mark_and_a_warning_says_so(tmp_path: Path) -> None:
    sheet = read_rows(tmp_path, row(amount="1,234"), row("R2", amount="12.50"))
    assert [payout.amount for payout in payouts(sheet)] == [Decimal("1234.00"), Decimal("12.50")]
    assert [(warning.kind, warning.line) for warning in sheet.warnings] == [("amount_mark_settled", 2)]


def test_the_proof_works_the_other_way_round(tmp_path: Path) -> None:
    sheet = read_rows(tmp_path, row(amount="1.234"), row("R2", amount="12,50"))
    assert payouts(sheet)[0].amount == Decimal("1234.00")


def test_a_column_that_contradicts_itself_settles_nothing_and_names_the_odd_one_out(tmp_path: Path) -> None:
    sheet = read_rows(
        tmp_path,
        row(amount="1,234"),
        row("R2", amount="12.50"),
        row("R3", amount="12,50"),
        row("R4", amount="13.50"),
        row("R5", amount="14"),
    )
    assert kinds(sheet) == [(2, "amount_ambiguous"), (4, "amount_mixed_marks")]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ({"amount": ""}, "amount_missing"),
        ({"amount": "0"}, "amount_zero"),
        ({"amount": "0.00"}, "amount_zero"),
        ({"amount": "0.001", "currency": "KWD"}, "amount_too_small"),
        ({"amount": "1000000001"}, "amount_too_large"),
        ({"amount": "9" * 40}, "amount_too_large"),
        ({"amount": "12.5050"}, "amount_too_many_decimals"),
        ({"amount": "12.50", "currency": "JPY"}, "amount_too_many_decimals"),
        ({"amount": "12.50", "product": "AMZ-GB|AIRBNB-GB"}, "amount_not_whole"),
        ({"amount": "12.50", "product": "PT-THANKS-GB"}, "amount_not_whole"),
    ],
)
def test_an_amount_that_cannot_be_paid(tmp_path: Path, cells: dict[str, str], kind: str) -> None:
    problem = only_problem(read_rows(tmp_path, row(**cells)))
    assert (problem.kind, problem.value) == (kind, cells["amount"])


@pytest.mark.parametrize(
    ("cells", "amount"),
    [
        ({"amount": "12"}, "12.00"),
        ({"amount": " 12.5 "}, "12.50"),
        ({"amount": "12.5000"}, "12.50"),
        ({"amount": "12.0", "currency": "JPY"}, "12"),
        ({"amount": "1.5", "currency": "KWD"}, "1.500"),
        ({"amount": "25.00", "product": "AMZ-GB|AIRBNB-GB"}, "25.00"),
        ({"amount": "0.01"}, "0.01"),
    ],
)
def test_an_amount_gets_exactly_the_decimals_of_its_currency(
    tmp_path: Path, cells: dict[str, str], amount: str
) -> None:
    (payout,) = payouts(read_rows(tmp_path, row(**cells)))
    assert str(payout.amount) == amount


CELLS = st.sampled_from([
    "12.50", "12,50", "0,5", "0.5", "7", "1234", "1234,5", "1.234", "1,234", "1.234,50", "1,234.50", "0", "0,00",
    "00,5", "",
    "1000000001", "999999999999,99", "1234567890123,5", "12,345", "1,2345", "12,-", "-3,50", "\u00a37,20", "x",
])  # fmt: skip


@UNHURRIED
@given(st.lists(CELLS, min_size=1, max_size=12), st.sampled_from([None, ".", ","]))
def test_amounts_read_by_the_column_are_what_each_cell_means(
    tmp_path: Path, texts: list[str], decimal: str | None
) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes(as_text([HEADER, *[row(amount=text) for text in texts]], delimiter=";").encode())
    judging = survey_sheet(path, ReadOptions(decimal=decimal, delimiter=";")).judging
    evidence = Evidence.of(texts)
    assert judging.facts.amounts == evidence
    (block,) = judging.judged()
    frame = block.frame
    for place, text in enumerate(texts):
        reading = judged(text, evidence, decimal)
        assert frame["amount_fault"][place].as_py() == reading.fault
        assert frame["amount_settled"][place].as_py() == reading.settled
        if reading.amount is not None:
            assert frame.amount(place) == reading.amount
            assert frame["decimals"][place].as_py() == decimals_of(reading.amount)
            size = "zero" if not reading.amount else "large" if reading.amount > MAX_AMOUNT else ""
            assert frame["amount_size"][place].as_py() == size
