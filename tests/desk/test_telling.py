"""What people are told of runs that the desk carries out."""

from pathlib import Path

from batcher.assembly.desk import Desk
from batcher.notices import Event, Notice
from tests.desk.shop import Shop, rows
from tests.simulation.world import API_KEY, Row


def told(shop: Shop, lines: list[Row], **given: object) -> list[Notice]:
    """What is told of one run of these rows."""
    notices: list[Notice] = []

    async def story() -> None:
        await shop.ask("march", lines)
        with shop.office() as office:
            sealed_of = shop.sealed.__getitem__
            if given.get("gone"):
                shop.sealed.clear()
            desk = Desk(office, api_key=lambda: API_KEY, sealed_of=sealed_of, tell=notices.append)
            await shop.alive(desk.work_off())

    shop.live(story())
    return notices


def test_a_run_that_paid_all_is_finished_with_its_totals(tmp_path: Path) -> None:
    (notice,) = told(Shop(tmp_path), rows(2))
    assert (notice.event, notice.batch) == (Event.FINISHED, "march")
    assert notice.figures["exit_code"] == "0"
    assert "2 COMPLETED" in notice.body
    assert "Closing proof" in notice.body


def test_one_whose_balance_is_used_up_has_stopped_and_says_why(tmp_path: Path) -> None:
    (notice,) = told(Shop(tmp_path), [Row("R1", 1, 10, word="funds")])
    assert notice.event is Event.STOPPED
    assert "The GBP balance is used up" in notice.body


def test_one_whose_plan_is_gone_did_not_start(tmp_path: Path) -> None:
    (notice,) = told(Shop(tmp_path), rows(1), gone=True)
    assert notice.event is Event.NOT_STARTED
