"""The one-time links by which the owner of the terminal gets in, where there are no users. In memory, as digests."""

import hashlib
import secrets
from collections.abc import Callable

from batcher.ports import Clock

LINK_S = 900
"""How long a one-time link can be used."""

Tokens = Callable[[], str]
"""Where tokens come from."""


def new_token() -> str:
    """256 bits that nobody guesses."""
    return secrets.token_urlsafe(32)


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


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
