"""How much of a body is read, and for how long: counted as it arrives, whatever its header says."""

import asyncio

from starlette.types import Message, Receive

from batcher.web.refusals import too_large, too_slow

PATIENCE_S = 60.0
"""How long a body may stay silent."""


def bounded(receive: Receive, most_bytes: int, *, patience_s: float = PATIENCE_S) -> Receive:
    """The same, which raises `Refused` for a body that is larger, or comes to a standstill."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        try:
            async with asyncio.timeout(patience_s):
                message = await receive()
        except TimeoutError:
            raise too_slow() from None
        seen += len(message.get("body", b""))
        if seen > most_bytes:
            raise too_large(most_bytes)
        return message

    return counted
