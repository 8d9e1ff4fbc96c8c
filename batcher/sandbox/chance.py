"""Chance without state: each draw is a digest of the seed and of what is being drawn.

Two requests that arrive in another order, or at once, therefore draw what they would have drawn alone.
"""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Draws that depend on nothing but the seed and the names given."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def token(self, *names: object, length: int = 32) -> str:
        """`length` hexadecimal characters (64 at most) that nobody without the seed can guess."""
        text = "\x1f".join(str(name) for name in (self._seed, *names))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]

    def share(self, *names: object) -> float:
        """A number from 0 up to, but not including, 1."""
        return int(self.token(*names, length=13), 16) / float(16**13)

    def between(self, low: float, high: float, *names: object) -> float:
        """A number from `low` up to `high`."""
        return low + (high - low) * self.share(*names)

    def pick(self, options: Sequence[T], *names: object) -> T:
        """One of the options, each as likely as the others."""
        return options[int(self.share(*names) * len(options))]
