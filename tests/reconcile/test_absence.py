"""Proof of absence: when it is one, and everything that makes it none, each alone."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from batcher.evidence import ListReading, apart
from batcher.model import Instant
from batcher.policy import KEY_LIFE, Finding
from batcher.reconcile import Judgement
from batcher.reconcile.absence import Judge, judge_absence
from batcher.records import RowRecord, SendRecord
from batcher.states import State
from tests.payouts import ENVIRONMENT, NOW, SPEAKER, payout, sheet
from tests.reconcile.case import SETTLE_AFTER, Case, reader
from tests.reconcile.conftest import Opening
from tests.reconcile.lists import Scripted, page

JO = payout("R1")
ANN = payout("R2", email="ann@example.com")


def judged(case: Case, name: str = "R1", *, later: timedelta = timedelta(0), others_passed: bool = False) -> Judgement:
    """Whether the row is proven absent; `later` is how far ahead of ours some other clock is."""
    row, known = case.book.row(name), case.knowledge()
    return judge_absence(
        row,
        row.latest,
        record=case.batch(),
        evidence=known.evidence,
        readings=known.readings,
        kept=known.kept,
        now=known.now + later,
        settle_after=known.settle_after,
        others_passed=others_passed,
    )


@pytest.fixture
def lost(opening: Opening) -> Case:
    """R1 has a stored 5xx and no order, R2 is paid; the list was not read yet."""
    case = opening(error_unmade_stored={"overall": [2]})
    case.confirm(ANN, JO)
    case.send("R2")
    case.ask_until_stored("R1")
    return case


# What is a proof


def test_a_stored_error_and_two_readings_without_the_order_prove_that_there_is_none(lost: Case) -> None:
    lost.read_twice()
    judgement = judged(lost)
    assert judgement.proven, judgement.why
    assert judgement.why == (
        "the order list was read to its end at 2026-11-03 09:24 and 2026-11-03 09:41 UTC and neither reading has it, "
        "and Runa repeats the same error (http_500) for its key"
    )


def with_answers(row: RowRecord, *answers: tuple[Finding | None, str | None]) -> RowRecord:
    """The row, with these answers to its last sends in the place of the real ones."""
    latest = row.latest
    sends = tuple(
        replace(send, finding=finding, cause=cause)
        for send, (finding, cause) in zip(latest.sends[-len(answers) :], answers, strict=True)
    )
    return replace(row, attempts=(*row.attempts[:-1], replace(latest, sends=(*latest.sends[: -len(answers)], *sends))))


NO_ANSWER = (Finding.UNUSABLE, "no_answer")
IN_PROGRESS = (Finding.UNUSABLE, "idempotency_in_progress")
DOOR = (Finding.TURNED_AWAY, "forbidden")


def judged_with(case: Case, *answers: tuple[Finding | None, str | None], others_passed: bool = False) -> Judgement:
    row, known = with_answers(case.book.row("R1"), *answers), case.knowledge()
    return judge_absence(
        row,
        row.latest,
        record=case.batch(),
        evidence=known.evidence,
        readings=known.readings,
        kept=known.kept,
        now=known.now,
        settle_after=known.settle_after,
        others_passed=others_passed,
    )


@pytest.mark.parametrize(
    ("answers", "others_passed", "why"),
    [
        (
            [NO_ANSWER, (Finding.REFUSED, "insufficient_funds")],
            False,
            "Runa keeps its refusal (insufficient_funds) under the key",
        ),
        ([DOOR, DOOR, DOOR], True, "Runa repeats the same refusal (forbidden) for its key, while it lets others in"),
        ([(Finding.UNUSABLE, "idempotency_validation_error")], False, "Runa has its key with another body"),
        ([IN_PROGRESS, (Finding.REFUSED, "validation_error")], False, "Runa keeps its refusal (validation_error)"),
    ],
)
def test_every_way_in_which_a_key_is_spent_lets_it_be_proven(
    lost: Case, answers: list[tuple[Finding, str]], others_passed: bool, why: str
) -> None:
    lost.read_twice()
    judgement = judged_with(lost, *answers, others_passed=others_passed)
    assert judgement.proven, judgement.why
    assert why in judgement.why


@pytest.fixture
def unanswered(opening: Opening) -> Case:
    """R1 was sent once and nothing came back; nothing was made."""
    case = opening(hang_before={"overall": [1]})
    case.confirm(JO, ANN)
    case.send("R1")
    return case


def test_a_young_key_that_is_not_spent_is_simply_asked_again(unanswered: Case) -> None:
    unanswered.read_twice()
    judgement = judged(unanswered)
    assert judgement == Judgement(False, "its key may still be asked: run the file again, or `batcher resume`")
    assert not judged(unanswered, later=KEY_LIFE - timedelta(hours=1)).proven


def test_a_key_older_than_29_days_by_our_clock_is_proven_absent(unanswered: Case) -> None:
    unanswered.wait(KEY_LIFE.total_seconds() + 60)
    unanswered.read_twice()
    judgement = judged(unanswered)
    assert judgement.proven
    assert judgement.why.endswith("its key was first sent over 29 days ago")


def test_a_key_is_as_old_as_the_newest_time_in_the_ledger_says(unanswered: Case) -> None:
    # Another row was sent while the clock was ahead; then the clock was mended.
    unanswered.clock.offset = KEY_LIFE + timedelta(days=1)
    unanswered.send("R2")
    unanswered.clock.offset = timedelta(0)
    unanswered.read_twice()
    assert judged(unanswered).proven


def test_a_key_is_as_old_as_runas_clock_says(unanswered: Case) -> None:
    unanswered.read_twice()
    assert judged(unanswered, later=KEY_LIFE).proven


def test_a_key_is_as_old_as_what_runas_clock_said_before_its_first_send(unanswered: Case) -> None:
    unanswered.read_twice()
    row, known = unanswered.book.row("R1"), unanswered.knowledge()
    earlier = replace(row.latest.sends[0], server_at=NOW - KEY_LIFE)
    attempt = replace(row.latest, sends=(earlier,))
    judgement = judge_absence(
        replace(row, attempts=(attempt,)),
        attempt,
        record=unanswered.batch(),
        evidence=known.evidence,
        readings=known.readings,
        kept=known.kept,
        now=known.now,
        settle_after=SETTLE_AFTER,
    )
    assert judgement.proven


# What is none


def test_no_reading_is_no_proof(lost: Case) -> None:
    assert judged(lost) == Judgement(False, "the order list was not read since its last send")


def test_one_reading_is_no_proof(lost: Case) -> None:
    lost.read()
    lost.wait(5000)
    judgement = judged(lost)
    assert not judgement.proven
    assert judgement.why == "two readings of the order list must be 15 minutes apart"
    (only,) = lost.knowledge().readings
    assert judgement.not_before == only.ended.at + SETTLE_AFTER


def test_two_readings_too_close_to_each_other_are_no_proof_and_the_right_moment_is_named(lost: Case) -> None:
    lost.read_twice(apart_s=880)
    judgement = judged(lost)
    assert not judgement.proven
    assert judgement.not_before is not None
    lost.wait((judgement.not_before - lost.clock.instant().at).total_seconds())
    lost.read()
    assert judged(lost).proven


@pytest.mark.parametrize(("seconds", "said"), [(119, "119 seconds"), (120, "2 minutes"), (3600, "60 minutes")])
def test_how_far_apart_two_readings_must_be_is_told_in_words_that_fit(lost: Case, seconds: int, said: str) -> None:
    lost.read_twice(apart_s=10)
    row, known = lost.book.row("R1"), lost.knowledge()
    judge = Judge(
        lost.batch(),
        evidence=known.evidence,
        readings=known.readings,
        kept=known.kept,
        settle_after=timedelta(seconds=seconds),
    )
    judgement = judge.judge(row, row.latest, now=known.now + KEY_LIFE * 2)
    assert judgement.why == f"two readings of the order list must be {said} apart"


def forward(case: Case) -> None:
    case.clock.offset += timedelta(hours=1)


def back(case: Case) -> None:
    case.clock.offset -= timedelta(hours=1)


def rebooted(case: Case) -> None:
    case.clock.boot = "boot-2"


def rebooted_with_another_time(case: Case) -> None:
    rebooted(case)
    forward(case)


@pytest.mark.parametrize(
    ("jump", "apart_s"), [(forward, 60), (back, 1000), (rebooted, 60), (rebooted_with_another_time, 60)]
)
def test_a_clock_that_jumps_between_two_readings_makes_them_no_proof(
    lost: Case, jump: Callable[[Case], None], apart_s: float
) -> None:
    lost.read()
    jump(lost)
    lost.wait(apart_s)
    lost.read()
    judgement = judged(lost)
    assert not judgement.proven
    assert judgement.why == "two readings of the order list must be 15 minutes apart"


def test_after_a_reboot_runas_clock_tells_how_far_two_readings_are_apart(lost: Case) -> None:
    lost.read()
    rebooted(lost)
    lost.wait(1000)
    lost.read()
    assert judged(lost).proven


def reading(at: Instant, server_at: datetime | None = None) -> ListReading:
    """A reading that takes no time."""
    return ListReading(
        id=1,
        began=at,
        ended=at,
        began_server_at=server_at,
        ended_server_at=server_at,
        last_send_id=0,
        pages=1,
        whole=True,
    )


def test_two_readings_are_as_far_apart_as_the_clock_says_that_says_less() -> None:
    first = reading(Instant(at=NOW, monotonic_s=100, boot="a"))
    for wall_s, monotonic_s, between_s in [(50, 50, 50), (3600, 50, 50), (-3600, 50, -3600), (50, 20, 20)]:
        later = reading(Instant(at=NOW + timedelta(seconds=wall_s), monotonic_s=100 + monotonic_s, boot="a"))
        assert apart(first, later) == timedelta(seconds=between_s)


def test_between_two_boots_runas_clock_takes_the_place_of_the_one_that_began_anew() -> None:
    before = Instant(at=NOW, monotonic_s=100, boot="a")
    for wall_s, server_s, between_s in [(1000, 1000, 1000), (9000, 60, 60), (60, 9000, 60)]:
        after = Instant(at=NOW + timedelta(seconds=wall_s), monotonic_s=1, boot="b")
        told = reading(before, NOW), reading(after, NOW + timedelta(seconds=server_s))
        assert apart(*told) == timedelta(seconds=between_s)
        assert apart(reading(before, NOW), reading(after)) == timedelta(0)
        assert apart(reading(before), reading(after, NOW)) == timedelta(0)


def test_readings_before_the_last_send_say_nothing_of_it(opening: Opening) -> None:
    case = opening(error_unmade_stored={"overall": [2]})
    case.confirm(ANN, JO)
    case.send("R2")
    case.send("R1")
    case.wait(500)
    case.read()
    case.send("R1")
    case.wait(1000)
    case.send("R1")
    case.read()
    assert judged(case).why == "two readings of the order list must be 15 minutes apart"
    case.wait(1000)
    case.read()
    assert judged(case).proven


@pytest.mark.parametrize("which", [0, 1])
def test_a_reading_that_did_not_come_to_its_end_is_no_proof(lost: Case, which: int) -> None:
    lost.foreign(count=3)
    for nth in range(2):
        lost.read(max_pages=1 if nth == which else 40)
        lost.wait(1000)
    judgement = judged(lost)
    assert not judgement.proven
    if which:
        assert judgement.why == (
            "the order list could not be read to its end: the list is longer than 1 page ([reconcile] max_pages)"
        )


def test_a_reading_of_only_what_is_new_is_no_proof(opening: Opening) -> None:
    case = opening(page_size=2, error_unmade_stored={"overall": [1]})
    case.foreign(count=7)
    case.confirm(JO, ANN)
    case.ask_until_stored("R1")
    case.read()
    case.wait(1000)
    case.send("R2")
    assert not case.read(whole=False).whole
    assert judged(case).why == "only the new part of the order list was read"
    case.read()
    assert judged(case).proven


def test_a_reading_that_lacks_an_order_of_the_batch_is_no_proof(opening: Opening) -> None:
    case = opening(error_unmade_stored={"overall": [2]})
    case.confirm(ANN, JO)
    order_id = case.send("R2").latest.order_id
    case.ask_until_stored("R1")
    case.sandbox.change({"list_lag_s": 100_000})
    case.read_twice()
    judgement = judged(case)
    assert judgement.why == f"the order list lacks order {order_id} of this batch, which was made"
    case.sandbox.change({"list_lag_s": 0})
    case.read_twice()
    assert judged(case).proven


def test_an_order_of_the_batch_that_only_the_second_reading_has_makes_the_first_no_proof(opening: Opening) -> None:
    # Nobody knew of R2's order when the first reading was made, so nobody missed it in there.
    case = opening(lost_reply={"overall": [1]}, error_unmade_stored={"overall": [2]})
    case.confirm(ANN, JO)
    case.send("R2")
    case.ask_until_stored("R1")
    case.sandbox.change({"list_lag_s": 100_000})
    case.read()
    case.wait(1000)
    case.sandbox.change({"list_lag_s": 0})
    case.read()
    case.settle()
    assert case.book.row("R2").latest.state is State.ACCEPTED
    judgement = judged(case)
    assert not judgement.proven
    assert judgement.why == "two readings of the order list must be 15 minutes apart"


def test_a_reading_that_lacks_an_order_which_the_ones_around_it_have_is_no_proof(opening: Opening) -> None:
    case = opening(error_unmade_stored={"overall": [2]})
    case.confirm(ANN, JO)
    case.send("R2")
    case.read()
    case.ask_until_stored("R1")
    case.sandbox.change({"list_lag_s": 100_000})
    case.read()
    case.wait(1000)
    case.sandbox.change({"list_lag_s": 0})
    case.read()
    assert judged(case).why == "two readings of the order list must be 15 minutes apart"


def test_an_order_of_the_batch_that_is_made_after_a_reading_is_not_missed_in_it(lost: Case) -> None:
    lost.confirm(ANN, JO, payout("R3", email="bo@example.com"))
    lost.read()
    lost.wait(500)
    lost.send("R3")
    lost.wait(500)
    lost.read()
    assert judged(lost).proven


@pytest.mark.parametrize("number", [1, 2, 17, 32])
def test_an_order_with_the_rows_tag_under_any_attempt_is_the_contrary_of_a_proof(lost: Case, number: int) -> None:
    made = JO if number > 1 else replace(JO, amount=JO.amount)
    if number == 1:
        lost.sandbox.change({"key_days": 0})  # Runa has forgotten the key, and a second laptop sends it
    order_id = lost.order_elsewhere(made, number=number)
    lost.wait(10)
    lost.read_twice()
    judgement = judged(lost)
    assert not judgement.proven
    assert judgement.why == f"order {order_id} in Runa's list carries its key"


def test_an_order_with_batch_and_reference_under_another_key_is_no_proof(lost: Case) -> None:
    order_id = lost.order_elsewhere(JO, account="old-name")
    lost.wait(10)
    lost.read_twice()
    assert judged(lost) == Judgement(False, f"order {order_id} in Runa's list carries its batch and reference")


LONG = "invoice of the forty-second customer of the year 2026"


def test_a_cut_tag_that_may_be_of_either_of_two_rows_proves_neither_absent(opening: Opening) -> None:
    case = opening(error_unmade_stored={"overall": [1, 4]})
    one, other = payout(f"{LONG} {'x' * 60} 1"), payout(f"{LONG} {'x' * 60} 2", email="ann@example.com")
    case.confirm(one, other)
    case.ask_until_stored(one.reference or "")
    case.ask_until_stored(other.reference or "")
    order_id = case.order_elsewhere(one, account="old-name")
    case.wait(10)
    case.read_twice()
    for row in (one, other):
        why = f"order {order_id} in Runa's list carries its batch and reference"
        assert judged(case, row.reference or "") == Judgement(False, why)


def test_a_tag_of_the_batch_without_a_reference_proves_no_row_without_one_absent(opening: Opening) -> None:
    case = opening(error_unmade_stored={"overall": [1, 4]})
    nameless = payout(None)
    case.confirm(nameless, ANN)
    name = next(row.name for row in case.batch().rows if row.name != "R2")
    case.ask_until_stored(name)
    case.ask_until_stored("R2")
    case.order_elsewhere(nameless, account="old-name")
    case.wait(10)
    case.read_twice()
    assert not judged(case, name).proven
    assert judged(case, "R2").proven


def test_an_unfinished_order_that_came_after_our_first_send_may_be_the_rows(lost: Case) -> None:
    (stuck,) = lost.foreign(email="stuck@example.com")
    lost.read_twice()
    assert judged(lost).why == f"order {stuck} of Runa's list is not finished and does not say whose it is"
    (another,) = lost.foreign(email="stuck@example.com")
    lost.wait(1000)
    lost.read()
    assert judged(lost).why.endswith("does not say whose it is, nor does 1 other")
    lost.foreign(email="stuck@example.com")
    lost.wait(1000)
    lost.read()
    assert judged(lost).why.endswith("does not say whose it is, nor do 2 others")
    assert another


def test_a_failed_order_of_nobody_that_came_after_our_first_send_could_still_come_through_as_the_rows(
    lost: Case,
) -> None:
    def why() -> str:
        lost.wait(1000)
        lost.read()
        return judged(lost).why

    (failed,) = lost.foreign(email="fail-bare@example.com")
    lost.wait(60)
    lost.read()
    how = f"order {failed} of Runa's list has failed, could still come through, and does not say whose it is"
    what_to_do = "; look it up in Runa's portal, then `batcher decide`"
    assert why() == f"{how}{what_to_do}"
    lost.foreign(email="fail-bare@example.com")
    assert why().endswith(f"does not say whose it is, nor does 1 other{what_to_do}")
    lost.foreign(email="fail-bare@example.com")
    assert why().endswith(f"does not say whose it is, nor do 2 others{what_to_do}")


def test_a_failed_order_of_nobody_from_before_our_first_send_is_not_the_rows(opening: Opening) -> None:
    case = opening(error_unmade_stored={"overall": [1]})
    case.foreign(email="fail-bare@example.com")
    case.wait(60)
    case.confirm(JO)
    case.read()
    case.ask_until_stored("R1")
    case.read_twice()
    assert judged(case).proven


def test_once_an_unfinished_order_has_said_whose_it_is_it_stands_in_nobodys_way(lost: Case) -> None:
    lost.foreign(settle_s=3000)
    lost.read_twice()
    assert not judged(lost).proven
    lost.wait(3000)
    lost.read()
    assert judged(lost).proven


def test_a_list_that_lacks_what_another_batch_was_given_lately_is_no_list(opening: Opening) -> None:
    case = opening(error_unmade_stored={"overall": [1]})
    case.confirm(JO)
    case.ask_until_stored("R1")
    case.book.confirm(sheet(ANN), "oct")
    case.book.bring("R2", State.COMPLETED, batch="oct")
    empty = Scripted({"": page()})
    case.read(api=empty)
    case.wait(1000)
    case.read(api=empty)
    recent = case.book.ledger.shelf.known_orders(ENVIRONMENT, since=case.book.now - KEY_LIFE)
    assert len(recent) == 1
    done = case.settle(recent=recent)
    assert (done.absent, "lacks orders of other batches" in done.unsettled["R1"].why) == ({}, True)
    assert list(case.settle().absent) == ["R1"], "what was made long ago, a list need not keep"


@pytest.mark.parametrize(("email", "proven"), [("stuck@example.com", False), ("fail@example.com", True)])
def test_of_orders_from_before_our_first_send_only_unfinished_ones_may_be_the_rows(
    opening: Opening, email: str, proven: bool
) -> None:
    """A ledger that is lost may have sent the key; what has failed by then paid nothing under it."""
    case = opening(error_unmade_stored={"overall": [1]})
    case.foreign(email=email)
    case.wait(60)
    case.confirm(JO)
    case.read()
    case.ask_until_stored("R1")
    case.read_twice()
    assert judged(case).proven is proven


def test_an_unfinished_order_seen_by_a_reading_during_which_we_sent_may_be_the_rows(opening: Opening) -> None:
    # A plan reads the list beside a run: it began before the first send and ended after it.
    case = opening(error_unmade_stored={"overall": [1]})
    case.confirm(JO)
    case.foreign(email="stuck@example.com")
    shelf = case.book.ledger.shelf
    walk = case.do(reader(case.port, case.clock).read(kept={}, known=frozenset()))
    row = case.send("R1")
    shelf.keep(
        case.book.environment,
        replace(walk, ended=replace(walk.ended, at=row.latest.sends[0].sent_at + timedelta(seconds=1))),
        known=frozenset(),
        last_send_id=0,
    )
    case.wait(500)
    case.send("R1")
    case.wait(500)
    case.send("R1")
    case.read_twice()
    assert not judged(case).proven


def test_a_clock_that_was_set_back_makes_no_order_older_than_our_first_send(lost: Case) -> None:
    lost.clock.offset -= timedelta(hours=5)
    (stuck,) = lost.foreign(email="stuck@example.com")
    lost.read_twice()
    assert f"order {stuck}" in judged(lost).why


@pytest.mark.parametrize(
    "answers",
    [
        [IN_PROGRESS],
        [IN_PROGRESS, NO_ANSWER],
        [IN_PROGRESS, (None, None)],
        [IN_PROGRESS, (Finding.TURNED_AWAY, "rate_limited")],
    ],
)
def test_a_key_whose_last_answer_was_that_its_order_is_being_made_is_not_absent_at_any_age(
    lost: Case, answers: list[tuple[Finding | None, str | None]]
) -> None:
    lost.wait(KEY_LIFE.total_seconds())
    lost.read_twice()
    assert judged_with(lost, *answers) == Judgement(False, "Runa's last answer was that its order is still being made")


def test_an_attempt_that_was_never_sent_has_nothing_to_be_proven(case: Case) -> None:
    case.confirm(JO)
    case.read_twice()
    assert not judged(case).proven


def test_the_order_of_an_earlier_attempt_that_failed_stands_in_nobodys_way(opening: Opening) -> None:
    # It was read back as failed, and is read once more before anything is sent.
    case = opening(failed_shape="full", error_unmade_stored={"overall": [2]})
    failing = payout("R1", email="fail@example.com")
    case.confirm(failing, ANN)
    case.send("R1")
    case.wait(60)
    order_id = case.book.row("R1").latest.order_id
    assert order_id is not None
    case.book.bring("R1", State.FAILED)
    case.confirm(failing, ANN)
    case.ask_until_stored("R1")
    case.read_twice()
    assert [one.order_id for one in case.evidence().of("reference:R1")] == [order_id]
    assert judged(case).proven


def test_the_order_of_an_earlier_attempt_that_failed_and_came_through_is_no_proof(opening: Opening) -> None:
    case = opening(failed_shape="full", error_unmade_stored={"overall": [2]}, late_s=5000)
    late = payout("R1", email="late@example.com")
    case.confirm(late)
    case.send("R1")
    case.book.bring("R1", State.FAILED)
    case.confirm(late)
    case.ask_until_stored("R1")
    case.wait(5000)
    case.read_twice()
    assert "carries its key" in judged(case).why


def test_sends_are_counted_by_the_ledger_and_not_by_the_clock(lost: Case) -> None:
    """A send that the ledger numbers later is later, whatever the wall said."""
    lost.read_twice()
    row, known = lost.book.row("R1"), lost.knowledge()
    later = SendRecord(id=row.latest.sends[-1].id + 1, sent_at=NOW, speaker=SPEAKER)
    attempt = replace(row.latest, sends=(*row.latest.sends, later))
    judgement = judge_absence(
        row,
        attempt,
        record=lost.batch(),
        evidence=known.evidence,
        readings=known.readings,
        kept=known.kept,
        now=known.now + KEY_LIFE,
        settle_after=SETTLE_AFTER,
    )
    assert judgement == Judgement(False, "the order list was not read since its last send")
