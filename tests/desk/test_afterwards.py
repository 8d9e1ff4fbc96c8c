"""After a batch was sent: who saw which links, results, decisions, the report."""

import csv
import io
from pathlib import Path

import pytest

from batcher.assembly import Office
from batcher.assembly.afterwards import Afterwards
from batcher.assembly.story import told
from batcher.errors import LedgerBusy
from batcher.settings import load_settings
from batcher.states import State
from tests.desk.shop import Shop, rows
from tests.payouts import BATCH, ENVIRONMENT, Book, payout, sheet


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A batch of three links that was paid."""
    shop = Shop(tmp_path)

    async def story() -> None:
        await shop.ask("march", rows(3))
        await shop.work_off()

    shop.live(story())
    return shop


def test_who_saw_which_link_is_in_the_journal_and_the_journal_still_agrees(shop: Shop) -> None:
    with shop.office() as office:
        shown, _ = office.history.rows(office.environment, "march")
        assert all(row.has_link for row in shown)
        before = office.batch("march").journal
        links = Afterwards(office, "zoë").links("march", [shown[1].row_id])
        record = office.batch("march")
        assert links == {shown[1].row_id: record.rows[1].latest.redemption_url}
        assert record.journal != before
        last = office.history.story(office.environment, "march", shown[1].row_id)[-1]
        assert (last.why, last.by) == ("link seen", "zoë")
        office.write_results("march")
        assert office.keeping.verify("march").agrees


def test_rows_of_another_batch_are_not_shown_by_this_one(shop: Shop) -> None:
    with shop.office() as office:
        shown, _ = office.history.rows(office.environment, "march")
        assert Afterwards(office, "zoë").links("april", [shown[0].row_id]) == {}


@pytest.mark.parametrize("word", ["csv", "xlsx", "parquet"])
def test_results_are_handed_out_and_that_is_noted(shop: Shop, word: str) -> None:
    with shop.office() as office:
        before = office.batch("march").journal
        content = Afterwards(office, "zoë").results("march", word)
        record = office.batch("march")
        assert record.journal != before
        path = shop.world.folder / f"march.{word}"
        path.write_bytes(content)
        found = office.keeping.verify("march", files=[path])
        assert found.agrees
        if word == "csv":
            lines = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
            assert [line["redemption_url"] for line in lines] == [row.latest.redemption_url for row in record.rows]


def test_nobody_decides_while_another_process_has_the_ledger(shop: Shop) -> None:
    with (
        shop.office() as office,
        shop.office() as other,
        other.lock("batcher run of batch april"),
        pytest.raises(LedgerBusy, match="batcher run of batch april"),
    ):
        Afterwards(office, "ann").decide_never_created("march", "R1", "as the portal shows")


def test_what_a_person_decides_is_theirs_by_name(tmp_path: Path) -> None:
    with Book(tmp_path) as book:
        book.confirm(sheet(payout("R1")))
        book.bring("R1", State.UNKNOWN)
        book.pass_days(40)
        url = f"sqlite:///{book.ledger.path}"
    given = {"BATCHER_LEDGER__URL": url, "BATCHER_RESULTS__DIRECTORY": str(tmp_path / "results")}
    place = {"BATCHER_API__BASE_URL": ENVIRONMENT.base_url, "BATCHER_API__ACCOUNT": ENVIRONMENT.account}
    with Office(load_settings(None, given | place, places=())) as office:
        attempt = Afterwards(office, "ann").decide_never_created(BATCH, "R1", "as the portal shows")
        assert attempt.state is State.ABSENT
        (row,), _ = office.history.rows(office.environment, BATCH)
        last = told(office.history.story(office.environment, BATCH, row.row_id))[-1]
    assert (last.by, last.words) == (
        "ann",
        "Proven never made; nothing was paid (a person decided so (as the portal shows)).",
    )


def test_the_report_has_sums_proof_and_digest(shop: Shop) -> None:
    with shop.office() as office:
        report = Afterwards(office, "zoë").report("march")
    assert (report.outcome.exit_code, report.outcome.counts) == (0, {"COMPLETED": 3})
    assert report.summary.totals[0].payouts == 3
    assert report.standing == (("COMPLETED", 3, 1.0),)
    assert sum(report.shares) == 1.0
    assert report.proof.agrees
    assert (report.confirmed_by, len(report.journal)) == ("zoë", 64)
