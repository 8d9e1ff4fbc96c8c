"""What one amount cell says by itself: a table of cells, and properties that no cell escapes."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.intake.meaning.amounts import Evidence, judged, readings
from batcher.intake.meaning.numerals import COMMA, MAX_LETTERS, POINT, SPACES, decimals_of, shown
from batcher.intake.meaning.written import read_cell
from tests.intake.sheets import UNHURRIED

NBSP, NARROW, THIN = "\u00a0", "\u202f", "\u2009"


@pytest.mark.parametrize(
    ("text", "point", "comma"),
    [
        # Plain digits mean the same everywhere.
        ("0", "0", "0"), ("7", "7", "7"), ("12", "12", "12"), ("1234", "1234", "1234"),
        ("1234567", "1234567", "1234567"),
        # One mark that cannot group.
        ("12.5", "12.5", None), ("12.50", "12.50", None), ("12,5", None, "12.5"), ("12,50", None, "12.50"),
        ("0.50", "0.50", None), ("0,50", None, "0.50"), ("0.500", "0.500", None), ("0,123", None, "0.123"),
        ("1,23", None, "1.23"), ("1234.567", "1234.567", None), ("1234,567", None, "1234.567"),
        ("12.5000", "12.5000", None), ("12,50000", None, "12.50000"), ("0,5000", None, "0.5000"),
        # One mark that may group.
        ("1,234", "1234", "1.234"), ("1.234", "1.234", "1234"), ("999,999", "999999", "999.999"),
        # Groups of three by one mark throughout.
        ("1,234.50", "1234.50", None), ("1.234,50", None, "1234.50"), ("1,234,567", "1234567", None),
        ("1.234.567", None, "1234567"), ("1,234,567.8", "1234567.8", None), ("1.234.567,8", None, "1234567.8"),
        ("1,234.567", "1234.567", None), ("1.234,567", None, "1234.567"), ("1'234", "1234", "1234"),
        ("1'234.50", "1234.50", None), ("1'234,50", None, "1234.50"), ("1\u2019234\u2019567.50", "1234567.50", None),
        ("1'234'567", "1234567", "1234567"), ("1 234", "1234", "1234"), ("1 234,50", None, "1234.50"),
        ("1 234 567.50", "1234567.50", None), (f"1{NBSP}234,50", None, "1234.50"),
        (f"1{NARROW}234{NARROW}567,50", None, "1234567.50"), (f"1{THIN}234.50", "1234.50", None),
        # India: three, then twos.
        ("1,23,456", "123456", None), ("1,23,456.50", "123456.50", None), ("12,34,567", "1234567", None),
        ("1,00,00,000", "10000000", None), ("12,34,56,789.00", "123456789.00", None),
        # A dash in place of decimals.
        ("12.-", "12", "12"), ("12.--", "12", "12"), ("12,-", "12", "12"), ("12,--", "12", "12"),
        ("12,\u2013", "12", "12"), ("12.\u2014", "12", "12"), ("1'234.-", "1234", "1234"), ("1.234,-", None, "1234"),
        ("1,234.--", "1234", None),
        # White space around.
        (" 12.50 ", "12.50", None), (f"{NBSP}12,50{NARROW}", None, "12.50"), ("\t12\n", "12", "12"),
    ],
)  # fmt: skip
def test_a_numeral_and_what_each_mark_makes_of_it(text: str, point: str | None, comma: str | None) -> None:
    wanted = {mark: Decimal(amount) for mark, amount in ((POINT, point), (COMMA, comma)) if amount is not None}
    assert readings(text) == wanted
    assert read_cell(text).currency_text == ""


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("£12.50", "12.50", "£"), ("£ 12.50", "12.50", "£"), ("12.50£", "12.50", "£"), ("12,50 €", "12.50", "€"),
        (f"12,50{NBSP}€", "12.50", "€"), ("€12", "12", "€"), ("GBP 12.50", "12.50", "GBP"),
        ("12.50GBP", "12.50", "GBP"), ("gbp12.50", "12.50", "gbp"), ("12,50 EUR", "12.50", "EUR"),
        ("US$ 12.50", "12.50", "US$"), ("$12.50", "12.50", "$"), ("A$12.50", "12.50", "A$"),
        ("R$ 1.234,56", "1234.56", "R$"), ("CHF 1'234.50", "1234.50", "CHF"), ("Fr. 12.--", "12", "Fr."),
        ("CHF 12.-", "12", "CHF"), ("12,- €", "12", "€"), ("kr 100", "100", "kr"), ("100 kr.", "100", "kr."),
        ("12,50 zł", "12.50", "zł"), ("Kč 10", "10", "Kč"), ("₹1,23,456.50", "123456.50", "₹"),
        ("Rs. 500", "500", "Rs."), ("¥1000", "1000", "¥"), ("  £   1,234.50 ", "1234.50", "£"),
        ("$12.50 CAD", "12.50", "CAD"), ("£12.50 GBP", "12.50", "GBP"),
    ],
)  # fmt: skip
def test_a_currency_in_the_cell_is_told_apart(text: str, amount: str, currency: str) -> None:
    cell = read_cell(text)
    assert set(cell.meanings.values()) == {Decimal(amount)}
    assert (cell.currency_text, cell.fault) == (currency, "")


@pytest.mark.parametrize(
    "text",
    [
        "-12.50", "- 12", "12.5-", "12.50 -", "\u221212.50", "\u201312.50", "(12.50)", "( 12,50 )", "(£12.50)",
        "£(12.50)", "-£12.50", "£-12.50", "£ -12.50", "(12.50) €", "(12.50 €)", "-12,50 €", "12.50- GBP", "-1,234",
        "(1'234.50)", "-12.-",
    ],
)  # fmt: skip
def test_a_negative_amount_is_named_as_such(text: str) -> None:
    cell = read_cell(text)
    assert (cell.fault, dict(cell.meanings)) == ("negative", {})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("NaN", "no digits"), ("Infinity", "no digits"), ("twelve", "no digits"), ("#N/A", "no digits"),
        ("-", "no digits"), ("£ -", "no digits"), ("1e3", "exponent"), ("1E+05", "exponent"), ("1.2E+3", "exponent"),
        ("1_000", "more than an"), ("0x10", "more than an"), ("+12", "more than an"), ("=12", "more than an"),
        ("'12.50", "more than an"), ("1/2", "two amounts"), ("12.50 USD/h", "more than an"),
        ("CAD $12.50", "more than an"),
        ("\u0661\u0662", "U+0661, an arabic-indic digit one"), ("\uff11\uff12", "U+FF11, a fullwidth digit one"),
        ("1.\u0662", "U+0662"), ("\u09e7\u09e8", "U+09E7, a bengali digit one"), ("12\u00bd", "no currency"),
        ("12.50.10", "no way that is known"), ("12.5.0", "no way"), ("1,23,45", "no way"), ("123,45,678", "no way"),
        ("1,2,345", "no way"), ("0,123,456", "no way"), ("1,234.567.8", "no way"), ("1'234,567.50", "no way"),
        ("1.234'567", "no way"), ("1,234'567", "no way"), ("1.23.456,50", "no way"), ("1''234", "no way"),
        ("1'23", "no way"), ("1.234.-", "no way"), ("12.50.-", "no way"), ("12,50,-", "no way"),
        ("1,234,56", "no way"), ("31.12.2024", "no way"), (f"1{NBSP}234 567", "two amounts"),
        ("12 50", "two amounts"), ("1 23", "two amounts"), ("12 3456", "two amounts"), ("1  234", "two amounts"),
        ("12.50 13.50", "two amounts"), ("12.50; 13", "two amounts"), ("10-20", "two amounts"),
        ("10 \u2013 20", "two amounts"), ("12 or 13", "two amounts"), ("£12 to £14", "two amounts"),
        ("1+2", "two amounts"), ("2024-01-02", "a date"), ("01/02/2024", "a date"), ("12%", "percentage"),
        ("% 12", "percentage"), ("12.", "may be missing"), ("12,", "may be missing"), (".50", "may be missing"),
        (",5", "may be missing"), ("0012.50", "zeros stand in front"), ("007", "zeros stand"),
        ("00.50", "zeros stand"), ("00", "zeros stand"), ("12.50 CR", "CR means"), ("DR 12.50", "DR means"),
        ("12.50cr", "cr means"), ("12K", "K is no currency"), ("5M", "M is no"), ("50p", "p is no"),
        ("50 c", "c is no"), ("\u00a250", "\u00a2 is no"), ("12 ct", "ct is no"), ("ca. 12", "ca. is no"),
        ("No 12", "No is no"), ("XAU 12", "XAU is no"), ("x12", "x is no"), ("£12 EUR", "two currencies"),
        ("\u20ac12 \u00a3", "two currencies"), ("USD 12 CAD", "two currencies"), ("--12", "do not fit"),
        ("(12", "do not fit"), ("12)", "do not fit"), ("-(12)", "do not fit"), ("((12))", "do not fit"),
        ("-12-", "do not fit"), ("(-12)", "do not fit"), ("12.50\u200b", "U+200B, a zero-width space"),
        ("\ufeff12.50", "U+FEFF"), ("12\u00ad.50", "U+00AD, a soft hyphen"),
        ("1\u2007234", "U+2007, a figure space"), ("12\x00", "U+0000, a control character"),
        ("9" * (MAX_LETTERS + 1), "longer than"), ("twelve pounds and fifty pence, to be paid", "longer than"),
    ],
)  # fmt: skip
def test_what_is_no_amount_and_why(text: str, why: str) -> None:
    cell = read_cell(text)
    assert (cell.fault, dict(cell.meanings)) == ("not_a_number", {})
    assert why in cell.words


@pytest.mark.parametrize("text", ["", " ", "\t\n", f" {NBSP}{THIN}"])
def test_what_is_missing(text: str) -> None:
    assert read_cell(text).fault == "missing"


AMOUNTS = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(10**12), places=2)
DECORATED = st.sampled_from(["{}", " {} ", "£{}", "£ {}", "{} €", "GBP {}", "{}GBP", f"CHF{NBSP}{{}}", "{} kr."])


def grouped(whole: str, group: str, *, indian: bool) -> str:
    """The digits with marks between them, worked out from behind."""
    head, tail = whole[:-3], whole[-3:]
    size = 2 if indian else 3
    parts = [head[max(0, end - size) : end] for end in range(len(head), 0, -size)][::-1]
    return group.join([*parts, tail])


@UNHURRIED
@given(
    AMOUNTS,
    st.sampled_from([POINT, COMMA]),
    st.sampled_from(["other", "", "'", "\u2019", *SPACES]),
    DECORATED,
    st.booleans(),
)
def test_an_amount_written_in_any_style_is_read_back(
    amount: Decimal, mark: str, group: str, around: str, indian: bool
) -> None:
    whole, _, part = f"{amount:f}".partition(".")
    if group == "other":
        group = COMMA if mark == POINT else POINT
    as_in_india = indian and (mark, group) == (POINT, COMMA)
    text = around.format(f"{grouped(whole, group, indian=as_in_india)}{mark}{part}")
    if group == "" and len(whole) > 3 and len(text.strip()) > MAX_LETTERS:
        return
    proof = Evidence.of([f"12{mark}50"])
    assert judged(text, proof).amount == amount
    assert judged(text, Evidence(), mark).amount == amount
    assert judged(text, Evidence()).amount in {amount, None}


def by_counting(text: str, mark: str) -> Decimal:
    """Another way to the same amount: all the digits, and how many of them stand behind the decimal mark."""
    digits = re.sub(r"[^0-9]", "", text)
    behind = re.search(rf"[{mark}]([0-9]+)[^0-9]*$", text) if text.count(mark) == 1 else None
    return Decimal(int(digits)).scaleb(-len(behind[1])) if behind else Decimal(int(digits))


@UNHURRIED
@given(st.text("0123456789.,' \u2019\u00a0\u202f-()£€$GBPkr%e+\u0663\u200b", max_size=14))
def test_nothing_is_read_otherwise_than_its_digits_and_its_last_mark_say(text: str) -> None:
    for mark, amount in readings(text).items():
        numeral = read_cell(text).numeral
        assert by_counting(numeral, mark) == amount
        wholes = re.split(rf"[{mark}]", numeral)[0] if numeral.count(mark) == 1 else numeral
        first, *groups = re.split(r"[^0-9]", re.sub(r"[.,][-\u2013\u2014]+$", "", wholes))
        assert first
        assert not groups or {len(group) for group in groups[:-1]} <= {2, 3}
        assert not groups or len(groups[-1]) == 3
        assert len(set(re.sub(r"[0-9]", "", re.sub(r"[.,][-\u2013\u2014]+$", "", wholes)))) <= 1


@UNHURRIED
@given(st.one_of(st.text(), st.text("0123456789.,' -()£kr", max_size=50)))
def test_junk_never_raises_and_is_never_invented(text: str) -> None:
    cell = read_cell(text)
    assert bool(cell.meanings) != bool(cell.fault)
    assert (cell.fault == "not_a_number") == bool(cell.words)
    for amount in cell.meanings.values():
        assert amount.is_finite()
        assert amount >= 0
        assert f"{amount:f}".replace(".", "").strip("0") == re.sub(r"[^0-9]", "", text).strip("0")


@UNHURRIED
@given(st.decimals(min_value=0, max_value=Decimal(10**40), allow_nan=False, allow_infinity=False))
def test_an_amount_is_shown_and_measured_without_rounding(amount: Decimal) -> None:
    assert Decimal(shown(amount)) == amount
    assert "E" not in shown(amount)
    assert amount == 0 or Decimal(shown(amount)).as_tuple().exponent == -decimals_of(amount) or not decimals_of(amount)


def test_digits_beyond_the_usual_precision_are_neither_shown_nor_measured_away() -> None:
    amount = Decimal("12.5" + "0" * 34 + "1")
    assert shown(amount) == f"{amount:f}"
    assert decimals_of(amount) == 36
