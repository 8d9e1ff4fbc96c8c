"""Who may do what, as one table. A person is one user, and what a user did is known by their name for ever."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

NAME = re.compile(r"[a-z][a-z0-9._-]{0,39}")
"""How users are called. One way to write each name, and no name is given twice: they stand in the journal."""


class Role(StrEnum):
    """What somebody is there for."""

    PREPARER = "preparer"
    APPROVER = "approver"
    VIEWER = "viewer"


class Right(StrEnum):
    """One kind of thing to do."""

    LOOK = "look"
    """See batches, rows, plans and proofs; results without their links."""
    PREPARE = "prepare"
    """Upload a sheet, map its columns, make a plan and seal it."""
    SEND = "send"
    """Start a plan that may go, pause it, go on, stop it; try again what failed."""
    SETTLE = "settle"
    """Reconcile, and decide about a row where evidence cannot."""
    REVEAL = "reveal"
    """See links, and files with links in them."""
    APPROVE = "approve"
    """Approve or refuse a plan; never approve one's own."""


RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.PREPARER: frozenset({Right.LOOK, Right.PREPARE, Right.SEND, Right.SETTLE, Right.REVEAL}),
    Role.APPROVER: frozenset(Right),
    Role.VIEWER: frozenset({Right.LOOK}),
}
"""The whole of it: what is not here, nobody may do."""


def may(role: Role, right: Right) -> bool:
    """Whether somebody of this role may do that."""
    return right in RIGHTS[role]


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who signs in."""

    name: str
    role: Role
    created_at: datetime
    created_by: str
    """Who added them: a name of the machine's, no user's."""
    disabled_at: datetime | None = None

    @property
    def is_active(self) -> bool:
        """Whether they may still sign in."""
        return self.disabled_at is None

    def may(self, right: Right) -> bool:
        """Whether they may do that now."""
        return self.is_active and may(self.role, right)
