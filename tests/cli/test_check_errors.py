"""`check --errors`: the faulty rows come back as a sheet that can be paid once it is mended, and not before."""

import csv
import shutil
import stat
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import openpyxl  # type: ignore[import-untyped]
import pytest

from batcher.results.mending import RELEASE
from tests.cli.desk import Desk, row, rows

SAMPLE = Path(__file__).parents[2] / "sample_data" / "with-every-mistake.csv"
UNSEEN_ALONE = {"too_few_cells", "amount_mixed_marks", "amount_ambiguous", "below_second_table"}
"""Kinds that come back as a surplus cell: what was wrong was never in the cells of the row."""

MENDED = {
    "Name": "Ann Example",
    "Amount": "10.00",
    "Currency": "GBP",
    "Product code": "AMZ-GB",
    "Delivery": "Email",
    "Recipient reference": "",
    "Template": "",
    "Note": "mended",
}

Rows = list[list[str]]


@pytest.fixture
def sample(desk: Desk) -> Path:
    return Path(shutil.copy(SAMPLE, desk.folder / "mistakes.csv"))


def read(path: Path) -> Rows:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def rewritten(path: Path, change: Callable[[Rows], Rows]) -> Path:
    """The file as somebody saves it who has changed its rows; the header stays."""
    header, *lines = read(path)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([header, *change(lines)])
    return path


def kinds_by_line(desk: Desk, sheet: Path) -> dict[int, list[str]]:
    content = desk.batcher("check", sheet, "--json").json
    found: dict[int, list[str]] = {}
    for problem in content["problems"]:
        found.setdefault(problem["line"], []).append(problem["kind"])
    return found


def test_every_mistake_there_is_can_be_mended_in_the_file_and_is_then_paid(desk: Desk, sample: Path) -> None:
    errors = desk.folder / "mend.csv"
    assert desk.batcher("check", sample, "--errors", errors).code == 5
    header = read(errors)[0]

    def mend(lines: Rows) -> Rows:
        mended = []
        for number, line in enumerate(lines):
            cells = dict(zip(header, line, strict=False)) | MENDED
            cells |= {"Reference": f"MENDED-{number}", "Email address": f"ann.{number}@example.com"}
            mended.append([cells[title] for title in header])
        return mended

    done = desk.batcher("check", rewritten(errors, mend))
    assert (done.code, done.out) == (0, "")
    assert desk.pay(errors).code == 0
    assert len(desk.orders()) == len(read(errors)) - 1 == 44
    assert desk.results()[0]["how to mend it"]


@pytest.mark.parametrize("settings", [{}, {"input": {"require_reference": True}}])
def test_the_file_unmended_has_the_same_problems_row_by_row(
    desk: Desk, sample: Path, settings: dict[str, dict[str, object]]
) -> None:
    desk.settings |= settings
    first = kinds_by_line(desk, sample)
    errors = desk.folder / "mend.csv"
    desk.batcher("check", sample, "--errors", errors)
    again = list(kinds_by_line(desk, errors).values())
    expected = [["too_many_cells"] if set(kinds) & UNSEEN_ALONE else kinds for kinds in first.values()]
    assert again == expected
    assert [line[10] for line in read(errors)[1:]] == [str(line) for line in first]


def test_the_file_checked_again_gives_a_file_of_the_same_columns(desk: Desk, sample: Path) -> None:
    errors, again = desk.folder / "mend.csv", desk.folder / "again.csv"
    desk.batcher("check", sample, "--errors", errors)
    desk.batcher("check", errors, "--errors", again)
    first, second = read(errors), read(again)
    assert second[0] == first[0]
    assert [line[:10] for line in second[1:]] == [line[:10] for line in first[1:]]
    # Where the file was checked is where the line is; what was wrong is still the same, but for other rows' lines.
    assert [line[10] for line in second[1:]] == [str(number) for number in range(2, len(first) + 1)]
    assert [line[11][:20] for line in second[1:]] == [line[11][:20] for line in first[1:]]


def test_a_row_that_was_cut_off_is_not_paid_for_being_filled_up_with_empty_cells(desk: Desk) -> None:
    desk.settings["defaults"] = {"currency": "GBP", "product": "AMZ-GB", "distribution": "EMAIL"}
    short = desk.file("short.csv", b"reference,email,amount,currency\nR1,a@example.com,10.00,\nR2,b@example.com,1\n")
    errors = desk.folder / "mend.csv"
    desk.batcher("check", short, "--errors", errors)
    assert desk.batcher("check", errors).code == 5
    released = rewritten(errors, lambda lines: [line[:-1] for line in lines if line[-1] == RELEASE])
    assert desk.batcher("check", released).code == 0


def test_an_amount_whose_mark_the_other_rows_contradict_is_not_taken_once_it_is_alone(desk: Desk) -> None:
    errors = desk.folder / "mend.csv"
    desk.batcher("check", desk.sheet([*rows(3), row("R9", "12,50")]), "--errors", errors)
    assert desk.batcher("check", errors).code == 5


def test_the_cells_of_a_sheet_in_other_letters_and_marks_come_back_as_they_were(desk: Desk) -> None:
    lines = [row("R1", "=1+1", Name='Müller; "Zoë"'), row("R2", "5,00")]
    sheet = desk.sheet(lines, encoding="cp1252", delimiter=";")
    errors = desk.folder / "mend.csv"
    desk.batcher("check", sheet, "--errors", errors)
    header, line = read(errors)
    assert dict(zip(header, line, strict=True)) | {"line": "", "problem": "", "how to mend it": ""} == {
        **lines[0], "Amount": "'=1+1", "line": "", "problem": "", "how to mend it": "",
    }  # fmt: skip
    assert kinds_by_line(desk, errors) == {2: ["amount_not_a_number"]}


def test_a_mended_workbook_is_a_sheet_of_its_own(desk: Desk) -> None:
    errors = desk.folder / "mend.xlsx"
    desk.batcher("check", desk.sheet([*rows(3), row("007", "ten"), row("R9", "12,50")]), "--errors", errors)
    assert desk.batcher("check", errors).code == 5
    book = openpyxl.load_workbook(errors)
    sheet = book.active
    titles = [cell.value for cell in sheet[1]]
    for line in (2, 3):
        sheet.cell(line, titles.index("Amount") + 1).value = "10.00"
        sheet.cell(line, titles.index("how to mend it") + 2).value = None
    book.save(errors)
    content = desk.batcher("check", errors, "--json").json
    assert (content["exit_code"], content["valid"], content["problems"]) == (0, 2, [])
    assert desk.pay(errors).code == 0
    assert {line["Reference"] for line in desk.results()} == {"007", "R9"}


def test_as_a_workbook_the_faulty_rows_have_red_cells(desk: Desk) -> None:
    errors = desk.folder / "mend.xlsx"
    done = desk.batcher("check", desk.sheet([row("R1"), row("R2", "ten", Email="nobody")]), "--errors", errors)
    assert done.code == 5
    sheet = openpyxl.load_workbook(errors).active
    red = [cell.coordinate for line in sheet.iter_rows() for cell in line if cell.fill.fill_type]
    assert (sheet.max_row, red) == (2, ["C2", "G2"])
    assert sheet["C2"].comment.text.startswith("This is no amount: ")


def test_the_file_is_for_its_owner_only_and_said(desk: Desk) -> None:
    errors = desk.folder / "mend.csv"
    done = desk.batcher("check", desk.sheet([row("R1", "x")]), "--errors", errors)
    assert stat.S_IMODE(errors.stat().st_mode) == 0o600
    assert f"The rows to mend are in {errors}" in done.err


def test_a_good_sheet_writes_no_file_and_removes_none(desk: Desk) -> None:
    errors = desk.file("mend.csv", b"of yesterday")
    done = desk.batcher("check", desk.sheet(rows(2)), "--errors", errors)
    assert done.code == 0
    assert f"No row has a problem, so {errors} was not written." in done.err
    assert errors.read_bytes() == b"of yesterday"


def test_a_file_that_cannot_be_read_as_a_sheet_writes_no_file(desk: Desk) -> None:
    errors = desk.folder / "mend.csv"
    done = desk.batcher("check", desk.file("payouts.csv", b"a,b\n1,2\n"), "--errors", errors)
    assert done.code == 5
    assert f"No row could be read, so {errors} was not written." in done.err
    assert not errors.exists()


def test_the_sheet_itself_is_never_overwritten(desk: Desk) -> None:
    sheet = desk.sheet([row("R1", "x")])
    before = sheet.read_bytes()
    done = desk.batcher("check", sheet, "--errors", desk.folder / "." / sheet.name)
    assert (done.code, sheet.read_bytes()) == (2, before)


def test_scripts_get_the_file_and_the_kinds(desk: Desk, sample: Path) -> None:
    errors = desk.folder / "mend.csv"
    content = desk.batcher("check", sample, "--errors", errors, "--json").json
    assert content["errors"] == str(errors)
    counted = Counter(problem["kind"] for problem in content["problems"])
    assert {group["kind"]: group["problems"] for group in content["groups"]} == counted
    assert desk.batcher("check", sample, "--json").json["errors"] is None


def test_many_problems_fill_a_screen_and_all_are_in_json(desk: Desk) -> None:
    sheet = desk.sheet([row(f"R{number}", "x") for number in range(500)])
    done = desk.batcher("check", sheet)
    assert done.out.splitlines()[0] == "Amount not a number: 500 rows"
    assert len(done.out.splitlines()) == 5
    assert "--errors FILE writes these rows" in done.err
    assert len(desk.batcher("check", sheet, "--json").json["problems"]) == 500


def test_a_run_that_is_refused_shows_its_problems_by_kind_too(desk: Desk) -> None:
    done = desk.pay(desk.sheet([row(f"R{number}", "x") for number in range(500)]))
    assert (done.code, desk.posts()) == (5, 0)
    assert done.err.count("Line ") == 3
    assert "Amount not a number: 500 rows" in done.err
