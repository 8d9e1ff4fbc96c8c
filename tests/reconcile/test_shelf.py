"""What was read of the order list is kept, order by order, and read back as it was."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from batcher.evidence import Frontier, KeptOrder, Walk
from batcher.ledger import Ledger
from batcher.model import Environment, Instant, Order
from batcher.states import State
from tests.payouts import ENVIRONMENT, NOW, Book, payout, sheet

ELSEWHERE = Environment(base_url=ENVIRONMENT.base_url, account="other")
BEGAN = Instant(at=NOW, monotonic_s=1.5, boot="boot-1")
ENDED = Instant(at=NOW.replace(minute=1), monotonic_s=61.5, boot="boot-1")
FRONTIER = Frontier(head="h", head_ids=frozenset({"O-1"}), tail="t", tail_ids=frozenset({"O-2", "O-3"}), proven=True)
SAID = Order(order_id="O-1", status="COMPLETED", description="tag", key="key", currency="GBP", price=Decimal("9.50"))


def walk(*orders: Order, **fields: object) -> Walk:
    usual: dict[str, object] = {
        "began": BEGAN,
        "ended": ENDED,
        "orders": {order.order_id: order for order in orders},
        "told_all": frozenset(order.order_id for order in orders if order.description is not None),
        "pages": 3,
        "whole": True,
    }
    return Walk(**(usual | fields))  # type: ignore[arg-type]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Book(tmp_path).ledger


def keep(
    ledger: Ledger, kept: Walk, known: frozenset[str] = frozenset(), environment: Environment = ENVIRONMENT
) -> int:
    return ledger.shelf.keep(environment, kept, known=known, last_send_id=7).id


def test_a_reading_is_read_back_as_it_was(ledger: Ledger) -> None:
    reading = ledger.shelf.keep(ENVIRONMENT, walk(SAID), known=frozenset({"O-1", "O-2"}), last_send_id=7)
    assert (reading.began, reading.ended, reading.last_send_id, reading.pages) == (BEGAN, ENDED, 7, 3)
    assert (reading.whole, reading.complete, reading.missing) == (True, True, frozenset({"O-2"}))
    assert ledger.shelf.readings(ENVIRONMENT) == [reading]


def test_readings_come_back_oldest_first_and_of_their_environment_alone(ledger: Ledger) -> None:
    ids = [keep(ledger, walk(SAID)) for _ in range(3)]
    keep(ledger, walk(replace(SAID, order_id="O-9")), environment=ELSEWHERE)
    assert [reading.id for reading in ledger.shelf.readings(ENVIRONMENT)] == ids
    assert set(ledger.shelf.orders(ENVIRONMENT)) == {"O-1"}
    assert set(ledger.shelf.orders(ELSEWHERE)) == {"O-9"}


def test_a_new_ledger_has_read_nothing(ledger: Ledger) -> None:
    shelf = ledger.shelf
    assert (shelf.readings(ENVIRONMENT), shelf.orders(ENVIRONMENT), shelf.frontier(ENVIRONMENT)) == ([], {}, None)
    assert (shelf.known_orders(ENVIRONMENT), shelf.last_send_id()) == (frozenset(), 0)


def test_an_order_is_kept_with_all_that_was_seen_of_it(ledger: Ledger) -> None:
    reading = keep(ledger, walk(SAID))
    assert ledger.shelf.orders(ENVIRONMENT)["O-1"] == KeptOrder(
        order_id="O-1",
        status="COMPLETED",
        description="tag",
        key="key",
        currency="GBP",
        price=Decimal("9.50"),
        told_all=True,
        first_seen_at=NOW,
        first_reading=reading,
        last_reading=reading,
    )


def test_what_an_order_has_said_once_stays_said_and_what_is_new_is_added(ledger: Ledger) -> None:
    silent = Order(order_id="O-2", status="PROCESSING")
    first = keep(ledger, walk(SAID, silent))
    later = replace(BEGAN, at=NOW.replace(hour=12))
    second = keep(
        ledger,
        walk(Order(order_id="O-1", status="FAILED"), replace(SAID, order_id="O-2"), began=later),
    )
    one, two = (ledger.shelf.orders(ENVIRONMENT)[order_id] for order_id in ("O-1", "O-2"))
    assert (one.status, one.description, one.key, one.price, one.told_all) == (
        "FAILED",
        "tag",
        "key",
        Decimal("9.50"),
        True,
    )
    assert (two.status, two.description, two.key, two.price, two.told_all) == (
        "COMPLETED",
        "tag",
        "key",
        Decimal("9.50"),
        True,
    )
    for order in (one, two):
        assert (order.first_reading, order.last_reading, order.first_seen_at) == (first, second, NOW)


def test_a_reading_that_does_not_see_an_order_leaves_it_as_it_was(ledger: Ledger) -> None:
    first = keep(ledger, walk(SAID))
    keep(ledger, walk())
    assert ledger.shelf.orders(ENVIRONMENT)["O-1"].last_reading == first


def test_a_short_reading_misses_only_what_no_reading_has_ever_shown(ledger: Ledger) -> None:
    known = frozenset({"O-1", "O-2"})
    keep(ledger, walk(SAID), known)
    keep(ledger, walk(whole=False), known)
    keep(ledger, walk(), known)
    assert [reading.missing for reading in ledger.shelf.readings(ENVIRONMENT)] == [{"O-2"}, {"O-2"}, known]


def test_a_reading_that_did_not_come_to_its_end_misses_nothing(ledger: Ledger) -> None:
    keep(ledger, walk(why_incomplete="there was no answer"), frozenset({"O-1"}))
    (reading,) = ledger.shelf.readings(ENVIRONMENT)
    assert (reading.complete, reading.missing) == (False, frozenset())


def test_a_later_reading_goes_on_where_the_newest_complete_one_ended(ledger: Ledger) -> None:
    keep(ledger, walk(SAID, frontier=replace(FRONTIER, head="older", proven=False)))
    keep(ledger, walk(SAID, frontier=FRONTIER))
    keep(ledger, walk(SAID, why_incomplete="there was no answer"))
    assert ledger.shelf.frontier(ENVIRONMENT) == FRONTIER
    assert ledger.shelf.frontier(ELSEWHERE) is None
    keep(ledger, walk(SAID))
    assert ledger.shelf.frontier(ENVIRONMENT) is None


def test_the_orders_of_all_batches_and_the_newest_send_are_known(tmp_path: Path) -> None:
    with Book(tmp_path) as book:
        book.confirm(sheet(payout("R1")))
        book.confirm(sheet(payout("R2", "20.00")), "oct")
        ids = {
            book.bring("R1", State.COMPLETED).latest.order_id,
            book.bring("R2", State.FAILED, batch="oct").latest.order_id,
        }
        assert book.ledger.shelf.known_orders(ENVIRONMENT) == ids
        assert book.ledger.shelf.known_orders(ELSEWHERE) == frozenset()
        assert book.ledger.shelf.last_send_id() == book.row("R2", "oct").latest.sends[-1].id == 2


def test_keeping_changes_nothing_about_any_payment(tmp_path: Path) -> None:
    with Book(tmp_path) as book:
        book.confirm(sheet(payout("R1")))
        book.bring("R1", State.UNKNOWN)
        before = book.batch()
        keep(book.ledger, walk(SAID))
        book.ledger.shelf.keep_balances(ENVIRONMENT, {"GBP": Decimal("10.00")}, NOW)
        book.ledger.shelf.keep_balances(ENVIRONMENT, {}, NOW)
        assert book.batch() == before


def test_thousands_of_orders_are_kept_and_read_back(ledger: Ledger) -> None:
    orders = [replace(SAID, order_id=f"O-{nth}") for nth in range(3_000)]
    keep(ledger, walk(*orders))
    keep(ledger, walk(*orders))
    assert len(ledger.shelf.orders(ENVIRONMENT)) == 3_000
