"""Quotes that break CSV's rules, read by the width of their row, or not at all."""

from pathlib import Path

import pytest

from batcher.errors import InputInvalid
from batcher.intake import Outline, ReadOptions, read_outline, read_sheet
from batcher.intake.text.reading import SAMPLE
from tests.intake.sheets import HEADER, as_text, row


def outline(folder: Path, text: str, encoding: str = "utf-8") -> Outline:
    path = folder / "sheet.csv"
    path.write_bytes(text.encode(encoding))
    return read_outline(path, ReadOptions())


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ('1,"Smith" Ltd,x', ("1", '"Smith" Ltd', "x")),
        ('1,"Smith" Ltd,"y, z"', ("1", '"Smith" Ltd', "y, z")),
        ('1,"Smith, Jones"",x', ("1", 'Smith, Jones"', "x")),
        ('1,""Smith, Jones",x', ("1", '"Smith, Jones', "x")),
        ('1,"5" pipe, long",x', ("1", '5" pipe, long', "x")),
        ('1,"5" pipe",x', ("1", '5" pipe', "x")),
        ('"1,"Smith, Jones",x', ('"1', "Smith, Jones", "x")),
        ('"1,Smith,x', ('"1', "Smith", "x")),
        ('1,"two" lines\nof text",x', ("1", 'two" lines\nof text', "x")),
    ],
)
def test_the_one_reading_with_as_many_cells_as_the_others_is_taken_and_told(
    tmp_path: Path, line: str, cells: tuple[str, ...]
) -> None:
    found = outline(tmp_path, f'id,name,note\n{line}\n2,"a, b",y\n3,c,z\n')
    assert [(record.line, record.cells) for record in found.records] == [
        (2, cells),
        (3, ("2", "a, b", "y")),
        (4, ("3", "c", "z")),
    ]
    assert [doubt.line for doubt in found.doubts if doubt.kind == "quote_taken_as_text"] == [2]


@pytest.mark.parametrize(
    "line",
    [
        '1,"a" and "b",x',  # In quotes, or not.
        '1,"Smith" Ltd,x,y',  # Four cells, however it is read.
        '1,"Smith" Ltd',
        '1,"two" lines\nof text, here",x',  # Its second line may be a row.
        '1,"Smith, Jones"5,y, z"',  # Quotes that may belong together over a delimiter.
    ],
)
def test_a_row_with_two_readings_or_none_of_that_width_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(InputInvalid) as caught:
        outline(tmp_path, f'id,name,note\n{line}\n2,"a, b",y\n3,c,z\n')
    assert caught.value.problems[0].kind in {"quote_stray", "quote_unclosed"}
    assert caught.value.problems[0].line == 2


def test_a_file_that_ends_within_a_cell_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputInvalid, match="never closed"):
        outline(tmp_path, 'id,name\n1,a\n2,"b')


def test_where_all_cells_stand_in_quotes_none_is_read_without(tmp_path: Path) -> None:
    found = outline(tmp_path, '"id","name"\n"1","a" and "b"\n"2","c"\n')
    assert [record.cells for record in found.records] == [("1", 'a" and "b'), ("2", "c")]


def test_titles_and_notes_have_a_width_of_their_own(tmp_path: Path) -> None:
    found = outline(tmp_path, '"Payments" in May\nid,name,note\n1,"a" b,x\n2,c,y\n"End" of it\n')
    assert found.header.line == 2
    assert [record.cells for record in found.records][-1] == ('"End" of it', "", "")


def test_each_row_is_told_and_rows_are_counted_with_those_above(tmp_path: Path) -> None:
    found = outline(tmp_path, 'id,name\n\n1,"a" b\n2,"x\ny"\n3,"c" d\n4,"e" f\n5,e\n6,f\n7,g\n8,h\n')
    (doubt,) = (doubt for doubt in found.doubts if doubt.kind == "quote_taken_as_text")
    assert doubt.message == (
        "The quotes of row 3 break CSV's rules; read as a row of 2 cells, it holds '\"a\" b'. "
        "(So do those of rows 5 and 6.)"
    )


def test_a_quote_far_down_a_long_text_is_read_so_too(tmp_path: Path) -> None:
    rows = ["id,name,note", *(f'{number},"a, b",y' for number in range(SAMPLE // 8)), '7,"Smith" Ltd,x', "8,c,z", ""]
    last = list(outline(tmp_path, "\n".join(rows)).records)[-2:]
    assert [record.cells for record in last] == [("7", '"Smith" Ltd', "x"), ("8", "c", "z")]


def test_another_encoding_is_still_named(tmp_path: Path) -> None:
    found = outline(tmp_path, 'id,name\n1,"Zoë" Lee\n2,Ann\n', "cp1252")
    assert (found.encoding, next(found.records).cells) == ("cp1252", ("1", '"Zoë" Lee'))


def test_a_balanced_quote_is_paid_with_a_warning_and_one_left_open_is_not(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    text = as_text([HEADER, row("R1", note="NOTE"), row("R2"), row("R3")])
    path.write_text(text.replace("NOTE", '"quick" fix'), encoding="utf-8", newline="")
    sheet = read_sheet(path, ReadOptions())
    assert (len(sheet.payouts), [warning.kind for warning in sheet.warnings]) == (3, ["quote_taken_as_text"])
    path.write_text(text.replace("NOTE", '"quick fix'), encoding="utf-8", newline="")
    assert len(list(read_outline(path, ReadOptions()).records)) == 3
    with pytest.raises(InputInvalid) as caught:
        read_sheet(path, ReadOptions())
    assert (caught.value.problems[0].kind, caught.value.problems[0].line) == ("quote_unclosed", 2)
