"""Who is signed in, and the one-time links by which the owner of the terminal gets in. All in memory.

Only digests of tokens are kept. A restart signs everybody out; nothing else hangs on a session.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from batcher.ports import Clock
from batcher.web.people import Person

IDLE_S, LONGEST_S = 3600, 12 * 3600
"""Seconds without a request, and in all, after which a session ends."""
LINK_S = 900
"""How long a one-time link can be used."""
MOST = 1000
"""Sessions at a time."""

Tokens = Callable[[], str]
"""Where tokens come from."""


def new_token() -> str:
    """256 bits that nobody guesses."""
    return secrets.token_urlsafe(32)


@dataclass(slots=True)
class Session:
    """One person in one browser."""

    person: Person
    csrf: str
    began_s: float
    seen_s: float


class Sessions:
    """By the digest of the cookie's value."""

    def __init__(self, clock: Clock, tokens: Tokens = new_token) -> None:
        self._clock, self._tokens = clock, tokens
        self._open: dict[bytes, Session] = {}

    def open(self, person: Person) -> str:
        """A new session; gives the value of its cookie."""
        now_s = self._clock.instant().monotonic_s
        self._open = {digest: one for digest, one in self._open.items() if not _is_over(one, now_s)}
        while len(self._open) >= MOST:
            del self._open[next(iter(self._open))]
        token = self._tokens()
        self._open[_digest(token)] = Session(person, self._tokens(), now_s, now_s)
        return token

    def find(self, token: str | None) -> Session | None:
        """The session of this cookie; `None` for one that is over or never was."""
        if not token:
            return None
        session = self._open.get(_digest(token))
        now_s = self._clock.instant().monotonic_s
        if session is None or _is_over(session, now_s):
            return None
        session.seen_s = now_s
        return session

    def close(self, token: str | None) -> None:
        """End it."""
        self._open.pop(_digest(token or ""), None)


class OneTimeLinks:
    """At most one link is open: a new one takes the place of the last."""

    def __init__(self, clock: Clock, tokens: Tokens = new_token) -> None:
        self._clock, self._tokens = clock, tokens
        self._open: tuple[bytes, float] | None = None

    def new(self) -> str:
        """The token of a new link."""
        token = self._tokens()
        self._open = _digest(token), self._clock.instant().monotonic_s + LINK_S
        return token

    def use(self, token: str) -> bool:
        """Whether this token opens; it never does again."""
        now_s = self._clock.instant().monotonic_s
        if self._open is None or not secrets.compare_digest(self._open[0], _digest(token)) or now_s > self._open[1]:
            return False
        self._open = None
        return True


def _is_over(session: Session, now_s: float) -> bool:
    return now_s - session.seen_s > IDLE_S or now_s - session.began_s > LONGEST_S


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
