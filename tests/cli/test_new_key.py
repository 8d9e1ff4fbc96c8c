"""Another API key in the middle of a batch: nothing is lost, nobody is paid twice, and a revoked one is said."""

import pytest

from tests.cli.desk import API_KEY, Desk, rows
from tests.cli.evidence import assert_paid_once

NEW = "xx.the-new-one"


@pytest.fixture
def half(desk: Desk) -> Desk:
    """A batch of which some rows are paid, and the key has been revoked since."""
    desk.sandbox.switch(forbidden={"overall": [3]})
    assert desk.pay(desk.sheet(rows(6))).code == 6
    desk.sandbox.switch(accepted_keys=[NEW])
    return desk


@pytest.mark.parametrize("command", ["run", "resume", "reconcile", "doctor"])
def test_a_revoked_key_is_exit_4_and_nothing_is_sent(half: Desk, command: str) -> None:
    posts = half.posts()
    words = {"run": [half.folder / "payouts.csv", "--batch", "march", "--yes"], "doctor": []}
    done = half.batcher(command, *words.get(command, ["march"]))
    assert (done.code, half.posts()) == (4, posts), done
    assert "key" in done.out + done.err
    assert API_KEY not in done.out + done.err


def test_with_a_new_key_of_the_account_the_batch_goes_on(half: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert half.pay(half.folder / "payouts.csv").code == 4
    monkeypatch.setenv("RUNA_API_KEY", NEW)
    assert half.batcher("doctor").code == 0
    assert half.batcher("resume", "march", "--yes").code == 0
    assert_paid_once(half, 6)


def test_a_key_file_is_read_anew_by_each_command(half: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNA_API_KEY")
    key_file = half.file("api-key", API_KEY.encode())
    key_file.chmod(0o600)
    half.settings["api"] = {"api_key_file": str(key_file)}
    assert half.batcher("resume", "march", "--yes").code == 4
    key_file.write_text(NEW)
    assert half.batcher("resume", "march", "--yes").code == 0
    assert_paid_once(half, 6)


def test_under_another_account_name_the_key_is_refused(half: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNA_API_KEY", NEW)
    assert half.pay(half.folder / "payouts.csv").code == 0
    half.settings["api"] = {"account": "another"}
    posts = half.posts()
    done = half.pay(half.folder / "payouts.csv")
    assert (done.code, half.posts()) == (2, posts)
    assert "was used under the account name 'acme'" in done.err


def test_a_row_that_is_unknown_waits_for_the_list_where_the_key_is_another_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.settings["retry"] = {"attempts": 1}
    desk.sandbox.switch(reset_after=[1])
    sheet = desk.sheet(rows(1))
    assert desk.pay(sheet).code in (0, 7)
    posts = desk.posts()
    monkeypatch.setenv("RUNA_API_KEY", NEW)
    assert desk.pay(sheet).code == 0, "the order list has its order"
    assert desk.posts() == posts
    assert_paid_once(desk, 1)
