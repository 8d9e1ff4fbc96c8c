"""Back-ups of a ledger that is being sent from, and a life that goes on from one of them: nobody is paid twice."""

import shutil
import signal
from pathlib import Path

import pytest

from tests.process.house import (
    House,
    SandboxProcess,
    assert_each_link_in_its_own_line,
    kill,
    payouts,
    until,
    write_sheet,
)

pytestmark = pytest.mark.process

EVERY_ROW = [row["Reference"] for row in payouts(40)]


def put_back(house: House, copy: Path) -> None:
    """As the guide for operators says."""
    for name in ("ledger.sqlite3", "ledger.sqlite3-wal", "ledger.sqlite3-shm"):
        (house.ledger.parent / name).unlink(missing_ok=True)
    shutil.copy(copy, house.ledger)


@pytest.mark.parametrize("how", ["run", "resume"])
@pytest.mark.parametrize(("first", "then"), [(3, 9), (12, 25), (12, 40)])
def test_from_a_back_up_of_the_middle_of_a_run_each_row_is_paid_once(
    tmp_path: Path, how: str, first: int, then: int
) -> None:
    with SandboxProcess(rate="none", latency_min_s=0.01, latency_max_s=0.05) as sandbox:
        house = House(tmp_path, sandbox)
        sheet, copy = write_sheet(tmp_path / "a.csv", payouts(40)), tmp_path / "copy.sqlite3"
        process = house.start("run", str(sheet), "--batch", "november", "--yes")
        until(lambda: sandbox.posts() >= first, f"{first} orders")
        done = house.batcher("backup", str(copy))
        assert done.returncode == 0, done.stderr
        until(lambda: sandbox.posts() >= then, f"{then} orders")
        kill(process)
        put_back(house, copy)
        ended = house.run(sheet) if how == "run" else house.batcher("resume", "november", "--yes")
        assert ended.returncode == 0, ended.stderr
        assert sandbox.paid() == EVERY_ROW
        assert_each_link_in_its_own_line(house.results(), sandbox.dump())
        assert house.batcher("verify", "november").returncode == 0


def test_one_back_up_after_the_other_beside_a_run_that_ends_as_ever(tmp_path: Path) -> None:
    with SandboxProcess(rate="none", latency_min_s=0.01, latency_max_s=0.05) as sandbox:
        house = House(tmp_path, sandbox)
        sheet = write_sheet(tmp_path / "a.csv", payouts(40))
        process = house.start("run", str(sheet), "--batch", "november", "--yes")
        until(lambda: sandbox.posts() >= 1, "an order")
        for number in range(4):
            done = house.batcher("backup", str(tmp_path / f"copy-{number}"))
            assert done.returncode == 0, done.stderr
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, out + err
        assert sandbox.paid() == EVERY_ROW


def test_stopped_in_the_middle_backed_up_and_gone_on_with(tmp_path: Path) -> None:
    """What an upgrade does: SIGTERM, a back-up, another process."""
    with SandboxProcess(rate="none", latency_min_s=0.01, latency_max_s=0.05) as sandbox:
        house = House(tmp_path, sandbox, limits__orders_per_minute=600)
        sheet = write_sheet(tmp_path / "a.csv", payouts(40))
        process = house.start("run", str(sheet), "--batch", "november", "--yes")
        until(lambda: sandbox.posts() >= 3, "3 orders")
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 130, out + err
        assert house.batcher("backup", str(tmp_path / "copy")).returncode == 0
        ended = house.batcher("resume", "november", "--yes")
        assert ended.returncode == 0, ended.stderr
        assert sandbox.paid() == EVERY_ROW
