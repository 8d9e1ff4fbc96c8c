"""What a reply means: every documented answer by name, and whatever else may come by laws."""

import random  # noqa: TID251 - chance is an argument here, and seeded
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.model import Fault, Order, Reply, Speaker
from batcher.policy import (
    ANSWERS,
    FAULTS,
    KEY_LIFE,
    RATE_LIMITED,
    STORED_AFTER,
    Finding,
    Resend,
    Scope,
    Verdict,
    judge,
    key_is_old,
    latest,
    poll_wait_s,
    state_after,
    stored_at_the_door,
    told_the_same,
    wait_s,
    why_not_resend,
)
from batcher.states import TRANSITIONS, State
from tests.core.payouts import UNHURRIED

ORDER = Order(order_id="O-1", status="PROCESSING")
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
OURS = Speaker(base_url="https://api.example/v2", api_version="2024-02-05", fingerprint="0123456789abcdef")

# One answer each: what was documented, and what was decided for it. Finding, cause, resend, scope, exit code.

ROW_REFUSED = [
    (400, "product_validation_error"),
    (400, "currency_mismatch"),
    (400, "payment_method_unavailable"),
    (400, "bad_request"),
    (400, "pagination_error"),
    (422, "validation_error"),
]
"""Nothing was created; this row is wrong, the others may be right."""

DOOR = [
    (400, "invalid_execution_mode", 4),
    (400, "invalid_version", 4),
    (400, "insecure_protocol", 4),
    (401, "unauthorized", 4),
    (401, "invalid_api_key", 4),
    (403, "unauthorized", 4),
    (403, "invalid_api_key", 4),
    (403, "forbidden", 4),
    (403, "ordering_restricted", 6),
    (410, "version_removed", 4),
]
"""Turned away before the row was looked at; nobody else would pass either."""

UNUSABLE = [
    (400, "idempotency_validation_error", "idempotency_validation_error", Resend.NO, Scope.ROW, None),
    (400, "idempotency_in_progress", "idempotency_in_progress", Resend.AFTER_A_WAIT, Scope.ROW, None),
    (102, "idempotency_in_progress", "idempotency_in_progress", Resend.AFTER_A_WAIT, Scope.ROW, None),
    (500, "internal_server_error", "http_500", Resend.AFTER_A_WAIT, Scope.ROW, None),
    (504, "timeout", "http_504", Resend.AFTER_A_WAIT, Scope.ROW, None),
    (404, "not_found", "http_404", Resend.NO, Scope.RUN, 6),
]
"""Documented, and an order may exist all the same."""

FOREIGN = [
    # A proxy's page may stand in the way in either direction: it says nothing about whether the request went through.
    (401, Resend.NO, Scope.RUN, 4),
    (403, Resend.NO, Scope.RUN, 4),
    (407, Resend.NO, Scope.RUN, 4),
    (410, Resend.NO, Scope.RUN, 4),
    # No orders API is there.
    (301, Resend.NO, Scope.RUN, 6),
    (302, Resend.NO, Scope.RUN, 6),
    (307, Resend.NO, Scope.RUN, 6),
    (308, Resend.NO, Scope.RUN, 6),
    (404, Resend.NO, Scope.RUN, 6),
    (405, Resend.NO, Scope.RUN, 6),
    # Asking again cannot help.
    (400, Resend.NO, Scope.ROW, None),
    (409, Resend.NO, Scope.ROW, None),
    (413, Resend.NO, Scope.ROW, None),
    (415, Resend.NO, Scope.ROW, None),
    (418, Resend.NO, Scope.ROW, None),
    (422, Resend.NO, Scope.ROW, None),
    (451, Resend.NO, Scope.ROW, None),
    # Asking again may help.
    (102, Resend.AFTER_A_WAIT, Scope.ROW, None),
    (200, Resend.AFTER_A_WAIT, Scope.ROW, None),
    (201, Resend.AFTER_A_WAIT, Scope.ROW, None),
    (202, Resend.AFTER_A_WAIT, Scope.ROW, None),
    (204, Resend.AFTER_A_WAIT, Scope.ROW, None),
    (500, Resend.AFTER_A_WAIT, Scope.ROW, None),
    (502, Resend.AFTER_A_WAIT, Scope.ROW, None),
    (503, Resend.AFTER_A_WAIT, Scope.ROW, None),
    (504, Resend.AFTER_A_WAIT, Scope.ROW, None),
    (520, Resend.AFTER_A_WAIT, Scope.ROW, None),
    (599, Resend.AFTER_A_WAIT, Scope.ROW, None),
]
"""What a status means where its body does not say what was documented."""


@pytest.mark.parametrize(("status", "kind"), ROW_REFUSED)
def test_a_row_that_is_wrong_is_refused_and_not_sent_again(status: int, kind: str) -> None:
    assert judge(_error(status, kind)) == Verdict(Finding.REFUSED, kind, Resend.NO, Scope.ROW, None)


def test_a_balance_that_is_used_up_refuses_the_row_and_stops_its_currency() -> None:
    expected = Verdict(Finding.REFUSED, "insufficient_funds", Resend.NO, Scope.CURRENCY, None)
    assert judge(_error(400, "insufficient_funds")) == expected


@pytest.mark.parametrize(("status", "kind", "exit_code"), DOOR)
def test_who_is_turned_away_at_the_door_stops_the_run(status: int, kind: str, exit_code: int) -> None:
    assert judge(_error(status, kind)) == Verdict(Finding.TURNED_AWAY, kind, Resend.NO, Scope.RUN, exit_code)


@pytest.mark.parametrize(("status", "kind", "cause", "resend", "scope", "exit_code"), UNUSABLE)
def test_an_answer_after_which_an_order_may_exist_is_unusable(
    status: int, kind: str, cause: str, resend: Resend, scope: Scope, exit_code: int | None
) -> None:
    assert judge(_error(status, kind)) == Verdict(Finding.UNUSABLE, cause, resend, scope, exit_code)


@pytest.mark.parametrize("reply", [Reply(http_status=429), Reply(http_status=429, fault=Fault.UNREADABLE)])
@pytest.mark.parametrize("kind", [None, "rate exceeded", "insufficient_funds", "validation_error"])
def test_too_many_requests_means_the_same_whatever_its_body(reply: Reply, kind: str | None) -> None:
    verdict = judge(replace(reply, error_type=kind))
    assert verdict == Verdict(Finding.TURNED_AWAY, "rate_limited", Resend.WITHIN_THE_LIMIT, Scope.ROW, None)
    assert verdict == RATE_LIMITED


@pytest.mark.parametrize("status", [200, 202])
@pytest.mark.parametrize("order_status", ["PROCESSING", "COMPLETED", "FAILED", "", "A_NEW_WORD"])
def test_an_order_with_an_id_is_accepted(status: int, order_status: str) -> None:
    reply = Reply(http_status=status, order=replace(ORDER, status=order_status))
    assert judge(reply) == Verdict(Finding.ACCEPTED, "accepted", Resend.NO, Scope.ROW, None)


def test_no_connection_is_no_send() -> None:
    expected = Verdict(Finding.TURNED_AWAY, "unreachable", Resend.AFTER_A_WAIT, Scope.ROW, None)
    assert judge(Reply(fault=Fault.NOT_SENT)) == expected


def test_no_answer_is_unusable() -> None:
    expected = Verdict(Finding.UNUSABLE, "no_answer", Resend.AFTER_A_WAIT, Scope.ROW, None)
    assert judge(Reply(fault=Fault.NO_ANSWER)) == expected


@pytest.mark.parametrize(("status", "resend", "scope", "exit_code"), FOREIGN)
def test_a_page_that_is_not_the_apis_is_unusable_whatever_its_status(
    status: int, resend: Resend, scope: Scope, exit_code: int | None
) -> None:
    expected = Verdict(Finding.UNUSABLE, f"http_{status}", resend, scope, exit_code)
    assert judge(Reply(http_status=status, fault=Fault.UNREADABLE)) == expected


@pytest.mark.parametrize("kind", ["a_new_word", "INSUFFICIENT_FUNDS", " validation_error", "", None])
@pytest.mark.parametrize(("status", "resend", "scope", "exit_code"), FOREIGN)
def test_a_type_that_nobody_knows_is_unusable_whatever_its_status(
    status: int, resend: Resend, scope: Scope, exit_code: int | None, kind: str | None
) -> None:
    expected = Verdict(Finding.UNUSABLE, f"http_{status}", resend, scope, exit_code)
    assert judge(_error(status, kind)) == expected


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (500, "insufficient_funds"),
        (500, "validation_error"),
        (400, "validation_error"),
        (422, "insufficient_funds"),
        (401, "ordering_restricted"),
        (400, "unauthorized"),
        (200, "insufficient_funds"),
        (404, "product_validation_error"),
    ],
)
def test_a_documented_type_under_another_status_is_unusable(status: int, kind: str) -> None:
    assert judge(_error(status, kind)).finding is Finding.UNUSABLE


def test_a_refusal_that_could_not_be_read_whole_refuses_nothing() -> None:
    reply = Reply(http_status=400, error_type="insufficient_funds", fault=Fault.UNREADABLE)
    assert judge(reply).finding is Finding.UNUSABLE


def test_the_tables_of_this_test_and_of_the_code_name_the_same_answers() -> None:
    ours = {*ROW_REFUSED, (400, "insufficient_funds"), *((status, kind) for status, kind, _ in DOOR)}
    assert {pair for pair, verdict in ANSWERS.items() if verdict.finding is not Finding.UNUSABLE} == ours
    assert set(FAULTS) == {Fault.NOT_SENT, Fault.NO_ANSWER}
    unusable = {(status, kind) for status, kind, *_ in UNUSABLE}
    assert {pair for pair, verdict in ANSWERS.items() if verdict.finding is Finding.UNUSABLE} <= unusable


# Any reply at all

kinds = st.none() | st.text(max_size=12) | st.sampled_from(sorted({kind for _, kind in ANSWERS}))
statuses = st.none() | st.integers(-1, 999) | st.sampled_from(sorted({status for status, _ in ANSWERS}))
replies = st.builds(
    Reply,
    fault=st.none() | st.sampled_from(Fault),
    http_status=statuses,
    error_type=kinds,
    message=st.none() | st.text(max_size=8),
    order=st.none() | st.just(ORDER),
    retry_after_s=st.none() | st.floats(0, 900),
)


@UNHURRIED
@given(replies)
def test_only_200_and_202_that_name_an_order_are_accepted(reply: Reply) -> None:
    named = reply.fault is None and reply.http_status in (200, 202) and reply.order is not None
    assert (judge(reply).finding is Finding.ACCEPTED) == named


@UNHURRIED
@given(replies)
def test_only_a_documented_status_with_its_type_is_refused(reply: Reply) -> None:
    documented = (reply.http_status, reply.error_type) in {*ROW_REFUSED, (400, "insufficient_funds")}
    assert (judge(reply).finding is Finding.REFUSED) == (reply.fault is None and documented)


@UNHURRIED
@given(replies)
def test_only_the_door_429_and_no_connection_say_that_nothing_was_taken_in(reply: Reply) -> None:
    at_the_door = {(status, kind) for status, kind, _ in DOOR}
    turned_away = (
        reply.fault is Fault.NOT_SENT
        or (reply.fault is not Fault.NO_ANSWER and reply.http_status == 429)
        or (reply.fault is None and (reply.http_status, reply.error_type) in at_the_door)
    )
    assert (judge(reply).finding is Finding.TURNED_AWAY) == turned_away


@UNHURRIED
@given(replies)
def test_every_verdict_makes_sense(reply: Reply) -> None:
    verdict = judge(reply)
    assert verdict.cause
    assert (verdict.exit_code is not None) == (verdict.scope is Scope.RUN)
    assert verdict.exit_code in (None, 4, 6)
    if verdict.finding in (Finding.ACCEPTED, Finding.REFUSED) or verdict.scope is not Scope.ROW:
        assert verdict.resend is Resend.NO


@UNHURRIED
@given(replies, st.text(max_size=8), st.none() | st.floats(0, 900))
def test_words_for_people_and_waits_change_no_verdict(reply: Reply, message: str, retry_after_s: float | None) -> None:
    assert judge(replace(reply, message=message, retry_after_s=retry_after_s, request_id=message)) == judge(reply)


# Where an attempt stands

verdicts = replies.map(judge)
histories = st.lists(verdicts, min_size=1, max_size=8)
before_acceptance = st.lists(verdicts.filter(lambda one: one.finding is not Finding.ACCEPTED), max_size=7)
passed = st.booleans()


def test_an_attempt_that_was_never_sent_has_no_verdict() -> None:
    with pytest.raises(ValueError, match="never sent"):
        state_after([])


@UNHURRIED
@given(histories, passed)
def test_once_a_send_is_unusable_only_an_order_ends_the_doubt(history: list[Verdict], others_passed: bool) -> None:
    state = state_after(history, others_passed=others_passed)
    if any(one.finding is Finding.UNUSABLE for one in history):
        assert state in (State.UNKNOWN, State.ACCEPTED)
    else:
        assert state is not State.UNKNOWN


@UNHURRIED
@given(before_acceptance, passed)
def test_an_order_is_accepted_whatever_came_before(history: list[Verdict], others_passed: bool) -> None:
    accepted = judge(Reply(http_status=202, order=ORDER))
    assert state_after([*history, accepted], others_passed=others_passed) is State.ACCEPTED


@UNHURRIED
@given(before_acceptance.filter(bool), passed)
def test_nothing_is_accepted_without_an_order(history: list[Verdict], others_passed: bool) -> None:
    assert state_after(history, others_passed=others_passed) is not State.ACCEPTED


@UNHURRIED
@given(histories, passed)
def test_rejected_means_that_every_send_was_answered_and_the_last_answer_is_stored(
    history: list[Verdict], others_passed: bool
) -> None:
    refused = history[-1].finding is Finding.REFUSED or (others_passed and stored_at_the_door(history))
    answered = all(one.finding is not Finding.UNUSABLE for one in history)
    assert (state_after(history, others_passed=others_passed) is State.REJECTED) == (refused and answered)


@UNHURRIED
@given(histories, passed)
def test_held_means_that_every_send_was_turned_away_or_refused_before_it(
    history: list[Verdict], others_passed: bool
) -> None:
    if state_after(history, others_passed=others_passed) is State.HELD:
        assert history[-1].finding is Finding.TURNED_AWAY
        assert not any(one.finding is Finding.UNUSABLE for one in history)


@UNHURRIED
@given(histories, passed)
def test_where_an_attempt_stands_after_an_answer_the_table_allows_after_sent(
    history: list[Verdict], others_passed: bool
) -> None:
    assert state_after(history, others_passed=others_passed) in TRANSITIONS[State.SENT]


@pytest.mark.parametrize(
    ("history", "others_passed", "state"),
    [
        ("held", False, State.HELD),
        ("held held held", False, State.HELD),
        ("held held held", True, State.REJECTED),
        ("held held", True, State.HELD),
        ("held held away held", True, State.HELD),
        ("away away away", True, State.HELD),
        ("lost held held held", True, State.UNKNOWN),
        ("held held held lost", True, State.UNKNOWN),
        ("other held held held", True, State.REJECTED),
        ("held held other", True, State.HELD),
        ("held refused", False, State.REJECTED),
        ("lost refused", False, State.UNKNOWN),
        ("lost lost accepted", False, State.ACCEPTED),
    ],
)
def test_what_a_key_has_come_to(history: str, others_passed: bool, state: State) -> None:
    answers = {
        "held": RATE_LIMITED,
        "other": judge(_error(403, "ordering_restricted")),
        "away": judge(Reply(fault=Fault.NOT_SENT)),
        "lost": judge(Reply(fault=Fault.NO_ANSWER)),
        "refused": judge(_error(422, "validation_error")),
        "accepted": judge(Reply(http_status=202, order=ORDER)),
    }
    assert state_after([answers[word] for word in history.split()], others_passed=others_passed) is state


@UNHURRIED
@given(histories)
def test_stored_at_the_door_looks_at_the_last_answers_only(history: list[Verdict]) -> None:
    assert stored_at_the_door(history) == stored_at_the_door(history[-STORED_AFTER:])
    assert stored_at_the_door([*history, *[RATE_LIMITED] * STORED_AFTER])
    assert not stored_at_the_door(history[: STORED_AFTER - 1])


PAGES = [judge(Reply(http_status=status, fault=Fault.UNREADABLE)) for status in (401, 403, 404, 418)]
"""Pages of nobody's that refuse."""


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("others_passed", [False, True])
def test_a_page_that_refuses_the_key_three_times_tells_the_same_and_stores_nothing_at_the_door(
    page: Verdict, others_passed: bool
) -> None:
    assert told_the_same([page] * STORED_AFTER)
    assert not told_the_same([page] * (STORED_AFTER - 1))
    assert not stored_at_the_door([page] * STORED_AFTER)
    assert state_after([page] * STORED_AFTER, others_passed=others_passed) is State.UNKNOWN


def test_pages_that_differ_and_pages_of_a_broken_server_do_not_tell_the_same() -> None:
    for page, other in combinations(PAGES, 2):
        assert not told_the_same([page, page, other])
    broken = judge(Reply(http_status=502, fault=Fault.UNREADABLE))
    assert not told_the_same([broken] * STORED_AFTER)
    assert not told_the_same([judge(Reply(fault=Fault.NO_ANSWER))] * STORED_AFTER)


@UNHURRIED
@given(histories)
def test_what_is_stored_at_the_door_tells_the_same_and_only_the_last_answers_count(history: list[Verdict]) -> None:
    assert told_the_same(history) >= stored_at_the_door(history)
    assert told_the_same(history) == told_the_same(history[-STORED_AFTER:])


# Waits

seconds = st.floats(0.01, 1000)


@UNHURRIED
@given(st.integers(1, 10_000), seconds, seconds, st.integers())
def test_a_wait_is_within_its_bounds(nth: int, one: float, other: float, seed: int) -> None:
    least, most = sorted((one, other))
    waited = wait_s(nth, min_wait_s=least, max_wait_s=most, rng=random.Random(seed))  # noqa: S311 - no secret
    assert least <= waited <= most


@UNHURRIED
@given(st.integers(1, 40), st.integers())
def test_waits_double_until_they_are_long_enough_and_are_spread_by_half(nth: int, seed: int) -> None:
    waited = wait_s(nth, min_wait_s=1, max_wait_s=60, rng=random.Random(seed))  # noqa: S311 - no secret
    longest = min(60.0, 2.0 ** (nth - 1))
    assert max(1.0, longest / 2) <= waited <= longest


def test_rows_that_failed_together_do_not_march() -> None:
    waits = {
        wait_s(4, min_wait_s=1, max_wait_s=60, rng=random.Random(seed))  # noqa: S311 - no secret
        for seed in range(100)
    }
    assert len(waits) == 100
    assert max(waits) - min(waits) > 3


def test_the_same_chance_gives_the_same_wait() -> None:
    first, second = (
        [wait_s(nth, min_wait_s=1, max_wait_s=60, rng=rng) for nth in range(1, 6)]
        for rng in (random.Random(7), random.Random(7))  # noqa: S311 - no secret
    )
    assert first == second


@pytest.mark.parametrize(
    ("age_s", "expected_s"),
    [(-5, 1.0), (0, 1.0), (1, 1.0), (4, 2.0), (100, 10.0), (900, 30.0), (901, 30.0), (1e9, 30.0)],
)
def test_an_order_is_read_again_after_the_root_of_its_age(age_s: float, expected_s: float) -> None:
    assert poll_wait_s(age_s, first_s=1, max_s=30) == expected_s


@UNHURRIED
@given(st.floats(-1e6, 1e9), st.floats(0, 1e9), seconds, seconds)
def test_waits_between_readings_are_within_bounds_and_never_shrink(
    age_s: float, later_s: float, one: float, other: float
) -> None:
    first, most = sorted((one, other))
    waited = poll_wait_s(age_s, first_s=first, max_s=most)
    assert first <= waited <= most
    assert poll_wait_s(age_s + later_s, first_s=first, max_s=most) >= waited


# The age of a key, and who may repeat it

moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(lambda one: one.replace(tzinfo=UTC))  # noqa: DTZ001


@UNHURRIED
@given(st.lists(st.none() | moments), moments)
def test_now_is_the_latest_of_all_clocks_that_say_anything(others: list[datetime | None], ours: datetime) -> None:
    now = latest([*others, ours])
    said = [moment for moment in [*others, ours] if moment is not None]
    assert now in said
    assert all(moment <= now for moment in said)


@pytest.mark.parametrize("silent", [[], [None], [None, None]])
def test_without_any_clock_there_is_no_now(silent: Sequence[None]) -> None:
    with pytest.raises(ValueError, match="empty"):
        latest(silent)


@pytest.mark.parametrize(
    ("age", "old"),
    [
        (timedelta(0), False),
        (timedelta(days=-3), False),
        (timedelta(days=28, hours=23), False),
        (timedelta(days=29), False),
        (timedelta(days=29, microseconds=1), True),
        (timedelta(days=365), True),
    ],
)
def test_a_key_is_old_after_29_days(age: timedelta, old: bool) -> None:
    assert key_is_old(NOON, NOON + age) is old
    why = why_not_resend(first_sent_at=NOON, first_speaker=OURS, speaker=OURS, now=NOON + age)
    assert (why is not None) is old


def test_a_key_grows_old_at_least_half_a_day_before_the_api_forgets_it() -> None:
    assert timedelta(days=29, hours=12) >= KEY_LIFE


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"base_url": "https://other.example/v2"}, "another address"),
        ({"api_version": "2025-01-01"}, "under API version 2024-02-05"),
        ({"fingerprint": "fedcba9876543210"}, "another API key"),
    ],
)
def test_a_key_is_repeated_only_as_who_sent_it_first(change: dict[str, str], word: str) -> None:
    other = replace(OURS, **change)
    why = why_not_resend(first_sent_at=NOON, first_speaker=OURS, speaker=other, now=NOON)
    assert why is not None
    assert word in why
    assert OURS.fingerprint not in why
    assert other.fingerprint not in why


def test_the_same_speaker_may_repeat_a_young_key() -> None:
    assert why_not_resend(first_sent_at=NOON, first_speaker=OURS, speaker=replace(OURS), now=NOON) is None


def _error(status: int, kind: str | None) -> Reply:
    return Reply(http_status=status, error_type=kind)
