"""A ledger that was lost, or put back from a back-up, and what its schedules do with periods that were paid since."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from batcher.ledger import copy_ledger
from tests.desk.shop import rows
from tests.schedules.office import Payer

UNREADABLE = {"list_error": list(range(1, 400))}
"""No page of the order list is given out."""


@pytest.fixture
def payer(tmp_path: Path) -> Payer:
    return Payer(tmp_path, late_hours=744)


def back_up(payer: Payer) -> Path:
    """The ledger as `batcher backup` copies it."""
    world = payer.shop.world
    folder = world.folder / "backups"
    folder.mkdir()
    now: datetime = world.clock.instant().at
    return copy_ledger(world.ledger, folder, now=now).path


def put_back(payer: Payer, copy: Path) -> None:
    payer.shop.world.lose_ledger()
    payer.shop.world.ledger.write_bytes(copy.read_bytes())


def test_a_period_that_was_paid_since_is_found_and_not_paid_again(payer: Payer) -> None:
    async def story() -> None:
        await payer.until(2026, 11, 20)
        await payer.run_due()
        copy = back_up(payer)
        payer.file("2026-11")
        await payer.until(2026, 11, 28, 10)
        assert await payer.run_due() == 0
        put_back(payer, copy)
        assert payer.states() == {"2026-11": "EXPECTED"}
        await payer.until(2026, 11, 29)
        assert await payer.run_due() == 0

    payer.shop.live(story())
    assert payer.paid() == {"2026-11": 3}
    assert payer.states() == {"2026-11": "DONE", "2026-12": "EXPECTED"}


def test_where_runa_does_not_show_its_orders_a_period_from_before_waits(payer: Payer) -> None:
    """Runa has forgotten the keys by then: nothing but the list tells that the period was paid."""

    async def story() -> None:
        await payer.until(2026, 11, 20)
        await payer.run_due()
        copy = back_up(payer)
        payer.file("2026-11")
        await payer.until(2026, 11, 28, 10)
        assert await payer.run_due() == 0
        put_back(payer, copy)
        payer.shop.world.sandbox.change(UNREADABLE)
        await payer.until(2026, 12, 28, 20)
        assert await payer.run_due() == 6
        assert payer.states()["2026-11"] == "UNFINISHED"
        payer.shop.world.sandbox.change({"list_error": 0})
        await payer.until(2026, 12, 28, 21)
        await payer.run_due()

    payer.shop.live(story())
    assert payer.paid() == {"2026-11": 3}
    assert payer.states()["2026-11"] == "DONE"


def test_while_runa_does_not_show_its_orders_nothing_says_that_a_period_was_never_sent(payer: Payer) -> None:
    """Runa still knows the keys; a payout that was given another reference since has another one."""

    async def story() -> None:
        await payer.until(2026, 11, 20)
        await payer.run_due()
        copy = back_up(payer)
        payer.file("2026-11")
        await payer.until(2026, 11, 28, 10)
        assert await payer.run_due() == 0
        put_back(payer, copy)
        payer.file("2026-11", [replace(row, reference=f"{row.reference}-mended") for row in rows(3)])
        payer.shop.world.sandbox.change(UNREADABLE)
        await payer.until(2026, 11, 29)
        assert await payer.run_due() == 6
        assert payer.states()["2026-11"] == "UNFINISHED"

    payer.shop.live(story())
    assert payer.paid() == {"2026-11": 3}


def test_later_periods_are_paid_whether_the_list_is_shown_or_not(payer: Payer) -> None:
    async def story() -> None:
        await payer.until(2026, 11, 20)
        await payer.run_due()
        put_back(payer, back_up(payer))
        await payer.until(2026, 11, 21)
        await payer.run_due()
        payer.file("2026-11")
        payer.shop.world.sandbox.change(UNREADABLE)
        await payer.until(2026, 11, 28, 10)
        assert await payer.run_due() == 0

    payer.shop.live(story())
    assert payer.paid() == {"2026-11": 3}


def test_a_lost_ledger_pays_no_period_of_the_past(payer: Payer) -> None:
    async def story() -> None:
        await payer.until(2026, 11, 20)
        await payer.run_due()
        payer.file("2026-11")
        await payer.until(2026, 11, 28, 10)
        assert await payer.run_due() == 0
        payer.shop.world.lose_ledger()
        await payer.until(2026, 11, 29)
        assert await payer.run_due() == 0
        payer.file("2026-12", rows(3, start=4))
        await payer.until(2026, 12, 28, 10)
        assert await payer.run_due() == 0

    payer.shop.live(story())
    assert payer.paid() == {"2026-11": 3, "2026-12": 3}
    assert payer.states() == {"2026-12": "DONE", "2027-01": "EXPECTED"}


@pytest.mark.parametrize("at", [(2026, 11, 29, 10), (2026, 12, 28, 20)], ids=["soon", "when Runa has forgotten"])
def test_what_was_approved_before_the_back_up_says_no_more_that_it_was_never_sent(
    tmp_path: Path, at: tuple[int, int, int, int]
) -> None:
    payer = Payer(tmp_path, late_hours=744, approval=("GBP 1",))

    async def story() -> None:
        await payer.until(2026, 11, 20)
        await payer.run_due()
        payer.file("2026-11")
        await payer.until(2026, 11, 28, 10)
        assert await payer.run_due() == 8
        payer.decide()
        copy = back_up(payer)
        await payer.until(2026, 11, 28, 11)
        assert await payer.run_due() == 0
        put_back(payer, copy)
        assert payer.states()["2026-11"] == "HELD_FOR_APPROVAL"
        payer.shop.world.sandbox.change(UNREADABLE)
        await payer.until(*at)
        await payer.run_due()
        assert payer.states()["2026-11"] == "UNFINISHED"

    payer.shop.live(story())
    assert payer.paid() == {"2026-11": 3}


def test_what_waited_for_the_desk_when_it_was_backed_up_says_it_no_more(payer: Payer) -> None:
    async def story() -> None:
        await payer.until(2026, 11, 20)
        await payer.run_due()
        payer.file("2026-11")
        await payer.until(2026, 11, 28, 10)
        step = 0
        while not _asked(payer):
            step += 1
            await payer.run_due(killed_at_step=step)
        copy = back_up(payer)
        await payer.until(2026, 11, 28, 11)
        assert await payer.run_due() == 0
        put_back(payer, copy)
        payer.shop.world.sandbox.change(UNREADABLE)
        await payer.until(2026, 12, 28, 20)
        await payer.run_due()
        assert payer.states()["2026-11"] != "DONE"

    payer.shop.live(story())
    assert payer.paid() == {"2026-11": 3}


def _asked(payer: Payer) -> bool:
    """Whether the desk was asked for the period, and nothing is confirmed yet."""
    return any(run.plan_id is None for run in payer.shop.runs("incentives-2026-11"))
