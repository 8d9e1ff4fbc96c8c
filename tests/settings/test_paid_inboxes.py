"""What is paid of an inbox, and which inbox a schedule's file lies in: what may be written, and what is told."""

from decimal import Decimal
from pathlib import Path

import pytest

from batcher.errors import UsageError
from batcher.settings import Settings, load_settings

SCHEDULE = """
[schedules.monthly]
cron = "0 9 28 * *"
zone = "Europe/London"
batch = "incentives-{period}"
ceilings = ["GBP 25000"]
"""


def loaded(folder: Path, text: str) -> Settings:
    config = folder / "batcher.toml"
    config.write_text(text)
    return load_settings(config, {})


def test_an_inbox_that_pays(tmp_path: Path) -> None:
    settings = loaded(tmp_path, '[inboxes.payroll]\nurl = "in"\nbatch = "pay-{name}"\nceilings = ["GBP 5"]\n')
    inbox = settings.inboxes["payroll"].definition("payroll")
    assert (inbox.name, inbox.batch, inbox.ceilings, inbox.results) == (
        "payroll",
        "pay-{name}",
        {"GBP": Decimal(5)},
        True,
    )


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('batch = "{name}"', "[inboxes.payroll] ceilings is missing"),
        ('ceilings = ["GBP 5"]', "[inboxes.payroll] ceilings does nothing without batch"),
        ('batch = "{name}"\nceilings = ["GBP 5", "GBP 6"]', "[inboxes.payroll] ceilings has a currency twice"),
        ('batch = "march"\nceilings = ["GBP 5"]', "inboxes.payroll.batch"),
        ('batch = "{period}-{name}"\nceilings = ["GBP 5"]', "inboxes.payroll.batch"),
        ('batch = "Pay {name}"\nceilings = ["GBP 5"]', "inboxes.payroll.batch"),
        ('batch = "{name}"\nceilings = ["5"]', "inboxes.payroll.ceilings"),
    ],
)
def test_what_cannot_be_paid_is_told_with_its_key(tmp_path: Path, lines: str, told: str) -> None:
    with pytest.raises(UsageError) as refused:
        loaded(tmp_path, f'[inboxes.payroll]\nurl = "in"\n{lines}\n')
    assert told in str(refused.value)


def test_a_schedule_s_file_is_a_name_in_its_inbox(tmp_path: Path) -> None:
    of_inbox = 'inbox = "payroll"\nfile = "incentives-{period}.csv"\n'
    settings = loaded(tmp_path, f'{SCHEDULE}{of_inbox}[inboxes.payroll]\nurl = "in"\n')
    (definition,) = settings.definitions
    assert (definition.inbox, definition.file) == ("payroll", "incentives-{period}.csv")
    settings = loaded(tmp_path, f'{SCHEDULE}file = "in/{{period}}.csv"\n')
    assert settings.definitions[0].file == f"{tmp_path}/in/{{period}}.csv"


@pytest.mark.parametrize(
    ("file", "inbox", "told"),
    [
        ("{period}.csv", "payrol", "schedules.monthly.inbox is payrol, and there is no section [inboxes.payrol]"),
        ("in/{period}.csv", "payroll", "[schedules.monthly] file is in/{period}.csv; with inbox it is the name"),
        ("{period}.csv.part", "payroll", "[schedules.monthly] file is {period}.csv.part"),
    ],
)
def test_a_schedule_without_its_inbox_is_told_with_its_key(tmp_path: Path, file: str, inbox: str, told: str) -> None:
    with pytest.raises(UsageError) as refused:
        loaded(tmp_path, f'{SCHEDULE}inbox = "{inbox}"\nfile = "{file}"\n[inboxes.payroll]\nurl = "in"\n')
    assert told in str(refused.value)
