"""The two stops with everything wired: the command line, the ledger, a sandbox that is a real server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from batcher.model import Distribution, Environment
from batcher.sandbox import SandboxThread, Switches
from batcher.states import State
from tests.cli.desk import API_KEY, Desk, row, rows
from tests.payouts import ENVIRONMENT, Book, payout, sheet

QUICK = Switches(rate="none", complete_min_s=0, complete_max_s=0.02, late_s=0)
SLOW_FIRST = [row("R0", Email="slow@example.com"), *rows(5)[1:]]


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("RUNA_API_KEY", API_KEY)
    monkeypatch.chdir(tmp_path)
    with SandboxThread(QUICK) as sandbox:
        yield Desk(tmp_path, sandbox, capsys, {"polling": {"give_up_after_s": 1}})


def test_a_first_payout_that_is_not_finished_keeps_the_others_unsent_unless_told_otherwise(desk: Desk) -> None:
    done = desk.pay(desk.sheet(SLOW_FIRST), "--json")
    assert (done.code, done.json["counts"]) == (7, {"PROCESSING": 1, "NOT_SENT": 4})
    assert [stop["cause"] for stop in done.json["stops"]] == ["canary"]
    assert "AMZ-GB by EMAIL is not finished after 1 s" in done.json["stops"][0]["message"]

    done = desk.pay(desk.sheet(SLOW_FIRST), "--no-canary", "--json")
    assert done.json["counts"] == {"PROCESSING": 1, "COMPLETED": 4}
    assert done.json["stops"] == []


def test_once_it_is_finished_the_same_command_sends_the_others(desk: Desk) -> None:
    desk.pay(desk.sheet(SLOW_FIRST))
    desk.sandbox.advance(3600)

    assert desk.pay(desk.sheet(SLOW_FIRST)).code == 0
    assert len(desk.orders()) == desk.posts() == 5


def test_a_kind_that_was_paid_in_an_earlier_batch_is_proven(desk: Desk) -> None:
    before = row("B0", "77.00")
    assert desk.pay(desk.sheet([before], "before.csv"), batch="february").code == 0

    done = desk.pay(desk.sheet(SLOW_FIRST), "--json")
    assert done.json["counts"] == {"PROCESSING": 1, "COMPLETED": 4}


def test_the_breaker_of_the_config_ends_the_run_with_6(desk: Desk) -> None:
    desk.settings["breaker"] = {"consecutive": 2}
    refused = [row(f"R{number}", f"{number + 1}.00", Email="invalid@example.com") for number in range(6)]
    done = desk.pay(desk.sheet(refused), "--json")

    assert (done.code, done.json["counts"]) == (6, {"REJECTED": 2, "NOT_SENT": 4})
    assert [stop["cause"] for stop in done.json["stops"]] == ["breaker"]
    assert "validation_error" in done.json["stops"][0]["message"]


def test_a_kind_is_proven_by_a_completed_order_of_the_same_environment_alone(tmp_path: Path) -> None:
    with Book(tmp_path) as book:
        book.confirm(
            sheet(
                payout("R1", products=("AMZ-GB",)),
                payout("R2", "11.00", products=("AIRBNB-GB", "AMZ-GB")),
                payout("R3", "12.00", products=("AMZ-GB",), distribution=Distribution.PAYOUT_LINK),
                payout("R4", "13.00", products=("AMZ-GB",)),
                payout("R5", "14.00", products=("X-GB",)),
                payout("R6", "15.00", products=("Y-GB",)),
                payout("R7", "16.00", products=("Z-GB",)),
            )
        )
        assert book.ledger.proven_kinds(ENVIRONMENT) == set()
        for name in ("R1", "R2", "R3", "R4"):
            book.bring(name, State.COMPLETED, redemption_url=f"https://spend.example/{name}")
        book.bring("R5", State.FAILED)
        book.bring("R6", State.MISMATCH, redemption_url=None)
        book.bring("R7", State.ACCEPTED)

        assert book.ledger.proven_kinds(ENVIRONMENT) == {
            (("AMZ-GB",), Distribution.EMAIL),
            (("AIRBNB-GB", "AMZ-GB"), Distribution.EMAIL),
            (("AMZ-GB",), Distribution.PAYOUT_LINK),
        }
        for other in (
            Environment(base_url=ENVIRONMENT.base_url, account="other"),
            Environment(base_url="https://api.runa.io/v2", account=ENVIRONMENT.account),
        ):
            assert book.ledger.proven_kinds(other) == set()
