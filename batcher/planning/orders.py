"""Orders of a plan. Their bodies are made when somebody asks: a large plan would hold more of them than of all else."""

from collections.abc import Callable

from batcher.model import Payout, PlannedOrder

Body = Callable[..., bytes]
"""Makes a body of `key` and `payout`, always the same one."""


class OrderToBe(PlannedOrder):
    """An order whose body is made anew each time, of what it is fixed by."""

    __slots__ = ("_body",)
    _body: Body

    def __init__(self, *, identity: str, number: int, key: str, body: Body, payout: Payout) -> None:
        fix = object.__setattr__
        fix(self, "identity", identity)
        fix(self, "number", number)
        fix(self, "key", key)
        fix(self, "payout", payout)
        fix(self, "_body", body)

    @property
    def body(self) -> bytes:
        """The exact bytes of the request."""
        return self._body(key=self.key, payout=self.payout)
