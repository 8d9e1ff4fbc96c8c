"""A file that is known to be paid whole: run again, it says what it said before, and nothing is read or sent."""

import asyncio
import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from batcher.assembly import Office, Prospect, load_sheet
from batcher.planning import Choices
from batcher.settings import load_settings
from tests.cli.desk import API_KEY, Desk, row, rows

BATCH = "march"


@pytest.fixture
def sheet(desk: Desk) -> Path:
    """A sheet that was paid, and planned and run once more."""
    path = desk.sheet([*rows(4), row("E1", "9.00", Currency="EUR", Product="AMZ-DE")])
    assert desk.pay(path).code == 0
    return path


def note(desk: Desk, path: Path) -> None:
    """What a run of a large file does at its end."""
    settings = load_settings(desk.config(), {})
    with Office(settings) as office, office.lock("a test"):
        plan = office.plan(load_sheet(path, settings), BATCH, Choices())
        ended = office.outcome(BATCH)
        closing = asyncio.run(office.casework.close(BATCH, SecretStr(API_KEY), ended=ended, ask=False))
        noted = office.finish(Prospect(plan=plan), closing, from_rows=1)
        assert noted.outcome.journal != ended.journal
        office.write_results(BATCH)


def without_digests(text: str) -> str:
    return re.sub(r"[0-9a-f]{16,64}", "…", text)


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_a_run_says_the_same(desk: Desk, sheet: Path, flags: tuple[str, ...]) -> None:
    long = desk.pay(sheet, *flags)
    note(desk, sheet)
    head = desk.results()[0]["journal"]
    short = desk.pay(sheet, *flags)
    assert (short.code, without_digests(short.out), without_digests(short.err)) == (
        long.code,
        without_digests(long.out),
        without_digests(long.err),
    )
    assert head[:16] in short.out + short.err, "nothing was confirmed once more"
    assert desk.results()[0]["journal"] == head
    assert desk.batcher("verify", BATCH).code == 0


def test_a_plan_says_the_same(desk: Desk, sheet: Path) -> None:
    long, as_json = (
        desk.batcher("plan", sheet, "--batch", BATCH),
        desk.batcher("plan", sheet, "--batch", BATCH, "--json"),
    )
    note(desk, sheet)
    assert desk.batcher("plan", sheet, "--batch", BATCH) == long
    assert desk.batcher("plan", sheet, "--batch", BATCH, "--json") == as_json


def test_results_that_are_gone_are_written_again(desk: Desk, sheet: Path) -> None:
    note(desk, sheet)
    before = desk.results()
    (desk.folder / "results" / f"{BATCH}.csv").unlink()
    assert desk.pay(sheet).code == 0
    assert desk.results() == before


def test_a_cell_changed_or_something_else_said_of_the_file_takes_the_long_way(desk: Desk, sheet: Path) -> None:
    note(desk, sheet)
    assert desk.pay(sheet, "--decimal", "point").code == 0
    note(desk, sheet)
    sheet.write_text(sheet.read_text().replace(",1.00,", ",1.50,"))
    assert desk.pay(sheet).code == 5
    assert desk.posts() == 5
