"""What is told to people who do not look: a few sentences about a batch, without a link, an address or a key."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

from batcher.model import without_links

_ADDRESS = re.compile(r"[^\s@<>(),;:\"']+@[^\s@<>(),;:\"']+")
_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_KEY = re.compile(r"\b(?:(?:wg|xx)\.|whsec_)\S+", re.IGNORECASE)
_MOST = 4000
"""Characters of one notice."""


class Event(StrEnum):
    """What people can be told of."""

    FINISHED = "finished"
    STOPPED = "stopped"
    NEEDS_APPROVAL = "needs_approval"
    NEEDS_PERSON = "needs_person"
    NOT_STARTED = "not_started"


TEST: Final = "test"
"""In place of an event: that people can be told at all. It is sent when somebody asks for it, and never kept."""


def blotted(text: str) -> str:
    """`text` without links, addresses and keys: it leaves this machine."""
    for pattern, words in ((_URL, "[link]"), (_KEY, "[key]"), (_ADDRESS, "[address]")):
        text = pattern.sub(words, text)
    return without_links(text)[:_MOST]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to tell. Its texts are blotted when it is made."""

    event: Event | Literal["test"]
    batch: str
    title: str
    body: str
    figures: Mapping[str, str]
    """For machines: the exit code, counts and totals, as text."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", blotted(self.title))
        object.__setattr__(self, "body", blotted(self.body))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptNotice:
    """A notice on its way to one outlet, as the ledger knows it."""

    id: int
    notice: Notice
    outlet: str
    """A name that gives nothing away, such as `mailtos-1f3a77c2`."""
    made_at: datetime
    tries: int
    last_error: str
    given_up: bool


class NotDelivered(Exception):
    """Why an outlet did not take a notice, in words without its address."""
