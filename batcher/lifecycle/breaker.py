"""Stopping where going on is pointless: row after row is refused for one cause, or ends unknown."""

from batcher.lifecycle.halt import Halt, Stop
from batcher.records import AttemptRecord, RowRecord
from batcher.states import State

CAUSE = "breaker"
"""The stop's word for scripts."""


class Breaker:
    """Counts rows in the order in which they end. So many alike in a row, and nothing more is sent.

    In a row: an order, or any other end, begins anew; so does another cause of refusal, and an unknown row after
    refused ones. What a stop has reached counts for nothing, and neither does a row that was not sent.
    """

    def __init__(self, consecutive: int, halt: Halt) -> None:
        """`consecutive` rows are enough, 1 at the least."""
        self._consecutive = consecutive
        self._halt = halt
        self._alike: tuple[State, str] | None = None
        self._count = 0

    def row_ended(self, row: RowRecord, attempt: AttemptRecord) -> None:
        """Count a row. It is as it was before it was issued, `attempt` is what issuing it gave."""
        if not _was_sent(row, attempt):
            return
        alike = _alike(attempt)
        # A balance that is used up has stopped its currency already; what an end of sending cut short may be well.
        if alike is not None and self._halt.stops_sending(attempt.order.payout.currency):
            return
        self._count = self._count + 1 if alike == self._alike else 1
        self._alike = alike
        if alike is not None and self._count >= self._consecutive:
            self._halt.end_sending(Stop(CAUSE, _words(attempt, self._count), 6))


def _was_sent(row: RowRecord, attempt: AttemptRecord) -> bool:
    """Whether it was sent in this run; an older attempt, whose order came back to life, was not."""
    return attempt.id == row.latest.id and len(attempt.sends) > len(row.latest.sends)


def _alike(attempt: AttemptRecord) -> tuple[State, str] | None:
    """What makes two rows end alike, or `None` where nothing speaks against going on."""
    if attempt.state is State.REJECTED:
        return State.REJECTED, attempt.sends[-1].cause or ""
    return (State.UNKNOWN, "") if attempt.state is State.UNKNOWN else None


def _words(attempt: AttemptRecord, count: int) -> str:
    cause = attempt.sends[-1].cause
    rows = f"{count} rows in a row" if count > 1 else "A row"
    if attempt.state is State.UNKNOWN:
        return (
            f"{rows} ended unknown (the last cause: {cause}), and may have been paid. Wait until Runa is well, "
            "then run the same command again: it asks about them with the same keys, and sends the rest."
        )
    were = "were" if count > 1 else "was"
    return (
        f"{rows} {were} refused for one cause: {cause}. See what the results say of them and mend that, "
        "then run the same command again: it sends the rest."
    )
