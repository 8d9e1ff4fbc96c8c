"""One row's story in words for whoever pays: every send, every answer, every decision, in order."""

from dataclasses import dataclass
from datetime import datetime

from batcher.ledger import Happening
from batcher.states import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One thing that happened, as it is told."""

    at: datetime
    attempt: int
    words: str
    by: str | None
    """Who decided it, where a person did."""


def told(story: list[Happening]) -> list[Told]:
    """The story as sentences. No link and no key is in it."""
    return [
        Told(at=one.at, attempt=one.attempt, words=_words(one), by=one.by)
        for one in story
        if one.to_state is not None or one.why
    ]


_WORDS = {
    State.SENT: "Sent to Runa.",
    State.ACCEPTED: "Runa took the order in",
    State.COMPLETED: "Paid",
    State.FAILED: "The order failed at Runa; nothing was paid",
    State.REJECTED: "Runa refused it; no order was made",
    State.HELD: "Runa turned it away at the door; nothing was made, and it may be sent again",
    State.UNKNOWN: "No usable answer: it is not known whether it was paid, and it is asked again under the same key",
    State.MISMATCH: "The order contradicts the row, so no link was kept; a person decides",
    State.ABSENT: "Proven never made; nothing was paid",
    State.WITHDRAWN: "Taken back; it was never sent",
}


def _words(one: Happening) -> str:
    if one.to_state is State.PLANNED or (one.from_state is None and one.to_state is not None):
        return "Planned: what will be sent is fixed, and nothing was sent."
    if one.to_state is None:
        return f"{one.why[:1].upper()}{one.why[1:]}."
    words = _WORDS[one.to_state]
    if one.to_state is State.SENT:
        return words
    return f"{words} ({_why(one)})."


def _why(one: Happening) -> str:
    """The reason as the journal has it, with what Runa answered."""
    why = one.why.removeprefix("answer: ").removeprefix("read back: ").replace("_", " ")
    told = [why, *([f"HTTP {one.http_status}"] if one.http_status else []), *([one.message] if one.message else [])]
    return "; ".join(dict.fromkeys(told))
