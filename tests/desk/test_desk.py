"""The desk's laws: never two at once, never a run that nobody asked for, and a killed server pays nothing twice."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from batcher.asked import RunState
from batcher.errors import UsageError
from batcher.planning import Choices
from batcher.roles import Role
from tests.desk.shop import Shop, rows
from tests.simulation.world import API_KEY, Row


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def once(batch: str, count: int) -> dict[str, int]:
    return {f"{batch}/R{number}": 1 for number in range(1, count + 1)}


NAMELESS = Row("", 1, 11)


def name_in_march(shop: Shop) -> str:
    with shop.office() as office:
        return office.plan(shop.sheet("march", [NAMELESS]), "march", Choices()).lines[0].name


def ended(shop: Shop, state: RunState, exit_code: int, *, why: str) -> None:
    """The only run of batch march is in this state, and says so."""
    (run,) = shop.runs("march")
    assert (run.state, run.exit_code) == (state, exit_code)
    assert why in run.why


def test_what_was_asked_for_is_paid_and_the_run_says_so(shop: Shop) -> None:
    async def story() -> None:
        await shop.ask("march", rows(5))
        await shop.work_off()

    shop.live(story())
    (run,) = shop.runs("march")
    assert shop.paid() == once("march", 5)
    assert (run.state, run.exit_code, run.why) == (RunState.ENDED, 0, "")
    assert run.plan_id is not None
    assert (shop.world.folder / "results" / "march.csv").exists()


def test_nothing_is_sent_that_nobody_asked_for(shop: Shop) -> None:
    async def story() -> None:
        with shop.office() as office:
            office.plan(shop.sheet("march", rows(3)), "march", Choices())
        await shop.work_off()

    shop.live(story())
    assert shop.paid() == {}


def test_asked_for_twice_it_is_one_run_and_asked_for_otherwise_it_is_refused(shop: Shop) -> None:
    async def story() -> None:
        first = await shop.ask("march", rows(3))
        with shop.office() as office:
            assert shop.desk(office).ask(first.asking).id == first.id
        with pytest.raises(UsageError, match="Another run of batch march is not finished"):
            await shop.ask("march", rows(4))

    shop.live(story())
    assert len(shop.runs("march")) == 1


def test_a_run_that_ended_may_be_asked_for_again_and_sends_nothing_twice(shop: Shop) -> None:
    async def story() -> None:
        run = await shop.ask("march", rows(3))
        await shop.work_off()
        with shop.office() as office:
            shop.desk(office).ask(run.asking)
        await shop.work_off()

    shop.live(story())
    assert [run.exit_code for run in shop.runs("march")] == [0, 0]
    assert shop.paid() == once("march", 3)


def test_what_runas_answers_make_of_a_plan_meanwhile_is_refused(shop: Shop, tmp_path: Path) -> None:
    async def story() -> None:
        await shop.ask("march", rows(3))
        backup = tmp_path / "backup"
        shop.world.copy_ledger(backup)
        await shop.work_off()
        # A ledger from before: for all that it knows, the three are still to be sent; Runa's list knows more.
        shop.world.restore_ledger(backup)
        await shop.work_off()

    shop.live(story())
    (run,) = shop.runs("march")
    assert (run.state, run.exit_code) == (RunState.ENDED, 5)
    assert "no longer what was sealed" in run.why
    assert shop.paid() == {"march/R1": 1, "march/R2": 1, "march/R3": 1}


@pytest.mark.parametrize("changed", [rows(4), rows(2), [replace(rows(1)[0], pounds=99), *rows(3)[1:]]])
def test_a_sheet_that_says_something_else_by_then_is_refused(shop: Shop, changed: list[Any]) -> None:
    async def story() -> None:
        await shop.ask("march", rows(3))
        shop.file("march", changed)
        await shop.work_off()

    shop.live(story())
    ended(shop, RunState.ENDED, 5, why="no longer what was sealed")
    assert shop.paid() == {}


def test_one_at_a_time_in_the_order_in_which_they_were_asked_for(shop: Shop) -> None:
    async def story() -> None:
        await shop.ask("march", rows(4))
        await shop.ask("april", rows(4, start=5))
        working = asyncio.ensure_future(shop.work_off())
        await shop.until_paid(2)
        assert (shop.state("march"), shop.state("april")) == (RunState.RUNNING, RunState.QUEUED)
        await working

    shop.live(story())
    march, april = shop.runs("march")[0], shop.runs("april")[0]
    assert march.ended_at is not None
    assert april.begun_at is not None
    assert march.ended_at <= april.begun_at
    assert len(shop.paid()) == 8


def test_who_may_not_send_any_more_starts_nothing_that_waits(shop: Shop) -> None:
    async def story() -> None:
        run = await shop.ask("march", rows(3))
        with shop.office() as office:
            # The same, as a user has asked for it.
            shop.desk(office).stop(run.id)
            office.people.add("zoe", Role.PREPARER, "a long night in june", by="root", now=office.now)
            shop.desk(office).ask(replace(run.asking, by="zoe"))
            office.people.disable("zoe", by="root", now=office.now)
        await shop.work_off()

    shop.live(story())
    run = shop.runs("march")[-1]
    assert shop.paid() == {}
    assert (run.state, run.exit_code) == (RunState.ENDED, 8)
    assert "zoe, who said yes to it, may not start a plan any more" in run.why


def test_a_payment_made_meanwhile_by_the_batch_before_stops_its_twin(shop: Shop) -> None:
    async def story() -> None:
        await shop.ask("march", rows(1))
        await shop.ask("april", [replace(rows(1)[0], reference="")])
        await shop.work_off()

    shop.live(story())
    (run,) = shop.runs("april")
    assert (run.state, run.exit_code) == (RunState.ENDED, 5)
    assert list(shop.paid()) == ["march/R1"]


def test_a_row_said_to_be_paid_again_is_not_after_the_run_before_has_paid_it(shop: Shop) -> None:
    again = frozenset({"R1"})

    async def story() -> None:
        await shop.ask("march", rows(1))
        await shop.work_off()
        await shop.ask("april", rows(1), pay_again=again)
        await shop.ask("may", rows(1), pay_again=again)
        await shop.work_off()

    shop.live(story())
    assert [shop.runs(batch)[0].exit_code for batch in ("april", "may")] == [0, 5]
    assert "1 row cannot be taken as it is" in shop.runs("may")[0].why
    assert "Mend it, or say what is meant, as written beside it." in shop.runs("may")[0].why
    assert shop.paid() == {"march/R1": 1, "april/R1": 1}


def test_a_clock_that_is_set_back_makes_no_older_word_speak_of_what_was_paid_since(shop: Shop) -> None:
    name = name_in_march(shop)

    async def story() -> None:
        await shop.ask("january", [NAMELESS])
        await shop.work_off()
        shop.world.clock.offset += timedelta(hours=2)
        run = await shop.ask("march", [NAMELESS], pay_again=frozenset([name]))
        with shop.office() as office:
            shop.desk(office).pause(run.id)
        shop.world.clock.offset -= timedelta(hours=2)
        await shop.world.clock.sleep(600)
        await shop.ask("february", [NAMELESS], pay_again=frozenset([name]))
        await shop.work_off()
        with shop.office() as office:
            shop.desk(office).go_on(run.id)
        await shop.work_off()

    shop.live(story())
    assert [run.exit_code for run in shop.runs("march")] == [5]
    assert len(shop.world.dump()["orders"]) == 2


def test_while_another_process_has_the_ledger_it_waits_and_says_who(shop: Shop) -> None:
    async def story() -> None:
        await shop.ask("march", rows(2))
        with shop.office() as office, shop.office() as other:
            desk = shop.desk(office)
            with other.lock("batcher run of batch april"):
                await desk.work_off()
                assert "batcher run of batch april" in desk.waits_for
                assert shop.state("march") is RunState.QUEUED
                holder = office.holder
                assert holder is not None
                assert (holder.is_at("april"), holder.is_at("march")) == (True, False)
            await shop.alive(desk.work_off())
            assert desk.waits_for == ""

    shop.live(story())
    assert shop.paid() == once("march", 2)


def test_two_desks_take_turns_and_pay_once(shop: Shop) -> None:
    async def story() -> None:
        await shop.ask("march", rows(3))
        await shop.ask("april", rows(3, start=4))
        with shop.office() as one, shop.office() as other:
            desks = [shop.desk(one), shop.desk(other)]
            working = [asyncio.ensure_future(shop.alive(desk.work())) for desk in desks]
            while shop.state("april") is not RunState.ENDED:
                await shop.world.clock.sleep(1)
            for desk in desks:
                desk.close()
            await asyncio.gather(*working)

    shop.live(story())
    assert set(shop.paid().values()) == {1}
    assert len(shop.paid()) == 6


def test_paused_it_sends_nothing_more_until_somebody_says_go_on(shop: Shop) -> None:
    async def story() -> int:
        run = await shop.ask("march", rows(12))
        with shop.office() as office:
            desk = shop.desk(office)
            working = asyncio.ensure_future(shop.work_off())
            await shop.until_paid(3)
            desk.pause(run.id)
            desk.pause(run.id)
            await working
            assert shop.state("march") is RunState.PAUSED
            paid = len(shop.paid())
            await shop.work_off()
            assert len(shop.paid()) == paid
            desk.go_on(run.id)
            desk.go_on(run.id)
        await shop.work_off()
        return paid

    assert 3 <= shop.live(story()) < 12
    assert shop.paid() == once("march", 12)
    assert [run.exit_code for run in shop.runs("march")] == [0]


def test_stopped_the_rest_stays_unsent_and_is_said(shop: Shop) -> None:
    async def story() -> int:
        run = await shop.ask("march", rows(12))
        with shop.office() as office:
            desk = shop.desk(office)
            working = asyncio.ensure_future(shop.work_off())
            await shop.until_paid(3)
            desk.stop(run.id, by="ann")
            desk.stop(run.id, by="bob")
            await working
            paid = len(shop.paid())
            desk.go_on(run.id)
            desk.stop(run.id)
        await shop.work_off()
        return paid

    paid = shop.live(story())
    ended(shop, RunState.STOPPED, 130, why="Stopped by ann: what was not sent stays unsent.")
    assert 3 <= paid == len(shop.paid()) < 12
    assert shop.statuses("march").count("NOT_SENT") == 12 - paid


@pytest.mark.parametrize("wish", ["pause", "stop"])
def test_one_that_waits_is_paused_or_stopped_before_it_begins(shop: Shop, wish: str) -> None:
    async def story() -> None:
        run = await shop.ask("march", rows(2))
        with shop.office() as office:
            getattr(shop.desk(office), wish)(run.id)
        await shop.work_off()

    shop.live(story())
    assert shop.state("march") is {"pause": RunState.PAUSED, "stop": RunState.STOPPED}[wish]
    assert shop.paid() == {}


def test_gone_on_before_the_pause_was_heeded_it_goes_on(shop: Shop) -> None:
    async def story() -> None:
        run = await shop.ask("march", rows(8))
        with shop.office() as office:
            desk = shop.desk(office)
            working = asyncio.ensure_future(shop.work_off())
            await shop.until_paid(2)
            desk.pause(run.id)
            await shop.world.clock.sleep(0.3)
            desk.go_on(run.id)
            await working

    shop.live(story())
    assert shop.paid() == once("march", 8)
    assert shop.state("march") is RunState.ENDED


def test_closed_it_leaves_the_run_to_the_next_process(shop: Shop) -> None:
    async def story() -> None:
        await shop.ask("march", rows(8))
        with shop.office() as office:
            desk = shop.desk(office)
            working = asyncio.ensure_future(shop.alive(desk.work()))
            await shop.until_paid(3)
            desk.close()
            await working
        assert shop.state("march") is RunState.RUNNING
        assert len(shop.paid()) < 8
        await shop.work_off()

    shop.live(story())
    assert shop.paid() == once("march", 8)
    assert shop.state("march") is RunState.ENDED


@pytest.mark.parametrize("wish", ["pause", "stop"])
def test_killed_with_a_wish_unheeded_the_next_process_heeds_it(shop: Shop, wish: str) -> None:
    async def story() -> int:
        run = await shop.ask("march", rows(12))
        living = await shop.work_off(killed_at_step=400)
        assert not living
        paid = len(shop.paid())
        with shop.office() as office:
            getattr(shop.desk(office), wish)(run.id)
        await shop.work_off()
        return paid

    paid = shop.live(story())
    assert 0 < paid == len(shop.paid()) < 12
    assert shop.state("march") is {"pause": RunState.PAUSED, "stop": RunState.STOPPED}[wish]


@pytest.mark.parametrize("seed", range(12))
def test_killed_at_any_step_and_started_again_it_pays_every_row_once(tmp_path: Path, seed: int) -> None:
    shop = Shop(tmp_path, latency_max_s=0.5)

    async def story() -> None:
        await shop.ask("march", rows(6))
        await shop.ask("april", rows(6, start=7))
        step = 5 + 97 * seed
        while not await shop.work_off(killed_at_step=step):
            step = step * 3

    shop.live(story())
    assert shop.paid() == once("march", 6) | {f"april/R{number}": 1 for number in range(7, 13)}
    assert (shop.state("march"), shop.state("april")) == (RunState.ENDED, RunState.ENDED)


def test_after_a_kill_a_plan_confirmed_elsewhere_is_not_taken_for_the_one_that_was_asked_for(shop: Shop) -> None:
    async def story() -> None:
        await shop.ask("march", rows(8))
        await shop.work_off(killed_at_step=400)
        with shop.office() as office, office.lock("batcher run of batch march"):
            office.confirm(office.plan(shop.sheet("march", rows(9)), "march", Choices()), API_KEY)
        await shop.work_off()

    shop.live(story())
    ended(shop, RunState.ENDED, 2, why="Another plan of batch march was confirmed meanwhile")


def test_what_is_refused_ends_with_the_sentence_and_the_code_of_the_command_line(shop: Shop) -> None:
    async def story() -> None:
        await shop.ask("march", rows(3))
        shop.world.sandbox.set_balances({"GBP": "5.00"}, shop.world.now_s)
        await shop.work_off()

    shop.live(story())
    ended(shop, RunState.ENDED, 6, why="GBP 5.00 covers 0 of 3 payouts")
    assert shop.paid() == {}


def test_what_would_be_tried_again_is_bound_as_well(shop: Shop) -> None:
    lines = [replace(rows(1)[0], word="fail"), *rows(3)[1:]]

    async def story() -> None:
        await shop.ask("march", lines)
        await shop.work_off()
        first = await shop.retry("march")
        with shop.office() as office:
            shop.desk(office).stop(first.id)
            other = replace(first.asking, digest="0" * 64)
            shop.desk(office).ask(other)
        await shop.work_off()

    shop.live(story())
    assert [(run.state, run.exit_code) for run in shop.runs("march")][1:] == [
        (RunState.STOPPED, None),
        (RunState.ENDED, 8),
    ]
    assert set(shop.paid().values()) == {1}


def test_failed_rows_are_tried_again_once_somebody_asks_for_it(shop: Shop) -> None:
    lines = [replace(rows(1)[0], word="fail"), *rows(3)[1:]]

    async def story() -> None:
        await shop.ask("march", lines)
        await shop.work_off()
        await shop.retry("march")
        await shop.work_off()

    shop.live(story())
    assert [run.exit_code for run in shop.runs("march")] == [3, 3]
    assert shop.paid() == {"march/R1": 2, "march/R2": 1, "march/R3": 1}
