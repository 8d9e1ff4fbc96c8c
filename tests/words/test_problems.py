"""Problems by kind on the screen: bounded whatever there is, and nothing that a row needs is left out of it."""

import pytest

from batcher.model import Problem
from batcher.words.problems import FIRST, KINDS, LINES_NAMED, WHOLE, groups_as_json, problems_in_words


def problem(line: int | None, kind: str = "amount_zero", value: str | None = "0", message: str = "Zero.") -> Problem:
    return Problem(line=line, column="Amount", value=value, message=message, fix="Enter it.", kind=kind)


def shown(*problems: Problem) -> list[str]:
    return list(problems_in_words(problems))


def test_few_problems_are_all_shown_under_their_kinds() -> None:
    assert shown(problem(2), problem(3, "email_invalid"), problem(4)) == [
        "Amount zero: 2 rows",
        "  Line 2, Amount '0': Zero. Enter it.",
        "  Line 4, Amount '0': Zero. Enter it.",
        "Email invalid: 1 row",
        "  Line 3, Amount '0': Zero. Enter it.",
    ]


def test_one_problem_needs_no_heading() -> None:
    assert shown(problem(None, "file_missing", None)) == ["File, Amount: Zero. Enter it."]


def test_of_many_the_first_rows_are_shown_and_further_ones_named_by_their_lines() -> None:
    lines = shown(*map(problem, range(2, 1239)))
    assert lines[0] == "Amount zero: 1,237 rows"
    assert [line[:8] for line in lines[1:-1]] == ["  Line 2", "  Line 3", "  Line 4"]
    assert lines[-1] == "  … and 1,234 more, lines 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 …"


def test_a_single_further_row_is_named_in_the_singular() -> None:
    many = [problem(line, "email_invalid") for line in range(100, 100 + WHOLE)]
    lines = shown(*many, *(problem(line) for line in range(2, 2 + FIRST + 1)))
    assert lines[-1] == "  … and 1 more, line 5"


def test_what_most_rows_have_comes_first_and_equal_ones_in_the_order_of_the_file() -> None:
    rare, often, seldom = problem(2, "b"), [problem(3, "c"), problem(4, "c")], problem(5, "a")
    assert [line for line in shown(rare, *often, seldom) if line[0] != " "] == ["C: 2 rows", "B: 1 row", "A: 1 row"]


def test_what_is_about_the_file_or_the_batch_comes_before_everything_and_is_not_called_a_row() -> None:
    lines = shown(problem(2), problem(3), problem(None, "missing"))
    assert lines[:2] == ["Missing: 1", "  File, Amount '0': Zero. Enter it."]


def test_what_no_line_leads_to_is_shown_beyond_the_first_few() -> None:
    lines = shown(*[problem(None, "missing", str(number)) for number in range(WHOLE + 5)])
    assert lines[0] == f"Missing: {WHOLE + 5}"
    assert len(lines) == 1 + WHOLE + 1
    assert lines[-1] == "  … and 5 more"


def test_a_row_that_has_one_kind_twice_is_one_row() -> None:
    assert shown(problem(2), problem(2))[0] == "Amount zero: 1 row"


def test_a_thousand_kinds_of_a_thousand_rows_fill_no_more_than_two_screens_of_rows() -> None:
    lines = shown(*(problem(line, f"kind_{kind}") for kind in range(50) for line in range(2, 1002)))
    assert len(lines) == KINDS * (1 + FIRST + 1) + 50 - KINDS
    assert lines[-1].count(",") == 1 + LINES_NAMED  # the thousands mark, and the lines
    assert max(map(len, lines)) < 120


@pytest.mark.parametrize("long", ["value", "message"])
def test_a_cell_of_any_length_makes_no_long_line(long: str) -> None:
    (line,) = shown(problem(2, **{long: "x" * 100_000}))
    assert len(line) < 600
    assert line.endswith("Enter it.")


def test_scripts_get_the_kinds_in_the_order_of_the_screen() -> None:
    assert groups_as_json([problem(2, "b"), problem(3, "c"), problem(3, "c"), problem(4, "c")]) == [
        {"kind": "c", "rows": 2, "problems": 3},
        {"kind": "b", "rows": 1, "problems": 1},
    ]
