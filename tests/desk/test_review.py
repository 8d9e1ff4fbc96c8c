"""What is shown of a plan before anybody says yes."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from batcher.assembly.review import Review, review_of
from batcher.planning import Choices, Standing
from tests.desk.shop import Shop, rows
from tests.simulation.world import API_KEY, Row


async def reviewed(shop: Shop, batch: str, lines: list[Row]) -> Review:
    with shop.office() as office:
        plan = office.plan(shop.sheet(batch, lines), batch, Choices())
        return review_of(office, await office.casework.look(plan, API_KEY, settle=False))


def test_sums_people_and_balance(tmp_path: Path) -> None:
    shop = Shop(tmp_path)

    async def story() -> Review:
        await shop.ask("november-1", rows(3))
        await shop.work_off()
        return await reviewed(shop, "november-2", [replace(row, reference=f"N{row.person}") for row in rows(5)])

    review = shop.live(story())
    (total,) = review.totals
    assert (total.currency, total.payouts, total.face_value) == ("GBP", 5, Decimal("65.15"))
    assert [(one.product, one.payouts) for one in review.sums] == [("AMZ-GB", 5)]
    assert (review.new_recipients, review.known_recipients, review.nameless) == (2, 3, 0)
    (cover,) = review.covers
    assert cover.after is not None
    assert not cover.is_short
    assert review.seconds > 0
    assert [(group.standing, group.rows) for group in review.groups] == [(Standing.NEW, 5)]


def test_what_changed_most_since_the_last_run_of_its_kind_comes_first(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    lines = [replace(row, reference=f"N{row.person}") for row in rows(4)]
    lines[2] = replace(lines[2], pounds=130)
    lines[3] = replace(lines[3], pounds=15)

    async def story() -> Review:
        await shop.ask("november-1", rows(4))
        await shop.work_off()
        return await reviewed(shop, "november-2", lines)

    review = shop.live(story())
    assert review.comparison is not None
    assert (review.comparison.batch, review.comparison.changed_count) == ("november-1", 2)
    first, second = review.bars
    assert (first.recipient, first.before, first.now) == ("person@p3.example", Decimal("13.03"), Decimal("130.03"))
    assert (first.now_share, second.recipient) == (1.0, "person@p4.example")
    assert 0 < first.before_share < 0.2


def test_what_keeps_it_from_being_confirmed_is_told_row_by_row(tmp_path: Path) -> None:
    shop = Shop(tmp_path)

    async def story() -> Review:
        await shop.ask("march", rows(3))
        await shop.work_off()
        return await reviewed(shop, "march", [replace(rows(1)[0], pounds=99), *rows(4)[2:]])

    review = shop.live(story())
    assert {problem.kind for problem in review.problems} >= {"edited", "missing"}
    named = {group.standing: group.named for group in review.groups}
    assert named[Standing.EDITED][0][0] == "R1"
    assert named[Standing.MISSING][0][0] == "R2"
