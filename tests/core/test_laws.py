"""The laws of one row: whatever happens to it, at most one attempt lives, and at most one order pays.

The plans, the sends, the readings and the ledger are batcher's own (see `tests.core.one_row`); what the API does and
says is drawn. Below the machine stand the ways in which laws were broken once, or nearly, one by one.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import Connection

from batcher.ledger.place import open_engine
from batcher.states import State
from tests.blank_ledger import lay_blank_ledger
from tests.core.one_row import ANSWERS_BY_NAME, OneRow, Row

DAY = timedelta(days=1)
NO_FUNDS = "400 insufficient_funds"

answers = st.sampled_from(sorted(ANSWERS_BY_NAME))
rows = st.sampled_from([Row.AS_BEFORE, Row.AS_BEFORE, *Row])


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    engine = open_engine(f"sqlite:///{lay_blank_ledger(tmp_path / 'ledger.sqlite3')}")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def row(connection: Connection) -> Iterator[OneRow]:
    row = OneRow(connection)
    yield row
    row.check_laws()
    row.end()


class Life(RuleBasedStateMachine):
    """Anything, in any order."""

    connection: Connection

    def __init__(self) -> None:
        super().__init__()
        self.row = OneRow(self.connection)

    @initialize(age=st.none() | st.integers(0, 29))
    def perhaps_another_ledger_was_lost(self, age: int | None) -> None:
        if age is not None:
            self.row.order_of_a_lost_ledger(age * DAY)
            self.row.run(Row.AS_BEFORE, ["accepted"])

    @rule(
        says=rows,
        says_the_api=st.lists(answers, min_size=1, max_size=3),
        others_passed=st.booleans(),
        reads=st.booleans(),
        retry=st.booleans(),
        accept_missing=st.booleans(),
        never_sent=st.booleans(),
    )
    def a_run(self, says: Row, says_the_api: list[str], **flags: bool) -> None:
        self.row.run(says, says_the_api, **flags)

    @rule(answer=answers)
    def the_same_again(self, answer: str) -> None:
        self.row.run(Row.AS_BEFORE, [answer])

    @rule(says=rows, retry=st.booleans(), accept_missing=st.booleans())
    def a_run_that_ends_once_it_is_confirmed(self, says: Row, **flags: bool) -> None:
        self.row.plan_alone(says, **flags)

    @rule(status=st.sampled_from(["COMPLETED", "FAILED", "FAILED", "A_NEW_WORD"]), contradicts=st.booleans())
    def the_order_is_finished(self, status: str, contradicts: bool) -> None:
        self.row.order_comes_to(status, contradicts=contradicts)

    @rule(status=st.sampled_from(["PROCESSING", "COMPLETED"]))
    def the_failed_order_no_longer_has(self, status: str) -> None:
        self.row.failed_order_lives(status)

    @rule()
    def evidence_is_found(self) -> None:
        self.row.evidence()

    @rule(days=st.integers(1, 35))
    def days_pass(self, days: int) -> None:
        self.row.wait(days * DAY)

    @rule()
    def the_other_api_key_is_set(self) -> None:
        self.row.key_changes()

    @invariant()
    def laws(self) -> None:
        self.row.check_laws()

    def teardown(self) -> None:
        self.row.end()


def test_whatever_happens_to_a_row_it_is_paid_at_most_once(connection: Connection) -> None:
    class ThisLife(Life):
        pass

    ThisLife.connection = connection
    unhurried = settings(deadline=None, stateful_step_count=30, suppress_health_check=[HealthCheck.too_slow])
    run_state_machine_as_test(ThisLife, settings=unhurried)


def states(row: OneRow) -> list[State]:
    """Where the row's attempts stand, oldest first, the laws having been looked at."""
    row.check_laws()
    return [attempt.state for one in row.record.rows for attempt in one.attempts]


def test_a_row_is_sent_followed_and_paid(row: OneRow) -> None:
    row.run(Row.AS_BEFORE, ["accepted"])
    assert states(row) == [State.ACCEPTED]
    row.order_comes_to("COMPLETED")
    row.run(Row.AS_BEFORE)
    assert states(row) == [State.COMPLETED]
    row.run(Row.AS_BEFORE, ["accepted"])
    assert states(row) == [State.COMPLETED]


@pytest.mark.parametrize("answer", ["lost", "crashed", "500", "202 without an id", "a page with 200"])
def test_what_was_made_without_an_answer_is_found_by_the_same_key(row: OneRow, answer: str) -> None:
    row.run(Row.AS_BEFORE, [f"{answer}, but made"])
    row.run(Row.AS_BEFORE, ["paid at once"])
    assert states(row) == [State.COMPLETED]
    assert len(row.runa.orders) == 1


def test_a_refusal_after_a_lost_answer_proves_nothing(row: OneRow) -> None:
    row.run(Row.AS_BEFORE, ["lost, but made", NO_FUNDS])
    assert states(row) == [State.UNKNOWN]
    row.run(Row.AS_BEFORE, ["422 validation_error"])
    assert states(row) == [State.UNKNOWN]


def test_a_refused_row_gets_one_new_attempt_in_each_run(row: OneRow) -> None:
    row.run(Row.AS_BEFORE, [NO_FUNDS, "accepted"])
    assert states(row) == [State.REJECTED]
    row.run(Row.AS_BEFORE, ["accepted"], retry=False)
    assert states(row) == [State.REJECTED]
    row.run(Row.EDITED, ["paid at once"])
    assert states(row) == [State.REJECTED, State.COMPLETED]


def test_a_held_row_may_be_edited_and_goes_out_under_its_own_key(row: OneRow) -> None:
    row.run(Row.AS_BEFORE, ["too many requests", "no connection", "too many requests"])
    assert states(row) == [State.HELD]
    row.run(Row.EDITED, ["paid at once"])
    assert states(row) == [State.COMPLETED]


@pytest.mark.parametrize("says", [Row.EDITED, Row.SENT_ELSEWHERE, Row.MISSING])
def test_a_row_that_may_be_paid_is_not_edited_or_dropped_unsaid(row: OneRow, says: Row) -> None:
    row.run(Row.AS_BEFORE, ["lost, but made"])
    before = row.record
    row.run(says, ["accepted"])
    assert row.record == before


def test_a_key_that_is_stored_at_the_door_is_spent_only_if_others_passed(row: OneRow) -> None:
    thrice = ["too many requests"] * 3
    row.run(Row.AS_BEFORE, thrice, others_passed=False)
    assert states(row) == [State.HELD]
    row.run(Row.AS_BEFORE, thrice, others_passed=True)
    assert states(row) == [State.REJECTED]


def test_a_key_that_was_turned_away_too_long_ago_gives_way_to_the_next(row: OneRow) -> None:
    row.run(Row.AS_BEFORE, ["400 insecure_protocol"])
    row.wait(30 * DAY)
    row.run(Row.AS_BEFORE, ["accepted"])
    row.check_laws()
    assert states(row) == [State.WITHDRAWN, State.ACCEPTED]


def test_an_unknown_key_is_never_sent_again_once_it_may_be_forgotten(row: OneRow) -> None:
    row.run(Row.AS_BEFORE, ["crashed, but made"])
    row.wait(30 * DAY)
    row.run(Row.AS_BEFORE, ["accepted"])
    assert states(row) == [State.UNKNOWN]
    row.evidence()
    assert states(row) == [State.ACCEPTED]


def test_an_unknown_key_is_never_sent_again_as_somebody_else(row: OneRow) -> None:
    row.run(Row.AS_BEFORE, ["lost, but made"])
    row.key_changes()
    row.run(Row.AS_BEFORE, ["accepted"])
    assert states(row) == [State.UNKNOWN]


def test_a_row_that_was_turned_away_may_go_out_with_another_api_key_and_then_belongs_to_that(row: OneRow) -> None:
    row.run(Row.AS_BEFORE, ["401 invalid_api_key"])
    assert states(row) == [State.HELD]
    row.key_changes()
    row.run(Row.AS_BEFORE, ["lost, but made"] * 3)
    assert states(row) == [State.UNKNOWN]
    row.key_changes()
    row.run(Row.AS_BEFORE, ["accepted"])
    assert states(row) == [State.UNKNOWN]
    row.key_changes()
    row.run(Row.AS_BEFORE, ["accepted"])
    assert states(row) == [State.ACCEPTED]


def test_a_key_that_the_api_has_with_another_body_is_never_sent_again(row: OneRow) -> None:
    """After a lost ledger the key is older than this one can know: it would be forgotten, and the row paid twice."""
    row.order_of_a_lost_ledger(20 * DAY)
    row.run(Row.AS_BEFORE, ["accepted"])
    assert states(row) == [State.UNKNOWN]
    row.wait(12 * DAY)
    row.run(Row.AS_BEFORE, ["accepted"])
    assert states(row) == [State.UNKNOWN]


@pytest.mark.parametrize("held", [[], ["too many requests"] * 3])
def test_an_order_that_no_longer_fails_stops_the_attempt_after_it(row: OneRow, held: list[str]) -> None:
    """Also where that attempt was turned away before: what was read then is not true for ever."""
    row.run(Row.AS_BEFORE, ["accepted"])
    row.order_comes_to("FAILED")
    row.run(Row.AS_BEFORE)
    assert states(row) == [State.FAILED]
    row.run(Row.AS_BEFORE, held or ["crashed"], reads=bool(held))
    row.failed_order_lives("COMPLETED")
    row.run(Row.AS_BEFORE, ["accepted"])
    row.run(Row.AS_BEFORE, ["accepted"])
    assert states(row) == [State.COMPLETED, State.WITHDRAWN]


def test_the_oldest_of_several_failed_orders_may_turn_out_to_have_paid(row: OneRow) -> None:
    for _ in range(2):
        row.run(Row.AS_BEFORE, ["accepted"])
        row.order_comes_to("FAILED")
        row.run(Row.AS_BEFORE)
        row.check_laws()
    assert states(row) == [State.FAILED, State.FAILED]
    row.failed_order_lives("COMPLETED")
    row.run(Row.AS_BEFORE, ["accepted"])
    row.run(Row.AS_BEFORE, ["accepted"])
    assert states(row) == [State.COMPLETED, State.FAILED, State.WITHDRAWN]
    (record,) = row.record.rows
    assert record.latest.state is State.COMPLETED
    assert record.paid_or_open


def test_a_failed_order_that_cannot_be_read_again_keeps_the_new_attempt_back(row: OneRow) -> None:
    row.run(Row.AS_BEFORE, ["accepted"])
    row.order_comes_to("FAILED")
    row.run(Row.AS_BEFORE)
    row.run(Row.AS_BEFORE, ["accepted"], reads=False)
    assert states(row) == [State.FAILED, State.PLANNED]


def test_an_order_that_contradicts_its_row_stays_for_a_person(row: OneRow) -> None:
    row.run(Row.AS_BEFORE, ["accepted"])
    row.order_comes_to("COMPLETED", contradicts=True)
    row.run(Row.AS_BEFORE)
    assert states(row) == [State.MISMATCH]
    row.run(Row.AS_BEFORE, ["accepted"])
    assert states(row) == [State.MISMATCH]
    assert row.record.rows[0].latest.redemption_url is None


def test_a_row_that_was_never_sent_may_come_and_go(row: OneRow) -> None:
    row.plan_alone(Row.AS_BEFORE)
    row.plan_alone(Row.MISSING)
    assert states(row) == [State.WITHDRAWN]
    row.plan_alone(Row.EDITED)
    row.plan_alone(Row.UNREADABLE)
    assert states(row) == [State.WITHDRAWN]
    row.run(Row.SENT_ELSEWHERE, ["paid at once"])
    assert states(row) == [State.COMPLETED]


def test_what_is_proven_absent_may_be_sent_under_a_new_key(row: OneRow) -> None:
    row.run(Row.AS_BEFORE, ["500"] * 3)
    row.evidence()
    assert states(row) == [State.ABSENT]
    row.run(Row.AS_BEFORE, ["paid at once"])
    assert states(row) == [State.ABSENT, State.COMPLETED]
