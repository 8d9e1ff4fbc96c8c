"""Mail, chats and the rest, through Apprise."""

import hashlib
import importlib
import logging
from typing import Any

from pydantic import SecretStr

from batcher.errors import UsageError
from batcher.notices import TEST, Event, KeptNotice, NotDelivered

_KINDS: dict[str, str] = {
    Event.FINISHED: "success",
    Event.STOPPED: "warning",
    Event.NOT_STARTED: "failure",
    TEST: "info",
}


class AppriseOutlet:
    """One Apprise address. It holds passwords and tokens, so nothing says it again."""

    def __init__(self, address: SecretStr) -> None:
        """Raises `UsageError` for what Apprise cannot read, and where it is not installed."""
        text = address.get_secret_value()
        scheme = text.partition("://")[0].lower()
        safe = scheme if scheme.isalnum() and len(scheme) <= 20 else "apprise"
        self.name = f"{safe}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
        try:
            apprise: Any = importlib.import_module("apprise")
        except ModuleNotFoundError:
            raise UsageError(
                "Notifications need a package that is not installed: apprise.",
                "Install it with: pip install 'batcher[notify]'",
            ) from None
        # Its log may repeat an address or an answer.
        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
        self._apprise = apprise.Apprise()
        if not self._apprise.add(text):
            raise UsageError(
                f"An address for notifications is none that Apprise knows (it begins with {safe}:// and is not shown).",
                "Write it as Apprise's documentation says, such as mailtos://USER:PASSWORD@DOMAIN?to=WHOM.",
            )

    async def send(self, kept: KeptNotice) -> None:
        """Deliver one notice. Raises `NotDelivered`."""
        notice = kept.notice
        try:
            taken = await self._apprise.async_notify(
                title=notice.title,
                body=notice.body,
                notify_type=_KINDS.get(notice.event, "warning"),
                body_format="text",
            )
        except Exception as error:  # noqa: BLE001 - it speaks to a hundred services, each with faults of its own
            raise NotDelivered(f"Apprise failed ({type(error).__name__}).") from None
        if not taken:
            raise NotDelivered("It was not taken.")
