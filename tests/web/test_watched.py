"""What whoever watches from outside is shown: figures, and nothing of any person, batch or key."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from batcher.asked import RunState
from batcher.inboxes import FileState
from batcher.sandbox import SandboxThread, Switches
from batcher.schedules import OPEN, PeriodState, ReportKind
from batcher.states import State
from batcher.web.webhooks import Delivery
from tests.web.house import Desk, HandClock
from tests.web.paying import Till, row

WATCHING = Path(__file__).parents[2] / "docs" / "watching"


def samples(text: str) -> dict[str, float]:
    """Each sample by its name and labels."""
    return {
        f"{one.name}{''.join(f'{{{value}}}' for value in one.labels.values())}": one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def test_the_figures_of_a_batch_that_was_paid_and_refused(tmp_path: Path) -> None:
    with SandboxThread(Switches(rate="none")) as sandbox, Till(tmp_path, sandbox) as till:
        till.pay([row("R1"), row("R2"), row("R3", Email="invalid@payouts.example")])
        text = till.browser.get("/metrics").text
    found = samples(text)
    assert (found["batcher_orders{COMPLETED}"], found["batcher_orders{REJECTED}"]) == (2, 1)
    assert found["batcher_refusals_total{validation_error}"] == 1
    assert (found["batcher_sends_last_minute"], found["batcher_sends_limit"]) == (3, 6000)
    assert found["batcher_oldest_unsettled_seconds"] == 0
    assert found["batcher_runs{ENDED}"] == 1
    for hidden in ("@", "R1", "march", "http", "xx."):
        assert hidden not in text


def test_an_order_that_is_not_over_has_an_age(tmp_path: Path) -> None:
    with (
        SandboxThread(Switches(rate="none")) as sandbox,
        Till(tmp_path, sandbox, POLLING__GIVE_UP_AFTER_S="1") as till,
    ):
        till.pay([row("R1", Email="stuck@payouts.example")])
        found = samples(till.browser.get("/metrics").text)
    assert found["batcher_orders{ACCEPTED}"] == 1
    assert found["batcher_oldest_unsettled_seconds"] > 0


@pytest.mark.parametrize(("path", "words"), [("/healthz", "ok"), ("/readyz", "ready")])
def test_it_is_alive_and_ready(desk: Desk, path: str, words: str) -> None:
    answer = desk.browser().get(path)
    assert (answer.status_code, answer.text.strip()) == (200, words)
    assert desk.browser().request("POST", path).status_code == 405


def test_a_desk_that_cannot_work_is_not_ready_and_alive_all_the_same(desk: Desk) -> None:
    desk.house.desk.fault = "The disk is full."
    assert desk.browser().get("/readyz").status_code == 503
    assert desk.browser().get("/healthz").status_code == 200
    assert samples(desk.browser().get("/metrics").text)["batcher_desk_fault"] == 1


@pytest.mark.parametrize("host", ["10.1.2.3:8080", "127.0.0.1", "[::1]:9000", "localhost:1"])
def test_a_scraper_names_the_server_by_its_address(desk: Desk, host: str) -> None:
    assert desk.browser().get("/metrics", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["payouts.example.com", "attacker.example:8080", ""])
def test_by_a_name_there_is_nothing_to_see(desk: Desk, host: str) -> None:
    answer = desk.browser().get("/metrics", headers={"Host": host})
    assert answer.status_code == 421
    assert "batcher_" not in answer.text


@pytest.fixture
def scheduled(tmp_path: Path) -> Iterator[Desk]:
    """A page whose desk has a schedule, and which is first looked at on the 20th of November 2026."""
    config = tmp_path / "batcher.toml"
    config.write_text(
        "[schedules.pay]\n"
        'cron = "0 9 28 * *"\nzone = "UTC"\nfile = "/inbox/pay-{period}.csv"\nbatch = "pay-{period}"\n'
        'ceilings = ["GBP 100"]\nlate_hours = 48\n'
    )
    clock = HandClock(now_s=-8 * 86_400.0)
    with Desk(tmp_path / "desk", config=config, clock=clock) as desk:
        asyncio.run(desk.house.schedules.look(desk.house.desk))
        yield desk


def of_schedules(desk: Desk) -> dict[str, float]:
    """What is shown of schedules and is not 0."""
    found = samples(desk.browser().get("/metrics").text)
    return {name: value for name, value in found.items() if name.startswith("batcher_schedule_") and value}


def test_nothing_is_late_before_its_moment_and_every_figure_is_there(scheduled: Desk) -> None:
    shown = samples(scheduled.browser().get("/metrics").text)
    assert of_schedules(scheduled) == {}
    for state in OPEN | {PeriodState.EXPECTED}:
        assert f"batcher_schedule_late_seconds{{pay}}{{{state}}}" in shown
    assert {"batcher_schedule_missed_total{pay}", "batcher_schedule_left_to_a_person{pay}"} <= shown.keys()


def test_where_nobody_looks_what_fell_due_is_late_all_the_same(scheduled: Desk) -> None:
    scheduled.clock.now_s = 7200.0
    assert of_schedules(scheduled) == {
        "batcher_schedule_late_seconds{pay}{EXPECTED}": 7200,
        "batcher_schedule_unlooked_seconds": 8 * 86_400 + 7200,
    }


def test_a_file_that_does_not_come_is_late_and_then_missed(scheduled: Desk) -> None:
    scheduled.clock.now_s = 3600.0
    asyncio.run(scheduled.house.schedules.look(scheduled.house.desk))
    assert of_schedules(scheduled) == {"batcher_schedule_late_seconds{pay}{WAITING_FOR_FILE}": 3600}
    scheduled.clock.now_s = 3 * 86_400.0
    asyncio.run(scheduled.house.schedules.look(scheduled.house.desk))
    assert of_schedules(scheduled) == {"batcher_schedule_missed_total{pay}": 1}


def test_what_was_begun_and_is_not_tried_any_more_is_counted(scheduled: Desk) -> None:
    scheduled.clock.now_s = 3600.0
    office = scheduled.office
    asyncio.run(scheduled.house.schedules.look(scheduled.house.desk))
    (row,) = office.scheduled.in_state(office.environment, OPEN)
    office.scheduled.step(row, PeriodState.UNFINISHED, office.now)
    assert "batcher_schedule_left_to_a_person{pay}" not in of_schedules(scheduled)
    office.scheduled.report(row.id, ReportKind.NEEDS_PERSON, "It is not tried any more.", office.now)
    assert of_schedules(scheduled)["batcher_schedule_left_to_a_person{pay}"] == 1


def test_every_way_in_which_a_period_may_wait_has_its_alert() -> None:
    text = (WATCHING / "alerts.yml").read_text()
    waits = {str(state) for state in OPEN | {PeriodState.EXPECTED}} - {"RUNNING"}
    assert set(re.findall(r'batcher_schedule_late_seconds\{state="(\w+)"\}', text)) == waits


def used_in(text: str) -> set[str]:
    return set(re.findall(r"\bbatcher_[a-z_]+", text))


@pytest.fixture
def shown(desk: Desk) -> set[str]:
    """The names of all figures; of counters, those that are there once they have counted something."""
    text = desk.browser().get("/metrics").text
    counters = {f"{name}_total" for name in re.findall(r"^# TYPE (\w+?)(?:_total)? counter", text, re.MULTILINE)}
    return used_in(text) | counters


@pytest.mark.parametrize("header", ["Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP"])
def test_behind_a_proxy_there_is_nothing_to_see_whatever_host_is_named(desk: Desk, header: str) -> None:
    answer = desk.browser().get("/metrics", headers={"Host": "127.0.0.1", header: "203.0.113.7"})
    assert answer.status_code != 200
    assert "batcher_" not in answer.text


def test_no_state_is_asked_for_that_there_is_not() -> None:
    kinds = (State, RunState, Delivery, PeriodState, FileState)
    known = {str(one) for kind in kinds for one in kind}
    for name in ("alerts.yml", "grafana.json"):
        text = (WATCHING / name).read_text().replace('\\"', '"')
        named = re.findall(r'(?:state|result)=~?"([\w|]+)"', text)
        assert {name for one in named for name in one.split("|")} <= known


def test_every_alert_has_words_and_asks_for_figures_that_there_are(shown: set[str]) -> None:
    rules: list[dict[str, Any]] = yaml.safe_load((WATCHING / "alerts.yml").read_text())["groups"][0]["rules"]
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert used_in(rule["expr"]) <= shown, rule["alert"]
        assert set(rule["annotations"]) == {"summary", "action"}
        assert rule["labels"]["severity"] in {"page", "ticket"}


def test_prometheus_is_told_where_the_figures_are_and_the_rules() -> None:
    told = yaml.safe_load((WATCHING / "prometheus.yml").read_text())
    assert [job["job_name"] for job in told["scrape_configs"]] == ["batcher"]
    assert [(WATCHING / name).exists() for name in told["rule_files"]] == [True]


def test_the_board_asks_for_figures_that_there_are(shown: set[str]) -> None:
    board = json.loads((WATCHING / "grafana.json").read_text())
    asked = {target["expr"] for panel in board["panels"] for target in panel["targets"]}
    assert set().union(*map(used_in, asked)) <= shown
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
