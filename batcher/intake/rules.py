"""Every rule that a row must keep, as a table: the mask of its offenders, with words for each.

Rules of one column stand in order, and a cell is told the first that it breaks. A row whose shape is wrong is told only
that: which cell belongs where is not known. Words in braces come from the columns of `batcher.intake.columns`.
"""

from dataclasses import dataclass

from batcher.intake import masks
from batcher.intake.header import FIELDS, WORDS
from batcher.intake.masks import Offenders
from batcher.intake.paid import MAX_AMOUNT, MIN_AMOUNT
from batcher.model import Distribution

MAX_REFERENCE = 100
MAX_RECIPIENT_REFERENCE = 255
TEMPLATE_PATTERN = r"[A-Za-z0-9_.-]{1,100}"

_MAIL_NEEDED = (Distribution.EMAIL, Distribution.RECIPIENT)


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that a row must not do."""

    kind: str
    """The stable word that scripts get."""
    column: str | None
    """Ours; `None` where the row as a whole is wrong."""
    offenders: Offenders
    message: str
    fix: str
    even_if_misshapen: bool = False
    """Asked also of rows whose shape is wrong."""


SHAPE_RULES = (
    Rule(
        "control_character",
        None,
        masks.filled("control"),
        "The row holds the control character {control}, which no spreadsheet shows.",
        "Type the cell anew, or save the sheet again as 'CSV UTF-8'.",
    ),
    Rule(
        "quote_swallows_rows",
        None,
        masks.true("swallowed"),
        "A quoted cell of this row runs on over lines that look like rows of their own.",
        "Close the quote where the cell ends, or take the line breaks out of the cell.",
    ),
    Rule(
        "too_many_cells",
        None,
        masks.filled("surplus"),
        "The row has {cells} cells and the header {width}; left over is {surplus}.",
        "Put quotes around a cell that contains the delimiter, or give the column a header.",
    ),
    Rule(
        "too_many_cells",
        None,
        masks.true("shifted"),
        "The row has {cells} cells and the header {width}: a delimiter too many may stand anywhere in it.",
        "Put quotes around a cell that contains the delimiter, or take the empty cells away.",
    ),
    Rule(
        "header_repeated",
        None,
        masks.equal("row_kind", "header_again"),
        "The row names the columns once more.",
        "Take it out of the sheet.",
    ),
    Rule(
        "second_table",
        None,
        masks.equal("row_kind", "other_header"),
        "The row names columns in another way than the header: a second table begins here.",
        "Put each table into a sheet of its own, or bring the columns into one order.",
    ),
    Rule(
        "totals_row",
        None,
        masks.equal("row_kind", "total"),
        "The row looks like a total, not like a payout.",
        "Take it out of the sheet, or begin the row with something else.",
    ),
    Rule(
        "too_few_cells",
        None,
        masks.true("cut_short"),
        "The row ends after {cells} of {width} cells: one may be missing anywhere in it.",
        "Complete the row, or save the sheet again: the file may be cut off.",
    ),
    Rule(
        "amount_torn",
        None,
        masks.filled("torn"),
        "Row {torn} beside this one is nothing but a number: a line end may stand within the amount.",
        "Put the amount into one line, or take that row out.",
    ),
    Rule(
        "note_row",
        None,
        masks.equal("row_kind", "note"),
        "Of all that a payout is made of, the row has one cell at most: it looks like a note.",
        "Take it out of the sheet, or complete the row.",
    ),
    Rule(
        "below_second_table",
        None,
        masks.true("below_header"),
        "The row stands below a second header, in row {second_header}, that names other columns.",
        "Put each table into a sheet of its own, or bring the columns into one order.",
    ),
)

REFERENCE_RULES = (
    Rule(
        "reference_duplicate",
        "reference",
        masks.filled("reference_peers"),
        "The reference {reference_read} is also on {reference_peers}.",
        "Give each payout its own reference, or delete the row that is there twice.",
        even_if_misshapen=True,
    ),
    Rule(
        "reference_lookalike",
        "reference",
        masks.filled("reference_lookalikes"),
        "The reference {reference_read} looks like another one, on {reference_lookalikes}.",
        "Write them alike if they are one payout, and quite differently if they are two.",
        even_if_misshapen=True,
    ),
    Rule(
        "reference_scientific",
        "reference",
        masks.matching("reference", r"[0-9](?:[.,][0-9]+)?E\+[0-9]{2,}", "E+"),
        "A spreadsheet has shortened this reference to {reference_read}, and its digits are lost.",
        "Set the column to 'Text', enter the references again, and save the sheet.",
    ),
    Rule(
        "reference_invisible",
        "reference",
        masks.filled("reference_invisible"),
        "The reference contains a character that nobody sees, {reference_invisible}.",
        "Type the reference anew rather than pasting it.",
    ),
    Rule(
        "reference_too_long",
        "reference",
        masks.longer("reference_read", MAX_REFERENCE),
        f"The reference is longer than {MAX_REFERENCE} characters.",
        "Shorten it, and keep it different from the others.",
    ),
)

AMOUNT_RULES = (
    Rule(
        "amount_missing",
        "amount",
        masks.equal("amount_fault", "missing"),
        "The amount is missing.",
        "Enter what is to be paid.",
    ),
    Rule(
        "amount_ambiguous",
        "amount",
        masks.equal("amount_fault", "ambiguous"),
        "The amount has two readings, {amount_words}, and its column does not show which is meant.",
        "Write it with two decimals and no thousands mark, or say --decimal point or --decimal comma.",
    ),
    Rule(
        "amount_mixed_marks",
        "amount",
        masks.equal("amount_fault", "mixed"),
        "The amount is written with {amount_words}.",
        "Write the whole column in one way.",
    ),
    Rule(
        "amount_contradicts_decimal",
        "amount",
        masks.equal("amount_fault", "contradicts_declared"),
        "The amount is written with {amount_words}.",
        "Write it like the others, or say another --decimal.",
    ),
    Rule(
        "amount_negative",
        "amount",
        masks.equal("amount_fault", "negative"),
        "The amount is negative.",
        "Enter what is to be paid, or take the row out: batcher takes no money back.",
    ),
    Rule(
        "amount_other_currency",
        "amount",
        masks.true("currency_conflict"),
        "The amount is written with {currency_said}, and the row is in {currency}.",
        "Make both say the same.",
    ),
    Rule(
        "amount_not_a_number",
        "amount",
        masks.equal("amount_fault", "not_a_number"),
        "This is no amount: {amount_words}.",
        "Write digits with at most one decimal mark, such as 12.50.",
    ),
    Rule(
        "amount_zero",
        "amount",
        masks.equal("amount_size", "zero"),
        "The amount is zero.",
        "Enter it, or delete the row.",
    ),
    Rule(
        "amount_too_small",
        "amount",
        masks.equal("amount_size", "small"),
        f"The amount is below {MIN_AMOUNT}, the least that can be paid.",
        "Enter at least that much.",
    ),
    Rule(
        "amount_too_large",
        "amount",
        masks.equal("amount_size", "large"),
        f"The amount is above {MAX_AMOUNT:,}, the most that batcher takes.",
        "Check the digits, or split the payout.",
    ),
    Rule(
        "amount_too_many_decimals",
        "amount",
        masks.too_many_decimals,
        "The amount has {decimals} decimals, and {currency} has {units}.",
        "Round it yourself: batcher rounds nothing.",
    ),
    Rule(
        "amount_above_ceiling",
        "amount",
        masks.filled("ceiling"),
        "The amount is above {ceiling}, the most that the config lets one row pay.",
        "Check the digits, split the payout, or raise the ceiling under [input] in the config.",
    ),
    Rule(
        "amount_split",
        "amount",
        masks.filled("split_rest"),
        "The amount is followed by {split_rest} in the next column: a comma inside it may have divided it.",
        "Put quotes around amounts that contain a comma, or write this one with its decimals.",
    ),
    Rule(
        "amount_not_whole",
        "amount",
        masks.not_whole,
        "Several products, or a template, take whole amounts only.",
        "Enter a whole amount, or name a single product.",
    ),
)

CURRENCY_RULES = (
    Rule(
        "currency_missing",
        "currency",
        masks.equal("currency", ""),
        "The currency is missing.",
        "Enter its code, such as GBP, or set one for all rows under [defaults] in the config.",
    ),
    Rule(
        "currency_unknown",
        "currency",
        masks.no_currency,
        "{currency} is no currency of ISO 4217.",
        "Enter the code of three letters, such as GBP or EUR.",
    ),
)

PRODUCT_RULES = (
    Rule(
        "product_missing",
        "product",
        masks.equal("product_fault", "missing"),
        "The product is missing.",
        "Enter its code, such as AMZ-GB, or set one for all rows under [defaults] in the config.",
    ),
    Rule(
        "product_malformed",
        "product",
        masks.equal("product_fault", "malformed"),
        "This is no product code.",
        "Enter one code such as AMZ-GB, several with | between them, or a template that begins with PT-.",
    ),
    Rule(
        "product_repeated",
        "product",
        masks.equal("product_fault", "repeated"),
        "The same product is named twice.",
        "Name each product once.",
    ),
    Rule(
        "product_template_mixed",
        "product",
        masks.equal("product_fault", "mixed"),
        "A template stands beside other products.",
        "Enter the template alone, or the products alone.",
    ),
)

DELIVERY_RULES = (
    Rule(
        "distribution_missing",
        "distribution",
        masks.equal("distribution", ""),
        "The delivery is missing.",
        "Enter EMAIL, PAYOUT_LINK or RECIPIENT, or set one for all rows under [defaults] in the config.",
    ),
    Rule(
        "distribution_unknown",
        "distribution",
        masks.no_delivery,
        "This is no way to deliver a payout.",
        "Enter EMAIL, PAYOUT_LINK or RECIPIENT.",
    ),
    Rule(
        "email_missing",
        "email",
        masks.lacks("email", _MAIL_NEEDED),
        "The e-mail address is missing, and a delivery by {distribution} needs one.",
        "Enter the address.",
    ),
    Rule(
        "email_invalid",
        "email",
        masks.true("email_bad"),
        "No mail can reach this address: {email_reason}.",
        "Enter one address, such as ann@example.com.",
    ),
    Rule(
        "recipient_repeated",
        "email",
        masks.filled("recipient_peers"),
        "The address is also on {recipient_peers}.",
        "Take out what is there twice, or allow it with same_recipient under [input] in the config.",
    ),
    Rule(
        "link_without_owner",
        "email",
        masks.link_without_owner,
        "Nothing says whose payout link this is.",
        "Give the row a reference or an e-mail address.",
    ),
    Rule(
        "recipient_reference_missing",
        "recipient_reference",
        masks.lacks("recipient_reference", (Distribution.RECIPIENT,)),
        "The recipient reference is missing, and a delivery by {distribution} needs one.",
        "Enter who the recipient is in your books.",
    ),
    Rule(
        "recipient_reference_invalid",
        "recipient_reference",
        masks.not_matching("recipient_reference", rf"[A-Za-z0-9_@.-]{{1,{MAX_RECIPIENT_REFERENCE}}}"),
        f"A recipient reference has at most {MAX_RECIPIENT_REFERENCE} letters, digits and the signs - _ @ .",
        "Write it without other characters.",
    ),
    Rule(
        "template_invalid",
        "template",
        masks.not_matching("template", TEMPLATE_PATTERN),
        "This is no template.",
        "Copy the template's id from Runa's portal, or leave the cell empty.",
    ),
)


ODD_CELL = "cell_odd"
"""Stands for whatever kind the reader of the workbook has found."""


def _odd_cell(column: str) -> Rule:
    """What a cell of a workbook cannot be taken for; the reader of the workbook has the words."""
    return Rule(
        ODD_CELL,
        column,
        masks.filled(f"odd_{column}"),
        f"{{odd_{column}_message}}",
        f"{{odd_{column}_fix}}",
    )


def _spreadsheet_error(column: str) -> Rule:
    return Rule(
        "spreadsheet_error",
        column,
        masks.matching(column, r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!|#+)", "#"),
        f"The spreadsheet could not work out the {WORDS[column]}.",
        "Mend the formula, or widen the column if it shows only #, and save the sheet again.",
    )


REQUIRED_REFERENCE = Rule(
    "reference_missing",
    "reference",
    masks.equal("reference_read", ""),
    "The reference is missing, and the config requires one.",
    "Give each payout its own reference.",
)

REPEATED = Rule(
    "row_repeated",
    None,
    masks.filled("identity_peers"),
    "The row asks for the same as {identity_peers}.",
    "Give each a reference if both are meant, else delete one.",
)
"""Asked last, of rows without a reference and without any other problem: only they have an identity by content."""

RULES = (
    *SHAPE_RULES,
    *(_odd_cell(column) for column in FIELDS),
    *(_spreadsheet_error(column) for column in FIELDS),
    *REFERENCE_RULES,
    *AMOUNT_RULES,
    *CURRENCY_RULES,
    *PRODUCT_RULES,
    *DELIVERY_RULES,
)

ROW_KINDS = frozenset(rule.kind for rule in (*RULES, REQUIRED_REFERENCE, REPEATED)) - {ODD_CELL}
"""Every kind of problem that a row of a CSV can have; cells of workbooks have their own."""


def rules_for(*, require_reference: bool) -> tuple[Rule, ...]:
    """The rules that are asked of each row by itself."""
    return (*RULES, REQUIRED_REFERENCE) if require_reference else RULES
