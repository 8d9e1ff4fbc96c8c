"""`[schedules.NAME]`: what is broken is told at load, by its key."""

from pathlib import Path

import pytest

from batcher.errors import UsageError
from batcher.settings import Settings, load_settings

GOOD = {
    "cron": '"0 9 28 * *"',
    "zone": '"Europe/London"',
    "file": '"inbox/incentives-{period}.csv"',
    "batch": '"incentives-{period}"',
    "ceilings": '["GBP 25000", "EUR 100"]',
}


def load(
    folder: Path, *schedules: dict[str, str], names: tuple[str, ...] = ("monthly-incentives", "other")
) -> Settings:
    lines = []
    for name, schedule in zip(names, schedules, strict=False):
        lines += [f"[schedules.{name}]", *(f"{key} = {value}" for key, value in schedule.items())]
    (folder / "batcher.toml").write_text("\n".join(lines))
    return load_settings(folder / "batcher.toml", {})


def test_a_schedule_is_read_and_its_file_lies_beside_the_config(tmp_path: Path) -> None:
    (one,) = load(tmp_path, GOOD).definitions
    assert one.name == "monthly-incentives"
    assert one.file_of("2026-11") == str(tmp_path / "inbox" / "incentives-2026-11.csv")
    assert one.batch_of("2026-11") == "incentives-2026-11"
    assert {currency: str(amount) for currency, amount in one.ceilings.items()} == {"GBP": "25000", "EUR": "100"}


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("cron", '"0 25 28 * *"', r"cron is .* it must be a cron expression .*\(bad hour\)"),
        ("cron", '"*/5 * * * *"', "cron is .* once a day at the most"),
        ("cron", "5", "cron is 5 .* it must be text in quotes"),
        ("zone", '"Europe/Lundon"', 'zone is .* it must be the name of a time zone, such as "Europe/London"'),
        ("zone", '"../../etc/passwd"', "zone is .* it must be the name of a time zone"),
        ("file", '"inbox/{month}.csv"', r"file is .* \{month\} is none"),
        ("file", '"inbox/{period.csv"', r"file is .* \{period.csv is none"),
        ("file", '"inbox/payouts.csv"', r"file is .* \{period\} in it"),
        ("batch", '"incentives"', r"batch is .* \{period\} in it"),
        ("batch", '"Incentives {period}"', "batch is .* it must be a batch's name"),
        ("batch", f'"{"x" * 31}{{period}}"', "batch is .* it must be a batch's name"),
        ("ceilings", '["25000"]', "ceilings is .* it must be a currency and an amount"),
        ("ceilings", '["GBP 1", "GBP 2"]', "currency twice"),
        ("late_hours", "0", "late_hours is 0 .* it must be a whole number from 1 to 744"),
        ("late_hour", "1", "no setting schedules.monthly-incentives.late_hour .* did you mean late_hours"),
    ],
)
def test_what_is_broken_names_its_key(tmp_path: Path, key: str, value: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        load(tmp_path, GOOD | {key: value})
    assert caught.value.exit_code == 2
    assert "schedules.monthly-incentives" in str(caught.value) or "ceilings" in str(caught.value)


@pytest.mark.parametrize("key", sorted(GOOD))
def test_what_is_missing_names_its_key(tmp_path: Path, key: str) -> None:
    with pytest.raises(UsageError, match=rf"schedules\.monthly-incentives\.{key} is missing"):
        load(tmp_path, {name: value for name, value in GOOD.items() if name != key})


def test_two_schedules_share_no_batch(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a batch is one payment"):
        load(tmp_path, GOOD, GOOD)
    other = GOOD | {"batch": '"other-{period}"', "file": '"inbox/other-{period}.csv"'}
    assert len(load(tmp_path, GOOD, other).definitions) == 2


def test_two_schedules_share_no_file(tmp_path: Path) -> None:
    # Where they are due more than the window of twins apart, everybody would be paid twice, and nobody asked.
    with pytest.raises(UsageError, match=r"monthly-incentives\.file and schedules\.other\.file are both .*pay all of"):
        load(tmp_path, GOOD, GOOD | {"batch": '"other-{period}"'})


def test_a_schedule_without_a_name_or_by_a_variable_is_none(tmp_path: Path) -> None:
    (tmp_path / "batcher.toml").write_text('[schedules]\ncron = "0 9 28 * *"\n')
    with pytest.raises(UsageError, match=r"write a section \[schedules.cron\]"):
        load_settings(tmp_path / "batcher.toml", {})
    with pytest.raises(UsageError, match="schedules are written in the config file"):
        load_settings(None, {"BATCHER_SCHEDULES__CRON": "0 9 28 * *"}, places=())
