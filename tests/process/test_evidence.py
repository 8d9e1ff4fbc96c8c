"""Evidence with real processes: killed, interrupted, two machines at once; each row is paid once and proven."""

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

SIGNALS = [signal.SIGINT, signal.SIGTERM]
LIST = "GET /v2/order?limit=500"
QUICK = {"rate": "none", "complete_min_s": 0, "complete_max_s": 0.01}


def reads(sandbox: SandboxProcess, what: str) -> int:
    """How often something was read."""
    return int(sandbox.dump()["reads"].get(what, 0))


def all_reads(sandbox: SandboxProcess) -> int:
    """How often anything was read."""
    return sum(sandbox.dump()["reads"].values())


def references(count: int) -> list[str]:
    """Of so many rows, sorted."""
    return [row["Reference"] for row in payouts(count)]


def test_two_machines_at_once_with_a_ledger_each_pay_each_row_once(tmp_path: Path) -> None:
    with SandboxProcess(rate="none", latency_min_s=0.01, latency_max_s=0.1) as sandbox:
        houses = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            houses.append(House(tmp_path / name, sandbox))
        sheet = write_sheet(tmp_path / "payouts.csv", payouts(30))
        processes = [house.start("run", str(sheet), "--batch", "november", "--yes") for house in houses]
        for process in processes:
            out, err = process.communicate(timeout=120)
            assert process.returncode == 0, out + err
        assert sandbox.paid() == references(30)
        for house in houses:
            assert_each_link_in_its_own_line(house.results(), sandbox.dump())
            assert [line["status"] for line in house.results()] == ["COMPLETED"] * 30


@pytest.mark.parametrize("moment", [1, 9, 23])
def test_resume_after_a_kill_with_the_file_deleted_pays_the_rest(tmp_path: Path, moment: int) -> None:
    with SandboxProcess(rate="none", latency_min_s=0.02, latency_max_s=0.1) as sandbox:
        house = House(tmp_path, sandbox)
        sheet = write_sheet(tmp_path / "payouts.csv", payouts(25))
        process = house.start("run", str(sheet), "--batch", "november", "--yes")
        until(lambda: sandbox.posts() >= moment, f"{moment} posts")
        kill(process)
        sheet.unlink()
        ended = house.batcher("resume", "november")
        assert ended.returncode == 0, ended.stderr
        assert "25 rows in = 25 paid." in ended.stderr
        assert sandbox.paid() == references(25)
        assert_each_link_in_its_own_line(house.results(), sandbox.dump())


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_during_the_look_sends_nothing_and_the_next_run_pays(tmp_path: Path, number: signal.Signals) -> None:
    with SandboxProcess(**QUICK, get_hang={"overall": [2]}) as sandbox:
        house = House(tmp_path, sandbox)
        sheet = write_sheet(tmp_path / "payouts.csv", payouts(5))
        process = house.start("run", str(sheet), "--batch", "november", "--yes")
        until(lambda: reads(sandbox, LIST) == 1, "the order list being read")
        process.send_signal(number)
        out, err = process.communicate(timeout=90)
        assert (process.returncode, sandbox.posts()) == (130, 0), out + err
        assert "Traceback" not in err
        assert "The same command goes on from here." in err
        assert house.run(sheet).returncode == 0
        assert sandbox.paid() == references(5)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_during_the_closing_ends_at_once_and_loses_nothing(tmp_path: Path, number: signal.Signals) -> None:
    with SandboxProcess(**QUICK, get_hang=[2]) as sandbox:
        # Much longer than this test waits for the end.
        house = House(tmp_path, sandbox, api__timeout_s=100)
        sheet = write_sheet(tmp_path / "payouts.csv", payouts(5))
        process = house.start("run", str(sheet), "--batch", "november", "--yes")
        until(lambda: reads(sandbox, "GET /v2/balance") == 2, "the balance being read once more")
        process.send_signal(number)
        out, err = process.communicate(timeout=90)
        assert process.returncode == 130, out + err
        assert "Stopping: Runa is asked nothing more." in err
        assert "Go on with: batcher run" in err
        assert "Traceback" not in err
        assert [line["status"] for line in house.results()] == ["COMPLETED"] * 5
        sandbox.switch(get_hang=0)
        ended = house.batcher("reconcile", "november")
        assert ended.returncode == 0, ended.stderr
        assert sandbox.posts() == 5


def test_killed_during_the_closing_the_order_that_was_found_is_still_taken_over(tmp_path: Path) -> None:
    with SandboxProcess(**QUICK, lost_reply=[1, 2, 3], get_hang=[2]) as sandbox:
        house = House(tmp_path, sandbox, retry__attempts=3)
        sheet = write_sheet(tmp_path / "payouts.csv", payouts(4))
        process = house.start("run", str(sheet), "--batch", "november", "--yes")
        until(lambda: reads(sandbox, "GET /v2/balance") == 2, "the closing")
        kill(process)
        sandbox.switch(get_hang=0)
        ended = house.batcher("reconcile", "november")
        assert ended.returncode == 0, ended.stderr
        assert ended.stderr.count("was found in Runa's list and taken over") == 4
        assert sandbox.paid() == references(4)
        assert_each_link_in_its_own_line(house.results(), sandbox.dump())


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_reconcile_while_it_follows_an_order(tmp_path: Path, number: signal.Signals) -> None:
    with SandboxProcess(**QUICK) as sandbox:
        house = House(tmp_path, sandbox, polling__give_up_after_s=600)
        row = {**payouts(1)[0], "Email": "stuck@example.com"}
        process = house.start("run", str(write_sheet(tmp_path / "payouts.csv", [row])), "--batch", "november", "--yes")
        until(lambda: all_reads(sandbox) >= 8, "the order being followed")
        kill(process)
        before = all_reads(sandbox)
        process = house.start("reconcile", "november")
        until(lambda: all_reads(sandbox) >= before + 6, "the order being followed again")
        process.send_signal(number)
        out, err = process.communicate(timeout=90)
        assert process.returncode == 130, out + err
        assert "Go on with: batcher reconcile november" in err
        assert "Traceback" not in err


def test_who_wants_to_settle_what_a_run_is_sending_is_turned_away(tmp_path: Path) -> None:
    # The run waits for its first answer until it is killed.
    with SandboxProcess(**QUICK, hang_after={"overall": [1]}) as sandbox:
        house = House(tmp_path, sandbox, api__timeout_s=100)
        sheet = write_sheet(tmp_path / "payouts.csv", payouts(3))
        process = house.start("run", str(sheet), "--batch", "november", "--yes")
        until(lambda: sandbox.posts() == 1, "the first post")
        others = [
            house.start("reconcile", "november"),
            house.start("resume", "november"),
            house.start("decide", "november", "R-001", "--never-created", "--reason", "x"),
        ]
        for other in others:
            out, err = other.communicate(timeout=90)
            assert other.returncode == 11, out + err
            assert f"process {process.pid}" in err
        kill(process)
        ended = house.batcher("resume", "november")
        assert ended.returncode == 0, ended.stderr
        assert sandbox.paid() == references(3)
