"""What a reply means, and what follows from it. Pure: replies, times and chance are arguments.

One table maps what the API may say to a `Verdict`. Whatever the table does not know is unusable, never success and
never refusal: only a documented answer of the right status counts.
"""

import math
import random  # noqa: TID251 - only the type of the generator that is passed in
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from batcher.model import Fault, Reply, Speaker
from batcher.states import State

KEY_LIFE = timedelta(days=29)
"""How long a key is repeated. The API forgets keys after 30 days and would then make a second order."""

STORED_AFTER = 3
"""So many times the same answer at the door on one key, while other keys pass, and the API has stored it."""


OTHER_BODY = "idempotency_validation_error"
"""The API has the key with another body. While it remembers that, asking again tells nothing; once it has forgotten,
asking again makes a second order."""


class Finding(StrEnum):
    """What one answer says about whether an order was made."""

    ACCEPTED = "accepted"
    """There is an order, and this is its id."""
    REFUSED = "refused"
    """The row is refused; nothing was created, and the API stores the refusal under the key."""
    TURNED_AWAY = "turned_away"
    """Refused at the door, before the row was looked at: nothing created, nothing stored."""
    UNUSABLE = "unusable"
    """It may have been created."""


class Resend(StrEnum):
    """Whether, within this run, the same bytes are sent again under the same key."""

    NO = "no"
    AFTER_A_WAIT = "after_a_wait"
    WITHIN_THE_LIMIT = "within_the_limit"
    """As soon as the throttle, which the refusal has slowed, allows it."""


class Scope(StrEnum):
    """Which other rows would meet the same answer, and are therefore not sent."""

    ROW = "row"
    CURRENCY = "currency"
    RUN = "run"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one answer means for its row and for the run."""

    finding: Finding
    cause: str
    """A stable word: the API's error type, or ours for what has none."""
    resend: Resend = Resend.NO
    scope: Scope = Scope.ROW
    exit_code: int | None = None
    """Of the run, where the scope is the run."""


def _refused(cause: str, scope: Scope = Scope.ROW) -> Verdict:
    return Verdict(Finding.REFUSED, cause, Resend.NO, scope)


def _door(cause: str, exit_code: int) -> Verdict:
    return Verdict(Finding.TURNED_AWAY, cause, Resend.NO, Scope.RUN, exit_code)


def _unusable(cause: str, resend: Resend = Resend.AFTER_A_WAIT) -> Verdict:
    return Verdict(Finding.UNUSABLE, cause, resend)


def _unusable_stop(cause: str, exit_code: int) -> Verdict:
    return Verdict(Finding.UNUSABLE, cause, Resend.NO, Scope.RUN, exit_code)


FAULTS: dict[Fault, Verdict] = {
    Fault.NOT_SENT: Verdict(Finding.TURNED_AWAY, "unreachable", Resend.AFTER_A_WAIT),
    Fault.NO_ANSWER: _unusable("no_answer"),
}
"""Where no answer came. An answer that could not be read is judged by its status."""

ANSWERS: dict[tuple[int, str], Verdict] = {
    # The row is wrong, and stays wrong under this key.
    (400, "product_validation_error"): _refused("product_validation_error"),
    (400, "currency_mismatch"): _refused("currency_mismatch"),
    (400, "payment_method_unavailable"): _refused("payment_method_unavailable"),
    (400, "bad_request"): _refused("bad_request"),
    (400, "pagination_error"): _refused("pagination_error"),
    (422, "validation_error"): _refused("validation_error"),
    # Every later row in this currency would fail too.
    (400, "insufficient_funds"): _refused("insufficient_funds", Scope.CURRENCY),
    # The key was used before with another body: an order may exist, and asking again cannot tell.
    (400, OTHER_BODY): _unusable(OTHER_BODY, Resend.NO),
    # The first request with this key is still running.
    (400, "idempotency_in_progress"): _unusable("idempotency_in_progress"),
    (102, "idempotency_in_progress"): _unusable("idempotency_in_progress"),
    # Configuration: nobody's row would pass.
    (400, "invalid_version"): _door("invalid_version", 4),
    (400, "insecure_protocol"): _door("insecure_protocol", 4),
    (400, "invalid_execution_mode"): _door("invalid_execution_mode", 4),
    (401, "unauthorized"): _door("unauthorized", 4),
    (401, "invalid_api_key"): _door("invalid_api_key", 4),
    (403, "unauthorized"): _door("unauthorized", 4),
    (403, "invalid_api_key"): _door("invalid_api_key", 4),
    (403, "forbidden"): _door("forbidden", 4),
    (403, "ordering_restricted"): _door("ordering_restricted", 6),
    (410, "version_removed"): _door("version_removed", 4),
}
"""Documented answers, by HTTP status and type: both must fit."""

RATE_LIMITED = Verdict(Finding.TURNED_AWAY, "rate_limited", Resend.WITHIN_THE_LIMIT)
"""429 has no type; it means the same whoever wrote its body."""


def judge(reply: Reply) -> Verdict:
    """What a reply to a create means."""
    if reply.fault is not None and reply.fault in FAULTS:
        return FAULTS[reply.fault]
    status = reply.http_status or 0
    if status == 429:
        return RATE_LIMITED
    if reply.fault is None:
        if status in (200, 202) and reply.order is not None:
            return Verdict(Finding.ACCEPTED, "accepted")
        known = ANSWERS.get((status, reply.error_type or ""))
        if known is not None:
            return known
    return _judge_status(status)


def _judge_status(status: int) -> Verdict:
    """An answer without a documented meaning: all that can be told is whether asking again, or going on, has sense."""
    if status in (401, 403, 407, 410):
        # Perhaps a proxy's page, which says nothing about whether the request went through.
        return _unusable_stop(f"http_{status}", 4)
    if status in (404, 405) or 300 <= status < 400:
        # No orders API answers there.
        return _unusable_stop(f"http_{status}", 6)
    if 400 <= status < 500:
        return _unusable(f"http_{status}", Resend.NO)
    return _unusable(f"http_{status}")


def state_after(verdicts: Sequence[Verdict], *, others_passed: bool = False) -> State:
    """Where an attempt stands after all the answers its key ever got, one verdict for each send, oldest first.

    A send without an answer counts as unusable. `others_passed` tells whether other keys passed the door between
    this key's answers: then one that keeps being turned away the same way is stored, and spent.
    """
    if not verdicts:
        raise ValueError("an attempt that was never sent has no verdict")
    last = verdicts[-1]
    if last.finding is Finding.ACCEPTED:
        return State.ACCEPTED
    if any(verdict.finding is Finding.UNUSABLE for verdict in verdicts):
        return State.UNKNOWN
    if last.finding is Finding.REFUSED:
        return State.REJECTED
    if others_passed and stored_at_the_door(verdicts):
        return State.REJECTED
    return State.HELD


def stored_at_the_door(verdicts: Sequence[Verdict]) -> bool:
    """Whether the last `STORED_AFTER` answers all are the same one, about the key and not about the connection."""
    recent = verdicts[-STORED_AFTER:]
    return len(recent) == STORED_AFTER and all(
        verdict.finding is Finding.TURNED_AWAY and verdict.cause == recent[0].cause != "unreachable"
        for verdict in recent
    )


def why_key_is_spent(
    answers: Sequence[tuple[Verdict, datetime | None]], *, settle_after: timedelta, others_passed: bool = False
) -> str | None:
    """Why Runa remembers a key as used up, as the end of a sentence, or `None` where it may still make the order.

    `answers` are the verdict on each send, oldest first, with the time of its answer (`None` where none came). It says
    nothing about whether an order was made: only together with proof of absence may the row get another key.
    """
    verdicts = [verdict for verdict, _ in answers]
    if not verdicts:
        return None
    last = verdicts[-1]
    if any(verdict.cause == OTHER_BODY for verdict in verdicts):
        return "Runa has its key with another body"
    if last.finding is Finding.REFUSED:
        return f"Runa keeps its refusal ({last.cause}) under the key"
    if stored_error(answers, settle_after):
        return f"Runa repeats the same error ({last.cause}) for its key"
    if others_passed and told_the_same(verdicts):
        return f"Runa repeats the same refusal ({last.cause}) for its key, while it lets others in"
    return None


def told_the_same(verdicts: Sequence[Verdict]) -> bool:
    """Whether the last `STORED_AFTER` answers refuse the key the same way, at the door or on a page of nobody's."""
    recent = verdicts[-STORED_AFTER:]
    same_page = len(recent) == STORED_AFTER and all(
        verdict.cause == recent[0].cause and verdict.cause.startswith("http_4") for verdict in recent
    )
    return same_page or stored_at_the_door(verdicts)


def stored_error(answers: Sequence[tuple[Verdict, datetime | None]], settle_after: timedelta) -> bool:
    """Whether the last answers are the same 5xx, at least `STORED_AFTER` of them over at least `settle_after`."""
    cause = answers[-1][0].cause
    if not cause.startswith("http_5"):
        return False
    same: list[datetime] = []
    for verdict, answered_at in reversed(answers):
        if verdict.cause != cause or answered_at is None:
            break
        same.append(answered_at)
    return len(same) >= STORED_AFTER and same[0] - same[-1] >= settle_after


def wait_s(nth: int, *, min_wait_s: float, max_wait_s: float, rng: random.Random) -> float:
    """How long to wait before the `nth` resend (from 1): doubling, bounded, and spread so that rows do not march."""
    longest = min(max_wait_s, min_wait_s * 2.0 ** min(nth - 1, 30))
    return max(min_wait_s, longest * rng.uniform(0.5, 1.0))


def poll_wait_s(age_s: float, *, first_s: float, max_s: float) -> float:
    """How long to wait before an order of this age is read again: the square root of its age, within bounds.

    For completion times with long tails this is within 5 % of the best rule that knows them.
    """
    return min(max_s, max(first_s, math.sqrt(max(0.0, age_s))))


def latest(moments: Iterable[datetime | None]) -> datetime:
    """The `now` that ages keys: the latest of all clocks at hand, so that one that is slow cannot make a key young."""
    return max(moment for moment in moments if moment is not None)


def key_is_old(first_sent_at: datetime, now: datetime) -> bool:
    """Whether the API may have forgotten the key: sending it could then make a second order."""
    return now - first_sent_at > KEY_LIFE


def first_sent(sends: Iterable[tuple[datetime, datetime | None]]) -> datetime:
    """When a key may have been sent first, from `(our clock, the server's newest time before)` of each send.

    The earlier of the two: a clock of ours that was ahead, and was mended since, must not make a key young.
    """
    return min(moment for pair in sends for moment in pair if moment is not None)


def why_not_resend(*, first_sent_at: datetime, first_speaker: Speaker, speaker: Speaker, now: datetime) -> str | None:
    """Why the same bytes may not be sent again under their key, as a sentence, or `None` if they may."""
    if key_is_old(first_sent_at, now):
        return "its key was first sent over 29 days ago, and Runa may have forgotten it"
    if speaker.base_url != first_speaker.base_url:
        return "it was first sent to another address"
    if speaker.api_version != first_speaker.api_version:
        return f"it was first sent under API version {first_speaker.api_version}"
    if speaker.fingerprint != first_speaker.fingerprint:
        return "it was first sent under another API key"
    return None
