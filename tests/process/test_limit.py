"""The limit, at its real size: 80 rows at 60 a minute take more than a minute, so this file does too."""

from pathlib import Path

import pytest

from batcher.sandbox import max_in_any_window
from tests.process.house import House, SandboxProcess, kill, payouts, until, write_sheet

pytestmark = pytest.mark.process


# What a sliding window lets pass, every fixed one does.
@pytest.mark.parametrize("rate", ["sliding", "bucket"])
def test_a_kill_in_the_middle_is_no_way_around_the_limit(tmp_path: Path, rate: str) -> None:
    with SandboxProcess(rate=rate, rate_limit=60, latency_min_s=0.01, latency_max_s=0.1) as sandbox:
        house = House(tmp_path, sandbox, limits__orders_per_minute=60)
        sheet = write_sheet(tmp_path / "payouts.csv", payouts(80))
        process = house.start("run", str(sheet), "--batch", "november", "--yes")
        until(lambda: sandbox.posts() >= 40, "40 posts")
        kill(process)
        ended = house.run(sheet)
        assert ended.returncode == 0, ended.stderr
        posts = sandbox.dump()["posts"]
        arrivals_s = [post["monotonic_s"] for post in posts]
        assert 429 not in [post["status"] for post in posts]
        assert max_in_any_window(arrivals_s, 60.0) <= 60
        # A new start does not wait for a whole minute more.
        assert max(arrivals_s) - min(arrivals_s) <= 120.0
        assert sandbox.paid() == [row["Reference"] for row in payouts(80)]
