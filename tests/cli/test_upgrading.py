"""Another release in the middle of a batch: an older ledger is migrated and gone on with, a newer one is refused."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.cli.desk import Desk, rows
from tests.cli.evidence import assert_paid_once, put_back
from tests.ledger.test_chaining_older_ledgers import as_of_release_0002, without_people


def of_release_0003(desk: Desk) -> None:
    with closing(sqlite3.connect(desk.folder / "ledger.sqlite3")) as connection, connection:
        without_people(connection)
        connection.execute("UPDATE alembic_version SET version_num = '0003'")


def of_release_0002(desk: Desk) -> None:
    as_of_release_0002(desk.folder / "ledger.sqlite3")


@pytest.mark.parametrize("older", [of_release_0002, of_release_0003])
@pytest.mark.parametrize("command", ["run", "resume"])
def test_a_batch_that_an_older_release_has_half_sent_is_finished(
    desk: Desk, older: Callable[[Desk], None], command: str
) -> None:
    desk.sandbox.switch(forbidden={"overall": [3]})
    sheet = desk.sheet(rows(6))
    assert desk.pay(sheet).code == 6
    older(desk)
    assert desk.batcher("backup", desk.folder / "before.sqlite3").code == 0
    done = desk.pay(sheet) if command == "run" else desk.batcher("resume", "march", "--yes")
    assert done.code == 0, done
    assert_paid_once(desk, 6)
    assert desk.batcher("verify", "march").code == 0

    # And back: the older release goes on from its own back-up, as this one would.
    put_back(desk, desk.folder / "before.sqlite3")
    posts = desk.posts()
    assert desk.pay(sheet).code == 0
    assert desk.posts() == posts
    assert_paid_once(desk, 6)


@pytest.mark.parametrize("command", ["run", "resume", "status", "reconcile", "backup", "doctor"])
def test_a_ledger_of_a_newer_release_is_refused_and_left_as_it_is(desk: Desk, command: str) -> None:
    sheet = desk.sheet(rows(2))
    assert desk.pay(sheet).code == 0
    path, posts = desk.folder / "ledger.sqlite3", desk.posts()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = path.read_bytes()
    words: dict[str, list[object]] = {
        "run": [sheet, "--batch", "march", "--yes"],
        "backup": [desk.folder / "copy"],
        "doctor": [],
    }
    done = desk.batcher(command, *words.get(command, ["march"]))
    if command == "backup":
        assert done.code == 0, "a copy means nothing else in another release"
    else:
        assert done.code == 1
        assert "newer" in done.out + done.err
    assert (path.read_bytes(), desk.posts()) == (before, posts)
