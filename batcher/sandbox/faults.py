"""Which fault strikes which request: the draw depends on the seed, the fault, the key and the request's number."""

from collections import Counter

from batcher.sandbox.chance import Dice
from batcher.sandbox.switches import Switches

BEFORE = (
    "reset_before",
    "hang_before",
    "redirect",
    "too_many",
    "unauthorized",
    "forbidden",
    "proxy_401",
    "proxy_403",
    "version_gone",
    "error_unmade",
)
"""Of `POST /order`: they strike before the door, and nothing is made."""

INSTEAD = ("error_unmade_stored", "error_made_stored")
"""Of `POST /order` with a key not seen yet: they decide what the key stands for."""

AFTER = (
    "reset_after",
    "lost_reply",
    "hang_after",
    "error_made",
    "in_progress_reply",
    "broken_json",
    "truncated",
    "no_id",
    "foreign_type",
)
"""Of `POST /order`: they strike once the true reply is known and kept."""

READING = (
    "get_reset",
    "get_hang",
    "get_truncated",
    "get_error",
    "get_too_many",
    "get_broken_json",
    "get_unknown_status",
)
"""Of every GET."""

LISTING = ("list_error", "list_too_many", "list_truncated")
"""Of the order list alone, before those of every GET."""


class FaultPlan:
    """Draws faults, and counts those drawn by chance, so that no key suffers for ever."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._drawn: Counter[str] = Counter()

    def strike(self, names: tuple[str, ...], switches: Switches, key: str, nth: int, overall: int) -> str | None:
        """The first of these faults that strikes the `nth` request with the key, the `overall`-th of its kind."""
        for name in names:
            fault = getattr(switches, name)
            if nth in fault.nth or overall in fault.overall:
                return name
            if not fault.probability or self._drawn[key] >= switches.faults_per_key:
                continue
            if self._dice.share("fault", name, key, nth) < fault.probability:
                self._drawn[key] += 1
                return name
        return None
