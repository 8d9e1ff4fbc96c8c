"""What lies in an inbox is taken once and whole, paid, and archived; whatever breaks in between."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from batcher.inboxes import FileState, Listed
from batcher.ledger import InboxFiles
from batcher.model import Environment
from tests.desk.shop import rows
from tests.inboxes.office import Clerk
from tests.simulation.world import Row


@pytest.fixture
def clerk(tmp_path: Path) -> Clerk:
    return Clerk(tmp_path)


def test_a_sheet_is_paid_once_and_archived_with_its_results(clerk: Clerk) -> None:
    async def story() -> None:
        clerk.send("march.csv")
        sent = clerk.store.files["march.csv"]
        assert await clerk.run_due() == 0
        assert await clerk.run_due() == 0
        assert clerk.store.files == {}
        assert clerk.store.folders["archive/march.csv"] == sent

    clerk.live(story())
    assert clerk.paid() == {"march": 3}
    assert clerk.states() == [("march.csv", "ARCHIVED")]
    assert set(clerk.store.folders) == {"archive/march.csv", "archive/march.results.csv"}
    assert clerk.store.folders["archive/march.results.csv"].count(b"COMPLETED") == 3
    assert clerk.told_of() == [("march.csv", "finished")]
    assert clerk.here() == []


def test_a_server_takes_it_too(clerk: Clerk) -> None:
    async def story() -> None:
        await asyncio.gather(clerk.serve(300), clerk.later(seconds=0))
        clerk.send("march.csv")
        await clerk.serve(300)

    clerk.live(story())
    assert clerk.paid() == {"march": 3}
    assert clerk.states() == [("march.csv", "ARCHIVED")]


def test_half_a_file_is_not_taken(clerk: Clerk) -> None:
    whole = clerk.sheet(rows(3))

    async def writes_on() -> None:
        await clerk.shop.world.clock.sleep(5)
        clerk.store.write("march.csv", whole)

    async def story() -> None:
        clerk.store.write("march.csv", whole[:-40])
        await asyncio.gather(clerk.run_due(), writes_on())
        assert clerk.states() == []
        assert await clerk.run_due() == 0

    clerk.live(story())
    assert clerk.paid() == {"march": 3}


def test_what_is_written_while_it_is_fetched_is_not_taken(clerk: Clerk) -> None:
    async def story() -> None:
        clerk.send("march.csv", rows(2))

        def writes_on() -> None:
            clerk.store.meanwhile = lambda: None
            clerk.send("march.csv", rows(3))

        clerk.store.meanwhile = writes_on
        assert await clerk.run_due() == 0
        assert clerk.states() == []
        assert clerk.here() == []
        assert await clerk.run_due() == 0

    clerk.live(story())
    assert clerk.paid() == {"march": 3}


def test_a_done_beside_it_says_at_once_that_it_is_whole(clerk: Clerk) -> None:
    async def story() -> None:
        clerk.send("march.csv")
        clerk.store.write("march.csv.done", b"")
        assert await clerk.run_due() == 0
        assert clerk.store.files == {}

    clerk.live(story())
    assert clerk.store.asked[:2] == ["listed", "fetch"], "nobody waits"
    assert clerk.paid() == {"march": 3}
    assert "archive/march.csv.done" in clerk.store.folders


def test_a_done_that_is_older_says_nothing_of_what_is_written_over_the_file(clerk: Clerk) -> None:
    async def story() -> None:
        clerk.has_key = False
        clerk.send("march.csv")
        clerk.store.write("march.csv.done", b"")
        assert await clerk.run_due() == 2
        clerk.has_key = True
        await clerk.later(minutes=20)
        clerk.send("march.csv", rows(1, start=4))  # half of it is there by now
        await clerk.serve(5)
        assert clerk.states() == [("march.csv", "WITHDRAWN")]
        clerk.send("march.csv", rows(2, start=4))
        clerk.store.write("march.csv.done", b"")
        await clerk.serve(5)
        assert await clerk.run_due() == 0

    clerk.live(story())
    assert clerk.paid() == {"march": 2}


@pytest.mark.parametrize("name", [".march.csv", "~$march.xlsx", "march.csv.part", "march.TMP", "a.filepart", "b.done"])
def test_what_is_no_sheet_is_left(clerk: Clerk, name: str) -> None:
    async def story() -> None:
        clerk.send(name)
        assert await clerk.run_due() == 0

    clerk.live(story())
    assert (clerk.states(), clerk.told_of(), list(clerk.store.files)) == ([], [], [name])


def test_an_empty_file_is_nothing_until_it_is_said_to_be_whole(clerk: Clerk) -> None:
    async def story() -> None:
        clerk.store.write("march.csv", b"")
        assert await clerk.run_due() == 0
        assert clerk.states() == []
        clerk.store.write("march.csv.done", b"")
        assert await clerk.run_due() == 5

    clerk.live(story())
    assert clerk.states() == [("march.csv", "PUT_ASIDE")]
    assert set(clerk.store.folders) == {
        "rejected/march.csv",
        "rejected/march.csv.done",
        "rejected/march.why.txt",
    }


def test_two_that_look_at_once_pay_once(clerk: Clerk) -> None:
    async def story() -> None:
        clerk.send("march.csv")
        codes = await asyncio.gather(clerk.run_due(), clerk.run_due())
        assert set(codes) <= {0, 11}
        assert await clerk.run_due() == 0

    clerk.live(story())
    assert clerk.paid() == {"march": 3}
    assert clerk.states() == [("march.csv", "ARCHIVED")]
    assert clerk.told_of() == [("march.csv", "finished")]


def test_what_another_process_has_paid_meanwhile_is_told_of_nobody(clerk: Clerk) -> None:
    def quicker(lines: InboxFiles, environment: Environment, inbox: str, listed: Listed, **named: Any) -> None:
        line = lines.take(environment, inbox, listed, **named)
        assert line is not None
        assert lines.step(line, FileState.ARCHIVED, named["now"])
        clerk.store.folders["archive/march.csv"] = clerk.store.files.pop("march.csv")

    clerk.before_taking = quicker

    async def story() -> None:
        clerk.send("march.csv")
        assert await clerk.run_due() == 0

    clerk.live(story())
    assert clerk.states() == [("march.csv", "ARCHIVED"), ("march.csv", "WITHDRAWN")]
    assert (clerk.told_of(), list(clerk.store.folders), clerk.here()) == ([], ["archive/march.csv"], [])


def test_the_same_bytes_again_are_put_aside(clerk: Clerk) -> None:
    async def story() -> None:
        clerk.send("march.csv")
        assert await clerk.run_due() == 0
        clerk.send("march-final.csv")
        clerk.send("march.csv")
        assert await clerk.run_due() == 5
        assert await clerk.run_due() == 0

    clerk.live(story())
    assert clerk.paid() == {"march": 3}
    assert [state for _, state in clerk.states()] == ["ARCHIVED", "PUT_ASIDE", "PUT_ASIDE"]
    assert clerk.store.files == {}
    why = clerk.store.folders["rejected/march-final.why.txt"].decode()
    assert "the same bytes as march.csv, taken on 2026-03-02" in why


def test_other_bytes_under_a_paid_name_are_put_aside(clerk: Clerk) -> None:
    async def story() -> None:
        clerk.send("march.csv")
        assert await clerk.run_due() == 0
        clerk.send("march.csv", rows(2, start=10))
        assert await clerk.run_due() == 5

    clerk.live(story())
    assert clerk.paid() == {"march": 3}
    assert "Another file of this name was taken on 2026-03-02 and paid as batch march" in clerk.lines()[-1].why
    # The first one is not written over.
    assert len([name for name in clerk.store.folders if name.startswith("archive/")]) == 2
    assert len([name for name in clerk.store.folders if name.startswith("rejected/")]) == 2


def test_a_name_that_only_looks_like_a_paid_one_is_put_aside(clerk: Clerk) -> None:
    async def story() -> None:
        clerk.send("march.csv")
        assert await clerk.run_due() == 0
        clerk.send("March.tsv", rows(2, start=10))
        assert await clerk.run_due() == 5

    clerk.live(story())
    assert clerk.paid() == {"march": 3}
    assert "that is the batch of march.csv in inbox payroll" in clerk.lines()[-1].why


def test_a_batch_that_a_person_paid_is_put_aside(clerk: Clerk) -> None:
    async def story() -> None:
        await clerk.confirm_by_hand("march", clerk.sheet(rows(3)))
        clerk.send("march.csv", rows(2, start=10))
        assert await clerk.run_due() == 5

    clerk.live(story())
    assert clerk.paid() == {}
    assert "a plan of that batch was confirmed before" in clerk.lines()[-1].why


def test_a_mended_sheet_is_taken_anew(clerk: Clerk) -> None:
    async def story() -> None:
        clerk.send("march.csv", [Row("R1", 1, 10), Row("R2", 2, -1)])
        assert await clerk.run_due() == 5
        assert set(clerk.store.folders) == {
            "rejected/march.csv",
            "rejected/march.errors.xlsx",
            "rejected/march.why.txt",
        }
        assert "Mend what is wrong in the sheet itself" in clerk.store.folders["rejected/march.why.txt"].decode()
        clerk.send("march.csv", rows(2))
        assert await clerk.run_due() == 0

    clerk.live(story())
    assert clerk.paid() == {"march": 2}
    assert clerk.states() == [("march.csv", "PUT_ASIDE"), ("march.csv", "ARCHIVED")]
    assert clerk.told_of() == [("march.csv", "did_not_start"), ("march.csv", "finished")]
