"""Delimiters and quotes that are rare, and what is said where a sign may be one."""

import io
from pathlib import Path

import pytest

from batcher.errors import InputInvalid
from batcher.intake import Outline, ReadOptions, read_outline
from batcher.intake.text.csvtext import Dialect, Records
from batcher.model import Problem


def outline(folder: Path, text: str) -> Outline:
    path = folder / "sheet.csv"
    path.write_text(text, encoding="utf-8", newline="")
    return read_outline(path, ReadOptions())


def rows(found: Outline) -> list[tuple[str, ...]]:
    return [found.header.titles, *(record.cells for record in found.records)]


def doubts(found: Outline) -> list[Problem]:
    return [doubt for doubt in found.doubts if doubt.kind != "column_missing"]


def test_two_signs_are_one_delimiter_where_they_stand_between_any_two_cells(tmp_path: Path) -> None:
    found = outline(tmp_path, "a||b||c\n1||||3\n4||5||\n")
    assert (found.delimiter, doubts(found)) == ("||", [])
    assert rows(found) == [("a", "b", "c"), ("1", "", "3"), ("4", "5", "")]


def test_where_one_row_holds_the_sign_once_nothing_is_left_out(tmp_path: Path) -> None:
    found = outline(tmp_path, "a||b||c\n1||2||3\n4|5||6\n")
    assert rows(found)[1] == ("1", "", "2", "", "3")
    assert "delimiter_doubled" in [doubt.kind for doubt in doubts(found)]


def test_such_a_row_far_down_a_large_file_is_refused() -> None:
    records = Records(io.StringIO("1||2\n3|4||5\n"), Dialect("|", doubled=True))
    assert next(records).cells == ("1", "2")
    with pytest.raises(InputInvalid, match="Row 2 holds the delimiter once"):
        next(records)


@pytest.mark.parametrize("sign", [":", "#", "§", "@"])
def test_a_sign_that_every_row_holds_equally_often_divides_it_with_a_doubt(tmp_path: Path, sign: str) -> None:
    found = outline(tmp_path, "a:b:c\n1:2:3\n".replace(":", sign) + f'4{sign}"5{sign}6"{sign}7\n')
    assert found.delimiter == sign
    assert rows(found) == [("a", "b", "c"), ("1", "2", "3"), ("4", f"5{sign}6", "7")]
    assert [doubt.kind for doubt in doubts(found)] == ["delimiter_unusual"]


@pytest.mark.parametrize("text", ["one two three\nfour five six\n", "a:b@c:d@e\n1:2@3:4@5\n"])
def test_words_and_signs_that_may_both_divide_are_asked_for(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputInvalid) as caught:
        outline(tmp_path, text)
    assert caught.value.problems[0].kind == "delimiter_unknown"


def test_a_sign_that_most_rows_hold_as_often_as_the_header_is_told(tmp_path: Path) -> None:
    found = outline(tmp_path, "a:b:c\n1:2:3\n4:5:6:7\n")
    assert (found.delimiter, [doubt.kind for doubt in doubts(found)]) == (None, ["delimiter_unknown"])


def test_titles_between_two_signs_are_told(tmp_path: Path) -> None:
    (doubt,) = doubts(outline(tmp_path, "«a»;«b»\n«1»;«2»\n"))
    assert (doubt.kind, doubt.message) == (
        "quotes_unusual",
        "Every column's name stands between « and »: they may be quotes.",
    )
