"""A process that dies between any two steps: nothing is taken twice, nothing is lost, and the next look goes on."""

import os
from pathlib import Path

import pytest

from tests.desk.shop import rows
from tests.inboxes.office import Clerk
from tests.simulation.world import Row


async def _goes_on(clerk: Clerk) -> None:
    for _ in range(4):
        await clerk.later(minutes=20)
        await clerk.run_due()
    assert await clerk.run_due() == 0
    # What is left between a line's last step and the tidying goes once it is old.
    await clerk.a_day_later()
    assert clerk.here() == []


@pytest.mark.parametrize("moment", range(1, 40))
def test_cut_off_at_any_moment_a_sheet_is_paid_once(tmp_path: Path, moment: int) -> None:
    clerk = Clerk(tmp_path)
    sent = clerk.sheet(rows(3))

    async def story() -> None:
        clerk.store.write("march.csv", sent)
        clerk.store.write("march.csv.done", b"")
        await clerk.run_due(cut_at=moment)
        await clerk.later(minutes=20)
        await clerk.run_due(cut_at=moment // 2)
        await _goes_on(clerk)

    clerk.live(story())
    assert clerk.paid() == {"march": 3}
    assert clerk.states() == [("march.csv", "ARCHIVED")]
    assert clerk.store.folders["archive/march.csv"] == sent
    assert clerk.store.folders["archive/march.results.csv"].count(b"COMPLETED") == 3
    assert clerk.told_of().count(("march.csv", "finished")) <= 1
    assert "finished" in (clerk.lines()[0].reported or {})
    assert clerk.store.files == {}
    assert clerk.here() == []


def test_what_a_killed_process_has_left_of_no_file_is_removed_once_it_is_old(tmp_path: Path) -> None:
    clerk = Clerk(tmp_path)

    async def story() -> None:
        clerk.has_key = False
        clerk.send("march.csv")
        assert await clerk.run_due() == 2
        folder = clerk.private() / "payroll"
        room = folder / "incoming-left"
        room.mkdir()
        (copy,) = (path for path in folder.iterdir() if path.is_file())
        for path in (copy, room, folder / "0123.csv"):
            path.touch()
            os.utime(path, (0, 0))
        (folder / "4567.csv").touch()
        assert await clerk.run_due() == 0
        assert {path.name for path in folder.iterdir()} == {copy.name, "4567.csv"}

    clerk.live(story())


@pytest.mark.parametrize("step", [1, 5, 10, 20, 40, 60, 80, 100, 130, 160, 200, 250])
def test_killed_at_any_step_of_its_run_a_sheet_is_paid_once(tmp_path: Path, step: int) -> None:
    clerk = Clerk(tmp_path)

    async def story() -> None:
        clerk.send("march.csv")
        await clerk.run_due(killed_at_step=step)
        await clerk.later(minutes=20)
        await clerk.run_due(killed_at_step=step * 2)
        await _goes_on(clerk)

    clerk.live(story())
    assert clerk.paid() == {"march": 3}
    assert clerk.states() == [("march.csv", "ARCHIVED")]


@pytest.mark.parametrize("moment", range(1, 26))
def test_cut_off_at_any_moment_a_broken_sheet_is_put_aside_once(tmp_path: Path, moment: int) -> None:
    clerk = Clerk(tmp_path)

    async def story() -> None:
        clerk.send("march.csv", [Row("R1", 1, 10), Row("R2", 2, -1)])
        await clerk.run_due(cut_at=moment)
        await _goes_on(clerk)

    clerk.live(story())
    assert clerk.paid() == {}
    assert clerk.states() == [("march.csv", "PUT_ASIDE")]
    assert set(clerk.store.folders) == {
        "rejected/march.csv",
        "rejected/march.errors.xlsx",
        "rejected/march.why.txt",
    }
