"""What whoever watches from outside is shown: figures, and nothing of any person, batch or key."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from batcher.asked import RunState
from batcher.sandbox import SandboxThread, Switches
from batcher.states import State
from batcher.web.webhooks import Delivery
from tests.web.house import Desk
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
    known = {*map(str, State), *map(str, RunState), *map(str, Delivery)}
    for name in ("alerts.yml", "grafana.json"):
        text = (WATCHING / name).read_text().replace('\\"', '"')
        assert set(re.findall(r'(?:state|result)="(\w+)"', text)) <= known


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
