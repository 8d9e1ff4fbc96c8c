"""`batcher serve` as a process: killed in the middle of a run and started again, it pays every row once."""

import json
import re
from pathlib import Path
from subprocess import Popen
from types import TracebackType
from typing import Self

import httpx
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

LATENCY = {"latency_min_s": 0.005, "latency_max_s": 0.05}
EVERY_ROW = [row["Reference"] for row in payouts(40)]


class Server:
    """`batcher serve`, and a browser that is signed in."""

    def __init__(self, house: House, port: int = 0) -> None:
        self.process: Popen[str] = house.start("serve", f"--port={port}", "--json")
        assert self.process.stdout is not None
        told = json.loads(self.process.stdout.readline())
        self.browser = httpx.Client(base_url=told["url"], timeout=DEADLINE_S, trust_env=False)
        assert self.browser.get(told["link"]).status_code == 303

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.browser.close()
        self.process.terminate()
        self.process.communicate(timeout=DEADLINE_S)

    def send(self, path: str, data: dict[str, str] | None = None, **files: tuple[str, bytes, str]) -> httpx.Response:
        """A form of the page."""
        token = self.browser.get("/").text.partition('name="csrf" value="')[2].partition('"')[0]
        origin = str(self.browser.base_url).rstrip("/")
        headers = {"Origin": origin, "Sec-Fetch-Site": "same-origin"}
        return self.browser.post(path, data={"csrf": token, **(data or {})}, files=files or None, headers=headers)

    def ask(self, sheet: Path, batch: str) -> None:
        """Upload a sheet, look at what would happen, and say yes."""
        uploaded = self.send("/sheets", sheet=(sheet.name, sheet.read_bytes(), "text/csv"))
        review = self.send(f"{uploaded.headers['Location']}/pay", {"batch": batch})
        (confirm,) = re.findall(r'action="(/plans/[0-9a-f]{64}/confirm)"', review.text)
        assert self.send(confirm).headers["Location"] == f"/batches/{batch}"

    def says(self, batch: str, words: str) -> bool:
        """Whether the batch's page says so."""
        return words in self.browser.get(f"/batches/{batch}").text


@pytest.mark.parametrize("moments", [(1, 14), (5, 33), (20, 39)])
def test_killed_in_mid_run_and_started_again_it_pays_every_row_once(tmp_path: Path, moments: tuple[int, int]) -> None:
    sheet = write_sheet(tmp_path / "payouts.csv", payouts(40))
    with SandboxProcess(rate="none", **LATENCY) as sandbox:
        house = House(tmp_path, sandbox)
        server = Server(house)
        server.ask(sheet, "november")
        for moment in moments:
            until(lambda n=moment: sandbox.posts() >= n, f"{moment} posts")  # type: ignore[misc]
            kill(server.process)
            server.browser.close()
            server = Server(house)
        with server:
            until(lambda: server.says("november", "Ended"), "the end of the run")
        assert sandbox.paid() == EVERY_ROW
        assert [line["status"] for line in house.results()] == ["COMPLETED"] * 40
        assert_each_link_in_its_own_line(house.results(), sandbox.dump())


def test_killed_while_paused_it_stays_paused(tmp_path: Path) -> None:
    sheet = write_sheet(tmp_path / "payouts.csv", payouts(40))
    # So slow that the pause is asked for before the last order is sent, however busy this machine is.
    with SandboxProcess(rate="none", latency_min_s=3, latency_max_s=4) as sandbox:
        house = House(tmp_path, sandbox)
        server = Server(house)
        server.ask(sheet, "november")
        until(lambda: sandbox.posts() >= 3, "3 posts")
        server.send("/batches/november/wish", {"wish": "pause"})
        until(lambda: server.says("november", "Paused."), "the pause")
        sandbox.switch(**LATENCY)
        posts = sandbox.posts()
        kill(server.process)
        server.browser.close()
        with Server(house) as again:
            again.ask(write_sheet(tmp_path / "other.csv", payouts(2, start=90)), "other")
            until(lambda: again.says("other", "Ended"), "the end of the other run")
            assert again.says("november", "Paused.")
            assert sandbox.posts() == posts + 2
            again.send("/batches/november/wish", {"wish": "go_on"})
            until(lambda: again.says("november", "Ended"), "the end of the run")
        assert sandbox.paid() == sorted([*EVERY_ROW, "R-090", "R-091"])


def test_what_the_command_line_has_begun_is_shown_and_waited_for(tmp_path: Path) -> None:
    with SandboxProcess(rate="none") as sandbox:
        house = House(tmp_path, sandbox, limits__orders_per_minute=120)
        sheet = write_sheet(tmp_path / "payouts.csv", payouts(40))
        with Server(house) as server:
            process = house.start("run", str(sheet), "--batch", "november", "--yes")
            until(lambda: sandbox.posts() >= 3, "3 posts")
            assert server.says("november", "Carried out by another process: batcher run of batch november")
            server.ask(write_sheet(tmp_path / "other.csv", payouts(2, start=90)), "other")
            until(lambda: server.says("other", "Another process has this ledger"), "the wait")
            process.communicate(timeout=DEADLINE_S)
            assert process.returncode == 0
            until(lambda: server.says("other", "Ended"), "the end of the other run")
            assert server.says("november", "Nothing is going on.")
        assert sandbox.paid() == sorted([*EVERY_ROW, "R-090", "R-091"])
