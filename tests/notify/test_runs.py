"""A run at the command line, and one on the page: people are told how it ended."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from batcher.sandbox import SandboxThread, Switches
from tests.cli.desk import API_KEY, Desk, row, rows
from tests.notify.sinks import Sink, http_sink

SECRET = "whsec_" + "hunter2A" * 4


@pytest.fixture
def sink() -> Iterator[Sink]:
    with http_sink() as sink:
        yield sink


@pytest.fixture
def desk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, sink: Sink
) -> Iterator[Desk]:
    monkeypatch.setenv("RUNA_API_KEY", API_KEY)
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    with SandboxThread(Switches(rate="none")) as sandbox:
        desk = Desk(tmp_path, sandbox, capsys)
        desk.settings["notifications"] = {"webhook_url": sink.url, "secret_file": str(secret)}
        yield desk


def told(sink: Sink) -> list[str]:
    return [json.loads(post.body)["type"] for post in sink.posts]


def test_a_run_that_paid_all_is_finished_with_its_totals(desk: Desk, sink: Sink) -> None:
    assert desk.batcher("run", desk.sheet(rows(3)), "--batch", "march", "--yes").code == 0
    assert told(sink) == ["batch.finished"]
    said = json.loads(sink.posts[0].body)["data"]
    assert said["paid_GBP"] == "6.00"
    assert "Closing proof" in said["body"]
    assert "@" not in said["body"]
    assert "http" not in said["body"]


def test_one_that_stopped_says_why(desk: Desk, sink: Sink) -> None:
    assert desk.batcher("run", desk.sheet([row("R1", Email="funds@payouts.example")]), "--batch", "march", "--yes").code
    assert told(sink) == ["batch.stopped"]
    assert "balance" in sink.posts[0].body.decode()


def test_one_with_an_order_that_contradicts_its_row_needs_a_person(desk: Desk, sink: Sink) -> None:
    sheet = desk.sheet([row("R1", Email="mismatch-amount@payouts.example")])
    assert desk.batcher("run", sheet, "--batch", "march", "--yes").code == 7
    assert told(sink) == ["batch.needs_person"]


def test_one_that_nobody_confirmed_did_not_start(desk: Desk, sink: Sink) -> None:
    assert desk.batcher("run", desk.sheet(rows(1)), "--batch", "march").code != 0
    assert told(sink) == ["batch.not_started"]


def test_one_whose_sheet_cannot_be_read_did_not_start(desk: Desk, sink: Sink) -> None:
    assert desk.batcher("run", desk.folder / "gone.csv", "--batch", "march", "--yes").code == 5
    assert desk.batcher("run", desk.sheet([row("R1", "ten")]), "--batch", "march", "--yes").code == 5
    assert told(sink) == ["batch.not_started"] * 2
    assert b"ten" not in sink.posts[1].body.replace(b"written", b"")


def test_one_that_lies_above_needs_an_approval(desk: Desk, sink: Sink) -> None:
    desk.settings["approval"] = {"above": ["GBP 1"]}
    assert desk.batcher("run", desk.sheet(rows(3)), "--batch", "march", "--yes").code != 0
    assert told(sink) == ["batch.needs_approval"]


def test_a_sink_that_is_not_there_stops_no_payment_and_is_seen_in_status(desk: Desk, sink: Sink) -> None:
    sink.status = 500
    assert desk.batcher("run", desk.sheet(rows(1)), "--batch", "march", "--yes").code == 0
    status = desk.batcher("status")
    assert "Not delivered to webhook: Batch march is finished" in status.out
    assert "It answered 500." in status.out
    listed = json.loads(desk.batcher("status", "--json").out)
    assert listed["undelivered"][0]["event"] == "finished"
