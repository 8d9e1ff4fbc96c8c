"""The main job with real processes: 40 rows are paid once, whatever is done to the file or to the process."""

import shutil
import signal
from pathlib import Path

import pytest

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

pytestmark = pytest.mark.process

SAMPLES = Path(__file__).parents[2] / "sample_data"
EVERY_ROW = [row["Reference"] for row in payouts(40)]
LATENCY = {"latency_min_s": 0.005, "latency_max_s": 0.05}


def test_the_sample_is_paid_and_then_nothing_sends_again(tmp_path: Path) -> None:
    with SandboxProcess(rate="none") as sandbox:
        house = House(tmp_path, sandbox)
        first = house.run(SAMPLES / "incentives-2026-11.csv")
        assert first.returncode == 0, first.stderr
        assert [line["status"] for line in house.results()] == ["COMPLETED"] * 40
        orders = {order["id"]: order for order in sandbox.dump()["orders"]}
        assert len(orders) == 40
        for line in house.results():
            assert orders[line["order_id"]]["redemption_url"] == line["redemption_url"]
            assert orders[line["order_id"]]["metadata"]["reference"] == line["Reference"]
        lines = (SAMPLES / "incentives-2026-11.csv").read_text(encoding="utf-8").splitlines(keepends=True)
        again = {
            "renamed.csv": "".join(lines).encode(),
            "shuffled.csv": "".join([lines[0], *reversed(lines[1:])]).encode(),
            "utf-16.csv": "".join(lines).encode("utf-16"),
            "european.csv": (SAMPLES / "incentives-2026-11-european.csv").read_bytes(),
        }
        for name, content in again.items():
            (tmp_path / name).write_bytes(content)
            ended = house.run(tmp_path / name)
            assert ended.returncode == 0, (name, ended.stderr)
        assert sandbox.posts() == 40


def test_one_row_added_sends_one(tmp_path: Path) -> None:
    with SandboxProcess(rate="none") as sandbox:
        house = House(tmp_path, sandbox)
        assert house.run(write_sheet(tmp_path / "a.csv", payouts(40))).returncode == 0
        assert house.run(write_sheet(tmp_path / "b.csv", payouts(41))).returncode == 0
        assert sandbox.posts() == 41
        assert sandbox.paid() == [row["Reference"] for row in payouts(41)]


@pytest.mark.parametrize("after", [1, 12, 39])
def test_a_sealed_plan_whose_run_is_killed_goes_on_and_pays_each_row_once(tmp_path: Path, after: int) -> None:
    with SandboxProcess(rate="none", **LATENCY) as sandbox:
        house = House(tmp_path, sandbox)
        sheet, plan = write_sheet(tmp_path / "a.csv", payouts(40)), str(tmp_path / "a.plan")
        sealed = house.batcher("plan", str(sheet), "--batch", "november", "--out", plan)
        assert sealed.returncode == 0, sealed.stderr
        process = house.start("run", "--plan", plan, "--yes")
        until(lambda: sandbox.posts() >= after, f"{after} orders")
        kill(process)
        # What is gone on with is what was confirmed, whatever has become of the file.
        write_sheet(sheet, payouts(45))
        ended = house.batcher("run", "--plan", plan, "--yes")
        assert ended.returncode == 0, ended.stderr
        assert sandbox.paid() == EVERY_ROW
        assert house.batcher("run", "--plan", plan, "--yes").returncode == 0
        assert sandbox.paid() == EVERY_ROW


@pytest.mark.parametrize("seed", range(20))
def test_killed_at_a_random_moment_and_run_again_pays_each_row_once(tmp_path: Path, seed: int) -> None:
    moments = [(7 * seed) % 40, (13 * seed + 5) % 40]
    with SandboxProcess(rate="none", **LATENCY) as sandbox:
        house = House(tmp_path, sandbox)
        sheet = write_sheet(tmp_path / "payouts.csv", payouts(40))
        for moment in sorted(moments):
            process = house.start("run", str(sheet), "--batch", "november", "--yes")
            until(lambda n=moment: house.ledger.exists() and sandbox.posts() >= n, f"{moment} posts")  # type: ignore[misc]
            kill(process)
        ended = house.run(sheet)
        assert ended.returncode == 0, ended.stderr
        assert sandbox.paid() == EVERY_ROW
        assert [line["status"] for line in house.results()] == ["COMPLETED"] * 40
        assert_each_link_in_its_own_line(house.results(), sandbox.dump())


def test_killed_and_the_ledger_deleted_makes_no_new_order(tmp_path: Path) -> None:
    with SandboxProcess(rate="none", **LATENCY) as sandbox:
        house = House(tmp_path, sandbox)
        sheet = write_sheet(tmp_path / "payouts.csv", payouts(40))
        process = house.start("run", str(sheet), "--batch", "november", "--yes")
        until(lambda: sandbox.posts() >= 20, "20 posts")
        kill(process)
        shutil.rmtree(house.ledger.parent)
        ended = house.run(sheet)
        assert ended.returncode == 0, ended.stderr
        assert sandbox.paid() == EVERY_ROW
        shutil.rmtree(house.ledger.parent)
        made = len(sandbox.dump()["orders"])
        assert house.run(sheet).returncode == 0
        assert len(sandbox.dump()["orders"]) == made == 40
        assert_each_link_in_its_own_line(house.results(), sandbox.dump())


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param({"lost_reply": [1]}, id="every first reply is lost after the order was made"),
        pytest.param({"reset_after": [1, 2]}, id="reset twice after the order was made"),
        pytest.param({"reset_before": [1]}, id="reset before the order was made"),
        pytest.param({"in_progress_reply": [1, 2], "in_progress": "400"}, id="in progress, as a 400"),
        pytest.param({"error_made": [1]}, id="a 5xx although the order was made, not stored"),
        pytest.param({"error_unmade": [1, 2]}, id="a 5xx and no order, not stored"),
        pytest.param({"broken_json": [1]}, id="broken JSON"),
        pytest.param({"truncated": [1]}, id="half an answer"),
        pytest.param({"no_id": [1]}, id="accepted, without an id"),
        pytest.param({"foreign_type": [1]}, id="a foreign content type"),
        pytest.param({"too_many": [1]}, id="a 429 for each"),
        pytest.param({"get_error": 0.3, "get_too_many": 0.05, "get_lag_s": 0.5}, id="reads that fail or lag"),
    ],
)
def test_faults_that_end_leave_every_row_paid_once(tmp_path: Path, faults: dict[str, object]) -> None:
    with SandboxProcess(rate="none", **faults) as sandbox:
        house = House(tmp_path, sandbox)
        ended = house.run(write_sheet(tmp_path / "payouts.csv", payouts(12)))
        assert ended.returncode == 0, ended.stderr
        assert sandbox.paid() == [row["Reference"] for row in payouts(12)]
        assert_each_link_in_its_own_line(house.results(), sandbox.dump())


def test_an_answer_of_102_alone_is_unknown_and_ends_paid_once(tmp_path: Path) -> None:
    with SandboxProcess(rate="none", in_progress="102", in_progress_reply=[1]) as sandbox:
        house = House(tmp_path, sandbox, api__timeout_s=1)
        ended = house.run(write_sheet(tmp_path / "payouts.csv", payouts(6)))
        assert ended.returncode == 0, ended.stderr
        assert sandbox.paid() == [row["Reference"] for row in payouts(6)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_finishes_what_is_in_flight_and_says_how_to_go_on(tmp_path: Path, number: signal.Signals) -> None:
    with SandboxProcess(rate="none", latency_min_s=0.2, latency_max_s=0.5) as sandbox:
        house = House(tmp_path, sandbox, limits__orders_per_minute=300)
        sheet = write_sheet(tmp_path / "payouts.csv", payouts(40))
        process = house.start("run", str(sheet), "--batch", "november", "--yes")
        until(lambda: sandbox.posts() >= 8, "8 posts")
        process.send_signal(number)
        _, err = process.communicate(timeout=DEADLINE_S)
        assert process.returncode == 130, err
        assert "Go on with: batcher run" in err
        statuses = [line["status"] for line in house.results()]
        assert len(statuses) == 40
        assert "NOT_SENT" in statuses
        # What was in flight was answered, and the answer was kept.
        assert "UNKNOWN" not in statuses
        assert sum(status in {"COMPLETED", "PROCESSING"} for status in statuses) == len(sandbox.dump()["orders"])
        assert house.run(sheet).returncode == 0
        assert sandbox.paid() == EVERY_ROW


def test_a_second_process_is_turned_away_and_told_who_has_the_ledger(tmp_path: Path) -> None:
    with SandboxProcess(rate="none", latency_min_s=0.2, latency_max_s=0.5) as sandbox:
        house = House(tmp_path, sandbox, limits__orders_per_minute=300)
        sheet = write_sheet(tmp_path / "payouts.csv", payouts(20))
        process = house.start("run", str(sheet), "--batch", "november", "--yes")
        until(lambda: sandbox.posts() >= 2, "2 posts")
        # It stands still meanwhile: the second one starts before the first has ended, however busy this machine is.
        process.send_signal(signal.SIGSTOP)
        second = house.run(sheet)
        process.send_signal(signal.SIGCONT)
        assert second.returncode == 11
        assert f"process {process.pid}" in second.stderr
        assert "batcher run of batch november" in second.stderr
        assert process.wait(timeout=DEADLINE_S) == 0
        process.communicate()
        assert sandbox.paid() == [row["Reference"] for row in payouts(20)]
