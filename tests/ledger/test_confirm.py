"""A confirmed plan in the ledger: whole or not at all, and read back as it was written."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, select

from batcher import keys
from batcher.errors import OwnFault, UsageError
from batcher.ledger.confirming import AT_ONCE
from batcher.ledger.tables import Moment, journal
from batcher.model import Distribution, Environment, Payout, Problem
from batcher.planning import confirmation
from batcher.records import BatchRecord, Confirmation, InvalidLine
from batcher.states import IllegalTransition, State
from tests.payouts import BATCH, COLUMNS, ENVIRONMENT, NOW, SPEAKER, Book, Unreadable, payout, planned, problem, sheet

JO = payout("R1")
ANN = payout("R2", email="ann@example.com")
_batches = count()


def confirm(book: Book, confirmed: Confirmation) -> None:
    book.ledger.confirm(confirmed, fingerprint=SPEAKER.fingerprint, now=book.now)


def why(book: Book, name: str) -> list[tuple[str | None, str, str]]:
    """The journal of a row's attempts, oldest first."""
    ids = [attempt.id for attempt in book.row(name).attempts]
    engine = create_engine(f"sqlite:///{book.path}")
    with engine.connect() as connection:
        found = connection.execute(select(journal).where(journal.c.attempt_id.in_(ids)).order_by(journal.c.id)).all()
    engine.dispose()
    return [(entry.from_state, entry.to_state, entry.why) for entry in found]


def test_a_batch_that_nobody_confirmed_has_no_rows(book: Book) -> None:
    assert book.batch() == BatchRecord(environment=ENVIRONMENT, name=BATCH)


def test_a_confirmed_plan_is_read_back_as_it_was(book: Book) -> None:
    file = sheet(JO, Unreadable("R8"), ANN)
    book.confirm(file, skip_invalid=True)
    record = book.batch()
    assert (record.file_name, record.columns) == ("nov.csv", COLUMNS)
    assert (record.first_confirmed_at, record.last_confirmed_at) == (NOW, NOW)
    assert record.invalid == (
        InvalidLine(line=3, columns=COLUMNS, cells=file.rows[1].cells, reference="R8", problems=(problem(3),)),
    )
    assert [(row.identity, row.line, row.in_file, row.cells) for row in record.rows] == [
        ("reference:R1", 2, True, file.rows[0].cells),
        ("reference:R2", 4, True, file.rows[2].cells),
    ]
    assert [attempt.order for row in record.rows for attempt in row.attempts] == [planned(JO), planned(ANN)]
    assert {(attempt.state, attempt.planned_at, attempt.sends) for row in record.rows for attempt in row.attempts} == {
        (State.PLANNED, NOW, ())
    }


def test_a_later_plan_moves_rows_to_their_new_lines_and_says_who_is_gone(book: Book) -> None:
    book.confirm(sheet(JO, ANN))
    book.pass_days(1)
    book.confirm(sheet(payout("R9"), Unreadable(), ANN, name="second.csv"), skip_invalid=True)
    book.confirm(sheet(ANN, payout("R9"), columns=("a", "b")))
    record = book.batch()
    assert [(row.name, row.line, row.in_file, row.columns[0]) for row in record.rows] == [
        ("R1", 2, False, "reference"),
        ("R2", 2, True, "a"),
        ("R9", 3, True, "a"),
    ]
    assert record.invalid == ()
    assert (record.first_confirmed_at, record.last_confirmed_at) == (NOW, NOW + timedelta(days=1))


def test_withdrawing_and_planning_again_are_both_in_the_journal(book: Book) -> None:
    book.confirm(sheet(JO, ANN))
    book.confirm(sheet(ANN))
    book.confirm(sheet(JO, ANN))
    assert why(book, "R1") == [
        (None, "PLANNED", "confirmed"),
        ("PLANNED", "WITHDRAWN", "a later confirmed plan omits or changes the row"),
        ("WITHDRAWN", "PLANNED", "confirmed again"),
    ]


def test_an_edited_row_is_withdrawn_first_and_then_planned_in_one_transaction(book: Book) -> None:
    book.confirm(sheet(JO))
    book.confirm(sheet(payout("R1", "12.00")))
    assert [to for _, to, _ in why(book, "R1")] == ["PLANNED", "WITHDRAWN", "PLANNED"]
    (attempt,) = book.row("R1").attempts
    assert attempt.order == planned(payout("R1", "12.00"))


def test_a_plan_that_fails_in_the_middle_leaves_nothing(book: Book) -> None:
    """A paid attempt cannot be withdrawn: whoever plans that has a defect, and nothing of the plan is kept."""
    book.confirm(sheet(JO))
    book.bring("R1", State.COMPLETED)
    before = book.batch()
    plan = confirmation(book.plan(sheet(JO, ANN, Unreadable()), skip_invalid=True), confirmed_by="jo")
    with pytest.raises(IllegalTransition):
        confirm(book, replace(plan, withdrawn=(book.row("R1").latest.id,)))
    assert book.batch() == before


def test_a_second_attempt_with_the_key_of_another_is_not_stored(book: Book) -> None:
    book.confirm(sheet(JO))
    before = book.batch()
    plan = confirmation(book.plan(sheet(JO, ANN)), confirmed_by="jo")
    stolen = replace(planned(ANN), key=planned(JO).key)
    with pytest.raises(OwnFault, match=r"UNIQUE constraint failed: attempts\.environment_id, attempts\.key"):
        confirm(book, replace(plan, orders=(stolen,)))
    assert book.batch() == before


def test_an_attempt_that_is_not_withdrawn_is_never_planned_anew(book: Book) -> None:
    book.confirm(sheet(JO))
    before = book.batch()
    plan = confirmation(book.plan(sheet(JO)), confirmed_by="jo")
    other = replace(planned(payout("R1", "99.00")), key=planned(ANN).key)
    with pytest.raises(IllegalTransition, match="R1 has a live attempt"):
        confirm(book, replace(plan, orders=(other,)))
    assert book.batch() == before


@pytest.mark.parametrize("state", [State.PLANNED, State.UNKNOWN, State.ACCEPTED, State.COMPLETED])
def test_the_ledger_itself_takes_no_second_attempt_beside_a_live_one(book: Book, state: State) -> None:
    book.confirm(sheet(JO))
    if state is not State.PLANNED:
        book.bring("R1", state)
    before = book.batch()
    plan = confirmation(book.plan(sheet(JO)), confirmed_by="jo")
    with pytest.raises(IllegalTransition):
        confirm(book, replace(plan, orders=(planned(JO, number=2),)))
    assert book.batch() == before


def test_the_same_name_in_another_environment_is_another_batch(book: Book) -> None:
    book.confirm(sheet(JO))
    book.environment = Environment(base_url="https://api.runa.io", account="main")
    assert book.batch().rows == ()
    book.confirm(sheet(JO))
    book.bring("R1", State.COMPLETED)
    book.environment = ENVIRONMENT
    assert book.row("R1").latest.state is State.PLANNED


lines = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
filled = lines.filter(bool)
amounts = st.decimals(min_value="0.001", max_value="1000000000", places=3) | st.sampled_from(
    [Decimal(10), Decimal("10.00"), Decimal("0.1"), Decimal("1E+3"), Decimal("12345678901234567890.123")]
)
payouts = st.builds(
    Payout,
    reference=st.none() | filled,
    amount=amounts,
    currency=st.sampled_from(["GBP", "JPY", "KWD"]),
    products=st.lists(filled, min_size=1, max_size=3).map(tuple),
    distribution=st.sampled_from(Distribution),
    email=st.none() | filled,
    recipient_reference=st.none() | filled,
    template=st.none() | filled,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with Book(tmp_path_factory.mktemp("confirm")) as book:
        yield book


@settings(max_examples=100, deadline=None)
@given(paid=payouts, cells=st.lists(lines, max_size=4).map(tuple), words=st.none() | lines)
def test_whatever_a_row_says_is_read_back_exactly(
    shared: Book, paid: Payout, cells: tuple[str, ...], words: str | None
) -> None:
    name = f"b{next(_batches)}"
    file = sheet(paid)
    wrong = Problem(line=9, column=words, value=words, message="m", fix="f", kind="k")
    bad = replace(file.rows[0], line=9, payout=None, problems=(wrong,), cells=cells, reference=words)
    file = replace(file, rows=(replace(file.rows[0], cells=cells), replace(bad, reference=None)))
    shared.confirm(file, name, skip_invalid=True)
    record = shared.batch(name)
    (row,) = record.rows
    read = row.latest.order.payout
    assert read == paid
    assert read.amount.as_tuple() == Decimal(format(paid.amount, "f")).as_tuple()
    assert (row.cells, row.identity) == (cells, keys.identity(paid))
    assert row.latest.order == planned(paid, batch=name)
    assert record.invalid[0].problems == (wrong,)


ZONES = st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(timezone)


@given(moment=st.datetimes(datetime(1000, 1, 2), datetime(9000, 1, 1), timezones=ZONES))  # noqa: DTZ001 - zones follow
def test_a_time_of_any_zone_is_kept_to_the_microsecond_and_read_in_utc(moment: datetime) -> None:
    column, dialect = Moment(), create_engine("sqlite://").dialect
    written = column.process_bind_param(moment, dialect)
    read = column.process_result_value(written, dialect)
    assert read == moment
    assert read is not None
    assert read.tzinfo is UTC
    assert written is not None
    assert len(written) == 27


@given(st.lists(st.datetimes(datetime(1000, 1, 1), timezones=st.just(UTC)), min_size=2, max_size=5))  # noqa: DTZ001
def test_times_sort_as_their_text_does(moments: list[datetime]) -> None:
    dialect = create_engine("sqlite://").dialect
    assert sorted(moments) == sorted(moments, key=lambda one: str(Moment().process_bind_param(one, dialect)))


def test_a_time_without_a_zone_is_a_defect() -> None:
    with pytest.raises(ValueError, match="a time without a zone"):
        Moment().process_bind_param(datetime(2026, 11, 3), create_engine("sqlite://").dialect)  # noqa: DTZ001


def test_an_api_key_stays_with_its_account(book: Book) -> None:
    book.ledger.check_account(ENVIRONMENT, SPEAKER.fingerprint)
    book.confirm(sheet(JO))
    book.ledger.check_account(ENVIRONMENT, SPEAKER.fingerprint)
    book.ledger.check_account(replace(ENVIRONMENT, account="other"), "0" * 16)
    book.ledger.check_account(Environment(base_url="https://api.runa.io", account="other"), SPEAKER.fingerprint)
    with pytest.raises(UsageError) as refused:
        book.ledger.check_account(replace(ENVIRONMENT, account="other"), SPEAKER.fingerprint)
    assert str(refused.value) == (
        "This API key was used under the account name 'main'; the config now says 'other'. "
        "Set [api] account = 'main' again: under another name every row would count as never paid."
    )


def test_summaries_tell_where_each_batch_stands_the_last_confirmed_first(book: Book) -> None:
    book.confirm(sheet(JO, ANN, payout("R3", "7.50", currency="EUR"), Unreadable("R8")), skip_invalid=True)
    book.bring("R1", State.COMPLETED)
    book.bring("R3", State.COMPLETED)
    book.bring("R2", State.FAILED)
    book.pass_days(1)
    book.confirm(sheet(payout("R1", "3.00", email="x@example.com")), "dec")
    first, second = book.ledger.summaries()
    assert (first.name, first.rows, first.counts, first.paid) == ("dec", 1, {"NOT_SENT": 1}, {})
    assert (second.name, second.environment, second.rows, second.file_name) == ("nov", ENVIRONMENT, 4, "nov.csv")
    assert second.counts == {"COMPLETED": 2, "FAILED": 1, "INVALID": 1}
    assert second.paid == {"GBP": Decimal("10.00"), "EUR": Decimal("7.50")}
    assert second.last_confirmed_at == NOW


def test_an_empty_ledger_has_no_summaries_and_no_moment(tmp_path: Path) -> None:
    with Book(tmp_path) as book:
        assert book.ledger.summaries() == []
        assert book.ledger.newest_moment() is None
        assert book.ledger.last_sends(10) == []


def test_a_plan_that_is_written_in_parts_is_read_back_whole(book: Book) -> None:
    """Some rows are known, some are new, and the file has more than are written together."""
    every = [payout(f"R{nth}", email=f"p{nth}@example.com") for nth in range(2 * AT_ONCE + 1)]
    book.confirm(sheet(*every[::3]))
    book.bring("R3", State.COMPLETED)
    book.confirm(sheet(payout("R0", "12.00"), *every[1:]))
    attempts = [row.latest for row in book.batch().rows]
    assert [attempt.order for attempt in attempts] == [planned(payout("R0", "12.00")), *map(planned, every[1:])]
    assert {attempt.state for attempt in attempts if attempt.order.identity != "reference:R3"} == {State.PLANNED}
    reading, _ = book.ledger.read_journal(book.environment, BATCH)
    assert reading.discrepancies == ()


def test_a_plan_with_two_orders_for_one_row_is_not_stored(book: Book) -> None:
    plan = confirmation(book.plan(sheet(JO)), confirmed_by="jo")
    with pytest.raises(OwnFault, match="two orders for one row"):
        confirm(book, replace(plan, orders=(planned(JO), planned(JO, number=2))))
    with pytest.raises(OwnFault, match="a row that its file does not have"):
        confirm(book, replace(plan, orders=(planned(JO), planned(ANN))))
    assert book.batch().rows == ()
