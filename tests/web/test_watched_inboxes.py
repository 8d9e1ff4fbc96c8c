"""What whoever watches from outside is shown of inboxes, and that each way to wait for a person has its alert."""

import asyncio
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from batcher.inboxes import OPEN, FileState, InboxFile, Listed
from batcher.schedules import ReportKind
from tests.web.house import Desk
from tests.web.test_watched import WATCHING, samples

NUMBERS = count(1)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """Where sheets arrive."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def desk(tmp_path: Path, inbox: Path) -> Iterator[Desk]:
    """A page whose desk has an inbox."""
    config = tmp_path / "batcher.toml"
    config.write_text(f'[inboxes.payroll]\nurl = "{inbox}"\nbatch = "{{name}}"\nceilings = ["GBP 100"]\n')
    with Desk(tmp_path / "desk", config=config) as desk:
        yield desk


def taken(desk: Desk, name: str, *, schedule: str = "", refused: str = "") -> InboxFile:
    """A file that was noted."""
    office, number = desk.office, next(NUMBERS)
    listed = Listed(name=name, size=9, mark=f"{number}")
    batch, _, _ = name.partition(".")
    line = office.inbox_files.take(
        office.environment,
        "payroll",
        listed,
        digest=f"{number:064x}",
        batch=batch,
        schedule=schedule,
        refused=refused,
        now=office.now,
    )
    assert line is not None
    return line


def of_inboxes(desk: Desk) -> dict[str, float]:
    """What is shown of inboxes and is not 0."""
    found = samples(desk.browser().get("/metrics").text)
    return {name: value for name, value in found.items() if name.startswith("batcher_inbox_") and value}


def look(desk: Desk) -> None:
    asyncio.run(desk.house.inboxes.look(desk.house.desk))
    asyncio.run(desk.house.inboxes.settle())


def test_an_empty_inbox_has_all_of_its_figures_and_none_is_above_0(desk: Desk) -> None:
    shown = samples(desk.browser().get("/metrics").text)
    assert of_inboxes(desk) == {}
    for state in OPEN:
        assert {f"batcher_inbox_{what}{{payroll}}{{{state}}}" for what in ("files", "waiting_seconds")} <= shown.keys()
    rest = ("left_to_a_person", "put_aside_total", "unreachable_seconds", "unlooked_seconds")
    assert {f"batcher_inbox_{what}{{payroll}}" for what in rest} <= shown.keys()


def test_what_waits_is_counted_by_its_state_with_the_age_of_the_oldest(desk: Desk) -> None:
    held = taken(desk, "march.csv")
    desk.office.inbox_files.step(held, FileState.HELD_FOR_APPROVAL, desk.office.now)
    desk.clock.now_s += 600
    taken(desk, "april.csv")
    desk.clock.now_s += 60
    taken(desk, "may.csv")
    desk.clock.now_s += 5
    desk.house.inboxes.looked_at["payroll"] = desk.office.now
    found = of_inboxes(desk)
    assert found == {
        "batcher_inbox_files{payroll}{HELD_FOR_APPROVAL}": 1,
        "batcher_inbox_waiting_seconds{payroll}{HELD_FOR_APPROVAL}": 665,
        "batcher_inbox_files{payroll}{TAKEN}": 2,
        "batcher_inbox_waiting_seconds{payroll}{TAKEN}": 65,
    }
    assert "march" not in desk.browser().get("/metrics").text


def test_a_schedule_s_file_waits_as_its_period_and_counts_once_it_is_to_leave(desk: Desk) -> None:
    line = taken(desk, "pay-2026-11.csv", schedule="pay")
    assert of_inboxes(desk) == {}
    desk.office.inbox_files.step(line, FileState.DONE, desk.office.now)
    assert of_inboxes(desk) == {"batcher_inbox_files{payroll}{DONE}": 1}


def test_what_is_put_aside_is_counted_for_ever(desk: Desk) -> None:
    line = taken(desk, "march.csv", refused="It is too large.")
    desk.office.inbox_files.step(line, FileState.PUT_ASIDE, desk.office.now)
    assert of_inboxes(desk) == {"batcher_inbox_put_aside_total{payroll}": 1}


def test_what_is_not_tried_any_more_is_left_to_a_person(desk: Desk) -> None:
    line, files = taken(desk, "march.csv"), desk.office.inbox_files
    files.step(line, FileState.UNFINISHED, desk.office.now)
    assert "batcher_inbox_left_to_a_person{payroll}" not in of_inboxes(desk)
    files.report(line.id, ReportKind.NEEDS_PERSON, "It is not tried any more.", desk.office.now)
    assert of_inboxes(desk)["batcher_inbox_left_to_a_person{payroll}"] == 1


def test_how_long_nobody_has_seen_into_an_inbox_and_how_long_nobody_could(desk: Desk, inbox: Path) -> None:
    desk.clock.now_s += 600
    look(desk)
    assert of_inboxes(desk) == {}
    inbox.rmdir()
    desk.clock.now_s += 600
    look(desk)
    desk.clock.now_s += 60
    look(desk)
    assert of_inboxes(desk) == {
        "batcher_inbox_unreachable_seconds{payroll}": 60,
        "batcher_inbox_unlooked_seconds{payroll}": 660,
    }
    inbox.mkdir()
    look(desk)
    assert of_inboxes(desk) == {}


def test_every_way_in_which_a_file_may_wait_has_its_alert() -> None:
    text = (WATCHING / "alerts.yml").read_text()
    waits = {str(state) for state in OPEN} - {"RUNNING"}
    assert set(re.findall(r'batcher_inbox_waiting_seconds\{state="(\w+)"\}', text)) == waits
    for name in ("left_to_a_person", "put_aside_total", "unreachable_seconds", "unlooked_seconds"):
        assert f"batcher_inbox_{name}" in text
