"""A period above `[approval]`: its plan is ready for an approver by itself, and carried out once it is approved."""

from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from batcher.approval import Stage
from batcher.schedules import PeriodState
from batcher.settings.approval import Approval
from tests.desk.shop import rows
from tests.schedules.office import Payer


@pytest.fixture
def payer(tmp_path: Path) -> Payer:
    return Payer(tmp_path, approval=("GBP 20",))


def held(payer: Payer, then: Coroutine[Any, Any, None]) -> None:
    """Live through the story from where the plan of November is held."""

    async def story() -> None:
        await payer.until(2026, 11, 20)
        await payer.run_due()
        payer.file("2026-11")
        await payer.until(2026, 11, 28, 10)
        assert await payer.run_due() == 8
        assert payer.states()["2026-11"] == "HELD_FOR_APPROVAL"
        await then

    payer.shop.live(story())


def stages(payer: Payer) -> list[Stage]:
    return [one.stage for one in payer.plans()]


def test_its_plan_waits_for_an_approver_and_nothing_is_sent(payer: Payer) -> None:
    async def then() -> None:
        assert await payer.run_due() == 0

    held(payer, then())
    (plan,) = payer.plans()
    assert (plan.batch, plan.prepared_by, plan.stage) == ("incentives-2026-11", "schedule incentives", Stage.WAITING)
    assert payer.told_of() == [("2026-11", "needs_approval")]
    assert f"batcher approve {plan.plan[:12]}" in payer.told.reports[0].message
    assert payer.paid() == {}


def test_once_approved_the_next_look_pays_it_once(payer: Payer) -> None:
    async def then() -> None:
        payer.decide()
        assert await payer.run_due() == 0
        assert await payer.run_due() == 0

    held(payer, then())
    assert payer.paid() == {"2026-11": 3}
    assert payer.states()["2026-11"] == "DONE"
    assert stages(payer) == [Stage.USED]
    assert payer.told_of() == [("2026-11", "needs_approval"), ("2026-11", "finished")]


def test_the_page_pays_what_is_approved_by_itself(payer: Payer) -> None:
    async def then() -> None:
        payer.decide()
        await payer.serve(600)

    held(payer, then())
    assert payer.paid() == {"2026-11": 3}


@pytest.mark.parametrize("approved_first", [False, True])
def test_another_file_is_prepared_anew_and_the_older_plan_can_be_used_no_more(
    payer: Payer, approved_first: bool
) -> None:
    async def then() -> None:
        if approved_first:
            payer.decide()
        payer.file("2026-11", rows(4))
        await payer.until(2026, 11, 28, 11)
        assert await payer.run_due() == 8
        assert payer.paid() == {}
        payer.decide()
        assert await payer.run_due() == 0

    held(payer, then())
    assert payer.paid() == {"2026-11": 4}
    assert stages(payer) == [Stage.REFUSED, Stage.USED]
    assert payer.told_of() == [("2026-11", "needs_approval"), ("2026-11", "needs_approval"), ("2026-11", "finished")]
    assert "out of date" in payer.told.reports[1].message


def test_a_better_file_below_the_limit_needs_nobody(payer: Payer) -> None:
    async def then() -> None:
        payer.file("2026-11", rows(1))
        assert await payer.run_due() == 0

    held(payer, then())
    assert payer.paid() == {"2026-11": 1}


def test_what_an_approver_refuses_is_paid_with_another_file_alone(payer: Payer) -> None:
    async def then() -> None:
        payer.decide(reason="the wrong month")
        assert await payer.run_due() == 8
        assert await payer.run_due() == 0
        row = payer.periods()["2026-11"]
        assert row.state is PeriodState.REFUSED
        assert "zoe refused it: the wrong month" in row.why
        payer.file("2026-11", rows(2))
        await payer.until(2026, 11, 28, 12)
        assert await payer.run_due() == 8
        payer.decide()
        assert await payer.run_due() == 0

    held(payer, then())
    assert payer.paid() == {"2026-11": 2}


@pytest.mark.parametrize("approved", [False, True])
def test_when_its_time_is_over_nobody_can_approve_it_or_carry_it_out(payer: Payer, approved: bool) -> None:
    async def then() -> None:
        if approved:
            payer.decide()
        await payer.until(2026, 12, 1)
        assert await payer.run_due() == 5

    held(payer, then())
    assert payer.paid() == {}
    assert payer.states()["2026-11"] == "MISSED"
    (plan,) = payer.plans()
    assert (plan.stage, plan.decided_by) == (Stage.REFUSED, "schedule incentives")
    assert payer.told_of() == [("2026-11", "needs_approval"), ("2026-11", "missed")]


@pytest.mark.parametrize("step", [1, 10, 20, 30, 40, 60, 80, 110, 150])
def test_killed_at_any_step_after_the_approval_it_is_paid_once(payer: Payer, step: int) -> None:
    async def then() -> None:
        payer.decide()
        await payer.run_due(killed_at_step=step)
        for hour in (11, 12, 13):
            await payer.until(2026, 11, 28, hour)
            await payer.run_due()

    held(payer, then())
    assert payer.paid() == {"2026-11": 3}
    assert payer.states()["2026-11"] == "DONE"


@pytest.mark.parametrize("step", [1, 5, 10, 15, 20, 30, 40])
def test_killed_while_it_is_prepared_one_plan_waits_at_the_end(payer: Payer, step: int) -> None:
    async def story() -> None:
        await payer.until(2026, 11, 20)
        await payer.run_due()
        payer.file("2026-11").with_name("incentives-2026-11.csv.done").touch()
        await payer.until(2026, 11, 28, 10)
        await payer.run_due(killed_at_step=step)
        await payer.run_due()
        payer.decide()
        await payer.until(2026, 11, 28, 11)
        assert await payer.run_due() == 0

    payer.shop.live(story())
    assert payer.paid() == {"2026-11": 3}
    assert stages(payer)[-1] is Stage.USED


def test_an_approver_who_was_disabled_since_has_approved_nothing(payer: Payer) -> None:
    async def then() -> None:
        payer.decide()
        with payer.shop.office() as office:
            office.people.disable("zoe", by="root", now=office.now)
        assert await payer.run_due() == 8

    held(payer, then())
    assert payer.paid() == {}
    assert stages(payer) == [Stage.REFUSED, Stage.WAITING]


def test_approved_and_then_made_another_one_by_runas_answers_it_is_prepared_anew(payer: Payer, tmp_path: Path) -> None:
    async def then() -> None:
        payer.decide()
        backup = tmp_path / "backup"
        payer.shop.world.copy_ledger(backup)
        assert await payer.run_due() == 0
        # Approved and unpaid, for all that this ledger knows; Runa's list has all three.
        payer.shop.world.restore_ledger(backup)
        assert await payer.run_due() == 5
        assert payer.states()["2026-11"] == "UNFINISHED"
        await payer.until(2026, 11, 28, 11)
        assert await payer.run_due() == 0

    held(payer, then())
    assert payer.paid() == {"2026-11": 3}
    assert payer.states()["2026-11"] == "DONE"


def test_what_was_refused_is_done_as_soon_as_a_person_has_run_it(payer: Payer) -> None:
    async def story() -> None:
        payer.define(ceilings=("GBP 5",))
        await payer.until(2026, 11, 20)
        await payer.run_due()
        payer.file("2026-11")
        await payer.until(2026, 11, 28, 10)
        assert await payer.run_due() == 8
        payer.shop.world.settings = payer.settings().model_copy(update={"approval": Approval()})
        await payer.shop.ask("incentives-2026-11", rows(3))
        await payer.shop.work_off()
        payer.shop.world.settings = payer.settings()
        assert await payer.run_due() == 0

    payer.shop.live(story())
    assert payer.paid() == {"2026-11": 3}
    assert payer.states()["2026-11"] == "DONE"
    assert payer.told_of() == [("2026-11", "did_not_start"), ("2026-11", "finished")]


def test_a_refused_file_that_nobody_mends_is_missed(payer: Payer) -> None:
    async def story() -> None:
        payer.define(ceilings=("GBP 5",))
        await payer.until(2026, 11, 20)
        await payer.run_due()
        payer.file("2026-11")
        await payer.until(2026, 11, 28, 10)
        assert await payer.run_due() == 8
        await payer.until(2026, 12, 1)
        assert await payer.run_due() == 5
        assert await payer.run_due() == 0

    payer.shop.live(story())
    assert payer.states()["2026-11"] == "MISSED"
    assert payer.told_of() == [("2026-11", "did_not_start"), ("2026-11", "missed")]
