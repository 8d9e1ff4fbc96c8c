"""What the API remembers of each idempotency key: the first body, and the reply that every later request gets."""

from dataclasses import dataclass, replace
from enum import Enum

from batcher.sandbox import jsontext
from batcher.sandbox.message import Reply

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Kept:
    """One key's record."""

    body: bytes
    reply: Reply
    since_s: float
    """When the first request with the key came, in seconds since 1970."""
    busy_until_s: float
    """Until then the first request is still running."""


class Look(Enum):
    """What the store says to a key."""

    NEW = "new"
    RUNNING = "running"
    OTHER_BODY = "other body"
    REPLAY = "replay"


class KeyStore:
    """Records by key, each for a number of days."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}

    def look(self, key: str, body: bytes, now_s: float, *, days: float, compare: str) -> tuple[Look, Reply | None]:
        """What a request with that key and body gets; `compare` is 'bytes' or 'json'."""
        kept = self._kept.get(key)
        if kept is None or now_s - kept.since_s >= days * DAY_S:
            return Look.NEW, None
        if not _same(kept.body, body, compare):
            return Look.OTHER_BODY, None
        if now_s < kept.busy_until_s:
            return Look.RUNNING, None
        return Look.REPLAY, replace(kept.reply, delay_s=0.0)

    def keep(self, key: str, body: bytes, reply: Reply, now_s: float, busy_s: float) -> None:
        """Remember the reply to the key's first request, which runs for `busy_s` seconds."""
        self._kept[key] = Kept(body, reply, now_s, now_s + busy_s)


def _same(one: bytes, other: bytes, compare: str) -> bool:
    if one == other:
        return True
    if compare == "bytes":
        return False
    try:
        return bool(jsontext.read(one) == jsontext.read(other))
    except ValueError:
        return False
