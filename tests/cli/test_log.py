"""Each line of the log says which batch, row and attempt it is about, and holds no secret."""

import json
import subprocess
import sys

from tests.cli.desk import API_KEY, Desk, rows


def logged(desk: Desk, *flags: str) -> str:
    """What a run writes to stderr, as a process of its own: a log is set up once for each."""
    command = ["run", str(desk.sheet(rows(2))), "--batch", "march", "--yes", "--config", str(desk.config()), *flags]
    done = subprocess.run(
        [sys.executable, "-m", "batcher", *command], capture_output=True, text=True, check=True, cwd=desk.folder
    )
    return done.stderr


def test_as_json_a_line_is_an_object_with_what_it_is_about(desk: Desk) -> None:
    written = logged(desk, "--json", "--log-json")
    lines = [json.loads(line) for line in written.splitlines()]
    about = [(line["batch"], line["row"], line["attempt"]) for line in lines if "row" in line]
    assert {("march", "R0", 1), ("march", "R1", 1)} == set(about)
    assert {"at", "level", "logger", "message"} <= set(lines[0])
    assert API_KEY not in written
    assert "https://spend" not in written
    assert "@example.com" not in written


def test_a_config_asks_for_it_too_for_whatever_a_timer_starts(desk: Desk) -> None:
    desk.settings["logging"] = {"format": "json"}
    lines = [json.loads(line) for line in logged(desk, "--json").splitlines()]
    assert ("march", "R0") in {(line.get("batch"), line.get("row")) for line in lines}


def test_a_log_of_another_kind_is_refused_by_its_name(desk: Desk) -> None:
    desk.settings["logging"] = {"format": "xml"}
    done = desk.batcher("status")
    assert (done.code, "logging.format" in done.err) == (2, True)


def test_for_people_it_stands_at_the_end_of_the_line(desk: Desk) -> None:
    assert "[batch march, row R0, attempt 1]" in logged(desk, "-v")
