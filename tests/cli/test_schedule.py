"""`batcher schedule`: what a person and a script see of it."""

from tests.cli.desk import Desk

SCHEDULE: dict[str, object] = {
    "cron": "0 9 28 * *",
    "zone": "Europe/London",
    "file": "inbox/incentives-{period}.csv",
    "batch": "incentives-{period}",
    "ceilings": ["GBP 25000"],
}


def test_without_schedules_there_is_nothing_to_do(desk: Desk) -> None:
    assert desk.batcher("schedule", "run-due", "--json").json == {"reports": [], "exit_code": 0}
    assert "There are no schedules" in desk.batcher("schedule", "list").err


def test_a_schedule_is_listed_with_its_next_moment(desk: Desk) -> None:
    desk.settings = {"schedules.monthly": SCHEDULE}
    assert desk.batcher("schedule", "run-due").code == 0
    (one,) = desk.batcher("schedule", "list", "--json").json["schedules"]
    assert (one["schedule"], one["last"], one["open"]) == ("monthly", None, [])
    assert one["next_at"].endswith(":00:00+00:00")
    assert f"for {one['next_period']}" in desk.batcher("schedule", "list").out


def test_a_broken_schedule_ends_with_2(desk: Desk) -> None:
    desk.settings = {"schedules.monthly": SCHEDULE | {"zone": "Nowhere"}}
    done = desk.batcher("schedule", "list")
    assert done.code == 2
    assert "schedules.monthly.zone" in done.err
