"""Files as spreadsheets save them: encodings, delimiters, line ends; and what is no sheet at all."""

import codecs
import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher import keys
from batcher.errors import InputInvalid
from batcher.intake import ReadOptions, read_sheet
from batcher.intake.facts import Facts
from batcher.intake.frame import Frame
from batcher.intake.header import Header
from batcher.intake.sheet import MAX_ROWS
from batcher.intake.sixteens import Sixteens
from batcher.intake.source import MAX_BYTES
from batcher.intake.text.csvtext import Dialect
from batcher.intake.text.quickly import Quickly
from batcher.intake.text.source import Held
from batcher.model import Payout, Sheet
from tests.intake.sheets import HEADER, UNHURRIED, as_text, payouts, read_bytes, read_rows, read_text, row

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252")

WORDS = st.lists(st.sampled_from(["abc", "café", "Müller", "Straße", "Øre", *",;|\t\"'.-=+@\n\r"]), max_size=6).map(
    " ".join
)
"""Words as people write them: what a letter is in a file that does not say so is told by its neighbours."""
ROWS = st.lists(
    st.builds(
        lambda amount, note, method, email: row(amount=amount, note=note, distribution=method, email=email),
        st.decimals(min_value="0.01", max_value="99999", places=2).map(str),
        WORDS,
        st.sampled_from(["EMAIL", "Payout link", "payout-link"]),
        st.sampled_from(["ann@example.com", "Bob@EXAMPLE.org", "zoé@example.net"]),
    ),
    min_size=1,
    max_size=8,
).map(lambda rows: [[f"R{place}", *cells[1:]] for place, cells in enumerate(rows)])


def refused(folder: Path, data: bytes, name: str = "sheet.csv") -> tuple[str, int | None]:
    path = folder / name
    path.write_bytes(data)
    with pytest.raises(InputInvalid) as caught:
        read_sheet(path, ReadOptions())
    (problem,) = caught.value.problems
    assert caught.value.exit_code == 5
    assert caught.value.message == problem.message
    assert caught.value.message.endswith(".")
    assert caught.value.fix
    return problem.kind, problem.line


def identities(found: list[Payout]) -> list[str]:
    return [keys.identity(payout) for payout in found]


@UNHURRIED
@given(ROWS, st.sampled_from(ENCODINGS), st.sampled_from(",;\t"), st.sampled_from(["\n", "\r\n", "\r"]))
def test_one_sheet_saved_in_any_way_is_the_same_payouts(
    tmp_path: Path, rows: list[list[str]], encoding: str, delimiter: str, line_end: str
) -> None:
    plain = read_rows(tmp_path, *rows)
    saved = read_bytes(tmp_path, as_text([HEADER, *rows], delimiter=delimiter, line_end=line_end).encode(encoding))
    assert [line.cells[-1] for line in plain.rows] == [line.cells[-1] for line in saved.rows]
    assert [(line.line, line.payout, line.problems) for line in saved.rows] == [
        (line.line, line.payout, line.problems) for line in plain.rows
    ]
    assert saved.delimiter == delimiter


@UNHURRIED
@given(st.data(), ROWS)
def test_shuffled_rows_and_columns_are_the_same_payouts(
    tmp_path: Path, data: st.DataObject, rows: list[list[str]]
) -> None:
    rows = [[*cells[:-1], "a note"] for cells in rows]
    order = data.draw(st.permutations(range(len(HEADER))))
    shuffled = [[cells[place] for place in order] for cells in data.draw(st.permutations(rows))]
    plain = payouts(read_rows(tmp_path, *rows))
    moved = payouts(read_text(tmp_path, as_text([[HEADER[place] for place in order], *shuffled])))
    assert sorted(map(repr, moved)) == sorted(map(repr, plain))
    assert sorted(identities(moved)) == sorted(identities(plain))


@pytest.mark.parametrize(
    ("encoding", "mark", "name"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8", codecs.BOM_UTF8, "utf-8-sig"),
        ("utf-16-le", codecs.BOM_UTF16_LE, "utf-16"),
        ("utf-16-be", codecs.BOM_UTF16_BE, "utf-16"),
        ("utf-16-le", b"", "utf-16-le"),
        ("utf-16-be", b"", "utf-16-be"),
        ("cp1252", b"", "cp1252"),
    ],
)
def test_the_encoding_is_found_by_evidence(tmp_path: Path, encoding: str, mark: bytes, name: str) -> None:
    data = mark + as_text([HEADER, row(note="Zoë: ½ €")]).encode(encoding)
    sheet = read_bytes(tmp_path, data)
    assert (sheet.encoding, sheet.rows[0].cells[-1]) == (name, "Zoë: ½ €")
    assert sheet.columns == HEADER
    assert sheet.digest == hashlib.sha256(data).hexdigest()
    assert sheet.warnings == ()


def test_letters_that_matter_in_an_assumed_encoding_are_shown(tmp_path: Path) -> None:
    sheet = read_bytes(tmp_path, as_text([HEADER, row("Café-1")]).encode("cp1252"))
    assert payouts(sheet)[0].reference == "Café-1"
    assert [warning.kind for warning in sheet.warnings] == ["encoding_assumed"]
    assert "Café-1" in sheet.warnings[0].message


@pytest.mark.parametrize(
    ("data", "kind", "line"),
    [
        (b"", "file_empty", None),
        (b"\r\n\r\n", "file_empty", None),
        (b"\xef\xbb\xbf", "file_empty", None),
        (as_text([HEADER]).encode(), "no_payouts", 1),
        (as_text([HEADER, [""] * 9]).encode(), "no_payouts", 1),
        (b"amount,note\n1,\x81 and \xe9\n", "encoding_unknown", 2),
        (b"\xef\xbb\xbfamount,\xe9", "encoding_damaged", None),
        (b"\xff\xfea", "encoding_damaged", None),
        (b"amount,\x00note\n1,2\n", "nul_bytes", 1),
        (b"amount\n1\n\x00\x00\x00", "nul_bytes", 3),
        (b"PK\x03\x04 a workbook", "file_damaged", None),
        (b"PAR1 a table", "file_damaged", None),
        (b"\xd0\xcf\x11\xe0 an old workbook", "file_not_workbook", None),
        (b"%PDF-1.7", "file_not_table", None),
        (b"\n<!DOCTYPE html><table>", "file_not_table", None),
        (as_text([HEADER, row()]).encode() + b'R2,"12.50,GBP\n\n', "quote_unclosed", 3),
        (as_text([HEADER, row()]).encode() + b'R2,"12.50"0,GBP\n', "quote_stray", 3),
        (as_text([HEADER, row(note="x" * 2_000_001)]).encode(), "cell_too_long", 2),
        (b"one,two\n1,2\n", "column_missing", 1),
        (b'{"amount": 1}', "no_payouts", 1),
        (",".join(["amount", *map(str, range(17_000))]).encode() + b"\n1\n", "too_many_columns", 1),
    ],
)
def test_what_is_no_sheet_is_refused_in_a_sentence(tmp_path: Path, data: bytes, kind: str, line: int | None) -> None:
    assert refused(tmp_path, data) == (kind, line)


@pytest.mark.parametrize("name", ["a.xlsx", "a.xls", "a.txt", "a"])
def test_what_a_file_is_its_bytes_say_and_not_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(as_text([HEADER, row()]).encode())
    assert len(payouts(read_sheet(path, ReadOptions()))) == 1


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    for path, kind in ((tmp_path / "none.csv", "file_missing"), (tmp_path, "file_is_folder")):
        with pytest.raises(InputInvalid) as caught:
            read_sheet(path, ReadOptions())
        assert caught.value.problems[0].kind == kind


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_file_of_somebody_else(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes(b"amount\n1\n")
    path.chmod(0)
    with pytest.raises(InputInvalid) as caught:
        read_sheet(path, ReadOptions())
    assert caught.value.problems[0].kind == "file_unreadable"


def test_the_size_is_bounded(tmp_path: Path) -> None:
    assert refused(tmp_path, b"PK\x03\x04" + b" " * MAX_BYTES)[0] == "file_too_large"
    header, rest = b"amount,currency,product,distribution,email\n", b"1,GBP,AMZ-GB,EMAIL,a@example.com\n"
    assert refused(tmp_path, header + rest * (MAX_ROWS + 1))[0] == "too_many_rows"


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_lines_are_numbered_as_a_spreadsheet_numbers_rows(tmp_path: Path, line_end: str) -> None:
    text = line_end.join(
        [
            "",
            as_text([HEADER], line_end=""),
            as_text([row("A", note=f"two{line_end}lines")], line_end=""),
            ",,,,,,,,",
            "",
            as_text([row("B")], line_end=""),
        ]
    )
    assert [(line.reference, line.line) for line in read_text(tmp_path, text).rows] == [("A", 3), ("B", 6)]


def test_a_header_with_two_divisions_that_both_fit_is_refused_and_both_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes(b"amount,a;amount\n1,2;3\n")
    with pytest.raises(InputInvalid) as caught:
        read_sheet(path, ReadOptions())
    assert caught.value.problems[0].kind == "delimiter_ambiguous"
    assert "'a;amount'" in caught.value.message
    assert "'amount,a'" in caught.value.message


def test_of_two_divisions_the_one_that_fits_every_row_counts(tmp_path: Path) -> None:
    options = {"currency": "GBP", "product": "AMZ-GB", "distribution": "PAYOUT_LINK"}
    sheet = read_text(tmp_path, "amount,x;amount\n5,R1\n", columns={"reference": "x;amount"}, **options)
    assert (sheet.delimiter, sheet.columns) == (",", ("amount", "x;amount"))
    assert payouts(sheet)[0].reference == "R1"


def shape_problems(sheet: Sheet) -> list[tuple[int | None, str]]:
    return [(problem.line, problem.kind) for problem in sheet.problems]


def test_ragged_rows(tmp_path: Path) -> None:
    good = as_text([row("A")], line_end="")
    text = "\n".join(
        [
            as_text([HEADER], line_end=""),
            good + ",,",
            good.replace("A,", "B,", 1) + ",surplus",
            good.replace("A,", "C,", 1).removesuffix(","),
            good.replace("A,", "D,", 1).removesuffix(",,"),
        ]
    )
    sheet = read_text(tmp_path, text)
    assert shape_problems(sheet) == [(3, "too_many_cells"), (5, "too_few_cells")]
    assert {len(line.cells) for line in sheet.rows} == {len(HEADER)}
    assert [line.reference for line in sheet.rows] == ["A", "B", "C", "D"]


@pytest.mark.parametrize(
    "text",
    [
        'R1,1,"left open\nR2,2,bob@example.com,",x\nR3,3,a,x\n',
        'R1,"1,a,x\nR2,2",b,x\n',
        '"R1,1,a,x\nR2",2,b,x\n',
        'R1,1,a,"x\nR2,2,b,x\nR3,3,c,x"\n',
    ],
)
def test_a_quote_left_open_never_makes_a_row_vanish(tmp_path: Path, text: str) -> None:
    options = {"currency": "GBP", "product": "AMZ-GB", "distribution": "PAYOUT_LINK"}
    sheet = read_text(tmp_path, "reference,amount,name,note\n" + text, **options)
    assert (2, "quote_swallows_rows") in shape_problems(sheet) or (2, "too_many_cells") in shape_problems(sheet)
    assert sheet.rows[0].payout is None


SHIFTED = {"currency": "GBP", "product": "AMZ-GB", "distribution": "PAYOUT_LINK"}


@pytest.mark.parametrize(
    "shifted",
    ["R2,a,,4.00,5.00,", "R2,a,4,50,5.00,", "R2,4.00,5.00,n", "R2,4.00,5.00"],
    ids=["long", "torn", "short", "end"],
)
def test_a_row_that_lacks_a_delimiter_or_has_one_too_many_is_never_paid(tmp_path: Path, shifted: str) -> None:
    text = f"reference,name,net,amount,note\nR1,a,1.00,2.00,\n{shifted}\nR3,c,1.00,2.00,n\n"
    sheet = read_text(tmp_path, text, **SHIFTED)
    assert [row.line for row, _ in sheet.payouts] == [2, 4]
    assert [problem.line for problem in sheet.problems] == [3]


def test_rows_that_all_end_alike_are_how_the_file_is_written(tmp_path: Path) -> None:
    long = "reference,name,amount\nR1,a,2.00,\nR2,b,2.00,\n"
    short = "reference,name,amount,note\nR1,a,2.00\nR2,b,2.00,n\nR3,c,2.00\n"
    assert len(payouts(read_text(tmp_path, long, **SHIFTED))) == 2
    assert len(payouts(read_text(tmp_path, short, **SHIFTED))) == 3


def test_empty_cells_that_excel_leaves_out_sixteen_rows_at_a_time_are_no_loss(tmp_path: Path) -> None:
    lines = ["reference,name,amount,note", *(f"R{number},a,2.00" for number in range(2, 60))]
    # The first sixteen rows have a cell of the last column: the header's; and so has row 40.
    lines = [f"{line}," if 0 < at < 16 or 32 <= at < 48 else line for at, line in enumerate(lines)]
    lines[39] += "thanks"
    assert len(payouts(read_text(tmp_path, "\n".join(lines), **SHIFTED))) == 58
    lines[35] = "R36,3.00,2.00"
    assert [problem.line for problem in read_text(tmp_path, "\n".join(lines), **SHIFTED).problems] == [36]


@UNHURRIED
@given(st.lists(st.integers(3, 4), min_size=1, max_size=70), st.integers(1, 60), st.integers(1, 80))
def test_sixteen_rows_are_found_together_wherever_pieces_end(counts: list[int], first: int, size: int) -> None:
    header = Header(1, ("reference", "name", "amount", "note"), {"reference": 0, "amount": 2})
    rows = "".join(",".join("abcd"[:count]) + "\n" for count in counts)
    pieces = Quickly(Held(("reference,name,amount,note\n" + rows).encode()), "utf-8", Dialect(","), first, size)
    found = Sixteens()
    for block in pieces.blocks(4, 1):
        found.add(Frame(block, header, ReadOptions(), Facts(), {}))
    groups: dict[int, list[int]] = {}
    for line, count in enumerate(counts, 2):
        groups.setdefault((line - 1) // 16, []).append(count)
    assert found.together().tolist() == [at for at, of in groups.items() if set(of) == {3} and len(of) >= 4]


@pytest.mark.parametrize(
    "text",
    [
        'reference,amount,email,"note\nR1,1.00,a@example.com,n\nR2,2.00,b@example.com,n"\nR3,3.00,c@example.com,n\n',
        '"Payouts\nR1,1.00,a@example.com,n"\nreference,amount,email,note\nR3,3.00,c@example.com,n\n',
    ],
)
def test_a_header_that_swallows_rows_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputInvalid) as caught:
        read_text(tmp_path, text, **SHIFTED)
    assert caught.value.problems[0].kind == "quote_swallows_rows"


def test_a_backslash_before_a_delimiter_is_text(tmp_path: Path) -> None:
    text = 'reference,path,amount\n"R\\"1",C:\\temp\\,5.00\n"R2","C:\\x",6.00\n'
    sheet = read_text(tmp_path, text, **SHIFTED)
    assert [one.cells for one in sheet.rows] == [('R"1', "C:\\temp\\", "5.00"), ("R2", "C:\\x", "6.00")]


def test_two_lines_in_a_note_are_a_note(tmp_path: Path) -> None:
    sheet = read_rows(tmp_path, row(note="Dear Ann,\nthank you, and well done.\nYours, Bob"))
    assert len(payouts(sheet)) == 1
