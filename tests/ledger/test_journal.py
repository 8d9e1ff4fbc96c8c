"""What a run writes: grouped, each waiting for its own commit, and nobody failing for another."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from batcher import keys
from batcher.errors import OwnFault
from batcher.ledger.grouping import GROUP, GroupedWriter
from batcher.ledger.place import open_engine
from batcher.model import Fault, Instant, Order, Reply
from batcher.policy import Finding, Verdict
from batcher.records import Kin
from batcher.states import IllegalTransition, State
from tests.payouts import ACCEPTED, NOW, SPEAKER, Book, in_place, link_of, payout, sheet
from tests.virtual_time import run

JO = payout("R1")
ANN = payout("R2", email="ann@example.com")
BO = payout("R3", email="bo@example.com")


@pytest.fixture
def engine(book: Book) -> Iterator[Engine]:
    """The writer's own way to the ledger of the book."""
    engine = open_engine(f"sqlite:///{book.path}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE notes (word TEXT UNIQUE)"))
    yield engine
    engine.dispose()


class Commits:
    """Implements `batcher.ports.Blocking`: in place, and it remembers how many writes each commit held."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.seen: list[int] = []

    async def __call__(self, work: Callable[[], None]) -> None:
        await asyncio.get_running_loop().create_task(_a_turn())
        before = count(self._engine)
        work()
        self.seen.append(count(self._engine) - before)


async def _a_turn() -> None:
    """Lets others ask for writes in the meantime."""


def count(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM notes")).scalar_one())


def note(word: str) -> Callable[[Connection], str]:
    def write(connection: Connection) -> str:
        connection.execute(text("INSERT INTO notes VALUES (:word)"), {"word": word})
        return word

    return write


def broken(_: Connection) -> None:
    raise ZeroDivisionError


def test_writes_that_wait_together_share_a_commit_and_get_their_own_answers(engine: Engine) -> None:
    commits = Commits(engine)

    async def story() -> list[str]:
        writer = GroupedWriter(engine, commits)
        return await asyncio.gather(*(writer.write(note(f"w{nth}")) for nth in range(100)))

    assert run(story()) == [f"w{nth}" for nth in range(100)]
    assert commits.seen == [GROUP, 100 - GROUP]


def test_whoever_returns_from_a_write_finds_it_on_the_disk(engine: Engine, book: Book) -> None:
    other = create_engine(f"sqlite:///{book.path}")

    async def story() -> None:
        writer = GroupedWriter(engine, in_place)
        for nth in range(3):
            await writer.write(note(f"w{nth}"))
            assert count(other) == nth + 1

    run(story())
    other.dispose()


def test_a_write_that_fails_fails_only_whoever_asked_for_it(engine: Engine) -> None:
    async def story() -> list[object]:
        writer = GroupedWriter(engine, in_place)
        asked = [writer.write(write) for write in (note("a"), broken, note("a"), note("b"))]
        return list(await asyncio.gather(*asked, return_exceptions=True))

    first, second, third, fourth = run(story())
    assert (first, fourth) == ("a", "b")
    assert isinstance(second, ZeroDivisionError)
    assert isinstance(third, OwnFault)
    assert third.message == (
        "The ledger could not be written (UNIQUE constraint failed: notes.word), so nothing more was sent."
    )
    assert count(engine) == 2


def test_a_write_that_fails_half_way_has_changed_nothing(engine: Engine) -> None:
    def half(connection: Connection) -> None:
        note("half")(connection)
        broken(connection)

    async def story() -> None:
        writer = GroupedWriter(engine, in_place)
        with pytest.raises(ZeroDivisionError):
            await writer.write(half)
        await asyncio.gather(writer.write(note("a")), writer.write(half), return_exceptions=True)

    run(story())
    assert count(engine) == 1


def test_whoever_stops_waiting_does_not_take_the_write_back(engine: Engine) -> None:
    async def story() -> None:
        writer = GroupedWriter(engine, Commits(engine))
        asked = asyncio.create_task(writer.write(note("a")))
        failing = asyncio.create_task(writer.write(broken))
        await _two_turns()
        asked.cancel()
        failing.cancel()
        for task in (asked, failing):
            with suppress(asyncio.CancelledError):
                await task
            assert task.cancelled()
        await writer.drain()
        assert count(engine) == 1
        assert await writer.write(note("b")) == "b"

    run(story())


async def _two_turns() -> None:
    for _ in range(2):
        await asyncio.get_running_loop().create_task(_a_turn())


def test_drained_everything_is_on_the_disk(engine: Engine) -> None:
    async def story() -> None:
        writer = GroupedWriter(engine, Commits(engine))
        await writer.drain()
        waiting = [asyncio.create_task(writer.write(note(f"w{nth}"))) for nth in range(200)]
        await _two_turns()
        await writer.drain()
        assert count(engine) == 200
        await asyncio.gather(*waiting)

    run(story())


@pytest.mark.parametrize(
    ("pragma", "reason"),
    [("query_only = ON", "attempt to write a readonly database"), ("max_page_count = 1", "database or disk is full")],
)
def test_a_ledger_that_cannot_be_written_is_our_own_fault(engine: Engine, pragma: str, reason: str) -> None:
    """The disk is full, or read-only since an hour ago: the connection is told so, which no other of the book is."""

    async def story() -> list[BaseException | str]:
        writer = GroupedWriter(engine, in_place)
        long = "x" * 100_000
        asked = [writer.write(note(f"{nth}{long}")) for nth in range(2)]
        return await asyncio.gather(*asked, return_exceptions=True)

    with engine.connect() as connection:
        connection.execute(text(f"PRAGMA {pragma}"))
    for error in run(story()):
        assert isinstance(error, OwnFault)
        assert error.message == f"The ledger could not be written ({reason}), so nothing more was sent."
    assert count(engine) == 0


def test_a_send_is_on_the_disk_before_its_request_with_the_clocks_and_the_speaker(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.SENT)
    (send,) = book.row("R1").latest.sends
    assert (send.sent_at, send.speaker, send.answered_at, send.finding) == (NOW, SPEAKER, None, None)
    assert send.verdict == Verdict(Finding.UNUSABLE, "no_answer_recorded")


def test_an_answer_is_kept_with_its_send(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.UNKNOWN)
    book.now += timedelta(seconds=5)
    row = book.bring("R1", State.ACCEPTED)
    first, second = row.latest.sends
    assert first.verdict == Verdict(Finding.UNUSABLE, "no_answer")
    assert second.verdict == ACCEPTED
    assert (second.sent_at, second.answered_at) == (book.now, book.now)
    assert (row.latest.order_id, row.latest.accepted_at) == ("O-main-2", book.now)
    assert (row.latest.error_type, row.latest.error_message) == (None, None)


def test_what_an_order_came_to_is_kept_exactly(book: Book) -> None:
    book.confirm(sheet(JO))
    latest = book.bring("R1", State.COMPLETED, price=Decimal("9.876543210"), expiry_date=None).latest
    assert (latest.price, latest.expiry_date, latest.payout_status) == (Decimal("9.876543210"), None, "ACTIVE")
    assert (latest.redemption_url, latest.completed_at) == (link_of(latest), NOW)


@pytest.mark.parametrize("state", [State.FAILED, State.MISMATCH])
def test_no_link_is_stored_for_an_order_that_did_not_pay_its_row(book: Book, state: State) -> None:
    book.confirm(sheet(JO))
    latest = book.bring("R1", state).latest
    assert (latest.redemption_url, latest.price, latest.completed_at) == (None, None, None)
    assert b"https://links" not in book.path.read_bytes()
    assert b"https://links" not in book.path.with_name(f"{book.path.name}-wal").read_bytes()


def test_a_step_that_the_states_do_not_have_changes_nothing(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.COMPLETED)
    before = book.batch()
    with pytest.raises(IllegalTransition):
        run(book.journal().sending(book.row("R1").latest.id, SPEAKER, book.at, server_at=None))
    assert book.batch() == before


def test_an_order_that_another_row_has_is_not_stored_twice(book: Book) -> None:
    book.confirm(sheet(JO, ANN))
    first = book.bring("R1", State.ACCEPTED).latest
    second = book.bring("R2", State.SENT).latest
    assert first.order_id is not None
    reply = Reply(http_status=200, order=Order(order_id=first.order_id, status="PROCESSING"))
    journal = book.journal()
    assert run(journal.claim_order(second.id, first.order_id)) == first.id
    assert run(journal.claim_order(first.id, first.order_id)) is None
    assert run(journal.claim_order(first.id, "O-new")) is None
    assert run(journal.claim_order(second.id, "O-new")) == first.id, "claimed in this run, if not written yet"
    assert run(journal.claim_link(first.id, "https://links.example/new")) is None
    assert run(journal.claim_link(second.id, "https://links.example/new")) == first.id
    with pytest.raises(OwnFault, match=r"UNIQUE constraint failed: attempts\.environment_id, attempts\.order_id"):
        run(journal.answered(1, second.id, reply=reply, verdict=ACCEPTED, to=State.ACCEPTED, at=book.at))
    assert book.row("R2").latest == second


def test_the_same_order_id_in_another_environment_is_another_order(book: Book) -> None:
    book.confirm(sheet(JO))
    order_id = book.bring("R1", State.ACCEPTED).latest.order_id or ""
    book.environment = replace(book.environment, base_url="https://api.runa.io")
    book.confirm(sheet(JO))
    assert run(book.journal().claim_order(book.row("R1").latest.id, order_id)) is None


def test_reopened_is_both_or_neither(book: Book) -> None:
    book.confirm(sheet(JO, ANN))
    paid, waiting = book.bring("R1", State.COMPLETED).latest, book.row("R2").latest
    before = book.batch()
    for failed, withdrawn in ((paid, waiting), (waiting, paid)):
        with pytest.raises(IllegalTransition):
            run(book.journal().reopened(failed.id, withdrawn.id, why="read again", at=book.at))
        assert book.batch() == before


def test_whether_others_passed_the_door_since(book: Book) -> None:
    book.confirm(sheet(JO, ANN, BO))
    jo = book.bring("R1", State.HELD).latest
    book.bring("R3", State.HELD)
    journal = book.journal()
    assert run(journal.others_passed(jo.id, NOW)) is False
    book.now += timedelta(seconds=1)
    ann = book.bring("R2", State.REJECTED).latest
    assert run(journal.others_passed(jo.id, NOW)) is True
    assert run(journal.others_passed(ann.id, NOW)) is False
    assert run(journal.others_passed(jo.id, book.now + timedelta(seconds=1))) is False


def test_what_was_being_sent_when_a_process_ended_is_unknown(book: Book) -> None:
    book.confirm(sheet(JO, ANN))
    stranded = book.bring("R1", State.SENT).latest
    book.ledger.recover([stranded.id], book.now)
    assert book.row("R1").latest.state is State.UNKNOWN
    assert book.row("R2").latest.state is State.PLANNED


def test_the_last_sends_are_told_in_the_order_in_which_they_left(book: Book) -> None:
    book.confirm(sheet(JO, ANN, BO))
    moments = []
    for name, state in (("R3", State.UNKNOWN), ("R1", State.SENT), ("R2", State.COMPLETED), ("R3", State.UNKNOWN)):
        book.now += timedelta(seconds=7)
        book.bring(name, state)
        moments.append((book.at, None if state is State.SENT else book.at))
    assert book.ledger.last_sends(10) == moments
    assert book.ledger.last_sends(2) == moments[-2:]
    assert book.ledger.last_sends(0) == []


def test_the_last_sends_are_those_of_every_batch(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.REJECTED)
    book.confirm(sheet(ANN), "dec")
    book.bring("R2", State.REJECTED, batch="dec")
    assert len(book.ledger.last_sends(10)) == 2


def test_the_newest_moment_is_this_machines_whatever_a_server_says(book: Book) -> None:
    book.confirm(sheet(JO, ANN))
    assert book.ledger.newest_moment() == NOW
    book.now += timedelta(seconds=1)
    attempt = book.bring("R1", State.SENT).latest
    assert book.ledger.newest_moment() == book.now
    book.now += timedelta(seconds=1)
    reply = Reply(fault=Fault.NO_ANSWER, date=book.now + timedelta(days=3))
    verdict = Verdict(Finding.UNUSABLE, "no_answer")
    run(book.journal().answered(1, attempt.id, reply=reply, verdict=verdict, to=State.UNKNOWN, at=book.at))
    assert book.ledger.newest_moment() == book.now


def test_the_moment_at_which_an_order_was_read_back_counts_too(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.ACCEPTED)
    book.pass_days(2)
    book.bring("R1", State.COMPLETED)
    assert book.ledger.newest_moment() == book.now


def test_kin_are_the_paid_and_open_rows_of_other_batches_that_pay_the_same(book: Book) -> None:
    book.confirm(sheet(JO, ANN), "oct")
    book.bring("R1", State.COMPLETED, batch="oct")
    book.confirm(sheet(payout(None)), "sep", repeats="oct", reason="a test")
    nameless = book.batch("sep").rows[0]
    book.bring(nameless.name, State.UNKNOWN, batch="sep")
    digest = keys.twin_digest(JO)

    def kin(besides: str = "nov", days: float = 0) -> list[Kin]:
        return book.ledger.kin(
            book.environment, besides=besides, twin_digests=[digest], paid_since=NOW + timedelta(days=days)
        )

    october = Kin(
        batch="oct", name="R1", reference="R1", twin_digest=digest, state=State.COMPLETED, since=NOW, known_at=NOW
    )
    september = Kin(
        batch="sep",
        name=nameless.name,
        reference=None,
        twin_digest=digest,
        state=State.UNKNOWN,
        since=NOW,
        known_at=NOW,
    )
    assert kin() == [october, september]
    assert kin(besides="oct") == [september]
    assert kin(days=1) == [september]
    assert book.ledger.kin(book.environment, besides="nov", twin_digests=[], paid_since=NOW) == []


def test_another_account_at_the_same_address_has_kin_and_is_named(book: Book) -> None:
    """A renamed account in the config may be the same account all the same."""
    book.confirm(sheet(JO))
    book.bring("R1", State.COMPLETED)
    other = replace(book.environment, account="other")
    for besides in ("nov", "dec"):
        (kin,) = book.ledger.kin(other, besides=besides, twin_digests=[keys.twin_digest(JO)], paid_since=NOW)
        assert (kin.batch, kin.name) == ("nov of account main", "R1")


def test_kin_are_found_among_more_digests_than_one_statement_takes(book: Book) -> None:
    book.confirm(sheet(JO, ANN), "oct")
    book.bring("R1", State.COMPLETED, batch="oct")
    book.bring("R2", State.COMPLETED, batch="oct")
    many = [keys.twin_digest(ANN), *(f"{nth:064d}" for nth in range(1200)), keys.twin_digest(JO)]
    found = book.ledger.kin(book.environment, besides="nov", twin_digests=many, paid_since=NOW)
    assert [one.name for one in found] == ["R2", "R1"]


def test_an_instant_keeps_its_boot_and_its_monotonic_seconds(book: Book) -> None:
    book.confirm(sheet(JO))
    at = Instant(at=NOW, monotonic_s=0.1 + 0.2, boot="another")
    told = NOW - timedelta(hours=1)
    run(book.journal().sending(book.row("R1").latest.id, SPEAKER, at, server_at=told))
    assert book.ledger.last_sends(1) == [(at, None)]
    assert book.row("R1").latest.sends[0].server_at == told
