"""`batcher purge`: what is gone, what stays, and what every other command does afterwards."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.desk import Desk, row, rows

FILE = [*rows(2), row("R2", "3.00", Distribution="PAYOUT_LINK", Email=""), row("R3", "4.00", Email="fail@example.com")]
TIMES = (
    ("plans", "confirmed_at"),
    ("sends", "sent_at"),
    ("sends", "answered_at"),
    ("attempts", "planned_at"),
    ("attempts", "accepted_at"),
    ("attempts", "completed_at"),
)


@pytest.fixture
def old(desk: Desk) -> Desk:
    """A batch that was paid over 90 days ago: a clock that was then, as far as the ledger can tell."""
    desk.settings = {"results": {"formats": ["csv", "xlsx"]}}
    assert desk.pay(desk.sheet(FILE)).code in (0, 3)
    age(desk)
    return desk


def age(desk: Desk, days: int = 100) -> None:
    """Let the ledger be so much older; its chain is made anew for that, by the release's own migration."""
    path = desk.folder / "ledger.sqlite3"
    from batcher.ledger import chain

    with closing(sqlite3.connect(path)) as connection, connection:
        connection.row_factory = sqlite3.Row
        place = connection.execute("SELECT e.*, b.name FROM batches b JOIN environments e").fetchone()
        digest = chain.beginning(base_url=place["base_url"], account=place["account"], batch=place["name"])
        for event in connection.execute("SELECT * FROM journal ORDER BY number").fetchall():
            content = event["content"]
            for moment in sorted({word for word in content.split('"') if word[:2] == "20" and word.endswith("Z")}):
                content = content.replace(moment, earlier(moment, days))
            fields = {name: event[name] for name in ("number", "attempt_id", "from_state", "to_state", "why", "by")}
            fields |= {"at": earlier(event["at"], days), "content": content}
            digest = chain.event_digest(digest, **fields)
            connection.execute(
                "UPDATE journal SET at = ?, content = ?, digest = ? WHERE id = ?",
                (fields["at"], content, digest, event["id"]),
            )
        for table, field in TIMES:
            for line in connection.execute(f"SELECT id, {field} FROM {table} WHERE {field} > ''").fetchall():  # noqa: S608
                statement = f"UPDATE {table} SET {field} = ? WHERE id = ?"  # noqa: S608 - names of our own tables
                connection.execute(statement, (earlier(line[field], days), line["id"]))
        for line in connection.execute("SELECT id, reply_date, server_at FROM sends").fetchall():
            for field in ("reply_date", "server_at"):
                if line[field]:
                    statement = f"UPDATE sends SET {field} = ? WHERE id = ?"  # noqa: S608 - names of our own tables
                    connection.execute(statement, (earlier(line[field], days), line["id"]))
    desk.batcher("results", "march")


def earlier(moment: str, days: int) -> str:
    text = (datetime.fromisoformat(moment) - timedelta(days=days)).astimezone(UTC).isoformat(timespec="microseconds")
    return text.replace("+00:00", "Z")


def purge(desk: Desk, *flags: str) -> None:
    assert desk.batcher("purge", "march", "--yes", *flags).code == 0


def everything(desk: Desk) -> bytes:
    """Every byte beside the sheet itself."""
    kept = [*desk.folder.glob("ledger*"), *(desk.folder / "results").iterdir()]
    return b"".join(path.read_bytes() for path in kept if path.is_file())


def test_the_aged_ledger_of_these_tests_is_a_sound_one(old: Desk) -> None:
    assert old.batcher("verify", "march").code == 0


def test_names_addresses_and_links_are_gone_from_ledger_and_results(old: Desk) -> None:
    links = [one["redemption_url"].encode() for one in old.results() if one["redemption_url"]]
    personal = [b"r0@example.com", b"r1@example.com", "Zoë R0".encode(), *links]
    assert all(one in everything(old) for one in personal)
    (old.folder / "results" / ".march.csv.abcd1234").write_bytes(links[0])
    purge(old)
    assert [one for one in personal if one in everything(old)] == []


def test_the_results_keep_what_is_known_of_a_payment(old: Desk) -> None:
    before = old.results()
    purge(old)
    after = old.results()
    for name in ("Reference", "Amount", "Currency", "Product", "status", "order_id", "price", "idempotency_key"):
        assert [one[name] for one in after] == [one[name] for one in before]
    assert {one["Email"] + one["Name"] + one["redemption_url"] for one in after} == {""}
    assert old.batcher("verify", "march").code == 0


def test_nothing_is_ever_sent_for_what_was_paid(old: Desk) -> None:
    purge(old)
    posts = old.posts()
    again = old.pay(old.sheet(FILE), "--no-retry")
    assert again.code == 2
    assert "has nothing to send" in again.err
    old.batcher("resume", "march", "--yes")
    old.batcher("reconcile", "march")
    assert old.posts() == posts


def test_an_edited_row_is_still_refused(old: Desk) -> None:
    purge(old)
    done = old.pay(old.sheet([row("R0", "1.00", Email="other@example.com"), *FILE[1:]]), "--no-retry")
    assert done.code == 5
    assert "address was purged" in done.err
    assert "r0@" not in done.err


def test_the_same_payments_in_another_batch_are_still_doubtful(old: Desk) -> None:
    old.settings["duplicates"] = {"window_days": 365}
    purge(old)
    done = old.pay(old.sheet([row("r0", "1.00", Email="R0@example.com")]), batch="april")
    assert done.code == 5
    assert "may be paid already" in done.err


def test_every_other_command_goes_on(old: Desk) -> None:
    code = old.batcher("status", "march").code
    purge(old)
    for words in (["status"], ["status", "march"], ["results", "march"], ["results", "march", "--summary"]):
        assert old.batcher(*words).code in (0, code)
    assert old.batcher("results", "march", "--refresh").code == code
    assert old.batcher("verify", "march").code == 0
    assert old.batcher("results", "march", "--format", "parquet").code == 0
    assert old.batcher("verify", "march").code == 0


def test_a_second_purge_finds_nothing(old: Desk) -> None:
    purge(old)
    assert old.batcher("purge", "march", "--yes", "--json").json["purged"] == 0


def test_a_young_batch_is_refused_with_the_day_from_which_it_may_be_purged(desk: Desk) -> None:
    desk.pay(desk.sheet(rows(1)))
    done = desk.batcher("purge", "march", "--yes")
    assert done.code == 2
    assert "less than 90 days ago; nothing was removed.\nPurge it from" in done.err
    assert "r0@example.com" in desk.results()[0]["Email"]


def test_never_sooner_than_after_thirty_days(old: Desk) -> None:
    assert old.batcher("purge", "march", "--yes", "--older-than-days", "29").code == 2
    purge(old, "--older-than-days", "30")


def test_a_batch_with_an_unsettled_row_is_refused(old: Desk) -> None:
    with closing(sqlite3.connect(old.folder / "ledger.sqlite3")) as connection, connection:
        connection.execute("UPDATE attempts SET state = 'UNKNOWN' WHERE reference = 'R0'")
    done = old.batcher("purge", "march", "--yes")
    assert done.code == 2
    assert "is not settled (1 UNKNOWN), so nothing was removed" in done.err


def test_nobody_said_yes(old: Desk) -> None:
    done = old.batcher("purge", "march", "--no-input")
    assert done.code == 8
    assert "nothing was removed" in done.err


def test_a_batch_that_is_not_there_is_a_mistake_of_usage(desk: Desk) -> None:
    assert desk.batcher("purge", "march", "--yes").code == 2
