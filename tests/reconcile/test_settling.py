"""What the evidence does to the rows: orders are taken over, absence is noted, conflicts are named, all or nothing."""

from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from batcher.errors import OwnFault
from batcher.evidence import Evidence, Found, KeptOrder, ListReading
from batcher.ledger.tables import attempts
from batcher.model import Instant, Payout
from batcher.policy import KEY_LIFE, Finding
from batcher.reconcile import Knowledge, Settlement, settle_by_evidence
from batcher.reconcile.settling import FOUND
from batcher.records import AttemptRecord, SendRecord
from batcher.states import IllegalTransition, State
from tests.payouts import NOW, SPEAKER, Book, payout, planned, sheet
from tests.reconcile.case import SETTLE_AFTER
from tests.reconcile.conftest import Opening
from tests.reconcile.test_matching import many
from tests.virtual_time import run

JO = payout("R1")
ANN = payout("R2", email="ann@example.com")


def found(paid: Payout, order_id: str, *, number: int = 1, status: str = "COMPLETED") -> Found:
    order = planned(paid, number=number)
    return Found(identity=order.identity, number=number, key=order.key, order_id=order_id, status=status)


def settled(book: Book, *orders: Found) -> Settlement:
    """Settle by a list that shows these orders."""
    told = Evidence(complete=True, why_incomplete="", found=tuple(sorted(orders, key=lambda one: one.number)))
    knowledge = Knowledge(evidence=told, readings=(), kept={}, now=book.now, settle_after=SETTLE_AFTER)
    return run(settle_by_evidence(book.batch(), knowledge, docket=book.journal(), at=book.at))


def states(book: Book, name: str = "R1") -> list[State]:
    return [one.state for one in book.row(name).attempts]


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path)


WAYS: dict[State, list[State]] = {
    State.PLANNED: [],
    State.HELD: [State.HELD],
    State.UNKNOWN: [State.UNKNOWN],
    State.REJECTED: [State.REJECTED],
}


@pytest.mark.parametrize("state", [*WAYS, State.WITHDRAWN, State.ABSENT, State.SENT])
@pytest.mark.parametrize("status", ["PROCESSING", "COMPLETED", "FAILED"])
def test_an_attempt_in_any_state_without_an_order_is_given_the_one_that_carries_its_key(
    book: Book, state: State, status: str
) -> None:
    book.confirm(sheet(JO, ANN))
    if state is State.WITHDRAWN:
        book.confirm(sheet(ANN))
    elif state is State.ABSENT:
        book.bring("R1", State.UNKNOWN)
        run(book.journal().proven_absent(book.row("R1").latest.id, why="test", at=book.at))
    else:
        book.bring("R1", *WAYS.get(state, [state]))
    assert states(book) == [state]
    done = settled(book, found(JO, "O-9", status=status))
    latest = book.row("R1").latest
    assert (latest.state, latest.order_id, latest.accepted_at) == (State.ACCEPTED, "O-9", book.now)
    assert (latest.error_type, latest.error_message) == (None, None)
    assert done == Settlement(taken_over={"R1": "O-9"})


@pytest.mark.parametrize("state", [State.ACCEPTED, State.COMPLETED, State.MISMATCH, State.FAILED])
def test_an_attempt_that_has_an_order_is_not_given_another_one(book: Book, state: State) -> None:
    book.confirm(sheet(JO))
    before = book.bring("R1", state)
    done = settled(book, found(JO, "O-9"))
    assert done.taken_over == {}
    assert done.conflicts == {"R1": f"orders {before.latest.order_id} and O-9 carry the same key"}
    assert book.row("R1") == before


@pytest.mark.parametrize(
    ("state", "status"),
    [
        *((state, "COMPLETED") for state in (State.ACCEPTED, State.COMPLETED, State.MISMATCH)),
        *((State.FAILED, status) for status in ("FAILED", "PROCESSING")),
    ],
)
def test_the_order_that_an_attempt_has_is_nothing_new(book: Book, state: State, status: str) -> None:
    book.confirm(sheet(JO))
    before = book.bring("R1", state)
    assert settled(book, found(JO, before.latest.order_id or "", status=status)) == Settlement()
    assert book.row("R1") == before


# What had failed and came through


def test_the_order_that_had_failed_and_is_completed_in_the_list_is_followed_again(book: Book) -> None:
    book.confirm(sheet(JO))
    order_id = book.bring("R1", State.FAILED).latest.order_id or ""
    assert settled(book, found(JO, order_id)) == Settlement(taken_over={"R1": order_id})
    latest = book.row("R1").latest
    assert (latest.state, latest.order_id, latest.error_type) == (State.ACCEPTED, order_id, None)


@pytest.mark.parametrize("ways", [[], [State.HELD]])
def test_an_order_that_came_through_withdraws_what_was_planned_in_its_place(book: Book, ways: list[State]) -> None:
    book.confirm(sheet(JO))
    order_id = book.bring("R1", State.FAILED).latest.order_id or ""
    book.confirm(sheet(JO))
    book.bring("R1", *ways)
    assert settled(book, found(JO, order_id)) == Settlement(taken_over={"R1": order_id})
    assert states(book) == [State.ACCEPTED, State.WITHDRAWN]
    assert book.row("R1").latest.order.number == 1


@pytest.mark.parametrize("state", [State.SENT, State.UNKNOWN, State.ACCEPTED, State.COMPLETED, State.MISMATCH])
def test_an_order_that_came_through_beside_an_attempt_that_may_have_paid_is_a_conflict(
    book: Book, state: State
) -> None:
    book.confirm(sheet(JO))
    failed = book.bring("R1", State.FAILED).latest.order_id or ""
    book.confirm(sheet(JO))
    later = book.bring("R1", state)
    which = f"order {later.latest.order_id}" if later.latest.order_id else "its attempt 2"
    done = settled(book, found(JO, failed))
    assert done.conflicts == {
        "R1": f"order {failed}, which had failed, came through, and {which} may have paid it as well"
    }
    assert done.taken_over == {}
    assert book.row("R1") == later


def test_another_order_beside_the_one_that_came_through_is_a_conflict(book: Book) -> None:
    book.confirm(sheet(JO))
    failed = book.bring("R1", State.FAILED).latest.order_id or ""
    done = settled(book, found(JO, failed), found(JO, "O-9", number=2))
    assert done.taken_over == {"R1": failed}
    assert done.conflicts == {"R1": f"it has order O-9 besides order {failed}"}
    assert states(book) == [State.ACCEPTED]


def test_an_order_of_an_earlier_attempt_withdraws_what_was_planned_after_it(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.REJECTED)
    book.confirm(sheet(JO))
    assert settled(book, found(JO, "O-9")).taken_over == {"R1": "O-9"}
    assert states(book) == [State.ACCEPTED, State.WITHDRAWN]
    assert book.row("R1").latest.order.number == 1


def test_an_order_of_an_earlier_attempt_withdraws_one_that_was_turned_away(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.REJECTED)
    book.confirm(sheet(JO))
    book.bring("R1", State.HELD)
    settled(book, found(JO, "O-9"))
    assert states(book) == [State.ACCEPTED, State.WITHDRAWN]


def test_an_order_of_an_earlier_attempt_beside_one_that_is_unknown_is_a_conflict(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.REJECTED)
    book.confirm(sheet(JO))
    book.bring("R1", State.UNKNOWN)
    done = settled(book, found(JO, "O-9"))
    assert done.conflicts == {"R1": "order O-9 is there, and its attempt 2 may have paid it as well"}
    assert states(book) == [State.REJECTED, State.UNKNOWN]


def test_an_order_of_an_earlier_attempt_beside_one_that_paid_is_a_conflict(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.REJECTED)
    book.confirm(sheet(JO))
    paid = book.bring("R1", State.COMPLETED).latest.order_id
    done = settled(book, found(JO, "O-9"))
    assert done.conflicts == {"R1": f"order O-9 is there, and order {paid} may have paid it as well"}
    assert states(book) == [State.REJECTED, State.COMPLETED]


def test_an_order_of_a_later_attempt_proves_that_an_earlier_unknown_one_was_settled_elsewhere(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.REJECTED)
    book.confirm(sheet(JO))
    first = book.row("R1").attempts[0]
    # An older copy of the ledger: there the first attempt was unknown still.
    with book.ledger._engine.begin() as connection:  # noqa: SLF001 - no code makes such a ledger
        connection.execute(update(attempts).where(attempts.c.id == first.id).values(state=State.UNKNOWN))
    done = settled(book, found(JO, "O-9", number=2))
    assert done.taken_over == {"R1": "O-9"}
    assert states(book) == [State.ABSENT, State.ACCEPTED]


def test_an_order_of_an_attempt_that_was_never_planned_is_a_conflict_beside_one_that_may_have_paid(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.UNKNOWN)
    done = settled(book, found(JO, "O-9", number=2))
    assert done.conflicts == {"R1": "order O-9 is there, and its attempt 1 may have paid it as well"}
    assert states(book) == [State.UNKNOWN]
    assert done.unsettled["R1"].why == "its key may still be asked: run the file again, or `batcher resume`"


@pytest.mark.parametrize("ways", [[], [State.HELD], [State.REJECTED]])
def test_an_order_of_an_attempt_that_was_never_planned_waits_for_planning_where_nothing_speaks_against_it(
    book: Book, ways: list[State]
) -> None:
    book.confirm(sheet(JO))
    before = book.bring("R1", *ways)
    assert settled(book, found(JO, "O-9", number=2)) == Settlement()
    assert book.row("R1") == before


def test_a_failed_order_of_an_attempt_that_was_never_planned_is_no_conflict(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.COMPLETED)
    assert settled(book, found(JO, "O-9", number=2, status="FAILED")) == Settlement()


def test_of_two_orders_of_one_key_the_first_is_taken_and_the_second_named(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.UNKNOWN)
    done = settled(book, found(JO, "O-8"), found(JO, "O-9"))
    assert done.taken_over == {"R1": "O-8"}
    assert done.conflicts == {"R1": "it has order O-9 besides order O-8"}
    assert settled(book, found(JO, "O-8"), found(JO, "O-9")).conflicts == {
        "R1": "orders O-8 and O-9 carry the same key"
    }


def test_of_two_orders_of_two_attempts_the_second_is_named_even_where_it_was_never_planned(book: Book) -> None:
    book.confirm(sheet(JO))
    done = settled(book, found(JO, "O-8"), found(JO, "O-9", number=2))
    assert (done.taken_over, done.conflicts) == ({"R1": "O-8"}, {"R1": "it has order O-9 besides order O-8"})


@pytest.mark.parametrize("failed", [1, 2])
def test_of_an_order_that_failed_and_one_that_did_not_the_row_gets_the_latter(book: Book, failed: int) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.REJECTED)
    book.confirm(sheet(JO))
    orders = [
        found(JO, f"O-{number}", number=number, status="FAILED" if number == failed else "COMPLETED")
        for number in (1, 2)
    ]
    done = settled(book, *orders)
    assert (done.taken_over, done.conflicts) == ({"R1": f"O-{3 - failed}"}, {})
    again = settled(book, *orders)
    assert (again.taken_over, again.conflicts) == ({}, {})


def test_an_order_that_another_row_has_is_named_and_not_taken(book: Book) -> None:
    book.confirm(sheet(JO, ANN))
    theirs = book.bring("R2", State.COMPLETED).latest.order_id or ""
    before = book.bring("R1", State.UNKNOWN)
    done = settled(book, found(JO, theirs))
    assert done.conflicts == {"R1": f"order {theirs} carries its key, and is another row's"}
    assert (done.taken_over, book.row("R1")) == ({}, before)


def test_settling_twice_changes_nothing_twice(opening: Opening) -> None:
    case = opening(lost_reply={"overall": [1]}, error_unmade_stored={"overall": [2]})
    case.confirm(JO, ANN)
    case.send("R1")
    case.ask_until_stored("R2")
    case.read_twice()
    first = case.settle()
    assert (list(first.taken_over), list(first.absent)) == (["R1"], ["R2"])
    before = case.batch()
    steps = [*case.journal("R1"), *case.journal("R2")]
    assert case.settle() == Settlement()
    assert case.batch() == before
    assert [*case.journal("R1"), *case.journal("R2")] == steps


def test_what_was_settled_says_why_in_the_ledger(opening: Opening) -> None:
    case = opening(lost_reply={"overall": [1]}, error_unmade_stored={"overall": [2]})
    case.confirm(JO, ANN)
    case.send("R1")
    case.ask_until_stored("R2")
    case.read_twice()
    done = case.settle()
    assert case.journal("R1")[-1] == ("ACCEPTED", FOUND, None)
    assert case.journal("R2")[-1] == ("ABSENT", done.absent["R2"], None)
    absent = case.book.row("R2").latest
    assert absent.state is State.ABSENT
    assert (absent.error_type, absent.error_message) == ("never_created", f"No order was made: {done.absent['R2']}.")


def test_a_row_that_was_proven_absent_is_paid_under_the_next_key_and_only_then(opening: Opening) -> None:
    case = opening(error_unmade_stored={"overall": [1]})
    case.confirm(JO)
    case.ask_until_stored("R1")
    case.read_twice()
    case.settle()
    case.confirm(JO)
    assert case.send("R1").latest.state is State.ACCEPTED
    assert states(case.book) == [State.ABSENT, State.ACCEPTED]
    assert len(case.live_orders_of(JO)) == 1


def test_a_row_that_stays_unknown_is_named_with_the_reason(opening: Opening) -> None:
    case = opening(error_unmade_stored={"overall": [1]})
    case.confirm(JO)
    case.ask_until_stored("R1")
    case.read()
    done = case.settle()
    assert list(done.unsettled) == ["R1"]
    assert done.unsettled["R1"].not_before is not None
    assert states(case.book) == [State.UNKNOWN]


def test_a_door_answer_that_is_stored_counts_while_others_pass(opening: Opening) -> None:
    case = opening(store_door=True, hang_before={"overall": [1]}, forbidden={"overall": [2, 4, 6]})
    case.confirm(JO, ANN, payout("R3", email="bo@example.com"))
    case.send("R1")
    for other in (None, "R2", "R3"):
        if other is not None:
            case.send(other)
        case.send("R1")
        case.wait(60)
    assert [send.cause for send in case.book.row("R1").latest.sends] == ["no_answer", *["ordering_restricted"] * 3]
    case.read_twice()
    done = case.settle()
    assert list(done.absent) == ["R1"], done
    assert "while it lets others in" in done.absent["R1"]


def test_a_door_that_was_shut_for_all_and_opened_later_has_stored_nothing(opening: Opening) -> None:
    case = opening(hang_before={"overall": [1]}, forbidden={"overall": [2, 3, 4]})
    case.confirm(JO, ANN)
    for _ in range(4):
        case.send("R1")
        case.wait(60)
    assert case.send("R2").latest.state is State.ACCEPTED
    case.read_twice()
    assert case.settle().unsettled["R1"].why == "its key may still be asked: run the file again, or `batcher resume`"


# Whom a key may be asked as


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"fingerprint": "0" * 16}, "it was first sent under another API key"),
        ({"api_version": "2025-01-01"}, f"it was first sent under API version {SPEAKER.api_version}"),
    ],
)
def test_a_young_key_that_may_not_be_asked_says_why_and_that_only_a_person_settles_it_before_it_is_old(
    opening: Opening, change: dict[str, str], why: str
) -> None:
    case = opening(hang_before={"overall": [1]})
    case.confirm(JO)
    case.send("R1")
    case.read_twice()
    asked = "its key may still be asked: run the file again, or `batcher resume`"
    assert case.settle().unsettled["R1"].why == asked
    assert case.settle(speaker=SPEAKER).unsettled["R1"].why == asked
    done = case.settle(speaker=replace(SPEAKER, **change))
    assert done.unsettled["R1"].why == f"{why}; before its key is 29 days old, only `batcher decide` settles it"
    assert case.book.row("R1").latest.state is State.UNKNOWN
    old = case.knowledge().now + KEY_LIFE + timedelta(minutes=1)
    assert list(case.settle(speaker=replace(SPEAKER, **change), now=old).absent) == ["R1"]


# All or nothing


def test_a_take_over_that_cannot_be_whole_changes_nothing(book: Book) -> None:
    book.confirm(sheet(JO, ANN))
    book.bring("R2", State.COMPLETED)
    paid, waiting = book.row("R2").latest.id, book.row("R1").latest.id
    before = book.batch()
    journal = book.journal()
    with pytest.raises(IllegalTransition):
        run(journal.taken_over(waiting, "O-9", withdrawn=[paid], why="test", at=book.at))
    assert book.batch() == before
    with pytest.raises(IllegalTransition):
        run(journal.taken_over(paid, "O-9", withdrawn=[waiting], why="test", at=book.at))
    assert book.batch() == before


def test_an_order_that_another_attempt_has_is_never_written_twice(book: Book) -> None:
    book.confirm(sheet(JO, ANN))
    theirs = book.bring("R2", State.COMPLETED).latest.order_id or ""
    before = book.batch()
    with pytest.raises(OwnFault):
        run(book.journal().taken_over(book.row("R1").latest.id, theirs, why="test", at=book.at))
    assert book.batch() == before


class Falls(Exception):
    """The process ends here."""


class FallingDocket:
    """Implements `batcher.ports.Docket`: the real one, which falls before or after its nth write."""

    def __init__(self, book: Book, nth: int, *, after: bool) -> None:
        self._real = book.journal()
        self._left = nth
        self._after = after

    async def claim_order(self, attempt_id: int, order_id: str) -> int | None:
        return await self._real.claim_order(attempt_id, order_id)

    async def others_passed(self, attempt_id: int, since: object) -> bool:
        return False

    async def taken_over(self, attempt_id: int, order_id: str, **said: object) -> None:
        await self._write(self._real.taken_over(attempt_id, order_id, **said))  # type: ignore[arg-type]

    async def proven_absent(self, attempt_id: int, **said: object) -> None:
        await self._write(self._real.proven_absent(attempt_id, **said))  # type: ignore[arg-type]

    async def _write(self, write: Coroutine[Any, Any, None]) -> None:
        self._left -= 1
        if self._left == 0 and not self._after:
            write.close()
            raise Falls
        await write
        if self._left == 0:
            raise Falls


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("after", [False, True])
def test_a_process_that_ends_between_two_rows_has_settled_one_of_them_whole(book: Book, nth: int, after: bool) -> None:
    book.confirm(sheet(JO, ANN))
    for name in ("R1", "R2"):
        book.bring(name, State.REJECTED)
    book.confirm(sheet(JO, ANN))
    told = Evidence(complete=True, why_incomplete="", found=(found(JO, "O-1"), found(ANN, "O-2")))
    knowledge = Knowledge(evidence=told, readings=(), kept={}, now=book.now, settle_after=SETTLE_AFTER)
    with pytest.raises(Falls):
        run(settle_by_evidence(book.batch(), knowledge, docket=FallingDocket(book, nth, after=after), at=book.at))
    whole, none = [State.ACCEPTED, State.WITHDRAWN], [State.REJECTED, State.PLANNED]
    done = nth if after else nth - 1
    assert [states(book, "R1"), states(book, "R2")] == [whole] * done + [none] * (2 - done)
    settled(book, found(JO, "O-1"), found(ANN, "O-2"))
    assert [states(book, "R1"), states(book, "R2")] == [whole, whole]


# Quick


class Nowhere:
    """Implements `batcher.ports.Docket` without a ledger."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    async def claim_order(self, attempt_id: int, order_id: str) -> int | None:
        return None

    async def others_passed(self, attempt_id: int, since: object) -> bool:
        return False

    async def taken_over(self, attempt_id: int, order_id: str, **said: object) -> None:
        self.taken.append(order_id)

    async def proven_absent(self, attempt_id: int, **said: object) -> None:
        raise AssertionError("nothing was proven")


def test_thousands_of_unknown_rows_are_settled() -> None:
    record, payouts = many(2_000)
    send = SendRecord(
        id=1, sent_at=NOW, speaker=SPEAKER, finding=Finding.UNUSABLE, cause="idempotency_validation_error"
    )

    def with_send(one: AttemptRecord, nth: int) -> AttemptRecord:
        if nth % 2:
            return replace(one, sends=(send,))
        return replace(one, state=State.COMPLETED, order_id=f"O-{nth}", sends=(send,))

    rows = tuple(replace(row, attempts=(with_send(row.latest, nth),)) for nth, row in enumerate(record.rows))
    record = replace(record, rows=rows)
    orders = tuple(found(paid, f"O-{nth}") for nth, paid in enumerate(payouts) if nth % 4 != 1)
    kept = {
        one.order_id: KeptOrder(order_id=one.order_id, status="COMPLETED", first_reading=1, last_reading=9)
        for one in orders
    }
    readings = [
        ListReading(
            id=nth,
            began=Instant(at=NOW, monotonic_s=0, boot="b"),
            ended=Instant(at=NOW, monotonic_s=0, boot="b"),
            last_send_id=1,
            pages=1,
            whole=True,
        )
        for nth in range(1, 10)
    ]
    evidence = Evidence(complete=True, why_incomplete="", found=orders)
    knowledge = Knowledge(evidence=evidence, readings=readings, kept=kept, now=NOW, settle_after=SETTLE_AFTER)
    docket = Nowhere()
    at = Instant(at=NOW, monotonic_s=0, boot="b")
    done = run(settle_by_evidence(record, knowledge, docket=docket, at=at))
    assert (len(docket.taken), len(done.unsettled)) == (500, 500)
