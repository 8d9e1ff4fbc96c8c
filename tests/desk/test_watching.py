"""A batch that is looked at while it is carried out, here or by another process, and what is seen of it later."""

import asyncio
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from batcher.asked import RunState
from batcher.assembly.story import told
from batcher.assembly.watching import LOOK_EVERY_S, Seen, Watching
from batcher.ledger import Holder, ShownRow
from batcher.states import State
from tests.desk.shop import Shop, rows


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_the_figures_change_until_the_run_has_ended(shop: Shop) -> None:
    async def story() -> list[tuple[float, Seen]]:
        await shop.ask("march", rows(10))
        with shop.office() as office:
            desk = shop.desk(office)
            working = asyncio.ensure_future(shop.alive(desk.work_off()))
            seen = [(shop.world.clock.now_s, one) async for one in Watching(office, desk).changes("march")]
            await working
        return seen

    seen = shop.live(story())
    first, last = seen[0][1], seen[-1][1]
    assert (first.counts.total, first.is_live) == (0, True)
    assert (last.counts.paid, last.counts.waiting, last.is_live) == (10, 0, False)
    assert last.run is not None
    assert last.run.state is RunState.ENDED
    paid = [one.counts.paid for _, one in seen]
    assert paid == sorted(paid)
    assert len(set(paid)) > 4
    assert all(later - earlier >= LOOK_EVERY_S for (earlier, _), (later, _) in pairwise(seen))
    early = next(one for _, one in seen if one.counts.paid >= 1)
    assert 0 < early.counts.sends_last_minute <= 10
    assert early.counts.seconds_left > 0


def test_another_process_sees_the_same_figures_by_the_ledger(shop: Shop) -> None:
    async def story() -> Seen:
        await shop.ask("march", rows(8))
        working = asyncio.ensure_future(shop.work_off())
        await shop.until_paid(4)
        with shop.office() as office:
            seen = Watching(office, shop.desk(office)).seen("march")
        await working
        return seen

    seen = shop.live(story())
    assert seen.counts.total == 8
    assert seen.counts.paid + seen.counts.open >= 3
    assert seen.counts.waiting > 0
    assert seen.counts.sends_last_minute >= 4
    assert seen.elsewhere is None


def test_what_the_command_line_starts_is_seen_as_that(shop: Shop) -> None:
    async def story() -> tuple[Seen, Seen]:
        with shop.office() as office, shop.office() as other:
            watching = Watching(office, shop.desk(office))
            with other.lock("batcher run of batch march"):
                during = watching.seen("march")
            return during, watching.seen("march")

    during, after = shop.live(story())
    assert isinstance(during.elsewhere, Holder)
    assert during.elsewhere.doing == "batcher run of batch march"
    assert (during.is_live, after.is_live) == (True, False)


def test_one_that_waits_says_how_many_are_ahead_of_it(shop: Shop) -> None:
    async def story() -> list[int]:
        for number, batch in enumerate(("march", "april", "may"), 1):
            await shop.ask(batch, rows(2, start=2 * number))
        with shop.office() as office:
            watching = Watching(office, shop.desk(office))
            return [watching.seen(batch).ahead for batch in ("march", "april", "may")]

    assert shop.live(story()) == [0, 1, 2]


def test_each_row_tells_its_story_without_links_or_keys(shop: Shop) -> None:
    lines = [*rows(1), replace(rows(2)[1], word="fail")]

    async def story() -> None:
        await shop.ask("march", lines)
        await shop.work_off()

    shop.live(story())
    with shop.office() as office:
        history = office.history
        shown, more = history.rows(office.environment, "march")
        stories = {row.name: told(history.story(office.environment, "march", row.row_id)) for row in shown}
        assert history.story(office.environment, "april", shown[0].row_id) == []
        keys = [row.latest.order.key for row in office.batch("march").rows]
    assert not more
    words = [one.words for one in stories["R1"]]
    assert words[0].startswith("Planned")
    assert words[1] == "Sent to Runa."
    assert words[2].startswith("Runa took the order in (accepted; HTTP 2")
    assert words[3].startswith("Paid (")
    assert stories["R2"][-1].words.startswith("The order failed at Runa; nothing was paid")
    all_words = " ".join(one.words for story in stories.values() for one in story)
    assert "http" not in all_words
    assert not any(key in all_words for key in keys)


def test_rows_are_shown_by_page_and_by_what_became_of_them(shop: Shop) -> None:
    lines = [*rows(4), replace(rows(5)[4], word="fail")]

    async def story() -> None:
        await shop.ask("march", lines)
        await shop.work_off()

    shop.live(story())
    with shop.office() as office:
        page, more = office.history.rows(office.environment, "march", first=1, most=2)
        assert ([row.name for row in page], more) == (["R2", "R3"], True)
        failed, more = office.history.rows(office.environment, "march", [State.FAILED])
        assert ([row.name for row in failed], more) == (["R5"], False)
        assert all(isinstance(row, ShownRow) for row in page)
        assert office.history.states(office.environment, "march") == {State.COMPLETED: 4, State.FAILED: 1}


def test_the_counts_by_sql_are_those_of_the_records(shop: Shop) -> None:
    async def story() -> None:
        await shop.ask("march", [replace(rows(1)[0], word="fail"), *rows(3)[1:]])
        await shop.work_off()
        await shop.retry("march")
        await shop.work_off()
        await shop.ask("march", rows(2)[:1], accept_missing=True)
        await shop.work_off()

    shop.live(story())
    with shop.office() as office:
        record = office.batch("march")
        expected: dict[State, int] = {}
        for row in record.rows:
            if row.in_file or row.paid_or_open:
                expected[row.latest.state] = expected.get(row.latest.state, 0) + 1
        assert office.history.states(office.environment, "march") == expected
        shown, _ = office.history.rows(office.environment, "march")
        assert sum(expected.values()) == len(shown)


def test_a_payout_is_found_by_reference_recipient_and_order_id_in_whichever_batch(shop: Shop) -> None:
    async def story() -> None:
        await shop.ask("march", rows(3))
        await shop.ask("april", rows(3, start=10))
        await shop.work_off()

    shop.live(story())
    with shop.office() as office:
        search = office.history.search
        found, _ = search("R11")
        assert [(one.batch, one.name, one.recipient) for one in found] == [("april", "R11", "person@p11.example")]
        assert found[0].order_id is not None
        assert search(found[0].order_id)[0] == found
        assert search("PERSON@P11")[0] == found
        page, more = search("person@", first=1, most=2)
        assert (len(page), more) == (2, True)
        assert [one.name for one in page] == ["R11", "R10"]
        assert search(" ") == ([], False)
        assert search("nobody") == ([], False)

        known, more = office.history.batches(most=1)
        assert ([one.name for one in known], more) == (["april"], True)
        assert (known[0].confirmed_by, known[0].states) == ("zoë", {State.COMPLETED: 3})
