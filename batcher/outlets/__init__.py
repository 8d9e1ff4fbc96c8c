"""Where notices go: `hook.py`, a webhook signed as Standard Webhooks; `apprised.py`, everything that Apprise speaks.

Both need the extra `batcher[notify]`, and import it late. What goes wrong is told without the address.
"""

from typing import Protocol

from batcher.notices import KeptNotice


class Outlet(Protocol):
    """One place that takes notices."""

    @property
    def name(self) -> str:
        """What the ledger and people call it; it gives no address away."""
        ...

    async def send(self, kept: KeptNotice) -> None:
        """Deliver one notice. Raises `NotDelivered`."""
        ...
