"""When Runa remembers a key as used up, when it repeats an error, and what is never sent again."""

from datetime import datetime, timedelta

import pytest

from batcher.model import Speaker
from batcher.policy import KEY_LIFE, Finding, Verdict, latest, stored_error, why_key_is_spent
from batcher.reconcile.absence import why_spent_or_old
from batcher.records import AttemptRecord, SendRecord
from batcher.resending import ORDER_CLAIMED, SETTLE_AFTER, why_not_send
from batcher.states import State
from tests.payouts import NOW, SPEAKER, attempt, payout

JO = payout("R1")
ERROR = Verdict(Finding.UNUSABLE, "http_500")
OTHER_ERROR = Verdict(Finding.UNUSABLE, "http_503")
NO_ANSWER = Verdict(Finding.UNUSABLE, "no_answer")
UNREADABLE = Verdict(Finding.UNUSABLE, "http_202")
IN_PROGRESS = Verdict(Finding.UNUSABLE, "idempotency_in_progress")
OTHER_BODY = Verdict(Finding.UNUSABLE, "idempotency_validation_error")
REFUSED = Verdict(Finding.REFUSED, "insufficient_funds")
DOOR = Verdict(Finding.TURNED_AWAY, "forbidden")
PAGE = Verdict(Finding.UNUSABLE, "http_403")
OTHER_PAGE = Verdict(Finding.UNUSABLE, "http_401")
OTHER_DOOR = Verdict(Finding.TURNED_AWAY, "unauthorized")
UNREACHABLE = Verdict(Finding.TURNED_AWAY, "unreachable")

Answers = list[tuple[Verdict, datetime | None]]


def answers(*said: Verdict, minutes: float = 10) -> Answers:
    """These answers, so many minutes apart."""
    return [(verdict, NOW + timedelta(minutes=minutes * nth)) for nth, verdict in enumerate(said)]


def spent(*said: Verdict, minutes: float = 10, others_passed: bool = False) -> str | None:
    return why_key_is_spent(
        answers(*said, minutes=minutes), settle_after=timedelta(minutes=15), others_passed=others_passed
    )


@pytest.mark.parametrize(
    ("said", "others_passed", "why"),
    [
        ([OTHER_BODY], False, "Runa has its key with another body"),
        ([OTHER_BODY, NO_ANSWER], False, "Runa has its key with another body"),
        ([NO_ANSWER, REFUSED], False, "Runa keeps its refusal (insufficient_funds) under the key"),
        ([ERROR, ERROR, ERROR], False, "Runa repeats the same error (http_500) for its key"),
        ([NO_ANSWER, ERROR, ERROR, ERROR, ERROR], False, "Runa repeats the same error (http_500) for its key"),
        ([NO_ANSWER, DOOR, DOOR, DOOR], True, "Runa repeats the same refusal (forbidden) for its key, while it lets"),
        ([NO_ANSWER, PAGE, PAGE, PAGE], True, "Runa repeats the same refusal (http_403) for its key, while it lets"),
    ],
)
def test_a_key_is_spent_by_what_runa_stores_under_it(said: list[Verdict], others_passed: bool, why: str) -> None:
    assert (spent(*said, others_passed=others_passed) or "").startswith(why)


@pytest.mark.parametrize(
    ("said", "others_passed"),
    [
        ([], False),
        ([NO_ANSWER], False),
        ([NO_ANSWER] * 5, False),
        ([UNREADABLE] * 5, False),
        ([IN_PROGRESS] * 5, False),
        ([REFUSED, NO_ANSWER], False),
        ([ERROR, ERROR], False),
        ([ERROR, ERROR, OTHER_ERROR], False),
        ([ERROR, OTHER_ERROR, ERROR], False),
        ([ERROR, ERROR, NO_ANSWER, ERROR], False),
        ([ERROR, ERROR, ERROR, NO_ANSWER], False),
        ([DOOR, DOOR, DOOR], False),
        ([DOOR, DOOR], True),
        ([DOOR, OTHER_DOOR, DOOR], True),
        ([DOOR, DOOR, DOOR, NO_ANSWER], True),
        ([PAGE] * 3, False),
        ([PAGE] * 2, True),
        ([PAGE, PAGE, OTHER_PAGE], True),
        ([PAGE, PAGE, PAGE, NO_ANSWER], True),
        ([UNREACHABLE] * 3, True),
        ([ORDER_CLAIMED] * 3, True),
    ],
)
def test_a_key_is_not_spent_by_anything_else(said: list[Verdict], others_passed: bool) -> None:
    assert spent(*said, others_passed=others_passed) is None


@pytest.mark.parametrize(("minutes", "stored"), [(7.4, False), (7.5, True), (8, True), (0, False), (-8, False)])
def test_an_error_is_stored_when_it_comes_back_the_same_three_times_over_a_while(minutes: float, stored: bool) -> None:
    assert stored_error(answers(ERROR, ERROR, ERROR, minutes=minutes), timedelta(minutes=15)) is stored


def test_an_error_that_was_never_recorded_is_no_repetition() -> None:
    said: Answers = [*answers(ERROR, ERROR), (ERROR, None)]
    assert not stored_error(said, timedelta(minutes=15))


def test_now_is_the_latest_of_all_clocks_that_were_asked() -> None:
    times = [NOW, NOW + timedelta(hours=1), None, NOW - timedelta(days=3)]
    assert latest(times) == NOW + timedelta(hours=1)
    assert latest(times[::-1]) == NOW + timedelta(hours=1)


def sent(*said: Verdict, at: datetime = NOW, speaker: Speaker = SPEAKER, minutes: float = 10) -> AttemptRecord:
    sends = tuple(
        SendRecord(
            id=nth,
            sent_at=at + timedelta(minutes=minutes * nth),
            answered_at=at + timedelta(minutes=minutes * nth),
            speaker=speaker,
            finding=verdict.finding,
            cause=verdict.cause,
        )
        for nth, verdict in enumerate(said)
    )
    return attempt(State.UNKNOWN, JO, sends=sends)


def test_a_key_grows_old_after_29_days_and_is_then_as_good_as_spent() -> None:
    one = sent(NO_ANSWER)
    assert why_spent_or_old(one, now=NOW + KEY_LIFE, settle_after=SETTLE_AFTER) is None
    old = why_spent_or_old(one, now=NOW + KEY_LIFE + timedelta(seconds=1), settle_after=SETTLE_AFTER)
    assert old == "its key was first sent over 29 days ago"
    unsent = attempt(State.PLANNED, JO)
    assert why_spent_or_old(unsent, now=NOW + 9 * KEY_LIFE, settle_after=SETTLE_AFTER) is None


# What is not sent again


def not_sent(one: AttemptRecord, *, now: datetime = NOW + timedelta(hours=1), speaker: Speaker = SPEAKER) -> str | None:
    return why_not_send(one, speaker=speaker, now=now)


@pytest.mark.parametrize("said", [[OTHER_BODY], [OTHER_BODY, NO_ANSWER], [ORDER_CLAIMED], [NO_ANSWER, OTHER_BODY]])
def test_a_key_that_runa_has_for_something_else_is_never_sent_again(said: list[Verdict]) -> None:
    assert not_sent(sent(*said)) is not None


def test_an_error_that_runa_repeats_is_not_asked_for_again() -> None:
    assert not_sent(sent(ERROR, ERROR, ERROR)) == (
        "Runa repeats the same error (http_500) for its key, whether an order exists or not"
    )
    assert not_sent(sent(ERROR, ERROR, ERROR, minutes=5)) is None
    patient = sent(ERROR, ERROR, ERROR)
    assert why_not_send(patient, speaker=SPEAKER, now=NOW, settle_after=timedelta(hours=1)) is None


@pytest.mark.parametrize("before", [NO_ANSWER, ERROR, IN_PROGRESS])
def test_a_refusal_that_is_stored_after_an_unusable_send_is_not_asked_for_again(before: Verdict) -> None:
    assert not_sent(sent(before, REFUSED)) == (
        "Runa keeps its refusal (insufficient_funds) under its key, whether an order exists or not"
    )
    assert not_sent(sent(before, REFUSED, NO_ANSWER)) is None, "it did not keep it"


@pytest.mark.parametrize(
    "said", [[], [NO_ANSWER], [ERROR, ERROR], [IN_PROGRESS], [DOOR] * 3, [ERROR, NO_ANSWER, ERROR]]
)
def test_everything_else_may_be_asked_again_with_the_same_bytes(said: list[Verdict]) -> None:
    assert not_sent(sent(*said)) is None


def test_the_same_bytes_go_to_the_same_place_as_whom_they_were_sent_and_while_the_key_is_young() -> None:
    others = [
        Speaker(base_url="https://api.runa.io/v2", api_version=SPEAKER.api_version, fingerprint=SPEAKER.fingerprint),
        Speaker(base_url=SPEAKER.base_url, api_version="2025-01-01", fingerprint=SPEAKER.fingerprint),
        Speaker(base_url=SPEAKER.base_url, api_version=SPEAKER.api_version, fingerprint="0" * 16),
    ]
    for other in others:
        assert not_sent(sent(NO_ANSWER), speaker=other) is not None
        assert not_sent(sent(DOOR), speaker=other) is None, "at the door nothing was taken in"
    assert not_sent(sent(NO_ANSWER), now=NOW + KEY_LIFE + timedelta(seconds=1)) is not None
    assert not_sent(sent(DOOR), now=NOW + KEY_LIFE + timedelta(seconds=1)) is not None
