"""How long a server is waited for, so that a dead one is told of and not hung on."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from batcher.errors import InboxUnreachable

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """The most seconds for each thing."""

    connect_s: float = 15
    """Until a connection stands, its greetings included."""
    read_s: float = 60
    """Until the next bytes of an answer come."""
    total_s: float = 900
    """For one call of a store, however many requests it makes: the largest file has to fit."""


def carried_out(action: Coroutine[Any, Any, T], place: str, patience: Patience) -> T:
    """Run one call of a store to its end, in an event loop of its own, which closes behind it.

    Raises `InboxUnreachable` where it takes too long.
    """
    bound = None

    async def bounded() -> T:
        nonlocal bound
        # What a broken connection leaves behind is told by the call itself.
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        async with asyncio.timeout(patience.total_s) as bound:
            return await action

    try:
        return asyncio.run(bounded())
    except TimeoutError:
        raise timed_out(place) from None
    except InboxUnreachable:
        if bound is not None and bound.expired():
            raise timed_out(place) from None
        raise


def timed_out(place: str) -> InboxUnreachable:
    """What to say of a server that does not answer."""
    return InboxUnreachable(
        f"{place} did not answer in time.", "Check that it is up, and that a firewall lets this machine through."
    )
