"""From the sheet to the payment by two people, at the command line; and every way around the second one is closed."""

import json
from pathlib import Path

import pytest

from tests.cli.desk import Done, row, rows
from tests.people.desk import Bench
from tests.people.hall import PASSWORD, Hall


@pytest.fixture
def two(bench: Bench) -> Bench:
    """Above GBP 10 it takes two: pat prepares, ann and bob approve, vic looks."""
    bench.settings = {"approval": {"above": ["GBP 10"]}}
    with Hall(bench.folder) as hall:
        hall.fill()
    return bench


def large(bench: Bench) -> Path:
    return bench.sheet([row("R1", "8.00"), row("R2", "4.00")])


def seal(bench: Bench, sheet: Path, by: str = "pat", name: str = "plan") -> Done:
    return bench.batcher("plan", sheet, "--batch", "march", "--out", bench.folder / name, "--as", by, *bench.password())


def approve(bench: Bench, by: str, *flags: object, name: str = "plan", password: str = PASSWORD) -> Done:
    return bench.batcher("approve", bench.folder / name, "--as", by, "--yes", *bench.password(password), *flags)


def carry_out(bench: Bench, *flags: object, name: str = "plan") -> Done:
    return bench.batcher("run", "--plan", bench.folder / name, "--yes", *flags)


def test_one_prepares_another_approves_and_it_is_paid_once(two: Bench) -> None:
    sealed = seal(two, large(two))
    assert sealed.code == 0
    assert f"Another user approves it with: batcher approve {two.folder / 'plan'}" in sealed.err
    done = approve(two, "ann")
    assert done.code == 0
    assert "Sends 2 orders for GBP 12.00, from payouts.csv.\nPrepared by pat on " in done.err
    assert carry_out(two).code == 0
    assert carry_out(two).code == 0
    assert two.posts() == 2
    done = two.batcher("verify", "march", "--json")
    assert (done.code, done.json["register_events"]) == (0, 7)


def test_a_run_of_the_file_is_refused_and_says_how_it_is_done(two: Bench) -> None:
    done = two.pay(large(two))
    assert done.code == 8
    assert done.err.endswith(
        "Stopped: This plan would send GBP 12.00, and one person alone may send GBP 10; nothing was sent.\n"
        "Seal it as a batcher user: batcher plan FILE --batch NAME --out PLAN --as USER. Then another user approves "
        "it: batcher approve PLAN. Then: batcher run --plan PLAN. What was confirmed before goes on with batcher "
        "resume NAME.\n"
    )
    assert two.pay(large(two), "--json").json["error"]["kind"] == "not_approved"
    assert two.posts() == 0


def test_what_lies_at_the_limit_needs_nobody(two: Bench) -> None:
    assert two.pay(two.sheet([row("R1", "6.00"), row("R2", "4.00")])).code == 0


def test_a_currency_without_a_limit_needs_a_second_person(two: Bench) -> None:
    sheet = two.sheet([row("R1", "1.00", Currency="EUR", Product="AMZ-DE")])
    assert two.pay(sheet).code == 8


def test_a_sealed_plan_that_nobody_approved_is_refused(two: Bench) -> None:
    seal(two, large(two))
    done = carry_out(two)
    assert (done.code, two.posts()) == (8, 0)
    assert "Nobody has approved it yet." in done.err
    assert "Another user than the one who prepared it says: batcher approve PLAN." in done.err


@pytest.mark.parametrize(
    ("preparer", "by", "password", "words"),
    [
        ("ann", "ann", PASSWORD, "ann prepared this plan; another person approves it."),
        ("pat", "pat", PASSWORD, "pat is a preparer, and may not approve or refuse a plan."),
        ("pat", "vic", PASSWORD, "vic is a viewer, and may not approve or refuse a plan."),
        ("pat", "ann", "not the password of ann", "Name or password is wrong. Nothing was changed."),
        ("pat", "nobody", PASSWORD, "Name or password is wrong. Nothing was changed."),
    ],
)
def test_who_cannot_approve(two: Bench, preparer: str, by: str, password: str, words: str) -> None:
    seal(two, large(two), preparer)
    done = approve(two, by, password=password)
    assert (done.code, words in done.err) == (8, True), done.err
    assert carry_out(two).code == 8
    assert two.posts() == 0


def test_a_plan_with_another_name_written_into_it_cannot_be_approved_by_who_prepared_it(two: Bench) -> None:
    """The file says who prepared it, and its digest can be computed by anybody; the ledger is what counts."""
    from dataclasses import replace

    from batcher.planning import sealed_text, unsealed

    seal(two, large(two), "ann")
    path = two.folder / "plan"
    forged = replace(unsealed(path.read_text()), prepared_by="pat")
    path.write_text(sealed_text(forged))
    done = approve(two, "ann")
    assert (done.code, "No user has prepared this plan" in done.err) == (8, True)
    assert carry_out(two).code == 8


def test_above_the_limit_a_plan_is_sealed_by_a_user_only(two: Bench) -> None:
    path = two.folder / "plan"
    done = two.batcher("plan", large(two), "--batch", "march", "--out", path)
    assert (done.code, "Say --as USER" in done.err) == (2, True)
    assert not path.exists()
    done = seal(two, large(two), "vic")
    assert (done.code, "vic is a viewer, and may not prepare a plan." in done.err) == (8, True)
    assert not path.exists()


def test_a_plan_that_was_refused_is_not_carried_out(two: Bench) -> None:
    seal(two, large(two))
    assert approve(two, "ann", "--refuse").code == 2
    done = approve(two, "ann", "--refuse", "--reason", "wrong month", "--json")
    assert (done.json["stage"], done.json["decided_by"], done.json["reason"]) == ("refused", "ann", "wrong month")
    done = carry_out(two)
    assert (done.code, "ann refused it: wrong month" in done.err) == (8, True)


def test_an_approval_that_was_taken_back_or_whose_giver_was_disabled_is_none(two: Bench) -> None:
    seal(two, large(two))
    assert approve(two, "ann").code == 0
    assert approve(two, "bob", "--refuse", "--reason", "not yet").code == 0
    assert carry_out(two).code == 8
    seal(two, two.sheet([row("R1", "8.00"), row("R2", "4.01")]))
    assert approve(two, "ann").code == 0
    assert two.batcher("user", "disable", "ann").code == 0
    done = carry_out(two)
    assert (done.code, "ann, who approved it, may not approve any more." in done.err) == (8, True)
    assert two.posts() == 0


def test_an_approved_plan_whose_file_was_changed_is_refused(two: Bench) -> None:
    sheet = large(two)
    seal(two, sheet)
    approve(two, "ann")
    two.sheet([row("R1", "8.00"), row("R2", "400.00")])
    assert carry_out(two).code == 5
    assert two.posts() == 0


def test_a_plan_below_the_limit_that_an_approver_refused_is_not_carried_out_either(two: Bench) -> None:
    seal(two, two.sheet([row("R1", "1.00")]))
    approve(two, "ann", "--refuse", "--reason", "no")
    assert carry_out(two).code == 8


def test_a_plan_below_the_limit_needs_no_user(two: Bench) -> None:
    two.batcher("plan", two.sheet(rows(2)), "--batch", "march", "--out", two.folder / "plan")
    assert carry_out(two).code == 0


def test_without_a_yes_nothing_is_decided(two: Bench) -> None:
    seal(two, large(two))
    done = two.batcher("approve", two.folder / "plan", "--as", "ann", *two.password())
    assert (done.code, "Nobody said yes; nothing was decided." in done.err) == (8, True)
    assert carry_out(two).code == 8


def test_an_approval_for_one_environment_is_none_for_another(two: Bench) -> None:
    seal(two, large(two))
    approve(two, "ann")
    two.settings["api"] = {"account": "other"}
    assert carry_out(two).code == 2
    assert approve(two, "bob").code == 2


def test_what_was_approved_stands_in_the_batchs_journal(two: Bench) -> None:
    import sqlite3
    from contextlib import closing

    seal(two, large(two))
    approve(two, "ann")
    carry_out(two)
    with closing(sqlite3.connect(two.folder / "ledger.sqlite3")) as connection:
        ((choices,),) = connection.execute("SELECT choices FROM plans").fetchall()
        ((content,),) = connection.execute("SELECT content FROM journal WHERE why = 'plan confirmed'").fetchall()
        (digest,) = connection.execute("SELECT digest FROM register_events ORDER BY number DESC LIMIT 1").fetchone()
    told = json.loads(choices)["approval"]
    assert (told["prepared_by"], told["approved_by"], told["event"]) == ("pat", "ann", digest)
    assert digest in content


def test_no_password_is_left_of_all_this(two: Bench) -> None:
    seal(two, large(two))
    approve(two, "ann")
    carry_out(two)
    two.password_path.unlink()
    left = b"".join(path.read_bytes() for path in two.folder.rglob("*") if path.is_file())
    assert PASSWORD.encode() not in left
    assert PASSWORD not in "".join(two.printed)
