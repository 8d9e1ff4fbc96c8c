"""How a sheet of an inbox ends: paid, refused, held, tried again, taken away; and an inbox that is out of reach."""

import asyncio
import csv
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from tests.desk.shop import rows
from tests.inboxes.office import Clerk, inbox
from tests.inboxes.store import FakeStore
from tests.inboxes.test_names import HOSTILE
from tests.simulation.world import Row


@pytest.fixture
def clerk(tmp_path: Path) -> Clerk:
    return Clerk(tmp_path)


def seen_by(clerk: Clerk) -> list[str]:
    """Who has seen the links of a batch, by its journal."""
    with closing(sqlite3.connect(clerk.shop.world.ledger)) as ledger:
        return [who for why, who in ledger.execute('SELECT why, "by" FROM journal') if why == "all links seen"]


def test_above_the_ceiling_nothing_is_paid(clerk: Clerk) -> None:
    clerk.inboxes = [inbox(ceilings={"GBP": Decimal(20)})]

    async def story() -> None:
        clerk.send()
        assert await clerk.run_due() == 8
        assert await clerk.run_due() == 0

    clerk.live(story())
    assert clerk.paid() == {}
    assert clerk.states() == [("march.csv", "PUT_ASIDE")]
    assert "inbox payroll may pay" in clerk.store.folders["rejected/march.why.txt"].decode()
    assert clerk.told_of() == [("march.csv", "did_not_start")]


def test_what_was_put_aside_may_come_again_as_it_was(clerk: Clerk) -> None:
    clerk.inboxes = [inbox(ceilings={"GBP": Decimal(20)})]

    async def story() -> None:
        clerk.send()
        assert await clerk.run_due() == 8
        clerk.inboxes = [inbox()]
        clerk.send()
        assert await clerk.run_due() == 0

    clerk.live(story())
    assert clerk.paid() == {"march": 3}


def test_a_twin_of_another_batch_stops_it(clerk: Clerk) -> None:
    async def story() -> None:
        clerk.send("march.csv")
        assert await clerk.run_due() == 0
        clerk.send("april.csv", [*rows(3), Row("R9", 9, 30)])
        assert await clerk.run_due() == 5

    clerk.live(story())
    assert clerk.paid() == {"march": 3}
    why = clerk.store.folders["rejected/april.why.txt"].decode()
    assert "march" in why
    assert "Line 2" in why


def test_without_results_no_links_are_laid_into_the_inbox(clerk: Clerk) -> None:
    clerk.inboxes = [inbox(results=False)]

    async def story() -> None:
        clerk.send()
        assert await clerk.run_due() == 0

    clerk.live(story())
    assert set(clerk.store.folders) == {"archive/march.csv"}


def test_beside_each_sheet_lie_its_own_results(clerk: Clerk) -> None:
    async def story() -> None:
        clerk.send("march.csv", rows(2))
        clerk.send("april.csv", rows(3, start=10))
        assert await clerk.run_due() == 0

    clerk.live(story())
    for batch, sent in (("march", rows(2)), ("april", rows(3, start=10))):
        results = clerk.store.folders[f"archive/{batch}.results.csv"].decode("utf-8-sig")
        assert [line["reference"] for line in csv.DictReader(results.splitlines())] == [row.reference for row in sent]


def test_whoever_reads_the_inbox_is_said_to_see_the_links(clerk: Clerk) -> None:
    async def story() -> None:
        clerk.send()
        assert await clerk.run_due() == 0

    clerk.live(story())
    assert seen_by(clerk) == ["inbox payroll"]


def test_held_for_approval_and_carried_out_once_a_person_has_confirmed_it(tmp_path: Path) -> None:
    clerk = Clerk(tmp_path, approval=("GBP 20",))

    async def story() -> None:
        clerk.send()
        sent = clerk.store.files["march.csv"]
        assert await clerk.run_due() == 8
        assert await clerk.run_due() == 0
        assert clerk.states() == [("march.csv", "HELD_FOR_APPROVAL")]
        assert list(clerk.store.files) == ["march.csv"]
        await clerk.later(hours=2)
        await clerk.confirm_by_hand("march", sent)
        assert await clerk.run_due() == 0

    clerk.live(story())
    assert clerk.paid() == {"march": 3}
    assert clerk.states() == [("march.csv", "ARCHIVED")]
    assert clerk.told_of() == [("march.csv", "needs_approval"), ("march.csv", "finished")]


def test_without_a_key_it_is_tried_again(clerk: Clerk) -> None:
    async def story() -> None:
        clerk.has_key = False
        clerk.send()
        assert await clerk.run_due() == 2
        assert clerk.states() == [("march.csv", "UNFINISHED")]
        assert await clerk.run_due() == 0, "not before a quarter of an hour has passed"
        clerk.has_key = True
        await clerk.later(minutes=16)
        assert await clerk.run_due() == 0

    clerk.live(story())
    assert clerk.paid() == {"march": 3}
    assert clerk.states() == [("march.csv", "ARCHIVED")]
    assert clerk.told_of() == [("march.csv", "unfinished"), ("march.csv", "finished")]


def test_while_runa_does_not_show_its_orders_a_sheet_waits(clerk: Clerk) -> None:
    async def story() -> None:
        clerk.shop.world.sandbox.change({"list_error": list(range(1, 400))})
        clerk.send()
        assert await clerk.run_due() == 6
        assert clerk.states() == [("march.csv", "UNFINISHED")]
        assert "whether it was sent from elsewhere cannot be told" in clerk.told.reports[-1].message
        clerk.shop.world.sandbox.change({"list_error": 0})
        await clerk.later(minutes=16)
        assert await clerk.run_due() == 0

    clerk.live(story())
    assert clerk.paid() == {"march": 3}
    assert clerk.states() == [("march.csv", "ARCHIVED")]


def test_for_days_without_a_key_it_is_left_to_a_person(clerk: Clerk) -> None:
    async def story() -> None:
        clerk.has_key = False
        clerk.send()
        assert await clerk.run_due() == 2
        await clerk.later(days=4)
        assert await clerk.run_due() == 0
        clerk.has_key = True
        await clerk.later(days=1)
        assert await clerk.run_due() == 0

    clerk.live(story())
    assert clerk.paid() == {}
    assert clerk.told_of() == [("march.csv", "unfinished"), ("march.csv", "needs_person")]


@pytest.mark.parametrize("gone", [True, False])
def test_taken_away_or_written_over_before_it_was_paid_it_is_not_paid(clerk: Clerk, *, gone: bool) -> None:
    async def story() -> None:
        clerk.has_key = False
        clerk.send()
        assert await clerk.run_due() == 2
        if gone:
            del clerk.store.files["march.csv"]
        else:
            clerk.send("march.csv", rows(2, start=10))
        clerk.has_key = True
        await clerk.later(minutes=16)
        assert await clerk.run_due() == 5

    clerk.live(story())
    assert clerk.paid() == ({} if gone else {"march": 2})
    assert clerk.states()[0] == ("march.csv", "WITHDRAWN")
    assert ("march.csv", "did_not_start") in clerk.told_of()
    assert clerk.here() == []


def test_a_file_that_is_written_over_while_it_is_paid_is_looked_at_as_another(clerk: Clerk) -> None:
    first = clerk.sheet(rows(3))

    async def writes() -> None:
        await clerk.shop.until_paid(1)
        clerk.send("march.csv", rows(2, start=10))

    async def story() -> None:
        clerk.store.write("march.csv", first)
        await asyncio.gather(clerk.run_due(), writes())
        assert await clerk.run_due() == 5

    clerk.live(story())
    assert clerk.paid() == {"march": 3}
    assert [state for _, state in clerk.states()] == ["ARCHIVED", "PUT_ASIDE"]
    assert first in [content for name, content in clerk.store.folders.items() if name.startswith("archive/")]
    assert first not in [content for name, content in clerk.store.folders.items() if name.startswith("rejected/")]


@pytest.mark.parametrize("refused", ["move", "put"])
def test_what_cannot_be_archived_is_archived_later(clerk: Clerk, refused: str) -> None:
    async def story() -> None:
        clerk.send()
        clerk.store.refuses = refused
        assert await clerk.run_due() == 6
        assert clerk.paid() == {"march": 3}
        assert clerk.states() == [("march.csv", "DONE")]
        assert await clerk.run_due() == 6
        clerk.store.refuses = ""
        assert await clerk.run_due() == 0
        assert await clerk.run_due() == 0

    clerk.live(story())
    assert clerk.paid() == {"march": 3}
    assert clerk.states() == [("march.csv", "ARCHIVED")]
    assert clerk.told_of() == [("march.csv", "finished"), ("payroll", "unreachable")]
    assert len(clerk.store.folders) == 2


def test_while_the_results_cannot_be_laid_there_the_journal_tells_of_them_once(clerk: Clerk) -> None:
    async def story() -> None:
        clerk.send()
        clerk.store.refuses = "put"
        for _ in range(3):
            assert await clerk.run_due() == 6
        clerk.store.refuses = ""
        assert await clerk.run_due() == 0

    clerk.live(story())
    assert seen_by(clerk) == ["inbox payroll"]


def test_a_file_that_cannot_be_fetched_keeps_no_other_from_it(clerk: Clerk) -> None:
    async def story() -> None:
        clerk.send("april.csv", rows(2, start=10))
        clerk.send("march.csv")
        clerk.store.unreadable = "april.csv"
        assert await clerk.run_due() == 6
        assert clerk.paid() == {"march": 3}
        clerk.store.unreadable = ""
        assert await clerk.run_due() == 0

    clerk.live(story())
    assert clerk.paid() == {"march": 3, "april": 2}


def test_the_same_bytes_under_two_names_at_once_are_paid_once(clerk: Clerk) -> None:
    async def story() -> None:
        clerk.send("march.csv")
        clerk.send("march-final.csv")
        assert await clerk.run_due() == 5
        assert await clerk.run_due() == 0

    clerk.live(story())
    assert sum(clerk.paid().values()) == 3
    assert sorted(state for _, state in clerk.states()) == ["ARCHIVED", "PUT_ASIDE"]
    assert clerk.here() == []


def test_a_stranger_s_file_in_the_archive_is_left_as_it_is(clerk: Clerk) -> None:
    async def story() -> None:
        clerk.store.folders["archive/march.csv"] = b"another ledger's"
        clerk.send()
        assert await clerk.run_due() == 0

    clerk.live(story())
    assert clerk.store.folders["archive/march.csv"] == b"another ledger's"
    assert len(clerk.store.folders) == 3
    assert clerk.states() == [("march.csv", "ARCHIVED")]


def test_an_inbox_out_of_reach_is_told_once_and_stops_no_other(clerk: Clerk) -> None:
    clerk.stores["bonus"] = FakeStore()
    clerk.inboxes = [inbox(), inbox("bonus")]

    async def story() -> None:
        clerk.store.is_reachable = False
        clerk.send("march.csv")
        clerk.send("extra.csv", rows(2, start=10), inbox="bonus")
        assert await clerk.run_due() == 6
        assert await clerk.run_due() == 6
        assert clerk.paid() == {"extra": 2}
        assert clerk.told_of() == [("payroll", "unreachable"), ("extra.csv", "finished")]
        clerk.store.is_reachable = True
        assert await clerk.run_due() == 0
        clerk.store.is_reachable = False
        assert await clerk.run_due() == 6

    clerk.live(story())
    assert clerk.paid() == {"extra": 2, "march": 3}
    assert clerk.told_of().count(("payroll", "unreachable")) == 2
    (told, *_) = clerk.told.reports
    assert told.message.endswith("and is tried again. The inbox does not answer. Ask who keeps it.")


def test_two_inboxes_share_no_batch(clerk: Clerk) -> None:
    clerk.stores["bonus"] = FakeStore()
    clerk.inboxes = [inbox(), inbox("bonus")]

    async def story() -> None:
        clerk.send("march.csv")
        clerk.send("march.csv", rows(2, start=10), inbox="bonus")
        assert await clerk.run_due() == 5

    clerk.live(story())
    assert clerk.paid() == {"march": 3}
    assert clerk.states("bonus") == [("march.csv", "PUT_ASIDE")]


@pytest.mark.parametrize("large", [True, False], ids=["too large", "our copy lost"])
@pytest.mark.parametrize("gone", [True, False])
def test_of_what_there_is_no_copy_the_name_is_free_again_all_the_same(clerk: Clerk, *, large: bool, gone: bool) -> None:
    async def story() -> None:
        clerk.store.most_bytes = 100 if large else 1_000
        clerk.store.refuses = "move"
        clerk.send("march.csv")
        await clerk.run_due()
        assert clerk.states() == [("march.csv", "REFUSED" if large else "DONE")]
        clerk.lose_copies()
        clerk.store.most_bytes, clerk.store.refuses = 1_000, ""
        if gone:
            del clerk.store.files["march.csv"]
            await clerk.run_due()
        clerk.send("march.csv", rows(2, start=10))
        for _ in range(2):
            await clerk.run_due()

    clerk.live(story())
    assert clerk.paid() == {"march": 2 if large else 3}
    ends = ["PUT_ASIDE", "ARCHIVED"] if large else ["ARCHIVED", "PUT_ASIDE"]
    assert [state for _, state in clerk.states()] == ends
    assert clerk.store.files == {}


def test_the_same_bytes_in_another_inbox_are_put_aside_however_late_they_come(clerk: Clerk) -> None:
    clerk.stores["other"] = FakeStore()
    clerk.inboxes = [inbox("payroll"), inbox("other", batch="other-{name}")]

    async def story() -> None:
        clerk.send("march.csv")
        assert await clerk.run_due() == 0
        await clerk.later(days=40)
        clerk.send("march.csv", inbox="other")
        assert await clerk.run_due() == 5

    clerk.live(story())
    assert clerk.paid() == {"march": 3}
    assert clerk.states("other") == [("march.csv", "PUT_ASIDE")]
    assert "the same bytes as march.csv of inbox payroll, taken on" in clerk.told.reports[-1].message


def test_an_inbox_without_a_batch_pays_nothing_by_itself(clerk: Clerk) -> None:
    clerk.inboxes = [inbox(batch=None)]

    async def story() -> None:
        clerk.send()
        assert await clerk.run_due() == 0
        (found,) = await clerk.found()
        assert [file.name for file in found.lying] == ["march.csv"]

    clerk.live(story())
    assert (clerk.paid(), clerk.states()) == ({}, [])


@pytest.mark.parametrize("name", [name for name in HOSTILE if name and not name.startswith(".")])
def test_a_hostile_name_is_put_aside_and_reaches_no_path_of_this_machine(clerk: Clerk, name: str) -> None:
    async def story() -> None:
        clerk.send(name)
        assert await clerk.run_due() == 5
        assert await clerk.run_due() == 0

    before = {path for path in clerk.shop.world.folder.parent.rglob("*") if path.is_file()}
    clerk.live(story())
    assert clerk.paid() == {}
    assert [state for _, state in clerk.states()] == ["PUT_ASIDE"]
    assert len(clerk.store.folders) == 2
    assert clerk.here() == []
    (report,) = clerk.told.reports
    assert report.message.isprintable()
    new = {path for path in clerk.shop.world.folder.parent.rglob("*") if path.is_file()} - before
    assert not any("passwd" in path.name or "evil" in path.name for path in new)
