"""The units in `docs/units`, each checked by its own tool where that is there, and in any case by what they call."""

import re
import shlex
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
import yaml
from cronsim import CronSim

from batcher.cli.backup import command as backup
from batcher.cli.schedule import run_due
from batcher.cli.serve import command as serve

UNITS = Path(__file__).parents[2] / "docs" / "units"
LINES = {path.name: path.read_text(encoding="utf-8").splitlines() for path in sorted(UNITS.iterdir())}


def called(name: str) -> list[str]:
    """What a unit calls, without the program."""
    text = "\n".join(LINES[name])
    if found := re.search(r"command: \[(.*)\]", text):
        return [word.strip(' "') for word in found[1].split(",")][1:]
    found = re.search(r"^[^#\n]*/bin/(batcher [^\n|>]*)", text, re.MULTILINE)
    assert found is not None, name
    return [word for word in shlex.split(found[1])[1:] if word != "2"]


@pytest.mark.parametrize("name", ["batcher-schedule.service", "crontab", "cronjob.yaml"])
def test_what_a_unit_calls_can_be_parsed(name: str) -> None:
    group, command, *arguments = called(name)
    assert (group, command) == ("schedule", "run-due")
    with run_due.make_context("run-due", arguments) as context:
        assert isinstance(context, click.Context)
        assert context.args == []


@pytest.mark.parametrize(("name", "command"), [("batcher-serve.service", serve), ("batcher-backup.service", backup)])
def test_so_can_what_the_other_units_call(name: str, command: click.Command) -> None:
    word, *arguments = called(name)
    assert word == command.name
    with command.make_context(word, arguments) as context:
        assert context.args == []


def test_every_timer_starts_a_service() -> None:
    timers = [name for name in LINES if name.endswith(".timer")]
    assert len(timers) == 2
    assert {name.replace(".timer", ".service") for name in timers} <= set(LINES)


def test_the_cron_job_is_yaml_and_never_runs_beside_itself() -> None:
    job = yaml.safe_load("\n".join(LINES["cronjob.yaml"]))
    assert (job["apiVersion"], job["kind"], job["spec"]["concurrencyPolicy"]) == ("batch/v1", "CronJob", "Forbid")
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert [mount["name"] for mount in container["volumeMounts"]] == [volume["name"] for volume in pod["volumes"]]
    assert pod["restartPolicy"] == "Never"


def test_every_five_minutes() -> None:
    (line,) = [line for line in LINES["crontab"] if not line.startswith("#")]
    (schedule,) = re.findall(r'schedule: "(.*)"', "\n".join(LINES["cronjob.yaml"]))
    for cron in (" ".join(line.split()[:5]), schedule):
        assert next(CronSim(cron, datetime(2026, 1, 1, tzinfo=UTC))) == datetime(2026, 1, 1, 0, 5, tzinfo=UTC)


def test_a_crontab_has_no_sign_that_cron_takes_for_the_end_of_a_line() -> None:
    assert not any("%" in line for line in LINES["crontab"])


@pytest.mark.skipif(shutil.which("crontab") is None, reason="needs crontab")
def test_crontab_takes_its_lines() -> None:
    subprocess.run(["crontab", "-T", UNITS / "crontab"], check=True)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_takes_its_units(tmp_path: Path) -> None:
    for path in UNITS.glob("*.[st][ei]*"):
        # The program has another place here.
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    units = [str(path) for path in tmp_path.iterdir()]
    assert len(units) == 5
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    ours = [line for line in done.stderr.splitlines() if "batcher" in line]
    assert (ours, done.returncode) == ([], 0), done.stderr
