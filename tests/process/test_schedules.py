"""A period of a schedule with real processes: however they are started and killed, it is paid once."""

import json
from datetime import UTC, timedelta
from pathlib import Path
from subprocess import Popen

import pytest

from batcher.assembly import Office
from batcher.clock import SystemClock
from tests.process.house import (
    DEADLINE_S,
    House,
    SandboxProcess,
    assert_each_link_in_its_own_line,
    kill,
    payouts,
    until,
    write_sheet,
)
from tests.process.test_serve import Server

pytestmark = pytest.mark.process

LATENCY = {"latency_min_s": 0.005, "latency_max_s": 0.05}
EVERY_ROW = [row["Reference"] for row in payouts(40)]


class Due(House):
    """A folder whose schedule was looked at an hour ago, and fell due since; its file is there, and whole."""

    def __init__(self, folder: Path, sandbox: SandboxProcess) -> None:
        super().__init__(folder, sandbox)
        now = SystemClock().instant().at
        due = now - timedelta(minutes=5)
        (folder / "batcher.toml").write_text(
            f'[schedules.daily]\ncron = "{due.minute} {due.hour} * * *"\nzone = "UTC"\n'
            f'file = "{folder}/{{period}}.csv"\n'
            'batch = "pay-{period}"\nceilings = ["GBP 5000"]\nlate_hours = 20\n'
        )
        settings = self.settings()
        with Office(settings) as office:
            # As a first look an hour ago has left it: a first look of now would pay nothing of the past.
            (definition,) = settings.definitions
            office.scheduled.note(office.environment, definition, now - timedelta(hours=1))
        self.period = f"{due.astimezone(UTC):%Y-%m-%d}"
        sheet = write_sheet(folder / f"{self.period}.csv", payouts(40))
        sheet.with_name(f"{sheet.name}.done").touch()

    def look(self) -> "Popen[str]":
        """Start a look at what is due."""
        return self.start("schedule", "run-due", "--json")

    def last(self) -> tuple[str, str]:
        """The period that fell due last, and where it stands."""
        listed = json.loads(self.batcher("schedule", "list", "--json").stdout)
        last = listed["schedules"][0]["last"]
        return last["period"], last["state"]


def ended(process: "Popen[str]") -> int:
    """How a process ends."""
    process.communicate(timeout=DEADLINE_S)
    return process.returncode


def assert_paid_once(house: Due, sandbox: SandboxProcess) -> None:
    assert sandbox.paid() == EVERY_ROW
    assert house.last() == (house.period, "DONE")
    results = house.results(f"pay-{house.period}")
    assert [line["status"] for line in results] == ["COMPLETED"] * 40
    assert_each_link_in_its_own_line(results, sandbox.dump())


def test_three_that_are_started_at_once_pay_it_once(tmp_path: Path) -> None:
    with SandboxProcess(rate="none", **LATENCY) as sandbox:
        house = Due(tmp_path, sandbox)
        codes = {ended(process) for process in [house.look() for _ in range(3)]}
        # Whoever comes while another one has the ledger leaves it to them.
        assert codes <= {0, 11}
        assert 0 in codes
        assert_paid_once(house, sandbox)
        assert ended(house.look()) == 0
        assert sandbox.posts() == 40


@pytest.mark.parametrize("moments", [(1, 14), (5, 33), (20, 39)])
def test_killed_in_mid_run_and_started_again_it_is_paid_once(tmp_path: Path, moments: tuple[int, int]) -> None:
    with SandboxProcess(rate="none", **LATENCY) as sandbox:
        house = Due(tmp_path, sandbox)
        process = house.look()
        for moment in moments:
            until(lambda n=moment: sandbox.posts() >= n, f"{moment} posts")  # type: ignore[misc]
            kill(process)
            process = house.look()
        assert ended(process) == 0
        assert_paid_once(house, sandbox)


def test_killed_beside_another_one_that_looks_it_is_paid_once(tmp_path: Path) -> None:
    with SandboxProcess(rate="none", **LATENCY) as sandbox:
        house = Due(tmp_path, sandbox)
        first = house.look()
        until(lambda: sandbox.posts() >= 5, "5 posts")
        second = house.look()
        kill(first)
        ended(second)
        assert ended(house.look()) == 0
        assert_paid_once(house, sandbox)


def test_a_page_and_a_timer_that_look_at_once_pay_it_once(tmp_path: Path) -> None:
    with SandboxProcess(rate="none", **LATENCY) as sandbox:
        house = Due(tmp_path, sandbox)
        with Server(house):
            looks = [house.look() for _ in range(2)]
            assert {ended(process) for process in looks} <= {0, 11}
            until(lambda: house.last()[1] == "DONE", "the end of the period")
        assert_paid_once(house, sandbox)
