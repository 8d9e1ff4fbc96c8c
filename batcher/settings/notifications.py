"""`[notifications]`: who is told what, without looking."""

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from batcher.notices import Event
from batcher.settings.addresses import NotShown, is_loopback
from batcher.settings.kinds import SecretFile, Section, listed


def _hook(value: str) -> str:
    parts = urlsplit(value)
    if (
        not value.isascii()
        or not value.isprintable()
        or " " in value
        or parts.username
        or parts.query
        or not parts.hostname
    ):
        raise NotShown("must be an https:// address without user, password or query; the signature says who sends it.")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(value)):
        raise NotShown("must be an https:// address; plain http is for this machine only.")
    return value


class Notifications(Section):
    """Who is told how runs end that nobody watches, through `batcher[notify]`. No text of one holds a link or a key."""

    events: Annotated[tuple[Event, ...], BeforeValidator(listed)] = Field(
        default=tuple(Event),
        description="What is told: finished, stopped (early, and why), needs_approval, needs_person, not_started.",
    )
    addresses_file: SecretFile | None = Field(
        default=None,
        examples=["~/.config/batcher/notify"],
        description="A file with one Apprise address on each line, such as mailtos://…, which only its owner can read "
        "(chmod 600): they hold passwords. The variable APPRISE_URLS, with spaces between them, goes before it. A "
        "relative path starts at this file's folder.",
    )
    webhook_url: Annotated[str, AfterValidator(_hook)] | None = Field(
        default=None,
        examples=["https://ops.example.com/batcher"],
        description="An address of yours that takes each of them as JSON, signed as Standard Webhooks says.",
    )
    secret_file: SecretFile | None = Field(
        default=None,
        examples=["~/.config/batcher/notify-secret"],
        description="A file with the secret of that signature (whsec_ and base64), which only its owner can read. The "
        "variable NOTIFY_WEBHOOK_SECRET goes before it.",
    )

    @model_validator(mode="after")
    def _signed(self) -> Self:
        if self.secret_file is not None and self.webhook_url is None:
            raise ValueError("notifications.secret_file signs nothing: notifications.webhook_url is missing.")
        return self
