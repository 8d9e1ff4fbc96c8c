"""Reading the order list: to both of its ends, in whatever order it is, and only what is new where that is believed."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batcher.evidence import Frontier, KeptOrder, Walk
from batcher.model import Answer, Order, OrderPage, Reply
from batcher.policy import RATE_LIMITED
from batcher.ports import OrderList
from batcher.reconcile.listing import LONGEST_PAUSE_S, MOST_BY_ID, READERS
from tests.payouts import payout
from tests.reconcile.case import BOUNDS, Case, reader
from tests.reconcile.conftest import Opening
from tests.reconcile.lists import BROKEN, NO_ANSWER, TOO_MANY, Scripted, Sorted, answered, page, tagged
from tests.virtual_time import VirtualClock, run

ORDERS = ("newest", "oldest")
ENDS = ("empty_page", "null_cursor")


def walked(
    api: OrderList,
    *,
    kept: Mapping[str, KeptOrder] | None = None,
    known: frozenset[str] = frozenset(),
    frontier: Frontier | None = None,
    clock: VirtualClock | None = None,
    **bounds: Any,
) -> Walk:
    """One walk through a list."""
    clock = clock or VirtualClock()
    return run(reader(api, clock, **bounds).read(kept=kept or {}, known=known, frontier=frontier))


def kept_from(walk: Walk) -> dict[str, KeptOrder]:
    """What the ledger would keep of a walk."""
    return {
        order_id: KeptOrder(
            order_id=order_id, status=order.status, told_all=order_id in walk.told_all, first_reading=1, last_reading=1
        )
        for order_id, order in walk.orders.items()
    }


# To both ends


@pytest.mark.parametrize(
    ("came_in", "why"), [(False, ""), (True, "orders came in before the first page while it was read")]
)
def test_a_first_page_whose_own_cursor_is_refused_is_the_first_if_it_still_is(came_in: bool, why: str) -> None:
    class Refusing(Scripted):
        async def page(self, *, after: str | None = None, before: str | None = None) -> Answer[OrderPage]:
            answer = await super().page(after=after, before=before)
            if came_in:
                self.pages[""] = page("O-0", "O-1", after="1", before="0")
            return answer

    walk = walked(Refusing({"": page("O-1", after="1", before="1"), "after 1": page()}))
    assert (walk.why_incomplete, walk.whole) == (why, True)


@pytest.mark.parametrize("list_order", ORDERS)
@pytest.mark.parametrize("list_end", ENDS)
@pytest.mark.parametrize(("count", "page_size"), [(0, 3), (1, 3), (3, 3), (7, 3), (9, 3), (20, 500)])
def test_a_list_is_read_to_both_ends_whichever_comes_first_and_however_it_ends(
    opening: Opening, list_order: str, list_end: str, count: int, page_size: int
) -> None:
    case = opening(page_size=page_size, list_order=list_order, list_end=list_end)
    made = case.foreign(count=count) if count else []
    case.wait(10)
    reading = case.read()
    assert (reading.complete, reading.whole) == (True, True)
    assert set(case.kept) == set(made)


def test_an_account_without_orders_is_read_with_one_page(case: Case) -> None:
    reading = case.read()
    assert (reading.complete, reading.pages, case.kept) == (True, 1, {})


def test_what_comes_before_the_first_page_is_read_as_well() -> None:
    api = Scripted(
        {
            "": page("c", "d", after="d", before="c"),
            "after d": page("e", before="e"),
            "before c": page("a", "b", after="b", before="a"),
            "before a": page(after="a"),
        }
    )
    walk = walked(api)
    assert (walk.why_incomplete, set(walk.orders)) == ("", set("abcde"))
    assert api.asked == ["", "after d", "before c", "before a"]
    assert walk.pages == 4


@pytest.mark.parametrize("list_order", ORDERS)
@pytest.mark.parametrize("list_end", ENDS)
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    there=st.integers(0, 12),
    page_size=st.integers(2, 6),
    grows=st.integers(0, 3),
    most=st.integers(0, 25),
)
def test_a_list_that_grows_while_it_is_read_holds_what_was_there_when_the_reading_began(
    tmp_path_factory: pytest.TempPathFactory,
    list_order: str,
    list_end: str,
    there: int,
    page_size: int,
    grows: int,
    most: int,
) -> None:
    with Case(
        tmp_path_factory.mktemp("case"),
        page_size=page_size,
        list_order=list_order,
        list_end=list_end,
        list_grows=grows,
        list_grows_most=most,
    ) as case:
        made = case.foreign(count=there) if there else []
        reading = case.read()
        assert reading.complete
        assert set(made) <= set(case.kept)


def test_a_list_that_grows_faster_than_it_can_be_read_has_no_end(opening: Opening) -> None:
    case = opening(page_size=2, list_grows=2, list_order="oldest")
    case.foreign(count=3)
    reading = case.read()
    assert reading.why_incomplete == "the list is longer than 40 pages ([reconcile] max_pages)"
    assert reading.pages == 40


def test_an_order_that_the_list_does_not_show_yet_is_missing_in_the_reading(opening: Opening) -> None:
    case = opening(list_lag_s=60)
    case.confirm(payout("R1"))
    order_id = case.send("R1").latest.order_id
    assert case.read().missing == {order_id}
    case.wait(60)
    assert case.read().missing == frozenset()


def test_a_reading_that_stops_midway_keeps_what_it_saw_and_calls_nothing_missing(opening: Opening) -> None:
    case = opening(page_size=2)
    case.confirm(payout("R1"))
    case.send("R1")
    case.foreign(count=5)
    reading = case.read(max_pages=2)
    assert (reading.complete, reading.missing) == (False, frozenset())
    assert len(case.kept) == 4
    assert case.book.ledger.shelf.frontier(case.book.environment) is None


def test_no_more_pages_are_asked_for_than_allowed(opening: Opening) -> None:
    case = opening(page_size=1)
    case.foreign(count=9)
    reading = case.read(max_pages=10)
    assert reading.why_incomplete == "the list is longer than 10 pages ([reconcile] max_pages)"
    assert (reading.pages, case.pages_read()) == (10, 10)
    assert case.read(max_pages=11).complete  # the last of which is empty, and the one before the first as well
    assert case.pages_read() == 21


# Strange lists


@pytest.mark.parametrize(
    "pages",
    [
        {"": page("a", after="x"), "after x": page("b", after="x")},
        {"": page("a", after="x"), "after x": page("b", after="y"), "after y": page("c", after="x")},
        {"": page("a", "b", after="x"), "after x": page("b", "a", after="y")},
        {"": page("a", before="x"), "before x": page("b", before="x")},
        {"": page("a", after="x", before="y"), "after x": page("b"), "before y": page("b", before="z")},
    ],
)
def test_a_list_that_goes_round_in_circles_is_not_read_to_its_end(pages: dict[str, OrderPage]) -> None:
    walk = walked(Scripted(pages))
    assert walk.why_incomplete == "the order list goes round in circles"
    assert walk.frontier is None


def test_pages_that_overlap_are_read_on() -> None:
    api = Scripted({"": page("a", "b", after="x"), "after x": page("b", "c", after="y"), "after y": page("c", "d")})
    walk = walked(api)
    assert (walk.why_incomplete, list(walk.orders)) == ("", ["a", "b", "c", "d"])


def test_a_cursor_that_runa_does_not_know_makes_the_reading_incomplete() -> None:
    walk = walked(Scripted({"": page("a", after="gone")}))
    assert walk.why_incomplete == "Runa answered HTTP 400 (pagination_error)"
    assert list(walk.orders) == ["a"]


# Patience


@pytest.mark.parametrize("failure", [NO_ANSWER, BROKEN, answered(500, "internal_server_error"), answered(503)])
def test_a_page_that_does_not_come_is_asked_for_again_after_a_wait(failure: Reply) -> None:
    clock = VirtualClock()
    api = Scripted({"": page("a")}, failing=[failure, failure])
    walk = walked(api, clock=clock)
    assert (walk.why_incomplete, walk.pages, api.asked) == ("", 1, ["", "", ""])
    assert clock.now_s >= 2 * BOUNDS.retries.min_wait_s


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        (NO_ANSWER, "there was no answer"),
        (BROKEN, "Runa answered HTTP 200 (unreadable)"),
        (answered(500, "internal_server_error"), "Runa answered HTTP 500 (internal_server_error)"),
        (TOO_MANY, "Runa answered HTTP 429"),
    ],
)
def test_a_page_that_never_comes_makes_the_reading_incomplete(failure: Reply, why: str) -> None:
    api = Scripted({"": page("a")}, failing=[failure] * 9)
    assert walked(api).why_incomplete == why
    assert len(api.asked) == BOUNDS.retries.attempts


@pytest.mark.parametrize("failure", [answered(401, "unauthorized"), answered(403), answered(404), answered(410)])
def test_a_refusal_that_stays_is_not_repeated(failure: Reply) -> None:
    api = Scripted({}, failing=[failure])
    assert walked(api).why_incomplete.startswith("Runa answered HTTP 4")
    assert len(api.asked) == 1


def test_after_too_many_the_waits_are_those_for_the_rate_and_grow() -> None:
    clock = VirtualClock()
    walked(Scripted({"": page("a")}, failing=[TOO_MANY] * 3), clock=clock)
    assert clock.now_s == pytest.approx(5 + 10 + 20)


@pytest.mark.parametrize(("asked_s", "waited_s"), [(42.0, 42.0), (1.0, 5.0), (86_400.0, LONGEST_PAUSE_S)])
def test_a_wait_that_runa_asks_for_is_kept_within_bounds(asked_s: float, waited_s: float) -> None:
    clock = VirtualClock()
    walked(Scripted({"": page("a")}, failing=[replace(TOO_MANY, retry_after_s=asked_s)]), clock=clock)
    assert clock.now_s == pytest.approx(waited_s)
    assert RATE_LIMITED.cause == "rate_limited"


@pytest.mark.parametrize("fault", ["list_error", "list_too_many", "list_truncated", "get_reset"])
def test_a_bad_day_only_makes_the_reading_longer(opening: Opening, fault: str) -> None:
    case = opening(page_size=2, **{fault: [1]})
    made = case.foreign(count=5)
    case.wait(10)
    reading = case.read()
    assert reading.complete
    assert set(case.kept) == set(made)


@pytest.mark.parametrize("fault", ["list_error", "list_too_many", "list_truncated"])
def test_a_page_that_fails_for_good_makes_the_reading_incomplete(opening: Opening, fault: str) -> None:
    case = opening(page_size=2, **{fault: {"overall": list(range(2, 99))}})
    case.foreign(count=5)
    assert not case.read().complete


# Only what is new


@pytest.mark.parametrize("list_order", ORDERS)
@pytest.mark.parametrize("list_end", ENDS)
def test_later_readings_are_short_once_our_own_orders_have_shown_where_new_ones_come(
    opening: Opening, list_order: str, list_end: str
) -> None:
    case = opening(page_size=3, list_order=list_order, list_end=list_end)
    case.foreign(count=30)
    case.confirm(*(payout(f"R{nth}", email=f"r{nth}@example.com") for nth in range(8)))
    case.wait(10)
    first = case.read(whole=False)
    assert first.whole
    assert first.pages >= 10
    for nth in range(8):
        case.send(f"R{nth}")
    for made in (8, 0, 4, 1, 0):
        if made not in (0, 8):
            case.foreign(count=made)
        case.wait(10)
        reading = case.read(whole=False)
        assert (reading.complete, reading.whole) == (True, False)
        assert reading.pages <= 4 + made / 3 + 1
        assert reading.missing == frozenset()
    assert len(case.kept) == 43


@pytest.mark.parametrize("list_order", ORDERS)
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(page_size=st.integers(1, 6), more=st.lists(st.integers(0, 7), min_size=1, max_size=5))
def test_short_readings_miss_nothing(
    tmp_path_factory: pytest.TempPathFactory, list_order: str, page_size: int, more: list[int]
) -> None:
    with Case(tmp_path_factory.mktemp("case"), page_size=page_size, list_order=list_order) as case:
        made = case.foreign(count=9)
        case.confirm(payout("R1"))
        case.read(whole=False)
        case.send("R1")
        for count in more:
            made += case.foreign(count=count) if count else []
            case.wait(10)
            reading = case.read(whole=False)
            assert reading.complete
            assert set(made) <= set(case.kept)


def test_without_an_order_of_ours_nothing_shows_where_new_ones_come_and_all_is_read(opening: Opening) -> None:
    case = opening(page_size=3)
    case.foreign(count=9)
    assert case.read(whole=False).whole
    case.foreign(count=2)
    assert case.read(whole=False).whole


def by_hash(order_id: str) -> object:
    """An order of the list in which a new one may come anywhere."""
    return order_id[::-1]


def test_a_list_that_takes_new_orders_into_its_middle_is_always_read_whole() -> None:
    api = Sorted(*(f"O-{nth:03}" for nth in range(0, 300, 7)), sorting=by_hash)
    first = walked(api)
    assert first.frontier is not None
    kept = kept_from(first)
    api.order_ids.append("O-005")
    second = walked(api, kept=kept, known=frozenset({"O-005"}), frontier=first.frontier)
    assert (second.whole, second.frontier) == (True, None)
    assert set(second.orders) == set(api.order_ids)


def test_an_order_in_the_middle_of_an_end_page_shows_as_well_that_the_list_is_not_in_the_order_of_time() -> None:
    api = Sorted("a", "b", "d", "e", "f", "g", "h", "i")
    first = walked(api)
    api.order_ids += ["c", "ab"]
    second = walked(api, kept=kept_from(first), known=frozenset({"ab", "c"}), frontier=first.frontier)
    assert (second.whole, second.frontier, set(second.orders)) == (True, None, set(api.order_ids))


def test_an_order_of_ours_that_a_short_reading_does_not_come_by_makes_it_a_whole_one() -> None:
    api = Sorted(*(f"O-{nth:03}" for nth in range(20)))
    first = walked(api)
    second = walked(
        api,
        kept=kept_from(first),
        known=frozenset({"O-elsewhere"}),
        frontier=replace(first.frontier or Frontier(head="", head_ids=frozenset(), tail="", tail_ids=frozenset())),
    )
    assert second.whole


@pytest.mark.parametrize("end", ["head", "tail"])
def test_a_cursor_that_no_longer_leads_where_it_led_is_not_believed(end: str) -> None:
    api = Sorted(*(f"O-{nth:03}" for nth in range(20)))
    first = walked(api)
    assert first.frontier is not None
    frontier = replace(first.frontier, proven=True)
    short = walked(api, kept=kept_from(first), frontier=frontier)
    assert (short.whole, short.pages) == (False, 4)
    changed: dict[str, Any] = {end: "O-009"}
    whole = walked(api, kept=kept_from(first), frontier=replace(frontier, **changed))
    assert (whole.whole, whole.why_incomplete, set(whole.orders)) == (True, "", set(api.order_ids))


@pytest.mark.parametrize("end", ["head", "tail"])
def test_a_cursor_that_runa_has_forgotten_is_not_believed(end: str) -> None:
    pages = {
        "": page("a", "b", after="1", before="0"),
        "after 1": page("c", "d", after="2", before="1"),
        "after 2": page("e", before="2"),
        "before 0": page(),
        "before 1": page("a", "b", before="0"),
    }
    api = Scripted(pages)
    first = walked(api)
    assert first.frontier is not None
    gone: dict[str, Any] = {end: "gone"}
    api.asked.clear()
    second = walked(api, kept=kept_from(first), frontier=replace(first.frontier, proven=True, **gone))
    assert (second.whole, second.why_incomplete, set(second.orders)) == (True, "", set("abcde"))
    assert second.pages == 4, "pages of the reading that was given up are not counted twice"


def test_a_list_of_one_page_is_simply_read_again() -> None:
    assert walked(Sorted("a", "b")).frontier is None


# What does not say whose it is


def test_unfinished_orders_are_read_by_id_and_those_that_say_nothing_stay_open(opening: Opening) -> None:
    case = opening()
    stuck = case.foreign(email="stuck@example.com")
    finished = case.foreign(description="Christmas")
    nameless = case.foreign()
    case.wait(10)
    case.read()
    assert sorted(case.reads_by_id()) == sorted(stuck + nameless)
    assert case.evidence().open_orders == set(stuck)
    assert {order_id for order_id, order in case.kept.items() if order.told_all} == {*finished, *nameless}


def test_what_has_said_all_once_is_not_asked_about_again(opening: Opening) -> None:
    case = opening()
    case.foreign(count=3)
    case.wait(10)
    case.read()
    assert len(case.reads_by_id()) == 3
    case.read()
    assert len(case.reads_by_id()) == 3


def test_our_own_orders_are_not_asked_about(opening: Opening) -> None:
    case = opening()
    case.confirm(payout("R1", email="stuck@example.com"))
    case.send("R1")
    case.read()
    assert case.reads_by_id() == []


@pytest.mark.parametrize("list_order", ORDERS)
def test_an_order_that_finishes_between_two_readings_is_seen_by_a_short_one(opening: Opening, list_order: str) -> None:
    case = opening(page_size=2, list_order=list_order)
    case.foreign(count=6)
    made = case.order_elsewhere(payout("R9", email="slow@example.com"))
    case.foreign(count=6)
    case.confirm(payout("R1"))
    case.read()
    assert case.kept[made].description is None
    case.send("R1")
    case.wait(100)
    assert not case.read(whole=False).whole
    assert case.kept[made].status == "COMPLETED"
    assert case.kept[made].description is not None
    assert case.kept[made].key is not None
    assert made not in case.evidence().open_orders


class Crowd(Scripted):
    """Many orders that never say whose they are; counts how many are read at one time."""

    def __init__(self, count: int, clock: VirtualClock) -> None:
        orders = tuple(tagged(f"O-{nth}", None, "PROCESSING") for nth in range(count))
        super().__init__({"": OrderPage(orders=orders, after=None, before=None)})
        self._clock = clock
        self._now = self.most = 0

    async def read(self, order_id: str) -> Reply:
        self.read_by_id.append(order_id)
        self._now += 1
        self.most = max(self.most, self._now)
        await self._clock.sleep(1)
        self._now -= 1
        return Reply(http_status=200, order=Order(order_id=order_id, status="PROCESSING"))


def test_at_most_so_many_orders_are_asked_about_by_id_and_few_at_one_time() -> None:
    clock = VirtualClock()
    crowd = Crowd(MOST_BY_ID + 20, clock)
    walk = walked(crowd, clock=clock)
    assert len(crowd.read_by_id) == MOST_BY_ID
    assert crowd.most == READERS
    assert walk.told_all == frozenset()


def test_an_order_that_cannot_be_read_stays_open_and_fails_nothing() -> None:
    api = Scripted({"": OrderPage(orders=(tagged("O-1", None, "PROCESSING"),), after=None, before=None)})
    walk = walked(api)
    assert (walk.why_incomplete, walk.told_all, api.read_by_id) == ("", frozenset(), ["O-1"])


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"status": "PROCESSING"}, False),
        ({"status": "FAILED"}, False),
        ({"status": "COMPLETED", "item_count": 1}, True),
        ({"status": "COMPLETED", "key": "k"}, True),
        ({"status": "PROCESSING", "description": "x"}, True),
    ],
)
def test_an_order_has_said_whose_it_is_with_a_description_a_key_or_its_items(
    fields: dict[str, Any], told: bool
) -> None:
    order = Order(**({"order_id": "O-1"} | fields))
    listed = OrderPage(orders=(tagged("O-1", None, "PROCESSING"),), after=None, before=None)
    walk = walked(Scripted({"": listed}, by_id=lambda order_id: order))
    assert ("O-1" in walk.told_all) is told


def test_what_a_page_says_later_of_an_order_counts_and_what_it_no_longer_says_does_not() -> None:
    pages = {
        "": OrderPage(orders=(tagged("a", None, "PROCESSING"), tagged("b", "tag")), after="1", before=None),
        "after 1": OrderPage(orders=(tagged("a", "tag"), tagged("b", None), tagged("c")), after=None, before=None),
    }
    walk = walked(Scripted(pages))
    assert {one: walk.orders[one].description for one in "ab"} == {"a": "tag", "b": "tag"}


def test_whoever_waits_is_told_of_every_page() -> None:
    told: list[tuple[int, int]] = []
    api = Scripted({"": page("a", "b", after="x"), "after x": page("c")})
    clock = VirtualClock()
    watched = reader(api, clock, told=lambda pages, orders: told.append((pages, orders)))
    run(watched.read(kept={}, known=frozenset()))
    assert told == [(1, 2), (2, 3)]


def test_a_reading_notes_when_it_began_and_ended(tmp_path: Path) -> None:
    clock = VirtualClock()
    api = Scripted({"": page("a")}, failing=[TOO_MANY])

    async def story() -> Walk:
        await clock.sleep(10)
        return await reader(api, clock).read(kept={}, known=frozenset())

    walk = run(story())
    assert walk.began.monotonic_s == pytest.approx(10)
    assert walk.ended.monotonic_s == pytest.approx(15)


def test_a_reading_that_is_interrupted_leaves_nothing_running() -> None:
    clock = VirtualClock()
    crowd = Crowd(20, clock)

    async def story() -> Sequence[str]:
        task = asyncio.ensure_future(reader(crowd, clock).read(kept={}, known=frozenset()))
        await clock.sleep(2.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]

    assert run(story()) == []
