"""A year of monthly runs, as it may go: each period is paid once, or somebody is told."""

import asyncio
import os
from pathlib import Path

import pytest

from batcher.asked import Asking, RunKind
from tests.desk.shop import Shop, rows
from tests.schedules.office import Payer
from tests.simulation.world import API_KEY, Row


@pytest.fixture
def payer(tmp_path: Path) -> Payer:
    return Payer(tmp_path)


def test_a_file_that_is_there_is_paid_once_at_its_time(payer: Payer) -> None:
    async def story() -> None:
        await payer.until(2026, 11, 20)
        assert await payer.run_due() == 0
        payer.file("2026-11")
        await payer.until(2026, 11, 28, 8, 59)
        assert await payer.run_due() == 0
        assert payer.paid() == {}
        await payer.until(2026, 11, 28, 9, 1)
        assert await payer.run_due() == 0
        assert await payer.run_due() == 0

    payer.shop.live(story())
    assert payer.paid() == {"2026-11": 3}
    assert payer.states() == {"2026-11": "DONE", "2026-12": "EXPECTED"}
    assert payer.told_of() == [("2026-11", "finished")]


def test_a_year_in_which_everything_happens(payer: Payer) -> None:
    async def month_of(period: str, year: int, month: int) -> None:
        match period:
            case "2026-04":  # the file comes late
                await payer.until(year, month, 28, 9, 5)
                assert await payer.run_due() == 0
                payer.file(period)
                await payer.until(year, month, 28, 20)
                assert await payer.run_due() == 0
            case "2026-06":  # the file never comes
                await payer.until(year, month, 28, 10)
                assert await payer.run_due() == 0
                await payer.until(year, month, 30, 10)
                assert await payer.run_due() == 5
                assert await payer.run_due() == 0
            case "2026-08":  # killed in the middle
                payer.file(period)
                await payer.until(year, month, 28, 10)
                assert await payer.run_due(killed_at_step=120) is None
                assert payer.states()[period] == "RUNNING"
                await payer.run_due()
                await payer.until(year, month, 28, 11)
                assert await payer.run_due() == 0
            case "2026-09":  # started twice at once
                payer.file(period)
                await payer.until(year, month, 28, 10)
                codes = await asyncio.gather(payer.run_due(), payer.run_due())
                assert sorted(code or 0 for code in codes) == [0, 11]
            case "2026-10":  # the machine sleeps over it, until the next one is due
                payer.file(period)
            case "2026-11":
                payer.file(period)
                await payer.until(year, month, 29, 6)
                assert await payer.run_due() == 5
            case _:
                payer.file(period)
                await payer.until(year, month, 28, 10)
                assert await payer.run_due() == 0
                assert await payer.run_due() == 0

    async def story() -> None:
        payer.file("2026-02")  # a first start pays nothing of the past
        await payer.run_due()
        for number in range(2, 14):
            year, month = 2026 + number // 12, number % 12 + 1
            await month_of(f"{year}-{month:02}", year, month)

    payer.shop.live(story())
    periods = [f"{2026 + number // 12}-{number % 12 + 1:02}" for number in range(2, 14)]
    expected = dict.fromkeys(periods, "DONE") | {"2026-06": "MISSED", "2026-10": "MISSED"}
    assert payer.states() == {**expected, "2027-03": "EXPECTED"}
    assert payer.paid() == {period: 3 for period, state in expected.items() if state == "DONE"}
    told = payer.told_of()
    assert len(told) == len(set(told))
    assert {("2026-04", "waiting"), ("2026-04", "started_late"), ("2026-11", "started_late")} <= set(told)
    assert {period for period, kind in told if kind in ("finished", "missed")} == set(expected)


@pytest.mark.parametrize("step", [1, 20, 40, 60, 80, 100, 130, 160, 200, 250, 300])
def test_killed_at_any_step_a_period_is_paid_once(payer: Payer, step: int) -> None:
    async def story() -> None:
        await payer.until(2026, 11, 20)
        await payer.run_due()
        payer.file("2026-11")
        await payer.until(2026, 11, 28, 10)
        await payer.run_due(killed_at_step=step)
        for hour in (11, 12, 13):
            await payer.until(2026, 11, 28, hour)
            await payer.run_due(killed_at_step=step * 2)
        await payer.until(2026, 11, 28, 14)
        await payer.run_due()
        await payer.until(2026, 11, 28, 15)
        assert await payer.run_due() == 0

    payer.shop.live(story())
    assert payer.paid() == {"2026-11": 3}
    assert payer.states() == {"2026-11": "DONE", "2026-12": "EXPECTED"}
    told = payer.told_of()
    assert len(told) == len(set(told))
    assert "finished" in (payer.periods()["2026-11"].reported or {})


def test_two_that_start_at_once_pay_once(payer: Payer) -> None:
    async def story() -> None:
        await payer.until(2026, 11, 20)
        await payer.run_due()
        payer.file("2026-11")
        await payer.until(2026, 11, 28, 10)
        codes = await asyncio.gather(payer.run_due(), payer.run_due())
        assert sorted(code or 0 for code in codes) == [0, 11]
        assert await payer.run_due() == 0

    payer.shop.live(story())
    assert payer.paid() == {"2026-11": 3}
    assert payer.told_of().count(("2026-11", "finished")) == 1


def test_half_a_file_is_not_taken(payer: Payer) -> None:
    async def story() -> None:
        await payer.until(2026, 11, 20)
        await payer.run_due()
        path = payer.file("2026-11")
        whole = path.read_text()
        path.write_text("\n".join(whole.splitlines()[:2]) + "\n")
        await payer.until(2026, 11, 28, 10)

        async def writes_on() -> None:
            await payer.shop.world.clock.sleep(5)
            path.write_text(whole)

        await asyncio.gather(payer.run_due(), writes_on())
        assert payer.paid() == {}
        await payer.run_due()

    payer.shop.live(story())
    assert payer.paid() == {"2026-11": 3}


def test_half_of_a_mended_file_is_not_taken_because_the_first_one_was_done(payer: Payer) -> None:
    async def story() -> None:
        await payer.until(2026, 11, 20)
        await payer.run_due()
        path = payer.file("2026-11", [])
        done = path.with_name(f"{path.name}.done")
        done.touch()
        await payer.until(2026, 11, 28, 10)
        assert await payer.run_due() == 5
        whole = payer.file("2026-11").read_text()
        path.write_text("\n".join(whole.splitlines()[:2]) + "\n")
        later = path.stat().st_mtime_ns + 1_000_000_000
        os.utime(path, ns=(later, later))

        async def writes_on() -> None:
            await payer.shop.world.clock.sleep(5)
            path.write_text(whole)

        await asyncio.gather(payer.run_due(), writes_on())
        assert payer.paid() == {}
        await payer.run_due()

    payer.shop.live(story())
    assert payer.paid() == {"2026-11": 3}


def test_a_file_that_is_done_is_taken_at_once(payer: Payer) -> None:
    async def story() -> None:
        await payer.until(2026, 11, 20)
        await payer.run_due()
        path = payer.file("2026-11")
        path.with_name(f"{path.name}.done").touch()
        await payer.until(2026, 11, 28, 10)

        async def is_looked_at() -> None:
            await payer.shop.world.clock.sleep(5)
            path.unlink()

        await asyncio.gather(payer.run_due(), is_looked_at())

    payer.shop.live(story())
    assert payer.paid() == {"2026-11": 3}


def test_above_its_ceiling_nothing_is_paid_and_a_better_file_is(payer: Payer) -> None:
    async def story() -> None:
        payer.define(ceilings=("GBP 50",))
        await payer.until(2026, 11, 20)
        await payer.run_due()
        payer.file("2026-11", rows(9))
        await payer.until(2026, 11, 28, 10)
        assert await payer.run_due() == 8
        assert await payer.run_due() == 0
        assert payer.paid() == {}
        assert payer.states()["2026-11"] == "REFUSED"
        payer.file("2026-11", rows(2))
        assert await payer.run_due() == 0

    payer.shop.live(story())
    assert payer.paid() == {"2026-11": 2}
    assert payer.told_of() == [("2026-11", "did_not_start"), ("2026-11", "finished")]


def test_above_the_limit_it_is_held_and_said_once(tmp_path: Path) -> None:
    payer = Payer(tmp_path, approval=("GBP 20",))

    async def story() -> None:
        await payer.until(2026, 11, 20)
        await payer.run_due()
        payer.file("2026-11")
        await payer.until(2026, 11, 28, 10)
        assert await payer.run_due() == 8
        assert await payer.run_due() == 0

    payer.shop.live(story())
    assert payer.paid() == {}
    assert payer.states()["2026-11"] == "HELD_FOR_APPROVAL"
    assert payer.told_of() == [("2026-11", "needs_approval")]


def test_a_weekly_schedule_repeats_its_own_periods_and_is_stopped_by_twins_elsewhere(tmp_path: Path) -> None:
    payer = Payer(tmp_path, cron="0 9 * * MON")
    nameless = [Row("", person, 10 + person) for person in range(1, 4)]

    async def story() -> None:
        await payer.until(2026, 11, 5)
        await payer.run_due()
        for day, period in ((9, "2026-w46"), (16, "2026-w47")):
            payer.file(period, nameless)
            await payer.until(2026, 11, day, 10)
            assert await payer.run_due() == 0
        await payer.shop.ask("by-hand", [Row("", 9, 19)])
        await payer.shop.work_off()
        payer.file("2026-w48", [Row("", 9, 19)])
        await payer.until(2026, 11, 23, 10)
        assert await payer.run_due() == 5

    payer.shop.live(story())
    assert payer.states() == {
        "2026-w46": "DONE",
        "2026-w47": "DONE",
        "2026-w48": "REFUSED",
        "2026-w49": "EXPECTED",
    }
    assert len(payer.shop.world.dump()["orders"]) == 7


def test_a_period_whose_file_comes_after_the_next_one_repeats_nothing_of_that(tmp_path: Path) -> None:
    payer = Payer(tmp_path, cron="0 9 * * MON", late_hours=240)
    nameless = [Row("", person, 10 + person) for person in range(1, 4)]

    async def story() -> None:
        await payer.until(2026, 11, 5)
        await payer.run_due()
        payer.file("2026-w47", nameless)
        await payer.until(2026, 11, 16, 10)
        assert await payer.run_due() == 0
        payer.file("2026-w46", nameless)
        await payer.until(2026, 11, 17)
        assert await payer.run_due() == 5

    payer.shop.live(story())
    assert payer.states() == {"2026-w46": "REFUSED", "2026-w47": "DONE", "2026-w48": "EXPECTED"}
    assert len(payer.shop.world.dump()["orders"]) == 3


def test_without_a_key_it_is_tried_again_until_its_time_is_over(payer: Payer) -> None:
    async def story() -> None:
        await payer.until(2026, 11, 20)
        await payer.run_due()
        payer.file("2026-11")
        payer.has_key = False
        await payer.until(2026, 11, 28, 10)
        assert await payer.run_due() == 2
        assert await payer.run_due() == 0  # a moment later it is not tried
        payer.has_key = True
        await payer.until(2026, 11, 28, 12)
        assert await payer.run_due() == 0
        payer.file("2026-12", rows(3, start=4))
        payer.has_key = False
        await payer.until(2026, 12, 28, 10)
        assert await payer.run_due() == 2
        await payer.until(2026, 12, 31)
        assert await payer.run_due() == 5

    payer.shop.live(story())
    assert payer.paid() == {"2026-11": 3}
    assert payer.told_of() == [
        ("2026-11", "unfinished"),
        ("2026-11", "finished"),
        ("2026-12", "unfinished"),
        ("2026-12", "missed"),
    ]


def test_a_person_who_ran_the_batch_first_has_paid_it(payer: Payer) -> None:
    async def story() -> None:
        await payer.until(2026, 11, 20)
        await payer.run_due()
        await payer.shop.ask("incentives-2026-11", rows(3))
        await payer.shop.work_off()
        payer.file("2026-11")
        await payer.until(2026, 11, 28, 9, 5)
        assert await payer.run_due() == 0

    payer.shop.live(story())
    assert payer.paid() == {"2026-11": 3}
    assert payer.states()["2026-11"] == "DONE"


def test_what_was_held_goes_on_once_another_person_had_it_confirmed(tmp_path: Path) -> None:
    payer = Payer(tmp_path, approval=("GBP 20",))

    async def story() -> None:
        await payer.until(2026, 11, 20)
        await payer.run_due()
        payer.file("2026-11")
        await payer.until(2026, 11, 28, 10)
        assert await payer.run_due() == 8
        await payer.until(2026, 11, 28, 11)
        await payer.confirm_by_hand("2026-11")
        assert await payer.run_due() == 0

    payer.shop.live(story())
    assert payer.paid() == {"2026-11": 3}
    assert payer.states()["2026-11"] == "DONE"


def test_the_page_pays_what_is_due_by_itself(payer: Payer) -> None:
    async def story() -> None:
        await payer.until(2026, 11, 28, 8, 58)
        payer.file("2026-11")
        await payer.serve(600)

    payer.shop.live(story())
    assert payer.paid() == {"2026-11": 3}
    assert payer.states() == {"2026-11": "DONE", "2026-12": "EXPECTED"}
    assert payer.told_of() == [("2026-11", "finished")]


def test_what_a_person_stopped_is_left_to_a_person(payer: Payer) -> None:
    async def story() -> None:
        await payer.until(2026, 11, 20)
        await payer.run_due()
        payer.file("2026-11")
        await payer.until(2026, 11, 28, 9, 5)
        assert await payer.run_due(killed_at_step=80) is None
        with payer.shop.office() as office:
            (run,) = office.runs.unfinished(office.environment)
            payer.shop.desk(office).stop(run.id)
        await payer.run_due()
        await payer.until(2026, 11, 28, 12)
        assert await payer.run_due() == 0

    payer.shop.live(story())
    assert payer.states()["2026-11"] == "MISSED"
    assert payer.told_of()[-1] == ("2026-11", "missed")


def test_a_schedule_that_is_gone_from_the_config_is_told_of(payer: Payer) -> None:
    async def story() -> None:
        await payer.until(2026, 11, 20)
        await payer.run_due()
        await payer.until(2026, 11, 28, 9, 5)
        await payer.run_due()
        payer.schedules = {}
        await payer.run_due()
        await payer.run_due()

    payer.shop.live(story())
    assert payer.told_of() == [("2026-11", "waiting"), ("2026-11", "did_not_start")]


def test_what_a_person_stopped_before_the_schedule_looked_is_left_to_a_person(payer: Payer) -> None:
    async def story() -> None:
        await payer.until(2026, 11, 20)
        await payer.run_due()
        await payer.shop.ask("incentives-2026-11", rows(3))
        with payer.shop.office() as office:
            (run,) = office.runs.unfinished(office.environment)
            payer.shop.desk(office).stop(run.id)
        payer.file("2026-11")
        await payer.until(2026, 11, 28, 9, 5)
        assert await payer.run_due() == 6

    payer.shop.live(story())
    assert payer.paid() == {}
    assert payer.states()["2026-11"] == "MISSED"


def test_what_was_held_and_then_stopped_by_a_person_is_left_to_a_person(tmp_path: Path) -> None:
    payer = Payer(tmp_path, approval=("GBP 20",))

    async def story() -> None:
        await payer.until(2026, 11, 20)
        await payer.run_due()
        payer.file("2026-11")
        await payer.until(2026, 11, 28, 10)
        assert await payer.run_due() == 8
        await payer.until(2026, 11, 28, 11)
        await payer.confirm_by_hand("2026-11")
        with payer.shop.office() as office:
            desk = payer.shop.desk(office)
            desk.stop(desk.ask(Asking(batch="incentives-2026-11", kind=RunKind.RESUME, by="zoë")).id)
            desk.ask(Asking(batch="incentives-2026-11", kind=RunKind.RECONCILE, by="zoë"))
        await payer.shop.work_off()
        assert await payer.run_due() == 6

    payer.shop.live(story())
    assert payer.paid() == {}
    assert payer.states()["2026-11"] == "MISSED"
    assert payer.told_of()[-1] == ("2026-11", "missed")


def test_what_a_person_stopped_and_confirmed_anew_goes_on(payer: Payer) -> None:
    async def story() -> None:
        await payer.until(2026, 11, 20)
        await payer.run_due()
        await payer.shop.ask("incentives-2026-11", rows(3))
        with payer.shop.office() as office:
            (run,) = office.runs.unfinished(office.environment)
            payer.shop.desk(office).stop(run.id)
        payer.file("2026-11")
        await payer.until(2026, 11, 28, 8)
        await payer.confirm_by_hand("2026-11")
        await payer.until(2026, 11, 28, 9, 5)
        assert await payer.run_due() == 0

    payer.shop.live(story())
    assert payer.paid() == {"2026-11": 3}
    assert payer.states()["2026-11"] == "DONE"


def test_the_sheet_of_an_earlier_period_under_a_new_name_is_not_paid_again(tmp_path: Path) -> None:
    payer = Payer(tmp_path, same_again=False)
    changed = [*rows(2), Row("R3", 3, 14)]

    async def story() -> None:
        await payer.until(2026, 10, 20)
        await payer.run_due()
        for month, period, lines, code in (
            (10, "2026-10", rows(3), 0),
            (11, "2026-11", changed, 0),
            (12, "2026-12", rows(3)[::-1], 5),
        ):
            payer.file(period, lines)
            await payer.until(2026, month, 28, 10)
            assert await payer.run_due() == code
        assert "exactly what batch incentives-2026-10 asked for" in payer.told.reports[-1].message
        payer.file("2026-12", rows(2))
        assert await payer.run_due() == 0

    payer.shop.live(story())
    assert payer.paid() == {"2026-10": 3, "2026-11": 3, "2026-12": 2}


def test_where_each_period_pays_the_same_it_is_said_in_the_config(tmp_path: Path) -> None:
    payer = Payer(tmp_path, same_again=True)

    async def story() -> None:
        await payer.until(2026, 10, 20)
        await payer.run_due()
        for month, period in ((10, "2026-10"), (11, "2026-11")):
            payer.file(period)
            await payer.until(2026, month, 28, 10)
            assert await payer.run_due() == 0

    payer.shop.live(story())
    assert payer.paid() == {"2026-10": 3, "2026-11": 3}


def test_a_sheet_that_a_person_has_confirmed_for_the_period_may_be_the_same_again(tmp_path: Path) -> None:
    payer = Payer(tmp_path, same_again=False)

    async def story() -> None:
        await payer.until(2026, 10, 20)
        await payer.run_due()
        payer.file("2026-10")
        await payer.until(2026, 10, 28, 10)
        assert await payer.run_due() == 0
        payer.file("2026-11")
        await payer.until(2026, 11, 27, 10)
        await payer.confirm_by_hand("2026-11")
        await payer.until(2026, 11, 28, 10)
        assert await payer.run_due() == 0

    payer.shop.live(story())
    assert payer.paid() == {"2026-10": 3, "2026-11": 3}


def test_a_ledger_put_back_pays_no_period_again_once_its_keys_are_forgotten(tmp_path: Path) -> None:
    payer = Payer(tmp_path, late_hours=744)
    # A list that is too long to be read to its end.
    payer.shop = Shop(payer.inbox, list_page=1)
    world = payer.shop.world
    short = world.settings.reconcile.model_copy(update={"max_pages": 1})
    world.settings = world.settings.model_copy(update={"reconcile": short})

    async def story() -> None:
        await payer.until(2026, 11, 20)
        await payer.run_due()
        world.copy_ledger(tmp_path / "copy")
        payer.file("2026-11")
        await payer.until(2026, 11, 28, 10)
        assert await payer.run_due() == 0
        world.restore_ledger(tmp_path / "copy")
        await payer.until(2026, 12, 29, 8)
        assert await payer.run_due() == 6

    payer.shop.live(story())
    assert payer.paid() == {"2026-11": 3}
    assert payer.states()["2026-11"] == "UNFINISHED"


def test_two_periods_that_begin_at_once_do_not_pay_one_sheet_twice(tmp_path: Path) -> None:
    payer = Payer(tmp_path, same_again=False, late_hours=744)

    async def story() -> None:
        await payer.until(2026, 10, 20)
        await payer.run_due()
        payer.file("2026-10")
        payer.file("2026-11")
        await payer.until(2026, 11, 28, 8)
        await payer.until(2026, 11, 28, 9)
        assert await payer.run_due() == 5

    payer.shop.live(story())
    assert payer.paid() == {"2026-10": 3}
    assert payer.states() == {"2026-10": "DONE", "2026-11": "REFUSED", "2026-12": "EXPECTED"}


def test_after_an_order_that_contradicts_its_row_nothing_is_sent_until_a_person_has_decided(payer: Payer) -> None:
    async def story() -> None:
        await payer.until(2026, 11, 20)
        await payer.run_due()
        payer.file("2026-11", [Row("R1", 1, 11, "mismatch-amount"), *rows(3, start=2)])
        for hour in (10, 11, 12):
            await payer.until(2026, 11, 28, hour)
            await payer.run_due()
        assert len(payer.shop.world.dump()["orders"]) == 1
        (order,) = payer.shop.world.dump()["orders"]
        with payer.shop.office() as office, office.lock("decide"):
            deciding = office.casework.decide_order("incentives-2026-11", "R1", order["id"], "seen", API_KEY)
            await payer.shop.alive(deciding)
        await payer.until(2026, 11, 28, 13)
        assert await payer.run_due() == 0

    payer.shop.live(story())
    assert payer.paid() == {"2026-11": 4}
    assert payer.states()["2026-11"] == "DONE"
    told = [(one.kind, one.message) for one in payer.told.reports]
    assert [kind for kind, _ in told] == ["started_late", "needs_person", "unfinished", "finished"]
    assert "look it up in Runa's portal" in told[1][1]


def test_a_file_that_goes_on_growing_after_it_was_taken_is_told_of_once(payer: Payer) -> None:
    async def story() -> None:
        await payer.until(2026, 11, 20)
        await payer.run_due()
        payer.file("2026-11", rows(2))
        await payer.until(2026, 11, 28, 10)
        assert await payer.run_due() == 0
        payer.file("2026-11", rows(4))
        await payer.until(2026, 11, 28, 11)
        assert await payer.run_due() == 5
        assert await payer.run_due() == 0
        await payer.until(2026, 12, 1)
        payer.file("2026-11", rows(5))
        assert await payer.run_due() == 0

    payer.shop.live(story())
    assert payer.paid() == {"2026-11": 2}
    assert payer.told_of()[1:] == [("2026-11", "finished"), ("2026-11", "file_changed")]


def test_a_file_that_is_mended_while_the_first_is_looked_at_is_looked_at_too(tmp_path: Path) -> None:
    payer = Payer(tmp_path)

    async def mends() -> None:
        await payer.shop.world.clock.sleep(1)
        payer.file("2026-11", rows(2))

    async def story() -> None:
        await payer.until(2026, 11, 20)
        await payer.run_due()
        payer.file("2026-11", [Row(f"R{number}", number, 400) for number in (1, 2, 3)])
        (payer.inbox / "incentives-2026-11.csv.done").touch()
        payer.shop.world.sandbox.change({"list_error": [1, 2]})  # so that the look takes a while
        await payer.until(2026, 11, 28, 10)
        code, _ = await asyncio.gather(payer.run_due(), mends())
        assert code == 8
        assert payer.states()["2026-11"] == "REFUSED"
        await payer.until(2026, 11, 28, 11)
        assert await payer.run_due() == 0

    payer.shop.live(story())
    assert payer.paid() == {"2026-11": 2}
