"""How much of a body is read, and for how long: counted as it arrives, whatever its header says."""

import asyncio

from starlette.types import Message, Receive

from batcher.web.refusals import too_large, too_slow

PATIENCE_S = 60.0
"""How long a body may stay silent."""
LONGEST_S = 900.0
"""How long it may take in all: 50 MB over a slow line."""


def bounded(receive: Receive, most_bytes: int) -> Receive:
    """The same, which raises `Refused` for a body that is larger, comes to a standstill, or never ends."""
    seen, whole, until_s = 0, False, float("inf")

    async def counted() -> Message:
        nonlocal seen, whole, until_s
        if whole:
            # What follows the body is only the news that the browser has left.
            return await receive()
        now_s = asyncio.get_running_loop().time()
        until_s = min(until_s, now_s + LONGEST_S)
        try:
            async with asyncio.timeout_at(min(until_s, now_s + PATIENCE_S)):
                message = await receive()
        except TimeoutError:
            raise too_slow() from None
        seen += len(message.get("body", b""))
        whole = not message.get("more_body", False)
        if seen > most_bytes:
            raise too_large(most_bytes)
        return message

    return counted
