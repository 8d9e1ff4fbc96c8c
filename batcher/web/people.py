"""Who may be on the other side, and what they may do."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person is trusted with."""

    PREPARER = "preparer"
    """Uploads sheets and sends payouts."""
    APPROVER = "approver"
    """Says yes to what somebody else has prepared."""
    VIEWER = "viewer"
    """Looks."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in."""

    name: str
    roles: frozenset[Role]


def owner(name: str) -> Person:
    """Whoever has the terminal, where no users are set up: one's own machine, and every role."""
    return Person(name, frozenset(Role))
