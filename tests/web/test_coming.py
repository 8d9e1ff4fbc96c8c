"""What comes by itself, on the page: each schedule and each inbox as the ledger knows them, for everybody."""

import asyncio
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from batcher.inboxes import FileState, InboxFile, Listed
from batcher.roles import Role
from batcher.schedules import OPEN, PeriodState, ReportKind
from batcher.web.pages import coming
from tests.web.house import Browser, Desk, HandClock

NUMBERS = count(1)
CONFIG = """
[schedules.pay]
cron = "0 9 28 * *"
zone = "Europe/London"
file = "/nowhere/pay-{period}.csv"
batch = "pay-{period}"
ceilings = ["GBP 1000"]
late_hours = 48

[inboxes.payroll]
url = "inbox"
batch = "{name}"
ceilings = ["EUR 7.5", "GBP 100"]
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A page whose desk has a schedule and an inbox, on the 20th of November 2026."""
    config = tmp_path / "batcher.toml"
    config.write_text(CONFIG)
    with Desk(tmp_path / "desk", config=config, clock=HandClock(now_s=-8 * 86_400.0)) as desk:
        asyncio.run(desk.house.schedules.look(desk.house.desk))
        yield desk


def taken(desk: Desk, name: str, state: FileState = FileState.TAKEN, **values: object) -> InboxFile:
    """A file that stands so."""
    files, here, number = desk.office.inbox_files, desk.office.environment, next(NUMBERS)
    line = files.take(
        here,
        str(values.pop("inbox", "payroll")),
        Listed(name=name, size=9, mark=f"{number}"),
        digest=f"{number:064x}",
        batch=f"batch-{number}",
        schedule=str(values.pop("schedule", "")),
        now=desk.office.now,
    )
    assert line is not None
    assert state is FileState.TAKEN or files.step(line, state, desk.office.now, **values)
    return line


def page_of(browser: Browser) -> str:
    """What the page says, as plain text."""
    answer = browser.get("/coming")
    assert answer.status_code == 200
    text = re.sub(r"<[^>]+>", " ", answer.text.partition("<main")[2].partition("</main>")[0])
    return re.sub(r" ([.,:])", r"\1", re.sub(r"\s+", " ", text))


def test_a_schedule_says_when_it_is_due_next_and_what_it_may_pay(desk: Desk) -> None:
    text = page_of(desk.signed_in())
    assert "Schedule pay Due next on 2026-11-28 09:00 UTC, for 2026-11. It pays at the most: GBP 1,000.00." in text
    assert "Europe/London" in text
    assert "It has not been due yet." in text


def test_the_last_period_and_every_open_one_stand_there_with_why(desk: Desk) -> None:
    office, schedules = desk.office, desk.house.schedules
    desk.clock.now_s = 3600.0
    asyncio.run(schedules.look(desk.house.desk))
    assert "2026-11 2026-11-28 09:00 UTC pay-2026-11 Due, and not begun" in page_of(desk.signed_in())
    (row,) = office.scheduled.in_state(office.environment, OPEN)
    office.scheduled.step(row, PeriodState.UNFINISHED, office.now, why="There is no API key.")
    assert re.search(r"Tried, and not at its end .* UTC There is no API key\.", page_of(desk.signed_in()))
    office.scheduled.report(row.id, ReportKind.NEEDS_PERSON, "It is not tried any more.", office.now)
    assert "It is left to a person. There is no API key." in page_of(desk.signed_in())


def test_a_period_that_is_held_leads_to_the_approvals_and_one_that_ran_to_its_batch(desk: Desk) -> None:
    taken(desk, "march.csv", FileState.HELD_FOR_APPROVAL)
    browser = desk.signed_in()
    assert '<a href="/approvals">Waits for an approval</a>' in browser.get("/coming").text
    assert '<a href="/batches/batch-' not in browser.get("/coming").text


def test_each_file_of_an_inbox_stands_there_and_those_that_are_over_behind_it(desk: Desk) -> None:
    taken(desk, "april.csv")
    taken(desk, "pay-2026-11.csv", schedule="pay")
    taken(desk, "march.csv", FileState.ARCHIVED, exit_code=3)
    taken(desk, "may.csv", FileState.PUT_ASIDE, why="Line 2 has no amount. Nothing was sent.")
    text = page_of(desk.signed_in())
    waiting, _, over = text.partition("The last files that are at their end")
    assert "at the most: EUR 7.50, GBP 100.00." in waiting
    assert re.search(r"april\.csv .* Taken, and not begun .* pay-2026-11\.csv .* Taken for schedule pay", waiting)
    assert re.search(r"may\.csv .* Put aside, nothing was sent .* Line 2 has no amount.* march\.csv .* Done", over)
    assert "Some rows were refused, failed or are invalid." in over


def test_only_the_last_files_that_are_over_are_shown(desk: Desk) -> None:
    for number in range(coming.SHOWN + 2):
        taken(desk, f"old-{number:02}.csv", FileState.ARCHIVED)
        desk.clock.now_s += 60
    found = re.findall(r"old-\d\d", page_of(desk.signed_in()))
    assert found == [f"old-{number:02}" for number in reversed(range(2, coming.SHOWN + 2))]


def test_no_inbox_is_asked_for_the_page_and_what_the_ledger_knows_of_it_is_said(desk: Desk) -> None:
    browser = desk.signed_in()
    assert "cannot be reached" not in page_of(browser), "there is no such folder, and nobody has looked"
    asyncio.run(desk.house.inboxes.look(desk.house.desk))
    assert "It cannot be reached, and is tried again: The inbox" in page_of(browser)


def test_an_inbox_that_nobody_has_looked_into_says_so(desk: Desk) -> None:
    browser = desk.signed_in()
    assert "Nobody has looked" not in page_of(browser)
    desk.clock.now_s += 1801
    assert "Nobody has looked into it since 2026-11-20 09:00 UTC" in page_of(desk.signed_in())


def test_an_inbox_that_left_the_config_keeps_what_is_not_at_its_end(desk: Desk) -> None:
    taken(desk, "march.csv", inbox="former")
    assert "Inbox former It is no longer in the config" in page_of(desk.signed_in())


def test_a_hostile_name_is_written_as_text_on_one_line(desk: Desk) -> None:
    taken(desk, "<b>\n\u202evsc.csv")
    text = desk.signed_in().get("/coming").text
    assert "&lt;b&gt;??vsc.csv" in text


@pytest.mark.parametrize("role", Role)
def test_whoever_is_signed_in_may_see_it_and_finds_it_in_the_menu(desk: Desk, role: Role) -> None:
    desk.user("vic", role)
    browser = desk.browser_of("vic")
    assert '<a href="/coming">Coming payments</a>' in browser.get("/batches").text
    text = browser.get("/coming").text
    assert '<a href="/coming" aria-current="page">' in text
    assert "<title>Coming payments · " in text


def test_where_nothing_comes_by_itself_the_menu_does_not_lead_there(tmp_path: Path) -> None:
    with Desk(tmp_path / "bare") as bare:
        browser = bare.signed_in()
        assert "/coming" not in browser.get("/batches").text
        assert "There is neither a schedule nor an inbox." in page_of(browser)
