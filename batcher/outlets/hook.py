"""A webhook of yours, signed as Standard Webhooks says."""

import importlib
import json
from typing import Any

import httpx
from pydantic import SecretStr

from batcher.errors import UsageError
from batcher.notices import KeptNotice, NotDelivered
from batcher.ports import Clock

PATIENCE_S = 10.0


class HookOutlet:
    """One address that takes signed JSON."""

    name = "webhook"

    def __init__(self, url: str, secret: SecretStr, clock: Clock) -> None:
        """Raises `UsageError` where the package that signs is not installed."""
        try:
            standard: Any = importlib.import_module("standardwebhooks.webhooks")
        except ModuleNotFoundError:
            raise UsageError(
                "Notifications need a package that is not installed: standardwebhooks.",
                "Install it with: pip install 'batcher[notify]'",
            ) from None
        self._url, self._clock = url, clock
        self._signing = standard.Webhook(secret.get_secret_value())

    async def send(self, kept: KeptNotice) -> None:
        """Deliver one notice. Raises `NotDelivered`. The same one has the same id, however often it is sent."""
        notice, now = kept.notice, self._clock.instant().at
        data = {"batch": notice.batch, "title": notice.title, "body": notice.body, **notice.figures}
        content = json.dumps(
            {"type": f"batch.{notice.event}", "timestamp": kept.made_at.isoformat(), "data": data}, ensure_ascii=False
        )
        message_id = f"notice-{kept.id}-{kept.made_at:%Y%m%dT%H%M%S%f}"
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signing.sign(message_id, now, content),
        }
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as client:
                answer = await client.post(self._url, content=content.encode(), headers=headers)
        except httpx.HTTPError as error:
            raise NotDelivered(f"No answer ({type(error).__name__}).") from None
        if not answer.is_success:
            raise NotDelivered(f"It answered {answer.status_code}.")
