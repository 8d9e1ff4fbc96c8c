"""The edges of the core that no other test stands on: each of these was seen by changing the code and missing it."""

import random  # noqa: TID251 - chance is an argument here
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import simplejson

from batcher import keys
from batcher.cells import neutralised, restored
from batcher.model import Distribution, PlannedOrder, Reply, Speaker
from batcher.policy import (
    OTHER_BODY,
    Finding,
    Resend,
    Scope,
    Verdict,
    judge,
    poll_wait_s,
    state_after,
    wait_s,
    why_key_is_spent,
    why_not_resend,
)
from batcher.records import AttemptRecord, SendRecord
from batcher.resending import ORDER_CLAIMED, why_not_send
from batcher.states import State
from tests.core.payouts import ANN

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
OURS = Speaker(base_url="https://api.example/v2", api_version="2024-02-05", fingerprint="0123456789abcdef")
TOO_MANY = Verdict(Finding.TURNED_AWAY, "rate_limited", Resend.WITHIN_THE_LIMIT)


class Longest(random.Random):
    """Chance that always gives the most there is."""

    def uniform(self, a: float, b: float) -> float:
        return b


def test_what_was_never_said_to_have_passed_has_not() -> None:
    assert state_after([TOO_MANY] * 3) is State.HELD
    assert why_key_is_spent([(TOO_MANY, NOON)] * 3, settle_after=timedelta(0)) is None


def test_an_attempt_that_was_never_sent_has_no_state_by_answers() -> None:
    with pytest.raises(ValueError, match=r"^an attempt that was never sent has no verdict$"):
        state_after([])


def test_a_reply_without_anything_is_unusable_and_names_no_status() -> None:
    assert judge(Reply()) == Verdict(Finding.UNUSABLE, "http_0", Resend.AFTER_A_WAIT, Scope.ROW, None)


@pytest.mark.parametrize("status", [300, 399])
def test_every_redirect_ends_the_run_the_first_and_the_last_of_them_too(status: int) -> None:
    assert judge(Reply(http_status=status)) == Verdict(Finding.UNUSABLE, f"http_{status}", Resend.NO, Scope.RUN, 6)


def test_waits_double_up_to_their_bound() -> None:
    waits = [wait_s(nth, min_wait_s=2.0, max_wait_s=60.0, rng=Longest()) for nth in range(1, 8)]
    assert waits == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]


def test_waits_stop_doubling_before_they_are_beyond_counting() -> None:
    assert wait_s(5000, min_wait_s=1.0, max_wait_s=1e300, rng=Longest()) == 2.0**30


def test_an_order_younger_than_a_second_is_read_again_by_the_same_rule() -> None:
    assert poll_wait_s(0.25, first_s=0.1, max_s=60.0) == 0.5


@pytest.mark.parametrize(
    ("speaker", "age", "why"),
    [
        (OURS, timedelta(days=30), "its key was first sent over 29 days ago, and Runa may have forgotten it"),
        (replace(OURS, base_url="https://other.example/v2"), timedelta(0), "it was first sent to another address"),
        (replace(OURS, api_version="2023-07-27"), timedelta(0), "it was first sent under API version 2024-02-05"),
        (replace(OURS, fingerprint="f" * 16), timedelta(0), "it was first sent under another API key"),
    ],
)
def test_a_person_reads_why_the_same_bytes_do_not_go_out_again(speaker: Speaker, age: timedelta, why: str) -> None:
    assert why_not_resend(first_sent_at=NOON, first_speaker=OURS, speaker=speaker, now=NOON + age) == why


def test_of_several_answers_the_last_one_is_named() -> None:
    refused = _attempt("no_answer", "http_502", "validation_error", last=Finding.REFUSED)
    assert _why(refused) == ("Runa keeps its refusal (validation_error) under its key, whether an order exists or not")
    repeated = _attempt("http_503", "http_502", "http_500", "http_500", "http_500")
    assert _why(repeated) == "Runa repeats the same error (http_500) for its key, whether an order exists or not"


def test_the_words_that_lie_in_ledgers_are_those_of_every_release() -> None:
    # Another word for one of them, and no answer of an older run could be read any more.
    assert [str(finding) for finding in Finding] == ["accepted", "refused", "turned_away", "unusable"]
    assert OTHER_BODY == "idempotency_validation_error"
    assert Verdict(Finding.UNUSABLE, "order_of_another_row", Resend.NO, Scope.ROW, None) == ORDER_CLAIMED


@pytest.mark.parametrize(
    ("cause", "why"),
    [
        (
            "idempotency_validation_error",
            "Runa has its key with another body, perhaps from a lost ledger, and an order may exist",
        ),
        ("order_of_another_row", "Runa answered with the order of another row"),
    ],
)
def test_a_person_reads_which_answer_ended_the_asking(cause: str, why: str) -> None:
    assert _why(_attempt("no_answer", cause, "no_answer")) == why


@pytest.mark.parametrize(("seconds", "stored"), [(449, False), (450, True)])
def test_an_error_is_stored_once_it_has_come_back_for_a_quarter_of_an_hour(seconds: int, stored: bool) -> None:
    errors = _attempt("http_500", "http_500", "http_500", every=timedelta(seconds=seconds))
    assert (_why(errors) is not None) is stored


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_nothing_that_some_spreadsheet_runs_is_written_as_it_is(first: str) -> None:
    assert neutralised(f"{first}cmd") == f"'{first}cmd"
    assert restored(f"'{first}cmd") == f"{first}cmd"


def test_a_row_without_a_reference_is_called_by_ten_letters_of_its_content() -> None:
    assert keys.row_name("content:0123456789abcdef0123") == "row-0123456789"
    assert keys.row_name("reference:A-1") == "A-1"
    assert keys.row_name("reference:2026:A-1") == "2026:A-1"


@pytest.mark.parametrize(
    ("distribution", "recipient_reference", "said"),
    [
        (Distribution.EMAIL, "emp-7", False),
        (Distribution.PAYOUT_LINK, "emp-7", False),
        (Distribution.RECIPIENT, None, False),
        (Distribution.RECIPIENT, "emp-7", True),
    ],
)
def test_a_recipients_reference_is_told_where_the_recipient_is_paid_by_it_and_nowhere_else(
    distribution: Distribution, recipient_reference: str | None, said: bool
) -> None:
    payout = replace(ANN, distribution=distribution, recipient_reference=recipient_reference)
    body = simplejson.loads(keys.body(key="k", batch="b", payout=payout))
    (item,) = body["items"]
    assert ("recipient_reference" in item["distribution_method"]) is said


def _attempt(*causes: str, last: Finding = Finding.UNUSABLE, every: timedelta = timedelta(hours=1)) -> AttemptRecord:
    """Asked so often, with these answers."""
    order = PlannedOrder(identity="reference:A-1", number=1, key="k", body=b"{}", payout=ANN)
    sends = tuple(
        SendRecord(
            id=nth,
            sent_at=NOON + nth * every,
            answered_at=NOON + nth * every,
            speaker=OURS,
            finding=last if nth == len(causes) - 1 else Finding.UNUSABLE,
            cause=cause,
        )
        for nth, cause in enumerate(causes)
    )
    return AttemptRecord(id=1, order=order, state=State.UNKNOWN, planned_at=NOON, sends=sends)


def _why(attempt: AttemptRecord) -> str | None:
    return why_not_send(attempt, speaker=OURS, now=NOON + timedelta(days=1))
