"""`batcher inbox`, and sheets of a folder that `batcher schedule run-due` pays: what a person and a script see."""

from pathlib import Path

import openpyxl  # type: ignore[import-untyped]
import pytest

from batcher.clock import SystemClock
from batcher.ledger import LedgerLock
from tests.cli.desk import Desk, rows
from tests.cli.evidence import issued


@pytest.fixture
def inbox(desk: Desk) -> Path:
    folder = desk.folder / "in"
    folder.mkdir()
    desk.settings = {"inboxes.payroll": {"url": "in", "batch": "{name}", "ceilings": ["GBP 25000"]}}
    return folder


def sent(desk: Desk, name: str, **cells: str) -> None:
    """A sheet that is said to be whole, so that nobody waits."""
    desk.sheet([row | cells for row in rows(2)], f"in/{name}")
    (desk.folder / "in" / f"{name}.done").touch()


def test_without_inboxes_there_is_nothing_to_show(desk: Desk) -> None:
    assert desk.batcher("inbox", "list", "--json").json == {"inboxes": [], "exit_code": 0}
    assert "There are no inboxes" in desk.batcher("inbox", "list").err


def test_a_sheet_is_paid_archived_and_shown(desk: Desk, inbox: Path) -> None:
    sent(desk, "march.csv")
    assert "march.csv  lies there, not taken" in desk.batcher("inbox", "list").out
    done = desk.batcher("schedule", "run-due", "--json").json
    (report,) = done["reports"]
    assert (report["kind"], report["inbox"], report["file"]) == ("finished", "payroll", "march.csv")
    assert "schedule" not in report
    assert len(desk.orders()) == 2
    assert sorted(path.name for path in (inbox / "archive").iterdir()) == [
        "march.csv",
        "march.csv.done",
        "march.results.csv",
    ]
    (one,) = desk.batcher("inbox", "list", "--json").json["inboxes"]
    assert (one["inbox"], one["lying"], one["trouble"]) == ("payroll", [], "")
    (line,) = one["taken"]
    assert (line["file"], line["state"], line["batch"]) == ("march.csv", "ARCHIVED", "march")
    assert "march.csv  ARCHIVED  batch march" in desk.batcher("inbox", "list").out


def test_a_broken_sheet_is_put_aside_with_what_is_wrong(desk: Desk, inbox: Path) -> None:
    sent(desk, "march.csv", Amount="ten")
    done = desk.batcher("schedule", "run-due")
    assert (done.code, "It goes into the inbox's folder rejected" in done.err) == (5, True)
    assert desk.orders() == []
    assert sorted(path.name for path in (inbox / "rejected").iterdir()) == [
        "march.csv",
        "march.csv.done",
        "march.errors.xlsx",
        "march.why.txt",
    ]
    why = (inbox / "rejected" / "march.why.txt").read_text(encoding="utf-8-sig")
    assert "Line 2, Amount 'ten'" in why
    assert "Send one of the two once more, as a whole; the name of the sheet may stay" in why
    assert (
        "did not start"
        in desk.batcher("inbox", "list", "--json").json["inboxes"][0]["taken"][0]["reported"]["did_not_start"]
    )


def test_the_workbook_of_a_broken_sheet_once_mended_pays_every_row_of_it(desk: Desk, inbox: Path) -> None:
    good = rows(3)
    desk.sheet([good[0], good[1] | {"Amount": "ten"}, good[2]], "in/march.csv")
    (inbox / "march.csv.done").touch()
    assert desk.batcher("schedule", "run-due").code == 5
    workbook = openpyxl.load_workbook(inbox / "rejected" / "march.errors.xlsx")
    lines = list(workbook["To mend"].iter_rows())
    amount = [cell.value for cell in lines[0]].index("Amount")
    assert [line[amount].fill.fgColor.rgb == "FFFFC7CE" for line in lines[1:]] == [False, True, False]
    lines[2][amount].value = "12.00"
    workbook.save(inbox / "march.xlsx")
    (inbox / "march.xlsx.done").touch()
    assert desk.batcher("schedule", "run-due").code == 0
    assert issued(desk) == {"R0": 1, "R1": 1, "R2": 1}


def test_what_is_wrong_with_a_file_as_a_whole_is_said_once(desk: Desk, inbox: Path) -> None:
    (inbox / "march.csv").touch()
    (inbox / "march.csv.done").touch()
    assert desk.batcher("schedule", "run-due").code == 5
    why = (inbox / "rejected" / "march.why.txt").read_text(encoding="utf-8-sig")
    assert why.count("The file is empty.") == 1
    assert "The workbook beside this text" not in why
    assert not (inbox / "rejected" / "march.errors.xlsx").exists()


def test_an_inbox_that_is_not_there_is_told_once(desk: Desk, inbox: Path) -> None:
    inbox.rmdir()
    first = desk.batcher("schedule", "run-due")
    assert (first.code, "Inbox payroll cannot be worked with now" in first.err) == (6, True)
    again = desk.batcher("schedule", "run-due")
    assert (again.code, "Inbox payroll" in again.err) == (6, False)
    assert "`batcher inbox list`" in again.err
    shown = desk.batcher("inbox", "list")
    assert (shown.code, "cannot be looked into" in shown.out) == (6, True)


@pytest.mark.parametrize("values", [{"batch": "{name}"}, {"ceilings": ["GBP 5"]}])
def test_a_config_that_cannot_be_meant_ends_with_2(desk: Desk, inbox: Path, values: dict[str, object]) -> None:
    desk.settings = {"inboxes.payroll": {"url": "in", **values}}
    done = desk.batcher("inbox", "list")
    assert done.code == 2
    assert "inboxes.payroll" in done.err
    assert "ceilings" in done.err


def test_while_another_process_has_the_ledger_it_says_who(desk: Desk, inbox: Path) -> None:
    sent(desk, "march.csv")
    desk.batcher("status")
    with LedgerLock(desk.folder / "ledger.sqlite3", doing="batcher run of batch feb", now=SystemClock().instant().at):
        waiting = desk.batcher("schedule", "run-due")
    assert waiting.code == 11
    (said,) = waiting.err.splitlines()
    assert said.startswith("Nothing new is to be told. Another process has this ledger: batcher run of batch feb")
    assert desk.batcher("schedule", "run-due").code == 0
    assert len(desk.orders()) == 2
