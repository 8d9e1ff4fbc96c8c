"""What a password must be, how long a session lasts, and how tries to get in are slowed down. Time is an argument."""

import threading
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta

PASSWORD_LEAST = 12
PASSWORD_MOST = 256
"""Characters. What is longer costs only time."""

IDLE = timedelta(minutes=30)
"""A session that nobody used for so long is over."""
LIFETIME = timedelta(hours=12)
"""And so is any that began so long ago."""

FORGET_AFTER = timedelta(hours=1)
"""When a failed sign-in counts no more."""
FREE = {"user": 5, "address": 20, "link": 5, "new_link": 5}
"""So many failures cost nothing: people mistype. Several people may sit behind one address."""
LONGEST_WAIT = timedelta(minutes=1)
"""Enough against guessing, and nobody is locked out for long by somebody else's guesses."""
REMEMBERED = 10_000
"""Names and addresses; the oldest go first."""


def normal(password: str) -> str:
    """The password in one form of its characters, whatever it was typed on, and without blanks around it."""
    return unicodedata.normalize("NFKC", password).strip()


def why_no_password(password: str, name: str) -> str:
    """Why this cannot be the password of the user `name`; empty where it can."""
    length = len(normal(password))
    if length < PASSWORD_LEAST:
        return f"It has {length} character{'s' * (length != 1)}; it needs {PASSWORD_LEAST} at least."
    if length > PASSWORD_MOST:
        return f"It has {length:,} characters; {PASSWORD_MOST} at most are taken."
    plain = normal(password).casefold()
    if len(set(plain)) < 4 or plain.replace(name.casefold(), "").strip("0123456789") == "":
        return "It is too easy to guess: take several words that belong to nothing of yours."
    return ""


def wait(failures: Sequence[datetime], now: datetime, *, free: int) -> timedelta:
    """How long to wait until the next try after these failures, oldest first; nothing after the first `free`.

    The pause doubles with each further failure, from a second to `LONGEST_WAIT`, and begins at the last one.
    """
    # Nothing counts that is still to come: the clock was set back.
    recent = [one for one in failures if timedelta(0) <= now - one < FORGET_AFTER]
    if len(recent) < free:
        return timedelta(0)
    pause = min(timedelta(seconds=2 ** min(len(recent) - free, 10)), LONGEST_WAIT)
    return max(timedelta(0), recent[-1] + pause - now)


class Failures:
    """The failed tries of this process, in memory: of each name, of each address, and at the one-time link.

    Whoever could start the process anew to be rid of them could read the ledger as well. Names of nobody are counted
    as others are, so that a pause tells nothing of who is a user.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by: dict[tuple[str, str], list[datetime]] = {}

    def begin(self, now: datetime, **at: str) -> timedelta:
        """Count a try as failed before it is looked at, and give nothing; or the wait, where it is too early for one.

        `at` says under what it counts, by the kinds of `FREE`. Counted first, a hundred tries at once are a hundred.
        """
        with self._lock:
            pause = max(wait(self._by.get(one, ()), now, free=FREE[one[0]]) for one in at.items())
            if pause:
                return pause
            for one in at.items():
                kept = [moment for moment in self._by.pop(one, ()) if now - moment < FORGET_AFTER]
                self._by[one] = [*kept, now][-64:]
            while len(self._by) > REMEMBERED:
                self._by.pop(next(iter(self._by)))
            return timedelta(0)

    def succeeded(self, now: datetime, **at: str) -> None:
        """That try was none that failed: all failures there are forgotten, but of an address only this one try.

        Else whoever has one password would guess others' from where they sit, without a pause.
        """
        with self._lock:
            for one in at.items():
                if one[0] != "address":
                    self._by.pop(one, None)
                elif now in (there := self._by.get(one, [])):
                    there.remove(now)
