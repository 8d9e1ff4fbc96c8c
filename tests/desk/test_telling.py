"""What people are told of runs that the desk carries out."""

import asyncio
from pathlib import Path

from batcher.asked import RunState
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


def stopped(shop: Shop, *, after: int) -> list[Notice]:
    """What is told where a person stops the run once so many orders were made."""
    notices: list[Notice] = []

    async def story() -> None:
        run = await shop.ask("march", rows(9))
        with shop.office() as office:
            desk = Desk(office, api_key=lambda: API_KEY, sealed_of=shop.sealed.__getitem__, tell=notices.append)
            if after:
                working = asyncio.ensure_future(shop.alive(desk.work_off()))
                await shop.until_paid(after)
                desk.stop(run.id)
                assert notices == []
                await working
            else:
                desk.stop(run.id)
            # Asked for once more, it is over already.
            desk.stop(run.id)

    shop.live(story())
    assert shop.state("march") is RunState.STOPPED
    return notices


def test_one_that_a_person_stops_is_told_of_once_with_what_was_paid(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    (notice,) = stopped(shop, after=2)
    assert notice.event is Event.STOPPED
    assert "was stopped by a person" in notice.title
    paid = len(shop.paid())
    assert f"{9 - paid} NOT_SENT" in notice.body
    assert "batcher resume march" in notice.body


def test_one_that_is_stopped_before_it_begins_is_told_of_too(tmp_path: Path) -> None:
    (notice,) = stopped(Shop(tmp_path), after=0)
    assert notice.event is Event.STOPPED
    assert notice.body == "Its run had not begun: nothing was sent."
