"""What a row must keep, and the words for whoever mends it."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.intake.meaning.emails import read_email
from batcher.intake.peers import SHOWN, same_key, same_key_other_text
from batcher.intake.rules import ODD_CELL, ROW_KINDS, RULES
from batcher.model import Distribution
from tests.intake.sheets import HEADER, UNHURRIED, as_text, kinds, only_problem, payouts, read_rows, read_text, row

RECIPIENT = {"distribution": "RECIPIENT"}


@pytest.mark.parametrize(
    ("cells", "kind", "column"),
    [
        ({"currency": ""}, "currency_missing", "Currency"),
        ({"currency": "POUND"}, "currency_unknown", "Currency"),
        ({"currency": "XAU"}, "currency_unknown", "Currency"),
        ({"product": ""}, "product_missing", "Product"),
        ({"product": "AMZ-GB,AIRBNB-GB"}, "product_malformed", "Product"),
        ({"product": "AMZ-GB|"}, "product_malformed", "Product"),
        ({"product": "pt-thanks"}, "product_malformed", "Product"),
        ({"product": "PT-"}, "product_malformed", "Product"),
        ({"product": "AMZ-GB|amz-gb"}, "product_repeated", "Product"),
        ({"product": "AMZ-GB|PT-THANKS"}, "product_template_mixed", "Product"),
        ({"distribution": ""}, "distribution_missing", "Distribution"),
        ({"distribution": "post"}, "distribution_unknown", "Distribution"),
        ({"email": ""}, "email_missing", "Email"),
        ({"email": "ann"}, "email_invalid", "Email"),
        ({"email": "ann@example.com; bob@example.com"}, "email_invalid", "Email"),
        ({"email": "Ann <ann@example.com>"}, "email_invalid", "Email"),
        ({"email": "ann@company.local"}, "email_invalid", "Email"),
        ({"reference": "", "distribution": "PAYOUT_LINK", "email": ""}, "link_without_owner", "Email"),
        (RECIPIENT, "recipient_reference_missing", "Recipient reference"),
        (RECIPIENT | {"recipient_reference": "a b"}, "recipient_reference_invalid", "Recipient reference"),
        (RECIPIENT | {"recipient_reference": "a" * 256}, "recipient_reference_invalid", "Recipient reference"),
        (RECIPIENT | {"recipient_reference": "é"}, "recipient_reference_invalid", "Recipient reference"),
        ({"template": "a b"}, "template_invalid", "Template"),
        ({"reference": "R" * 101}, "reference_too_long", "Reference"),
        ({"reference": "R\u200b1"}, "reference_invisible", "Reference"),
        ({"reference": "R\n1"}, "reference_invisible", "Reference"),
        ({"reference": "1.23457E+11"}, "reference_scientific", "Reference"),
        ({"reference": "#REF!"}, "spreadsheet_error", "Reference"),
        ({"email": "#####"}, "spreadsheet_error", "Email"),
        ({"note": "a\x1bb"}, "control_character", None),
        ({"reference": "Grand total:"}, "totals_row", None),
    ],
)  # fmt: skip
def test_a_row_with_one_mistake_has_one_problem(
    tmp_path: Path, cells: dict[str, str], kind: str, column: str | None
) -> None:
    sheet = read_rows(tmp_path, row(**cells), row("sound"))
    problem = only_problem(sheet)
    assert (problem.line, problem.kind, problem.column) == (2, kind, column)
    assert problem.message.endswith(".")
    assert problem.fix.endswith(".")
    assert sheet.rows[0].payout is None
    assert sheet.rows[1].payout is not None


@pytest.mark.parametrize(
    ("cells", "normalised"),
    [
        ({"currency": " gbp "}, {"currency": "GBP"}),
        ({"product": "AMZ-GB | AIRBNB-GB", "amount": "20"}, {"products": ("AIRBNB-GB", "AMZ-GB")}),
        ({"distribution": "Payout link"}, {"distribution": Distribution.PAYOUT_LINK, "email": "ann@example.com"}),
        ({"distribution": "payout-LINK", "email": ""}, {"distribution": Distribution.PAYOUT_LINK, "email": None}),
        ({"distribution": "e-mail"}, {"distribution": Distribution.EMAIL}),
        (
            {"distribution": "recipient", "recipient_reference": "a-b_c@d.e"},
            {"distribution": Distribution.RECIPIENT, "recipient_reference": "a-b_c@d.e"},
        ),
        ({"email": " Ann.Lee@EXAMPLE.Com "}, {"email": "Ann.Lee@example.com"}),
        ({"reference": " Cafe\u0301 1 "}, {"reference": "Café 1"}),
        ({"reference": ""}, {"reference": None}),
        ({"template": "abc-1"}, {"template": "abc-1"}),
    ],
)
def test_a_row_is_normalised(tmp_path: Path, cells: dict[str, str], normalised: dict[str, object]) -> None:
    (payout,) = payouts(read_rows(tmp_path, row(**cells)))
    assert {name: getattr(payout, name) for name in normalised} == normalised


def test_all_problems_of_all_rows_are_told_at_once_in_the_order_of_lines_and_columns(tmp_path: Path) -> None:
    bad = {"amount": "x", "currency": "x", "product": "x y", "distribution": "x", "email": "x"}
    sheet = read_rows(tmp_path, row("A", **bad), row("B"), row("C", **bad))
    each = ["amount_not_a_number", "currency_unknown", "product_malformed", "distribution_unknown", "email_invalid"]
    assert kinds(sheet) == [*((2, kind) for kind in each), *((4, kind) for kind in each)]


def test_a_message_says_what_is_wrong_and_how_to_mend_it(tmp_path: Path) -> None:
    sheet = read_rows(
        tmp_path,
        row("A", amount="12 €"),
        row("A", product="AMZ-GB,X"),
        row("C", amount="12.5055"),
        row("D", email="ann"),
    )
    assert [(problem.message, problem.fix) for problem in sheet.problems] == [
        (
            "The reference A is also on line 3.",
            "Give each payout its own reference, or delete the row that is there twice.",
        ),
        ("The amount is written with €, and the row is in GBP.", "Make both say the same."),
        (
            "The reference A is also on line 2.",
            "Give each payout its own reference, or delete the row that is there twice.",
        ),
        (
            "This is no product code.",
            "Enter one code such as AMZ-GB, several with | between them, or a template that begins with PT-.",
        ),
        ("The amount has 4 decimals, and GBP has 2.", "Round it yourself: batcher rounds nothing."),
        (
            "No mail can reach this address: an email address must have an @-sign.",
            "Enter one address, such as ann@example.com.",
        ),
    ]
    assert str(sheet.problems[-1]).startswith("Line 5, Email 'ann': No mail can reach this address: ")


def test_a_cell_with_braces_is_only_text(tmp_path: Path) -> None:
    problem = only_problem(
        read_rows(tmp_path, row("{reference_read.__class__}"), row("{REFERENCE_READ.__class__}x{0}", currency="{0}"))
    )
    assert problem.message == "{0} is no currency of ISO 4217."


def test_references_that_differ_only_in_looks(tmp_path: Path) -> None:
    sheet = read_rows(tmp_path, row("inc-1"), row("INC-1"), row("\uff29NC-1"), row("inc-2"))
    assert kinds(sheet) == [(line, "reference_lookalike") for line in (2, 3, 4)]
    assert "lines 3 (INC-1) and 4 (\uff29NC-1)" in sheet.problems[0].message


def test_a_reference_on_a_misshapen_row_is_taken_all_the_same(tmp_path: Path) -> None:
    sheet = read_rows(tmp_path, row("A"), [*row("A"), "surplus"])
    assert kinds(sheet) == [(2, "reference_duplicate"), (3, "too_many_cells"), (3, "reference_duplicate")]


def test_two_rows_that_ask_for_the_same_without_reference(tmp_path: Path) -> None:
    sheet = read_rows(
        tmp_path,
        row("", amount="10", email="Ann@example.com"),
        row("", amount="10.00", email="ann@EXAMPLE.com", note="again"),
        row("", amount="10.00", email="bob@example.com"),
        row("R4", amount="10.00"),
    )
    assert kinds(sheet) == [(2, "row_repeated"), (3, "row_repeated")]
    assert sheet.problems[0].message == "The row asks for the same as line 3."
    assert len(sheet.payouts) == 2


def test_an_amount_that_a_comma_inside_it_may_have_divided(tmp_path: Path) -> None:
    given = {"currency": "GBP", "product": "AMZ-GB", "distribution": "PAYOUT_LINK"}
    text = "reference,amount,note\nR1,12,50\nR2,1,250.00\nR3,12,thanks\nR4,12,\n"
    assert kinds(read_text(tmp_path, text, **given)) == [(2, "amount_split"), (3, "amount_split")]
    assert kinds(read_text(tmp_path, text.replace("note", "Points"), **given)) == []
    assert kinds(read_text(tmp_path, text.replace(",", ";"), **given)) == []


def test_a_ceiling_of_the_config(tmp_path: Path) -> None:
    ceilings = {"GBP": Decimal("12.50")}
    sheet = read_rows(tmp_path, row("A", amount="12.50"), row("B", amount="12.51"), ceilings=ceilings)
    assert kinds(sheet) == [(3, "amount_above_ceiling")]
    assert "GBP 12.50" in sheet.problems[0].message
    assert kinds(read_rows(tmp_path, row(amount="99", currency="EUR"), ceilings=ceilings)) == []


@pytest.mark.parametrize(
    ("same_recipient", "problems", "warnings"),
    [
        ("allow", [], []),
        ("warn", [], [(2, "recipient_repeated")]),
        ("error", [(2, "recipient_repeated"), (4, "recipient_repeated")], []),
    ],
)
def test_the_same_recipient_twice(
    tmp_path: Path, same_recipient: str, problems: list[tuple[int, str]], warnings: list[tuple[int, str]]
) -> None:
    rows = [row("A"), row("B", email="bob@example.com"), row("C", email="Ann@Example.com")]
    sheet = read_rows(tmp_path, *rows, same_recipient=same_recipient)
    assert kinds(sheet) == problems
    assert [(warning.line, warning.kind) for warning in sheet.warnings] == warnings


@pytest.mark.parametrize("date", ["03/11/2026", "2026-11-03", "3-Nov", "Nov-26", "2026-11-03 00:00:00", "3.11.26"])
def test_a_date_among_references_is_a_warning(tmp_path: Path, date: str) -> None:
    sheet = read_rows(tmp_path, row("INC-7"), row(date))
    assert [(warning.kind, warning.line, warning.value) for warning in sheet.warnings] == [
        ("reference_like_date", 3, date)
    ]
    assert read_rows(tmp_path, row(date)).warnings == ()
    assert read_rows(tmp_path, row("INC-7"), row("3-11"), row("12-2026")).warnings == ()


def test_one_amount_without_decimals_among_others_is_a_warning(tmp_path: Path) -> None:
    rows = [row(f"R{number}", amount=f"{number}.50") for number in range(5)]
    warnings = read_rows(tmp_path, *rows, row("R9", amount="1299")).warnings
    assert [(warning.kind, warning.line) for warning in warnings] == [("amount_without_decimals", 7)]
    assert read_rows(tmp_path, *rows, row("R9", amount="1299.00")).warnings == ()


def test_a_row_below_another_header_is_no_payout_of_this_table(tmp_path: Path) -> None:
    sheet = read_rows(tmp_path, row("A"), ["Reference", "Tax", "Currency", "Product"], row("B"))
    assert kinds(sheet) == [(3, "second_table"), (4, "below_second_table")]
    again = read_rows(tmp_path, row("A"), list(HEADER), row("B"))
    assert kinds(again) == [(3, "header_repeated")]


def test_a_required_reference(tmp_path: Path) -> None:
    assert kinds(read_rows(tmp_path, row(""), require_reference=True)) == [(2, "reference_missing")]
    assert payouts(read_rows(tmp_path, row("")))[0].reference is None


def test_a_recipient_reference_that_is_not_sent_is_a_warning_and_no_part_of_the_payout(tmp_path: Path) -> None:
    sheet = read_rows(tmp_path, row(recipient_reference="p-1"), row("R2", recipient_reference="p-2"))
    assert [payout.recipient_reference for payout in payouts(sheet)] == [None, None]
    (warning,) = sheet.warnings
    assert (warning.kind, warning.line, warning.value) == ("recipient_reference_unused", 2, "p-1")
    assert "1 more row" in warning.message


def test_a_missing_cell_keeps_its_place_in_the_order_of_columns(tmp_path: Path) -> None:
    text = as_text([HEADER[:6], row()[:6], row("R2")[:3]])
    problem = only_problem(read_text(tmp_path, text))
    assert (problem.line, problem.kind, problem.column) == (3, "too_few_cells", None)
    assert "after 3 of 6 cells" in problem.message


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ann@example.com", "ann@example.com"),
        ("Ann@mail.example.TEST", "Ann@mail.example.test"),
        ("ann@shop.Invalid", "ann@shop.invalid"),
        ("ann@box.localhost", "ann@box.localhost"),
        ("ann@EXAMPLE.example", "ann@example.example"),
        ("zoë@müller.example", "zoë@müller.example"),
    ],
)
def test_addresses_that_are_good_enough_for_a_rehearsal(text: str, address: str) -> None:
    assert read_email(text) == (address, "")


@pytest.mark.parametrize(
    "text", ["ann@invalid", "ann@localhost", "ann@.invalid", "a b@x.invalid", "a@b@x.invalid", "@x.test"]
)
def test_a_name_kept_for_tests_excuses_nothing_else(text: str) -> None:
    address, reason = read_email(text)
    assert address is None
    assert reason


@UNHURRIED
@given(st.emails())
def test_reading_an_address_again_changes_nothing(text: str) -> None:
    address, _ = read_email(text)
    if address is not None:
        assert read_email(address) == (address, "")


@UNHURRIED
@given(st.lists(st.sampled_from(["", "a", "b", "A"]), max_size=20))
def test_rows_know_the_others_of_their_key(keys: list[str]) -> None:
    lines = list(range(2, len(keys) + 2))
    for line, key, words in zip(lines, keys, same_key(lines, keys), strict=True):
        others = [other for other, its in zip(lines, keys, strict=True) if key and its == key and other != line]
        assert bool(words) == bool(others)
        assert all(str(other) in words for other in others[:SHOWN])
        assert (f"and {len(others) - SHOWN} more" in words) == (len(others) > SHOWN)


@UNHURRIED
@given(st.lists(st.sampled_from(["", "a", "A", "b"]), max_size=20))
def test_rows_know_those_that_only_look_like_them(texts: list[str]) -> None:
    lines, keys = list(range(2, len(texts) + 2)), [text.casefold() for text in texts]
    for text, key, words in zip(texts, keys, same_key_other_text(lines, keys, texts), strict=True):
        others = [other for other, its in zip(texts, keys, strict=True) if key and its == key and other != text]
        assert bool(words) == bool(others)
        assert all(f"({other})" in words for other in others[:1])


def test_every_rule_has_a_name_of_its_own_and_words() -> None:
    assert all(rule.message.endswith(".") and rule.fix.endswith(".") for rule in RULES if rule.kind != ODD_CELL)
    assert len(ROW_KINDS) == len({rule.kind for rule in RULES}) + 2 - 1
