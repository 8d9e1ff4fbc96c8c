"""How a file is read, told before any payout is judged."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.errors import InputInvalid, UsageError
from batcher.intake import Outline, ReadOptions, read_outline
from tests.intake.sheets import HEADER, UNHURRIED, as_text, read_text, row


def outline(folder: Path, text: str, **options: object) -> Outline:
    path = folder / "sheet.csv"
    path.write_text(text, encoding="utf-8", newline="")
    return read_outline(path, ReadOptions(**options))  # type: ignore[arg-type]


def cells(found: Outline) -> list[tuple[int, tuple[str, ...]]]:
    return [(record.line, record.cells) for record in found.records]


def kinds(found: Outline) -> list[tuple[int | None, str]]:
    return [(doubt.line, doubt.kind) for doubt in found.doubts]


def refused(folder: Path, text: str, **options: object) -> tuple[str, int | None]:
    with pytest.raises(InputInvalid) as caught:
        outline(folder, text, **options)
    (problem,) = caught.value.problems
    return problem.kind, problem.line


def test_a_good_sheet_is_read_as_a_run_reads_it_and_leaves_no_doubt(tmp_path: Path) -> None:
    text = as_text([HEADER, row("R1"), row("R2", note="a,b")])
    found, sheet = outline(tmp_path, text), read_text(tmp_path, text)
    assert cells(found) == [(one.line, one.cells) for one in sheet.rows]
    assert (found.encoding, found.delimiter, found.header.titles) == (sheet.encoding, sheet.delimiter, sheet.columns)
    assert (found.header.line, sheet.header_line, kinds(found)) == (1, 1, [])


def test_lines_count_as_a_spreadsheet_counts_them(tmp_path: Path) -> None:
    text = "\n\n" + as_text([HEADER, row("R1", note="two\nlines")]) + "\n" + as_text([row("R2")])
    found = outline(tmp_path, text)
    assert (found.header.line, [record.line for record in found.records]) == (3, [4, 6])
    assert read_text(tmp_path, text).header_line == 3


def test_cells_are_not_cleaned(tmp_path: Path) -> None:
    messy = row(" R1 ", amount=" 1O ", currency="gbp", email="", note="\ttab, zero\u200bwidth ")
    assert cells(outline(tmp_path, as_text([HEADER, messy]))) == [(2, tuple(messy))]


def test_the_apostrophe_that_keeps_a_formula_from_running_is_shown_and_comes_off_where_rows_are_taken(
    tmp_path: Path,
) -> None:
    text = as_text([HEADER, row(note="'=1+1"), row("R2", note="'quoted"), row("R3", note="=1+1")])
    assert [record.cells[-1] for record in outline(tmp_path, text).records] == ["'=1+1", "'quoted", "=1+1"]
    assert [one.cells[-1] for one in read_text(tmp_path, text).rows] == ["=1+1", "'quoted", "=1+1"]


def test_a_row_has_a_cell_for_each_column_and_loses_none_that_holds_something(tmp_path: Path) -> None:
    text = "amount,note\n1\n1,a,\n1,a,,b\n"
    found = outline(tmp_path, text)
    assert [record.cells for record in found.records] == [("1", ""), ("1", "a"), ("1", "a", "", "b")]


def test_a_sheet_whose_rows_are_all_invalid_is_shown(tmp_path: Path) -> None:
    text = as_text([HEADER, row("R1", amount="x"), row("R1", currency="?", product="", distribution="pigeon")])
    found = outline(tmp_path, text)
    assert len(list(found.records)) == 2
    assert all(one.payout is None for one in read_text(tmp_path, text).rows)
    assert kinds(found) == []


def test_columns_that_payouts_need_are_doubts_each_of_them(tmp_path: Path) -> None:
    found = outline(tmp_path, "Name,Delivery,Amount\nJo,email,5\n")
    assert cells(found) == [(2, ("Jo", "email", "5"))]
    assert [doubt.message.partition(";")[0] for doubt in found.doubts] == [
        "The sheet has no column for the currency",
        "The sheet has no column for the product",
        "The sheet has no column for the e-mail address",
    ]


def test_a_sheet_with_no_column_of_ours_is_shown(tmp_path: Path) -> None:
    found = outline(tmp_path, "Name,Town\nJo,Ulm\n", columns={"amount": "Sum"}, currency="GBP")
    assert (cells(found), found.header.places) == ([(2, ("Jo", "Ulm"))], {})
    assert kinds(found) == [(1, "column_missing")] * 4


def test_a_shape_that_is_odd_is_a_doubt_once_for_all_its_rows(tmp_path: Path) -> None:
    rows = [row("R1"), [*row("R2"), "more"], row("R3")[:3], [*row("R4"), "more"], [*row("R5"), "more"]]
    found = outline(tmp_path, as_text([HEADER, *rows]))
    assert kinds(found) == [(3, "too_many_cells"), (4, "too_few_cells")]
    assert found.doubts[0].message.endswith("(And so in 2 more rows.)")


def test_letters_that_the_file_does_not_name_are_a_doubt(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes(as_text([HEADER, row("Zoë")]).encode("cp1252"))
    found = read_outline(path, ReadOptions())
    assert (found.encoding, kinds(found)) == ("cp1252", [(2, "encoding_assumed")])


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        ("", "file_empty", None),
        ('amount,note\n1,"a', "quote_unclosed", 2),
        ('\namount,note\n1,"a" or "b"\n', "quote_stray", 3),
        ("a,b;c\n1,2;3\n", "delimiter_ambiguous", 1),
    ],
)
def test_a_file_without_one_meaning_is_refused(tmp_path: Path, text: str, kind: str, line: int | None) -> None:
    assert refused(tmp_path, text) == (kind, line)


@pytest.mark.parametrize(
    ("text", "kind", "line", "records"),
    [
        ("amount,Amount\n1,2\n", "column_repeated", 1, [(2, ("1", "2"))]),
        ("\namount,value\n1,2\n", "column_ambiguous", 2, [(3, ("1", "2"))]),
        ("amount,note,\n1,,x\n", "column_unnamed", 1, [(2, ("1", "", "x"))]),
    ],
)
def test_columns_without_one_meaning_are_a_doubt_and_their_cells_are_shown(
    tmp_path: Path, text: str, kind: str, line: int, records: list[tuple[int, tuple[str, ...]]]
) -> None:
    found = outline(tmp_path, text)
    assert (line, kind) in kinds(found)
    assert cells(found) == records


def test_a_delimiter_at_the_end_of_each_row_is_no_second_reading(tmp_path: Path) -> None:
    assert cells(outline(tmp_path, "amount,\n1,\n")) == [(2, ("1", ""))]


def test_a_header_alone_is_shown_with_a_doubt(tmp_path: Path) -> None:
    found = outline(tmp_path, "amount,currency\n")
    assert (found.header.titles, cells(found)) == (("amount", "currency"), [])
    assert (1, "no_payouts") in kinds(found)


def test_the_configs_names_of_columns_count(tmp_path: Path) -> None:
    found = outline(tmp_path, "Sum,Value\n1,2\n", columns={"amount": "Sum"})
    assert found.header.places == {"amount": 0}
    with pytest.raises(UsageError, match="names 'amounts'"):
        outline(tmp_path, "Sum,Value\n1,2\n", columns={"amounts": "Sum"})


plain = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\x00'"), max_size=8)


@UNHURRIED
@given(rows=st.lists(st.tuples(plain, plain, plain), min_size=1, max_size=5))
def test_cells_are_those_that_were_written(tmp_path: Path, rows: list[tuple[str, str, str]]) -> None:
    path = tmp_path / "sheet.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("amount", "note", "name"), *rows])
    written = [(line, row) for line, row in enumerate(rows, start=2) if any(cell.strip() for cell in row)]
    if written:
        assert cells(read_outline(path, ReadOptions())) == written
