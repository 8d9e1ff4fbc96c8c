"""Why a request is refused, as a person reads it."""

import math
from datetime import timedelta


class Refused(Exception):
    """A page in our words instead of what was asked for."""

    def __init__(self, status: int, title: str, words: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.words = words
        self.retry_after_s = retry_after_s


def seconds_of(wait: timedelta) -> int:
    """How long to wait, in whole seconds: never too few."""
    return math.ceil(wait.total_seconds())


def not_found() -> Refused:
    """Nothing is there, or nothing that this person may know of."""
    return Refused(404, "There is no such page", "The address may be mistyped, or what was there has been removed.")


def not_allowed() -> Refused:
    """The person is known, and lacks the role."""
    return Refused(403, "You may not do this", "Your role does not allow it. Ask whoever set up the users of batcher.")


def form_expired() -> Refused:
    """The token of the form is not the one of the session."""
    return Refused(
        403, "This form is out of date", "It was opened before you signed in. Go back, reload it, and send it again."
    )


def too_large(most_bytes: int) -> Refused:
    """The body is over the limit of its route."""
    most = f"{most_bytes // 1_000_000} MB" if most_bytes >= 1_000_000 else f"{most_bytes // 1000} kB"
    return Refused(
        413, "This is too large", f"At most {most} can be sent here; nothing was kept. Split it, then try again."
    )


def cut_off() -> Refused:
    """The body ended early, or was no form."""
    return Refused(400, "This did not arrive whole", "The connection broke off, so nothing was kept. Send it again.")


def too_slow() -> Refused:
    """The body took too long."""
    return Refused(408, "This took too long to arrive", "Nothing was kept. Look at the connection, then try again.")


def own_fault() -> Refused:
    """A fault of batcher's own."""
    return Refused(
        500,
        "Something went wrong here",
        "It is a fault of batcher's own, told in the terminal. The ledger knows what was sent, and nothing is lost.",
    )


OTHERS = {
    400: Refused(400, "This could not be understood", "Go back, reload the page, and try again."),
    404: not_found(),
    405: Refused(405, "This page cannot do that", "Go back, reload the page, and try again."),
}
"""What Starlette refuses by itself, in our words."""
