"""Every rule that a row must keep, as a table: the mask of its offenders, with words for each.

Rules of one column stand in order, and a cell is told the first that it breaks. A row whose shape is wrong is told only
that: which cell belongs where is not known. Words in braces come from the frame of `batcher.intake.frame`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

import pandas as pd

from batcher.intake.header import FIELDS, WORDS
from batcher.model import Distribution

Mask: TypeAlias = "pd.Series[bool]"

MAX_REFERENCE = 100
MAX_RECIPIENT_REFERENCE = 255
TEMPLATE_PATTERN = r"[A-Za-z0-9_.-]{1,100}"
MIN_AMOUNT = Decimal("0.01")
MAX_AMOUNT = Decimal(1_000_000_000)
"""No payout has such a face value in any currency; beyond it stands a slip of the keyboard."""

_MAIL_NEEDED = {Distribution.EMAIL, Distribution.RECIPIENT}


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that a row must not do."""

    kind: str
    """The stable word that scripts get."""
    column: str | None
    """Ours; `None` where the row as a whole is wrong."""
    offenders: Callable[[pd.DataFrame], Mask]
    message: str
    fix: str
    even_if_misshapen: bool = False
    """Asked also of rows whose shape is wrong."""


def _is(column: str, word: str) -> Callable[[pd.DataFrame], Mask]:
    return lambda frame: frame[column] == word


def _filled(column: str) -> Callable[[pd.DataFrame], Mask]:
    return lambda frame: frame[column] != ""


def _matching(column: str, pattern: str) -> Callable[[pd.DataFrame], Mask]:
    return lambda frame: frame[column].str.fullmatch(pattern)


def _not_matching(column: str, pattern: str) -> Callable[[pd.DataFrame], Mask]:
    return lambda frame: (frame[column] != "") & ~frame[column].str.fullmatch(pattern)


def _amount(offends: Callable[[Decimal], bool]) -> Callable[[pd.DataFrame], Mask]:
    """Rows whose amount could be read, and offends."""
    return lambda frame: _mask(amount is not None and offends(amount) for amount in frame["amount_read"])


def _mask(answers: Iterable[bool]) -> Mask:
    return pd.Series(list(answers), dtype=bool)


def _too_many_decimals(frame: pd.DataFrame) -> Mask:
    both = zip(frame["decimals"], frame["units"], strict=True)
    return _mask(units is not None and decimals > units for decimals, units in both)


def _lacks(column: str, methods: set[Distribution]) -> Callable[[pd.DataFrame], Mask]:
    return lambda frame: (frame[column] == "") & frame["method"].isin(methods)


def _unknown(text: str, read: str) -> Callable[[pd.DataFrame], Mask]:
    return lambda frame: (frame[text] != "") & frame[read].isna()


def _link_without_owner(frame: pd.DataFrame) -> Mask:
    nobody = (frame["reference"] == "") & (frame["email"] == "")
    return nobody & (frame["method"] == Distribution.PAYOUT_LINK)


SHAPE_RULES = (
    Rule(
        "control_character",
        None,
        _filled("control"),
        "The row holds the control character {control}, which no spreadsheet shows.",
        "Type the cell anew, or save the sheet again as 'CSV UTF-8'.",
    ),
    Rule(
        "quote_swallows_rows",
        None,
        lambda frame: frame["swallowed"],
        "A quoted cell of this row runs on over lines that look like rows of their own.",
        "Close the quote where the cell ends, or take the line breaks out of the cell.",
    ),
    Rule(
        "too_many_cells",
        None,
        _filled("surplus"),
        "The row has {cells} cells and the header {width}; left over is {surplus}.",
        "Put quotes around a cell that contains the delimiter, or give the column a header.",
    ),
    Rule(
        "too_few_cells",
        None,
        lambda frame: frame["cut_short"],
        "The row ends after {cells} of {width} cells, before all the columns that a payout is made of.",
        "Complete the row, or save the sheet again: the file may be cut off.",
    ),
    Rule(
        "totals_row",
        None,
        lambda frame: frame["is_total"],
        "The row looks like a total, not like a payout.",
        "Take it out of the sheet, or begin the row with something else.",
    ),
)

REFERENCE_RULES = (
    Rule(
        "reference_duplicate",
        "reference",
        _filled("reference_peers"),
        "The reference {reference_read} is also on {reference_peers}.",
        "Give each payout its own reference, or delete the row that is there twice.",
        even_if_misshapen=True,
    ),
    Rule(
        "reference_lookalike",
        "reference",
        _filled("reference_lookalikes"),
        "The reference {reference_read} looks like another one, on {reference_lookalikes}.",
        "Write them alike if they are one payout, and quite differently if they are two.",
        even_if_misshapen=True,
    ),
    Rule(
        "reference_scientific",
        "reference",
        _matching("reference", r"[0-9](?:[.,][0-9]+)?E\+[0-9]{2,}"),
        "A spreadsheet has shortened this reference to {reference_read}, and its digits are lost.",
        "Set the column to 'Text', enter the references again, and save the sheet.",
    ),
    Rule(
        "reference_invisible",
        "reference",
        _filled("reference_invisible"),
        "The reference contains a character that nobody sees, {reference_invisible}.",
        "Type the reference anew rather than pasting it.",
    ),
    Rule(
        "reference_too_long",
        "reference",
        lambda frame: frame["reference_read"].str.len() > MAX_REFERENCE,
        f"The reference is longer than {MAX_REFERENCE} characters.",
        "Shorten it, and keep it different from the others.",
    ),
)

AMOUNT_RULES = (
    Rule(
        "amount_missing",
        "amount",
        _is("amount_fault", "missing"),
        "The amount is missing.",
        "Enter what is to be paid.",
    ),
    Rule(
        "amount_ambiguous",
        "amount",
        _is("amount_fault", "ambiguous"),
        "The amount has two readings, {amount_words}, and no other amount of the column shows which is meant.",
        "Write it with two decimals and no thousands mark.",
    ),
    Rule(
        "amount_mixed_marks",
        "amount",
        _is("amount_fault", "mixed"),
        "The amount is written with {amount_words}.",
        "Write the whole column in one way.",
    ),
    Rule(
        "amount_negative",
        "amount",
        _is("amount_fault", "negative"),
        "The amount is negative.",
        "Enter what is to be paid, or take the row out: batcher takes no money back.",
    ),
    Rule(
        "amount_has_currency",
        "amount",
        _is("amount_fault", "has_currency"),
        "The amount has a currency in its cell.",
        "Write {amount_words} alone, and the currency in its own column.",
    ),
    Rule(
        "amount_not_a_number",
        "amount",
        _is("amount_fault", "not_a_number"),
        "This is no amount.",
        "Write digits with at most one decimal mark, such as 12.50.",
    ),
    Rule(
        "amount_zero",
        "amount",
        _amount(lambda amount: amount == 0),
        "The amount is zero.",
        "Enter it, or delete the row.",
    ),
    Rule(
        "amount_too_small",
        "amount",
        _amount(lambda amount: amount < MIN_AMOUNT),
        f"The amount is below {MIN_AMOUNT}, the least that can be paid.",
        "Enter at least that much.",
    ),
    Rule(
        "amount_too_large",
        "amount",
        _amount(lambda amount: amount > MAX_AMOUNT),
        f"The amount is above {MAX_AMOUNT:,}, the most that batcher takes.",
        "Check the digits, or split the payout.",
    ),
    Rule(
        "amount_too_many_decimals",
        "amount",
        _too_many_decimals,
        "The amount has {decimals} decimals, and {currency} has {units}.",
        "Round it yourself: batcher rounds nothing.",
    ),
    Rule(
        "amount_not_whole",
        "amount",
        lambda frame: frame["whole_only"] & (frame["decimals"] > 0),
        "Several products, or a template, take whole amounts only.",
        "Enter a whole amount, or name a single product.",
    ),
)

CURRENCY_RULES = (
    Rule(
        "currency_missing",
        "currency",
        _is("currency", ""),
        "The currency is missing.",
        "Enter its code, such as GBP, or set one for all rows under [defaults] in the config.",
    ),
    Rule(
        "currency_unknown",
        "currency",
        _unknown("currency", "units"),
        "{currency} is no currency of ISO 4217.",
        "Enter the code of three letters, such as GBP or EUR.",
    ),
)

PRODUCT_RULES = (
    Rule(
        "product_missing",
        "product",
        _is("product_fault", "missing"),
        "The product is missing.",
        "Enter its code, such as AMZ-GB, or set one for all rows under [defaults] in the config.",
    ),
    Rule(
        "product_malformed",
        "product",
        _is("product_fault", "malformed"),
        "This is no product code.",
        "Enter one code such as AMZ-GB, several with | between them, or a template that begins with PT-.",
    ),
    Rule(
        "product_repeated",
        "product",
        _is("product_fault", "repeated"),
        "The same product is named twice.",
        "Name each product once.",
    ),
    Rule(
        "product_template_mixed",
        "product",
        _is("product_fault", "mixed"),
        "A template stands beside other products.",
        "Enter the template alone, or the products alone.",
    ),
)

DELIVERY_RULES = (
    Rule(
        "distribution_missing",
        "distribution",
        _is("distribution", ""),
        "The delivery is missing.",
        "Enter EMAIL, PAYOUT_LINK or RECIPIENT, or set one for all rows under [defaults] in the config.",
    ),
    Rule(
        "distribution_unknown",
        "distribution",
        _unknown("distribution", "method"),
        "This is no way to deliver a payout.",
        "Enter EMAIL, PAYOUT_LINK or RECIPIENT.",
    ),
    Rule(
        "email_missing",
        "email",
        _lacks("email", _MAIL_NEEDED),
        "The e-mail address is missing, and a delivery by {distribution} needs one.",
        "Enter the address.",
    ),
    Rule(
        "email_invalid",
        "email",
        _unknown("email", "email_read"),
        "No mail can reach this address: {email_reason}.",
        "Enter one address, such as ann@example.com.",
    ),
    Rule(
        "link_without_owner",
        "email",
        _link_without_owner,
        "Nothing says whose payout link this is.",
        "Give the row a reference or an e-mail address.",
    ),
    Rule(
        "recipient_reference_missing",
        "recipient_reference",
        _lacks("recipient_reference", {Distribution.RECIPIENT}),
        "The recipient reference is missing, and a delivery by {distribution} needs one.",
        "Enter who the recipient is in your books.",
    ),
    Rule(
        "recipient_reference_invalid",
        "recipient_reference",
        _not_matching("recipient_reference", rf"[A-Za-z0-9_@.-]{{1,{MAX_RECIPIENT_REFERENCE}}}"),
        f"A recipient reference has at most {MAX_RECIPIENT_REFERENCE} letters, digits and the signs - _ @ .",
        "Write it without other characters.",
    ),
    Rule(
        "template_invalid",
        "template",
        _not_matching("template", TEMPLATE_PATTERN),
        "This is no template.",
        "Copy the template's id from Runa's portal, or leave the cell empty.",
    ),
)


def _spreadsheet_error(column: str) -> Rule:
    return Rule(
        "spreadsheet_error",
        column,
        _matching(column, r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!|#+)"),
        f"The spreadsheet could not work out the {WORDS[column]}.",
        "Mend the formula, or widen the column if it shows only #, and save the sheet again.",
    )


REQUIRED_REFERENCE = Rule(
    "reference_missing",
    "reference",
    _is("reference_read", ""),
    "The reference is missing, and the config requires one.",
    "Give each payout its own reference.",
)

REPEATED = Rule(
    "row_repeated",
    None,
    _filled("identity_peers"),
    "The row asks for the same as {identity_peers}.",
    "Give each a reference if both are meant, else delete one.",
)
"""Asked last, of rows without a reference and without any other problem: only they have an identity by content."""

RULES = (
    *SHAPE_RULES,
    *(_spreadsheet_error(column) for column in FIELDS),
    *REFERENCE_RULES,
    *AMOUNT_RULES,
    *CURRENCY_RULES,
    *PRODUCT_RULES,
    *DELIVERY_RULES,
)

ROW_KINDS = frozenset(rule.kind for rule in (*RULES, REQUIRED_REFERENCE, REPEATED))
"""Every kind of problem that a row can have."""


def rules_for(*, require_reference: bool) -> tuple[Rule, ...]:
    """The rules that are asked of each row by itself."""
    return (*RULES, REQUIRED_REFERENCE) if require_reference else RULES
