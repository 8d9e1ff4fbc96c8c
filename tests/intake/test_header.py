"""Which column is which, whatever it is called and wherever it stands."""

from pathlib import Path

import pytest

from batcher.errors import InputInvalid, UsageError
from batcher.intake.header import ALIASES, FIELDS, simplified
from batcher.model import Sheet
from tests.intake.sheets import HEADER, as_text, payouts, read_text, row

DEFAULTS = {"currency": "gbp", "product": "AMZ-GB", "distribution": "payout link", "template": "T1"}


def refused(folder: Path, text: str, **options: object) -> tuple[str, str, str]:
    with pytest.raises(InputInvalid) as caught:
        read_text(folder, text, **options)
    (problem,) = caught.value.problems
    return problem.kind, problem.message, problem.fix


def read(folder: Path, titles: list[str], cells: list[str], **options: object) -> Sheet:
    return read_text(folder, as_text([titles, cells]), **options)


@pytest.mark.parametrize(
    "titles",
    [
        ["REFERENCE", "AMOUNT", "CURRENCY", "PRODUCT", "DISTRIBUTION", "EMAIL"],
        [" payout_reference ", "Face value", "Currency code", "Product-Code", "Delivery method", "E-mail"],
        ["Ref.", "Value", "CCY", "Products", "Delivery", "Email\naddress"],
        ["Payment ID", "payoutAmount", "currency_code", "product_codes", "distribution_method", "Recipient e-mail"],
    ],
)
def test_columns_are_known_by_the_names_people_use(tmp_path: Path, titles: list[str]) -> None:
    sheet = read(tmp_path, titles, row()[:6])
    usual = read(tmp_path, list(HEADER), row())
    assert payouts(sheet) == payouts(usual)
    assert sheet.columns == tuple(titles)


def test_no_name_has_two_meanings() -> None:
    names = [simplified(alias) for ours in FIELDS for alias in dict.fromkeys(map(simplified, ALIASES[ours]))]
    assert len(names) == len(set(names))
    assert set(ALIASES) == set(FIELDS)


@pytest.mark.parametrize(
    "title", ["Employee ID", "ID", "Price", "Total", "Status", "Name", "row", "order_id", "template name"]
)
def test_a_name_that_could_mean_something_else_passes_through(tmp_path: Path, title: str) -> None:
    sheet = read(tmp_path, [*HEADER[:-1], title], row(note="7"))
    assert payouts(sheet) == payouts(read(tmp_path, list(HEADER), row()))
    assert sheet.rows[0].cells[-1] == "7"


def test_a_results_file_reads_as_the_sheet_that_it_came_from(tmp_path: Path) -> None:
    added = ["row", "status", "order_id", "redemption_url", "payout_status", "expiry_date", "price", "error_type"]
    added += ["error_message", "attempts", "idempotency_key", "submitted_at", "completed_at"]
    text = as_text([[*HEADER, *added], [*row(note="'=1+1"), "2", "COMPLETED", *[""] * (len(added) - 2)]])
    sheet = read_text(tmp_path, "\ufeff" + text)
    assert payouts(sheet) == payouts(read(tmp_path, list(HEADER), row()))
    assert sheet.columns[-len(added) :] == tuple(added)
    assert sheet.rows[0].cells[8:11] == ("=1+1", "2", "COMPLETED")


def test_one_apostrophe_comes_off_only_before_what_a_spreadsheet_would_run(tmp_path: Path) -> None:
    titles = ["Reference", "Amount", "a", "b", "c"]
    sheet = read(tmp_path, titles, ["'@one", "'12", "'tis", "''=x", "'+44"], **DEFAULTS)
    assert sheet.rows[0].cells == ("@one", "'12", "'tis", "''=x", "+44")
    assert sheet.rows[0].reference == "@one"


def test_the_config_names_a_column_and_wins(tmp_path: Path) -> None:
    titles, cells = ["Reference", "Amount", "Net due"], ["R1", "99", "12"]
    assert str(payouts(read(tmp_path, titles, cells, **DEFAULTS))[0].amount) == "99.00"
    mapped = read(tmp_path, titles, cells, columns={"amount": "net DUE"}, **DEFAULTS)
    assert str(payouts(mapped)[0].amount) == "12.00"


def test_a_column_that_the_config_names_is_nothing_else(tmp_path: Path) -> None:
    titles, cells = ["Email", "Amount"], ["ann@example.com", "12"]
    (payout,) = payouts(read(tmp_path, titles, cells, columns={"reference": "Email"}, **DEFAULTS))
    assert (payout.reference, payout.email) == ("ann@example.com", None)


def test_of_two_names_that_are_alike_the_one_that_is_named_to_the_letter_counts(tmp_path: Path) -> None:
    text = as_text([[*HEADER, "E-Mail"], [*row(), "other@example.com"]])
    assert refused(tmp_path, text)[0] == "column_ambiguous"
    assert refused(tmp_path, text, columns={"email": "e mail"})[0] == "column_ambiguous"
    (payout,) = payouts(read_text(tmp_path, text, columns={"email": "E-Mail"}))
    assert payout.email == "other@example.com"


def test_a_column_of_ours_that_is_said_not_to_be_there_passes_through(tmp_path: Path) -> None:
    text = as_text([[*HEADER, "Template ID"], [*row(), "in blue"]])
    (payout,) = payouts(read_text(tmp_path, text, unused=frozenset({"template"})))
    assert payout.template is None
    assert refused(tmp_path, as_text([list(HEADER), row()]), unused=frozenset({"amount"}))[0] == "column_missing"


def test_a_column_that_the_config_names_and_the_sheet_lacks(tmp_path: Path) -> None:
    kind, message, fix = refused(tmp_path, "reference,amount\nR1,12\n", columns={"amount": "Net due"}, **DEFAULTS)
    assert kind == "column_missing"
    assert message == "The config says that 'Net due' is the amount, but the columns are 'reference' and 'amount'."
    assert fix == 'Rename the column, or mend amount = "Net due" under [columns] in the config.'


@pytest.mark.parametrize("columns", [{"sum": "Amount"}, {"amount": "A", "email": "a"}, {"amount": " "}])
def test_a_mapping_that_makes_no_sense_is_a_matter_of_the_config(tmp_path: Path, columns: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=r"\[columns\]"):
        read(tmp_path, ["Reference", "Amount"], ["R1", "12"], columns=columns, **DEFAULTS)


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("amount,value\n1,2\n", "column_ambiguous", "Several columns could be the amount: 'amount' and 'value'."),
        ("amount,Tip,tip \n1,2,3\n", "column_repeated", "Two columns have the same header, 'Tip' and 'tip'."),
        ("reference,amount,\n1,2,3\n", "column_unnamed", "Column C has no header but holds '3'."),
        ("amount,no\x07te\n1,2\n", "column_unreadable", "The header 'no\\x07te' contains a control character."),
        ("a,b\n1,2\n", "column_missing", "The sheet has no column for the amount; its header has 'a' and 'b'."),
    ],
)  # fmt: skip
def test_columns_that_cannot_be_told_apart(tmp_path: Path, text: str, kind: str, words: str) -> None:
    assert refused(tmp_path, text, **DEFAULTS)[:2] == (kind, words)


def test_empty_headers_over_nothing_are_what_spreadsheets_leave(tmp_path: Path) -> None:
    sheet = read_text(tmp_path, "reference,amount,,\n1,2,,\n", **DEFAULTS)
    assert len(payouts(sheet)) == 1
    assert sheet.columns == ("reference", "amount", "", "")


@pytest.mark.parametrize("lacking", ["currency", "product", "distribution"])
def test_what_is_neither_in_the_sheet_nor_in_the_defaults_is_asked_for(tmp_path: Path, lacking: str) -> None:
    defaults = {ours: text for ours, text in DEFAULTS.items() if ours != lacking}
    kind, message, fix = refused(tmp_path, "reference,amount\n1,2\n", **defaults)
    assert kind == "column_missing"
    assert message.startswith("The sheet has no column for the ")
    assert f'{lacking} = "…" under [defaults]' in fix


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("reference,amount\n1,2\n", {"distribution": "EMAIL"}, "e-mail address"),
        ("reference,amount,email\n1,2,a@example.com\n", {"distribution": "RECIPIENT"}, "recipient reference"),
        ("note,amount\n1,2\n", {}, "reference"),
        ("email,amount\na@example.com,2\n", {"require_reference": True}, "reference"),
    ],
)
def test_a_column_that_the_delivery_needs_is_asked_for_once(
    tmp_path: Path, text: str, options: dict[str, object], words: str
) -> None:
    kind, message, _ = refused(tmp_path, text, **(DEFAULTS | options))
    assert kind == "column_missing"
    assert message.startswith(f"The sheet has no column for the {words};")


def test_defaults_fill_in_empty_cells_and_no_others(tmp_path: Path) -> None:
    titles = ["reference", "amount", "currency", "product", "delivery", "template", "email"]
    text = as_text(
        [titles, ["A", "5", "", " ", "", "", ""], ["B", "5", "EUR", "AMZ-DE", "email", "T2", "b@example.com"]]
    )
    first, second = payouts(read_text(tmp_path, text, **DEFAULTS))
    assert (first.currency, first.products, first.distribution, first.template) == (
        "GBP",
        ("AMZ-GB",),
        "PAYOUT_LINK",
        "T1",
    )
    assert (second.currency, second.products, second.distribution, second.template) == (
        "EUR",
        ("AMZ-DE",),
        "EMAIL",
        "T2",
    )


@pytest.mark.parametrize(
    ("ours", "text"), [("currency", "POUND"), ("product", "A B"), ("distribution", "pigeon"), ("template", "a b")]
)
def test_a_default_that_no_row_could_have_is_a_matter_of_the_config(tmp_path: Path, ours: str, text: str) -> None:
    with pytest.raises(UsageError, match=rf"\[defaults\] in the config has {ours}"):
        read_text(tmp_path, "reference,amount\n1,2\n", **(DEFAULTS | {ours: text}))


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_every_cell_in_quotes(tmp_path: Path, delimiter: str) -> None:
    text = "\r\n".join(delimiter.join(f'"{cell}"' for cell in cells) for cells in (HEADER, row(note="a, b; c")))
    sheet = read_text(tmp_path, text)
    assert sheet.delimiter == delimiter
    assert sheet.rows[0].cells[-1] == "a, b; c"
    assert len(payouts(sheet)) == 1
