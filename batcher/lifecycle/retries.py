"""How often, within one run, one row is sent, and how long it waits in between."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """Bounds for one row in one run."""

    attempts: int
    """Sends of one key, the first included."""
    min_wait_s: float
    max_wait_s: float
