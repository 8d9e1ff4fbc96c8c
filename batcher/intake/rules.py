"""Every rule that a row must keep, as a table: the mask of its offenders, with words for each.

Rules of one column stand in order, and a cell is told the first that it breaks. A row whose shape is wrong is told only
that: which cell belongs where is not known. Words in braces come from the columns of `batcher.intake.columns`.
"""

from batcher.intake import masks
from batcher.intake.delivery import DELIVERY_RULES
from batcher.intake.header import FIELDS, WORDS
from batcher.intake.rule import Rule
from batcher.intake.worth import AMOUNT_RULES, CURRENCY_RULES, PRODUCT_RULES

MAX_REFERENCE = 100


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
