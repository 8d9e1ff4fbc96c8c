"""Paid orders are read again: what is new of the payout is kept, what contradicts is named, and nobody is hurried."""

import random  # noqa: TID251 - seeded: the waits of a test are always the same
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from batcher.errors import OwnFault
from batcher.lifecycle import Halt
from batcher.lifecycle.following import READERS
from batcher.lifecycle.refreshing import IN_VAIN, Contradicted, Refreshed, Refresher
from batcher.model import Fault, Reply
from batcher.records import AttemptRecord, RowRecord
from batcher.states import State
from tests.lifecycle.bench import (
    BASE_URL,
    NO_ANSWER,
    RETRIES,
    TOO_MANY,
    Note,
    Script,
    ScriptedApi,
    read_as,
    refused,
    row,
)
from tests.virtual_time import VirtualClock, run

ACTIVE = {"payout_status": "ACTIVE", "expiry_date": "2027-01-01", "price": Decimal("9.80"), "discount": Decimal("0.20")}


def paid(number: int = 1, **fields: object) -> RowRecord:
    return row(f"R{number}", State.COMPLETED, **({"order_id": f"O-{number}"} | ACTIVE | fields))


def reads(number: int = 1, status: str = "COMPLETED", **fields: object) -> Reply:
    return read_as(f"O-{number}", status, **({"payout_status": "ACTIVE", "expiry_date": "2027-01-01"} | fields))


class Reading:
    """One refresh of these rows, on virtual time."""

    def __init__(
        self, *rows: RowRecord, script: Mapping[str, Script], answer_s: float = 0.1, fails: bool = False
    ) -> None:
        self.notes: list[Note] = []
        self.stored: list[AttemptRecord] = []
        self.watched: list[tuple[int, int]] = []
        self._fails = fails
        clock = VirtualClock()
        self.api = ScriptedApi(clock, self.notes, {}, script, answer_s=answer_s)
        self._refresher = Refresher(
            api=self.api,
            store=self._store,
            clock=clock,
            rng=random.Random(7),  # noqa: S311 - it spreads waits
            retries=RETRIES,
            rate_limited_wait_s=5,
            halt=Halt(base_url=BASE_URL),
        )
        self._rows = rows

    async def _store(self, attempt: AttemptRecord) -> None:
        if self._fails:
            raise OwnFault("The ledger could not be written.")
        self.stored.append(attempt)

    def found(self) -> Refreshed:
        return run(self._refresher.refresh(self._rows, lambda seen, of: self.watched.append((seen, of))))

    def times(self, order_id: str | None = None) -> list[float]:
        return [note.at_s for note in self.notes if note.what == "read" and order_id in (None, note.who)]


def test_a_payout_that_was_claimed_is_stored_and_counted() -> None:
    one, other = paid(1), paid(2)
    script = {"O-1": reads(1, payout_status="CLAIMED"), "O-2": reads(2, payout_status="EXPIRED")}
    reading = Reading(one, other, script=script)
    found = reading.found()

    assert (found.paid, found.unread, dict(found.changed)) == (2, 0, {"CLAIMED": 1, "EXPIRED": 1})
    assert reading.stored == [
        replace(one.latest, payout_status="CLAIMED"),
        replace(other.latest, payout_status="EXPIRED"),
    ]


@pytest.mark.parametrize("told", [{}, {"payout_status": None, "expiry_date": None}, {"price": Decimal("9.99")}])
def test_what_is_as_before_or_not_told_is_not_stored(told: dict[str, Any]) -> None:
    reading = Reading(paid(), script={"O-1": reads(**told)})

    assert dict(reading.found().changed) == {}
    assert reading.stored == []


def test_another_expiry_date_alone_is_counted_apart() -> None:
    reading = Reading(paid(), script={"O-1": reads(expiry_date="2028-01-01")})
    found = reading.found()

    assert (dict(found.changed), found.redated) == ({}, 1)
    assert [one.expiry_date for one in reading.stored] == ["2028-01-01"]


def test_a_price_and_a_discount_are_filled_in_where_the_ledger_has_none() -> None:
    reading = Reading(
        paid(price=None, discount=None), script={"O-1": reads(price=Decimal("9.80"), discount=Decimal("0.20"))}
    )
    found = reading.found()

    assert (found.priced, dict(found.changed)) == (1, {})
    assert [(one.price, one.discount) for one in reading.stored] == [(Decimal("9.80"), Decimal("0.20"))]


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (reads(status="FAILED", payout_status="CANCELLED"), "is FAILED now, although it was completed"),
        (reads(status="PROCESSING"), "is PROCESSING now, although it was completed"),
        (reads(status=""), "is without a status now, although it was completed"),
        (reads(email="else@example.com", payout_status="CLAIMED"), "now differs from the row in recipient"),
        (reads(amount=Decimal("99.00"), payout_status="CLAIMED"), "now differs from the row in amount"),
    ],
)
def test_an_order_that_contradicts_its_row_is_named_and_nothing_of_it_stored(reply: Reply, why: str) -> None:
    reading = Reading(paid(1), paid(2), script={"O-1": reply, "O-2": reads(2, payout_status="CLAIMED")})
    found = reading.found()

    assert found.contradicted == (Contradicted("R1", "O-1", why),)
    assert [one.order_id for one in reading.stored] == ["O-2"]
    assert (dict(found.changed), found.unread) == ({"CLAIMED": 1}, 0)


@pytest.mark.parametrize("state", [state for state in State if state is not State.COMPLETED])
def test_only_orders_that_were_paid_are_read(state: State) -> None:
    reading = Reading(row("R1", state, order_id="O-1"), script={})

    assert reading.found().paid == 0
    assert reading.notes == []


def test_a_row_that_left_the_file_is_read_all_the_same() -> None:
    gone = replace(paid(), in_file=False)

    assert dict(Reading(gone, script={"O-1": reads(payout_status="CLAIMED")}).found().changed) == {"CLAIMED": 1}


@pytest.mark.parametrize("nothing", [NO_ANSWER, Reply(fault=Fault.UNREADABLE, http_status=200), refused(500, "x")])
def test_what_could_not_be_read_is_asked_for_again_and_then_counted(nothing: Reply) -> None:
    back = Reading(paid(), script={"O-1": [nothing, nothing, reads(payout_status="CLAIMED")]})
    assert (back.found().unread, len(back.times())) == (0, 3)

    never = Reading(paid(1), paid(2), script={"O-1": nothing, "O-2": reads(2, payout_status="CLAIMED")})
    found = never.found()
    assert (found.unread, dict(found.changed), len(never.times("O-1"))) == (1, {"CLAIMED": 1}, RETRIES.attempts)


def test_an_order_that_is_not_there_is_asked_for_once() -> None:
    reading = Reading(paid(), script={"O-1": refused(404, "not_found")})

    assert (reading.found().unread, len(reading.times())) == (1, 1)


def test_a_few_are_read_side_by_side_and_no_more() -> None:
    reading = Reading(*(paid(number) for number in range(20)), script={}, answer_s=10)
    reading.found()

    times = reading.times()
    assert len(times) == 20
    assert max(sum(1 for other in times if at_s <= other < at_s + 10) for at_s in times) == READERS


def test_after_a_429_nobody_reads_until_the_pause_is_over() -> None:
    rows = [paid(number) for number in range(12)]
    reading = Reading(*rows, script={"O-0": [TOO_MANY, reads(0)]}, answer_s=0.5)
    # The first reader is told first; the other three have asked already.
    reading.api.answer_s = lambda who: 0.1 if who == "O-0" else 0.5
    found = reading.found()

    assert (found.unread, len(reading.times("O-0"))) == (0, 2)
    assert [at_s for at_s in reading.times() if 0.1 < at_s < 5.1] == []


def test_readers_that_are_refused_together_double_the_pause_once() -> None:
    rows = [paid(number) for number in range(READERS)]
    script = {f"O-{number}": [TOO_MANY, TOO_MANY, reads(number)] for number in range(READERS)}
    reading = Reading(*rows, script=script, answer_s=0)
    reading.found()

    assert sorted(set(reading.times())) == pytest.approx([0, 5, 15], abs=1e-3)


def test_a_pause_is_as_long_as_the_api_asks_for_and_not_beyond_a_quarter_of_an_hour() -> None:
    for asked_s, waited_s in ((120.0, 120), (7200.0, 900)):
        script = {"O-1": [Reply(http_status=429, retry_after_s=asked_s), reads()]}
        reading = Reading(paid(), script=script, answer_s=0)
        reading.found()
        assert reading.times() == pytest.approx([0, waited_s], abs=1e-3)


def test_where_nothing_is_answered_the_rest_is_not_asked_for() -> None:
    rows = [paid(number) for number in range(300)]
    reading = Reading(*rows, script={f"O-{number}": NO_ANSWER for number in range(300)})
    found = reading.found()

    assert found.unread == 300
    assert IN_VAIN <= len(reading.times()) < IN_VAIN + READERS


def test_an_answer_in_between_begins_the_count_anew() -> None:
    script = {f"O-{number}": refused(404, "not_found") for number in range(100) if number % 10}
    reading = Reading(*(paid(number) for number in range(100)), script=script)

    assert (reading.found().unread, len(reading.times())) == (90, 100)


def test_a_key_that_is_refused_ends_the_reading_and_is_told() -> None:
    rows = [paid(number) for number in range(50)]
    reading = Reading(*rows, script={f"O-{number}": refused(401, "unauthorized") for number in range(50)})
    found = reading.found()

    assert ([(stop.cause, stop.exit_code) for stop in found.stops], found.unread) == ([("unauthorized", 4)], 50)
    assert len(reading.times()) == READERS


def test_a_ledger_that_cannot_be_written_ends_it() -> None:
    with pytest.raises(OwnFault, match="could not be written"):
        Reading(paid(), script={"O-1": reads(payout_status="CLAIMED")}, fails=True).found()


def test_whoever_watches_is_told_of_each_order() -> None:
    reading = Reading(paid(1), paid(2), paid(3), script={"O-2": refused(404, "not_found")})
    reading.found()

    assert reading.watched == [(1, 3), (2, 3), (3, 3)]
