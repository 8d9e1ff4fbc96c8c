"""`batcher verify`: what a person is told of a batch that somebody has changed, or nobody has."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.desk import Desk, rows


@pytest.fixture
def paid(desk: Desk) -> Desk:
    assert desk.pay(desk.sheet(rows(3))).code == 0
    return desk


def results(desk: Desk) -> Path:
    return desk.folder / "results" / "march.csv"


def change(desk: Desk, statement: str) -> None:
    with closing(sqlite3.connect(desk.folder / "ledger.sqlite3")) as connection, connection:
        connection.execute(statement)


def test_a_batch_that_nobody_changed_agrees(paid: Desk) -> None:
    done = paid.batcher("verify", "march", "--json")
    assert done.code == 0
    assert done.json["agrees"] is True
    assert done.json["changed"] == []
    assert [one["agrees"] for one in done.json["files"]] == [True]


def test_the_head_stands_in_the_results_the_status_and_every_answer(desk: Desk) -> None:
    told = desk.pay(desk.sheet(rows(2)), "--json").json["journal"]
    assert {line["journal"] for line in desk.results()} == {told}
    assert list(desk.results()[0])[-1] == "journal"
    for command in ("status", "resume", "reconcile"):
        words = [command, "march", "--yes", "--json"] if command == "resume" else [command, "march", "--json"]
        head = desk.batcher(*words).json["journal"]
        assert {line["journal"] for line in desk.results()} == {head} or command == "status"
    assert len(told) == 64


def test_people_are_shown_the_first_digits(paid: Desk) -> None:
    head = paid.results()[0]["journal"]
    assert f"Journal: {head[:16]} " in paid.batcher("status", "march").out
    assert f"Journal: {head}" in paid.batcher("verify", "march").out


def test_a_digest_that_was_kept_outside_is_found_again(paid: Desk) -> None:
    head = paid.results()[0]["journal"]
    assert paid.batcher("verify", "march", "--head", head).code == 0
    paid.batcher("run", paid.sheet([*rows(3), rows(4)[3]]), "--batch", "march", "--yes")
    done = paid.batcher("verify", "march", "--head", head[:16].upper())
    assert done.code == 0
    assert "the digest you gave is that of event" in done.out


def test_a_digest_that_is_not_there_says_that_the_journal_was_cut(paid: Desk) -> None:
    done = paid.batcher("verify", "march", "--head", "0" * 64)
    assert done.code == 1
    assert "the journal was cut or made anew, or it is another batch's" in done.out
    assert "batcher reconcile" in done.out


@pytest.mark.parametrize("head", ["abc", "0" * 65, "not-a-digest-at-all"])
def test_what_is_no_digest_is_a_mistake_of_usage(paid: Desk, head: str) -> None:
    assert paid.batcher("verify", "march", "--head", head).code == 2


def test_a_back_up_that_was_put_in_the_place_of_the_ledger_is_found_by_the_results(desk: Desk) -> None:
    desk.pay(desk.sheet(rows(2)))
    with (
        closing(sqlite3.connect(desk.folder / "ledger.sqlite3")) as old,
        closing(sqlite3.connect("old.sqlite3")) as kept,
    ):
        old.backup(kept)
    desk.pay(desk.sheet(rows(3)))
    for name in ("ledger.sqlite3", "ledger.sqlite3-wal", "ledger.sqlite3-shm"):
        (desk.folder / name).unlink(missing_ok=True)
    Path("old.sqlite3").rename(desk.folder / "ledger.sqlite3")
    done = desk.batcher("verify", "march")
    assert done.code == 1
    assert "march.csv, line 2, journal carries a digest that is none of this journal's" in done.out


def test_a_changed_amount_in_the_ledger_is_named_and_what_to_do_is_said(paid: Desk) -> None:
    change(paid, "UPDATE attempts SET amount = '99.00' WHERE reference = 'R1'")
    done = paid.batcher("verify", "march")
    assert done.code == 1
    assert "Changed: attempt 1 of R1, amount is not what event" in done.out
    assert "restore the back-up from before" in done.out
    told = paid.batcher("verify", "march", "--json").json["changed"]
    assert [(one["row"], one["field"]) for one in told] == [("R1", "amount")]


def test_what_no_amount_can_be_is_named_as_well(paid: Desk) -> None:
    change(paid, "UPDATE attempts SET amount = 'ten', state = 'PAID', products = '[' WHERE reference = 'R1'")
    told = paid.batcher("verify", "march", "--json").json["changed"]
    assert {one["field"] for one in told} == {"amount", "state", "products"}


def test_a_changed_cell_of_the_results_is_named_as_a_spreadsheet_shows_it(paid: Desk) -> None:
    path = results(paid)
    path.write_bytes(path.read_bytes().replace(b"R1,", b"R9,", 1))
    done = paid.batcher("verify", "march")
    assert done.code == 1
    assert "Changed: march.csv, line 3, Reference is not what the ledger says." in done.out
    assert "`batcher results march` writes the files anew" in done.out


def test_another_copy_of_the_results_can_be_looked_at(paid: Desk) -> None:
    copy = paid.folder / "kept.csv"
    copy.write_bytes(results(paid).read_bytes().replace(b",COMPLETED,", b",FAILED,", 1))
    assert paid.batcher("verify", "march").code == 0
    done = paid.batcher("verify", "march", "--file", copy)
    assert done.code == 1
    assert "kept.csv, line 2, status" in done.out
    assert paid.batcher("verify", "march", "--file", paid.folder / "batcher.toml").code == 2


def test_results_from_before_the_last_events_are_said_to_be_older(paid: Desk) -> None:
    before = results(paid).read_bytes()
    paid.pay(paid.sheet(rows(4)))
    results(paid).write_bytes(before)
    done = paid.batcher("verify", "march")
    assert done.code == 0
    assert "`batcher results march` writes it anew" in done.out


def test_a_batch_that_is_not_there_is_a_mistake_of_usage(paid: Desk) -> None:
    assert paid.batcher("verify", "april").code == 2


def test_it_works_while_another_process_has_the_ledger(paid: Desk) -> None:
    from datetime import UTC, datetime

    from batcher.ledger import LedgerLock

    now = datetime(2026, 11, 3, tzinfo=UTC)
    with LedgerLock(paid.folder / "ledger.sqlite3", doing="a run", now=now):
        assert paid.batcher("verify", "march").code == 0


def test_no_address_and_no_link_is_shown(paid: Desk) -> None:
    change(paid, "UPDATE attempts SET email = 'mallory@example.com', redemption_url = redemption_url || 'x'")
    path = results(paid)
    path.write_bytes(path.read_bytes().replace(b"@example.com", b"@example.org"))
    printed = paid.batcher("verify", "march").out + paid.batcher("verify", "march", "--json").out
    assert "email" in printed
    assert "@" not in printed
    assert "https://" not in printed
