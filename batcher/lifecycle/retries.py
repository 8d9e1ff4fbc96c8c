"""How often, within one run, one row is sent, and how long it waits in between."""

import random  # noqa: TID251 - only the type of the generator that is passed in
from dataclasses import dataclass

from batcher import policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """Bounds for one row in one run."""

    attempts: int
    """Sends of one key, the first included."""
    min_wait_s: float
    max_wait_s: float

    def wait_s(self, nth: int, rng: random.Random) -> float:
        """How long to wait before the `nth` repetition (from 1), as the policy has it."""
        return policy.wait_s(nth, min_wait_s=self.min_wait_s, max_wait_s=self.max_wait_s, rng=rng)
