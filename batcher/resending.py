"""Whether the same bytes may go out again under their key. A first send may always; nothing here sends."""

from datetime import datetime, timedelta

from batcher import policy
from batcher.model import Speaker
from batcher.policy import Finding, Resend, Verdict
from batcher.records import AttemptRecord

ORDER_CLAIMED = Verdict(Finding.UNUSABLE, "order_of_another_row", Resend.NO)
"""The answer names an order that another attempt has: it is not this row's, whatever it is."""

_NEVER_AGAIN = {
    policy.OTHER_BODY: "Runa has its key with another body, perhaps from a lost ledger, and an order may exist",
    ORDER_CLAIMED.cause: "Runa answered with the order of another row",
}
"""Answers after which asking again cannot tell anything, and could one day make a second order."""


SETTLE_AFTER = timedelta(minutes=15)
"""How long equal errors must go on to count as stored, unless the settings say otherwise."""


def why_not_send(
    attempt: AttemptRecord, *, speaker: Speaker, now: datetime, settle_after: timedelta = SETTLE_AFTER
) -> str | None:
    """Why this attempt must not be sent, as the end of a sentence, or `None` if it may be.

    `now` is the latest of all clocks at hand. A send that was turned away at the door left nothing at the API, so that
    the attempt belongs to the first speaker of whom something may have been taken in: an API key that was refused is
    mended by another one.
    """
    if not attempt.sends:
        return None
    for send in attempt.sends:
        if send.cause in _NEVER_AGAIN:
            return _NEVER_AGAIN[send.cause]
    if attempt.sends[-1].finding is Finding.REFUSED:
        return f"Runa keeps its refusal ({attempt.sends[-1].cause}) under its key, whether an order exists or not"
    if policy.stored_error([(send.verdict, send.answered_at) for send in attempt.sends], settle_after):
        return f"Runa repeats the same error ({attempt.sends[-1].cause}) for its key, whether an order exists or not"
    taken_in = (send.speaker for send in attempt.sends if send.finding is not Finding.TURNED_AWAY)
    return policy.why_not_resend(
        first_sent_at=policy.first_sent((send.sent_at, send.server_at) for send in attempt.sends),
        first_speaker=next(taken_in, speaker),
        speaker=speaker,
        now=now,
    )
