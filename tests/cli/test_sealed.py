"""`plan --out` and `run --plan`: what was sealed is carried out, once, or nothing is; what differs is said."""

import json
import stat
from pathlib import Path

import pytest

from batcher.assembly import load_sheet
from batcher.clock import SystemClock
from batcher.model import Environment
from batcher.settings import load_settings
from batcher.states import State
from tests.between import Between
from tests.cli.desk import Desk, Done, row, rows
from tests.cli.evidence import ERRORS_ALIKE, issued
from tests.payouts import Book


def plan_of(desk: Desk) -> Path:
    return desk.folder / "march.plan"


def seal(desk: Desk, sheet: Path, *flags: object) -> Done:
    return desk.batcher("plan", sheet, "--batch", "march", "--out", plan_of(desk), *flags)


def carry_out(desk: Desk, *flags: object) -> Done:
    return desk.batcher("run", "--plan", plan_of(desk), "--yes", *flags)


def kinds(done: Done) -> set[str]:
    assert done.code == 5
    return {problem["kind"] for problem in done.json["error"]["problems"]}


def test_a_sealed_plan_is_carried_out_once(desk: Desk) -> None:
    sheet = desk.sheet(rows(3))
    assert seal(desk, sheet).code == 0
    assert desk.posts() == 0

    assert carry_out(desk).code == 0
    assert issued(desk) == {"R0": 1, "R1": 1, "R2": 1}
    again = carry_out(desk)
    assert (again.code, desk.posts()) == (0, 3)
    assert "This plan was carried out on " in again.err
    assert "Nothing is sent." in again.err


def test_the_file_is_for_its_owner_and_says_neither_addresses_nor_secrets(desk: Desk) -> None:
    content = seal(desk, desk.sheet(rows(3)), "--json").json["plan"]
    text = plan_of(desk).read_text()

    assert content == {"path": str(plan_of(desk)), "digest": json.loads(text)["digest"]}
    assert stat.S_IMODE(plan_of(desk).stat().st_mode) == 0o600
    assert "@" not in text
    assert "s3cret" not in text
    assert (json.loads(text)["orders"], json.loads(text)["totals"]) == (3, {"GBP": "6.00"})


def test_a_reference_that_is_an_address_is_not_in_the_file(desk: Desk) -> None:
    assert seal(desk, desk.sheet([row("jo@example.com", Email="jo@example.com")])).code == 0
    assert "example.com" not in plan_of(desk).read_text()
    assert carry_out(desk).code == 0


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"Amount": "20.00"}, "'R1' would now pay GBP 20.00, and not GBP 2.00"),
        ({"Email": "eve@example.com"}, "'R1' would now go to another recipient"),
        ({"Reference": "R9"}, "'R9' would now be sent, and the plan does not have that"),
        ({"Name": "Somebody else"}, "payouts.csv is no longer the file that was sealed"),
        ({"Amount": "two"}, "payouts.csv is no longer the file that was sealed"),
    ],
)
def test_one_changed_cell_is_refused_and_named(desk: Desk, cells: dict[str, str], said: str) -> None:
    sheet = desk.sheet(rows(3))
    seal(desk, sheet)
    changed = rows(3)
    changed[1] |= cells
    desk.sheet(changed)
    done = carry_out(desk)

    assert (done.code, desk.posts()) == (5, 0)
    assert said in done.err


@pytest.mark.parametrize("content", [b"", b"\x00\x01"])
def test_a_file_that_became_unreadable_is_told_as_changed(desk: Desk, content: bytes) -> None:
    sheet = desk.sheet(rows(1))
    seal(desk, sheet)
    sheet.write_bytes(content)
    done = carry_out(desk)

    assert (done.code, desk.posts()) == (5, 0)
    assert "no longer the file that was sealed, and cannot be read" in done.err


@pytest.mark.parametrize(
    ("section", "values", "said"),
    [
        ("input", {"ceilings": ["GBP 500"]}, "Ceilings was not set, and is now GBP = 500."),
        ("columns", {"recipient_reference": "Name"}, "Columns was not set, and is now recipient_reference = Name."),
        ("defaults", {"template": "ET-1"}, "Template was not set, and is now ET-1."),
        ("duplicates", {"window_days": 3}, "Duplicates window days was 20, and is now 3."),
        ("api", {"account": "other"}, "It was made for SANDBOX (acme at "),
        ("api", {"version": "2025-01-01"}, "It was made for version 2024-02-05 of the API, and this is 2025-01-01."),
    ],
)
def test_another_setting_is_refused_and_named(desk: Desk, section: str, values: dict[str, object], said: str) -> None:
    seal(desk, desk.sheet(rows(1)))
    desk.settings[section] = values
    done = carry_out(desk)

    assert (done.code, desk.posts()) == (2, 0)
    assert said in done.err
    assert "Nothing was sent." in done.err


def test_what_was_said_of_the_file_is_said_again(desk: Desk) -> None:
    assert seal(desk, desk.sheet(rows(2), delimiter=";"), "--delimiter", "semicolon", "--header-line", "1").code == 0

    assert carry_out(desk).code == 0
    assert desk.posts() == 2


def test_what_was_said_of_the_rows_is_said_again(desk: Desk) -> None:
    assert desk.pay(desk.sheet(rows(2))).code == 0
    assert (
        seal(desk, desk.sheet([*rows(1), row("BAD", "much"), row("R7")]), "--accept-missing", "--skip-invalid").code
        == 0
    )

    assert carry_out(desk).code == 3
    assert issued(desk) == {"R0": 1, "R1": 1, "R7": 1}
    assert (carry_out(desk).code, desk.posts()) == (3, 3)


def test_a_ledger_that_moved_on_is_refused_with_the_rows_that_it_changes(desk: Desk) -> None:
    sheet = desk.sheet(rows(3))
    seal(desk, sheet)
    assert desk.pay(desk.sheet(rows(2), "first.csv")).code == 0
    done = carry_out(desk)

    assert (done.code, desk.posts()) == (5, 2)
    assert "Something happened to batch march since its plan was sealed." in done.err
    assert "'R0' would no longer be sent: it is paid" in done.err
    assert "'R2'" not in done.err


def test_a_payment_of_another_batch_that_makes_a_row_doubtful_is_refused(desk: Desk) -> None:
    sheet = desk.sheet(rows(2))
    seal(desk, sheet)
    assert desk.pay(desk.sheet(rows(1), "other.csv"), batch="april").code == 0

    assert kinds(carry_out(desk, "--json")) == {"doubtful"}
    assert desk.posts() == 1


def test_a_row_that_is_paid_again_on_purpose_is_carried_out(desk: Desk) -> None:
    sheet = desk.sheet(rows(2))
    assert desk.pay(desk.sheet(rows(1), "other.csv"), batch="april").code == 0
    assert seal(desk, sheet, "--pay-again", "R0").code == 0

    assert carry_out(desk).code == 0
    assert issued(desk) == {"R0": 2, "R1": 1}


def test_a_row_that_was_to_be_paid_again_and_was_paid_elsewhere_since_is_refused(desk: Desk) -> None:
    sheet = desk.sheet(rows(2))
    other = desk.sheet(rows(1), "other.csv")
    assert desk.pay(other, batch="april").code == 0
    assert seal(desk, sheet, "--pay-again", "R0").code == 0
    assert desk.pay(other, "--pay-again", "R0", batch="may").code == 0
    done = carry_out(desk)

    assert (done.code, issued(desk)) == (5, {"R0": 2})
    assert "'R0' in batch may paid the same on " in done.err
    assert "after this row was said to be meant" in done.err


def test_what_another_process_pays_while_a_plan_is_looked_at_is_not_known_to_it(desk: Desk) -> None:
    """Between the ledger's look and the seal lie the pages of the order list: seconds, in which others pay."""
    with Between(desk.sandbox.url) as between:
        desk.settings["api"] = {"base_url": between.url}
        other = desk.sheet(rows(1), "other.csv")
        assert desk.pay(other, batch="april").code == 0
        environment = Environment(base_url=between.url, account="acme")
        settings = load_settings(desk.config(), {}, places=())

        def paid_meanwhile() -> None:
            with Book(desk.folder, environment=environment) as book:
                book.now = SystemClock().instant().at
                book.confirm(load_sheet(other, settings), batch="may", pay_again=frozenset({"R0"}))
                book.bring("R0", State.COMPLETED, batch="may")

        between.once(paid_meanwhile)
        assert seal(desk, desk.sheet(rows(2)), "--pay-again", "R0").code == 0
        done = carry_out(desk)

    assert (done.code, issued(desk)) == (5, {"R0": 1})
    assert "'R0' in batch may paid the same on " in done.err


def test_what_changes_nothing_of_what_is_sent_is_not_refused(desk: Desk) -> None:
    seal(desk, desk.sheet(rows(2)))
    assert desk.pay(desk.sheet([row("X1", "70.00")], "other.csv"), batch="april").code == 0
    desk.sandbox.set_balance(GBP="50.00")
    desk.settings["limits"] = {"orders_per_minute": 3000}
    desk.settings["confirm"] = {"type_total_above": ["GBP 1"]}

    assert carry_out(desk).code == 0
    assert desk.posts() == 3


def test_a_short_balance_leaves_the_plan_valid_until_it_is_topped_up(desk: Desk) -> None:
    desk.sandbox.set_balance(GBP="1.00")
    assert seal(desk, desk.sheet(rows(2))).code == 6
    assert (carry_out(desk).code, desk.posts()) == (6, 0)

    desk.sandbox.set_balance(GBP="50.00")
    assert carry_out(desk).code == 0


def test_that_the_balance_is_to_be_ignored_is_said_with_the_plan(desk: Desk) -> None:
    desk.sandbox.set_balance(GBP="1.00")
    assert seal(desk, desk.sheet(rows(2)), "--ignore-balance").code == 0

    assert carry_out(desk).code == 3
    assert issued(desk) == {"R0": 1}


def test_an_order_that_another_ledger_made_since_is_refused(desk: Desk) -> None:
    sheet = desk.sheet(rows(2))
    seal(desk, sheet)
    desk.settings["ledger"] = {"url": "sqlite:///other.sqlite3"}
    assert desk.pay(desk.sheet(rows(1), "first.csv")).code == 0
    del desk.settings["ledger"]
    done = carry_out(desk)

    assert (done.code, desk.posts()) == (5, 1)
    assert "'R0' would no longer be sent: it is found" in done.err


def test_a_plan_that_was_made_without_asking_runa_is_held_to_its_answers(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        without.delenv("RUNA_API_KEY")
        assert seal(desk, desk.sheet([*rows(1), row("R1", Product="AMZ-XX")]), "--skip-invalid").code == 0
    done = carry_out(desk)

    assert (done.code, desk.posts()) == (5, 0)
    assert "'R1' would no longer be sent: it is invalid" in done.err


def test_a_plan_that_was_begun_is_gone_on_with(desk: Desk) -> None:
    desk.sandbox.switch(forbidden={"overall": [1]})
    seal(desk, desk.sheet(rows(2)))
    assert carry_out(desk).code == 6
    again = carry_out(desk)

    assert again.code == 0
    assert "This plan was confirmed on " in again.err
    assert issued(desk) == {"R0": 1, "R1": 1}


def test_carrying_it_out_again_makes_no_new_attempt(desk: Desk) -> None:
    sheet = desk.sheet([row("R1", Email="fail@example.com"), row("R2")])
    seal(desk, sheet)
    assert carry_out(desk).code == 3
    assert (carry_out(desk).code, desk.posts()) == (3, 2)

    assert desk.pay(sheet).code == 3
    done = carry_out(desk)
    assert (done.code, desk.posts()) == (3, 3)
    assert "and batch march was confirmed anew since. Nothing is sent." in done.err


def test_carrying_it_out_again_does_not_send_what_a_later_plan_left(desk: Desk) -> None:
    seal(desk, desk.sheet(rows(1)))
    assert carry_out(desk).code == 0
    desk.sandbox.switch(forbidden={"overall": [2]})
    assert desk.pay(desk.sheet(rows(2))).code == 6

    assert (carry_out(desk).code, issued(desk)) == (6, {"R0": 1})


def test_what_the_list_settles_as_the_plan_said_is_no_difference(desk: Desk) -> None:
    """The look before the run takes the found orders over, and the journal moves on by that."""
    desk.sandbox.switch(**ERRORS_ALIKE, error_made_stored=[1], list_lag_s=3600)
    sheet = desk.sheet(rows(2))
    assert desk.pay(sheet).code == 7
    desk.sandbox.switch(list_lag_s=0, error_made_stored=0)
    desk.sheet([*rows(2), row("NEW", "70.00")])
    assert "has an order at Runa, is taken over" in seal(desk, sheet).out

    assert carry_out(desk).code == 0
    assert issued(desk) == {"R0": 1, "R1": 1, "NEW": 1}


def test_unknown_rows_are_asked_about_again_if_they_still_are_unknown(desk: Desk) -> None:
    desk.sandbox.switch(**ERRORS_ALIKE, error_unmade=[1, 2, 3])
    sheet = desk.sheet(rows(1))
    assert desk.pay(sheet).code == 7
    assert seal(desk, sheet).code == 0
    assert '"act": "ask again"' in plan_of(desk).read_text()

    assert carry_out(desk).code == 0
    assert issued(desk) == {"R0": 1}


def test_an_unknown_row_whose_order_was_found_since_makes_another_plan(desk: Desk) -> None:
    desk.sandbox.switch(**ERRORS_ALIKE, error_made_stored=[1], list_lag_s=3600)
    sheet = desk.sheet(rows(1))
    assert desk.pay(sheet).code == 7
    assert seal(desk, sheet).code == 0
    posts = desk.posts()
    desk.sandbox.switch(list_lag_s=0)
    done = carry_out(desk)

    assert (done.code, desk.posts()) == (5, posts)
    assert "'R0' would no longer be asked about again" in done.err
    assert seal(desk, sheet).code == 0
    assert carry_out(desk).code == 0
    assert issued(desk) == {"R0": 1}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["payouts.csv"], "no FILE"),
        (["--batch", "march"], "no --batch"),
        (["--no-retry", "--decimal", "comma"], "no --no-retry and no --decimal"),
        (["--ignore-balance"], "no --ignore-balance"),
    ],
)
def test_what_the_plan_binds_is_not_said_beside_it(desk: Desk, arguments: list[str], named: str) -> None:
    seal(desk, desk.sheet(rows(1)))
    done = carry_out(desk, *arguments)

    assert (done.code, desk.posts()) == (2, 0)
    assert f"--plan takes {named}" in done.err


def test_a_run_of_nothing_says_what_to_name(desk: Desk) -> None:
    done = desk.batcher("run", "--yes")
    assert done.code == 2
    assert "Say FILE and --batch NAME, or --plan PLAN." in done.err


def test_nobody_has_confirmed_a_plan_by_sealing_it(desk: Desk) -> None:
    seal(desk, desk.sheet(rows(1)))
    assert desk.batcher("run", "--plan", plan_of(desk)).code == 8
    assert desk.posts() == 0


def test_a_plan_that_would_be_refused_is_not_sealed(desk: Desk) -> None:
    assert seal(desk, desk.sheet([*rows(1), row("BAD", "much")])).code == 5
    assert not plan_of(desk).exists()


def test_what_is_no_plan_is_never_replaced(desk: Desk) -> None:
    sheet = desk.sheet(rows(1))
    before = sheet.read_bytes()
    for place in (sheet, desk.folder, desk.config()):
        assert desk.batcher("plan", sheet, "--batch", "march", "--out", place).code == 2
    assert sheet.read_bytes() == before


def test_an_older_plan_is_replaced(desk: Desk) -> None:
    seal(desk, desk.sheet(rows(1)))
    plan_of(desk).write_text(plan_of(desk).read_text().replace("march", "april"))
    assert carry_out(desk).code == 2

    assert seal(desk, desk.sheet(rows(2))).code == 0
    assert carry_out(desk).code == 0
    assert desk.posts() == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "There is no plan "),
        (b"Reference,Amount\n", "is no plan of batcher's"),
        (b"\xff\xfe\x00", "is no plan of batcher's"),
        (b"[" * 100_000, "is no plan of batcher's"),
        (b'{"batcher_plan": 2}', "was made by another release of batcher"),
        (b'{"batcher_plan": 1}', "was changed since it was made"),
    ],
)
def test_what_is_no_plan_is_refused(desk: Desk, content: bytes | None, said: str) -> None:
    if content is not None:
        plan_of(desk).write_bytes(content)
    done = carry_out(desk)

    assert done.code == 2
    assert said in done.err


def test_a_file_that_is_gone_is_named(desk: Desk) -> None:
    sheet = desk.sheet(rows(1))
    seal(desk, sheet)
    sheet.unlink()
    done = carry_out(desk)

    assert done.code == 2
    assert str(sheet) in done.err
