"""Which right each route asks for: the one table. A route that is not in it does not open; see `doorway`."""

from collections.abc import Mapping

from batcher.assembly import Session
from batcher.roles import Right

ANYONE = None
"""Also who is not signed in."""

NEEDS: Mapping[str, Right | None] = {
    "enter": ANYONE,
    "new_link": ANYONE,
    "sign_in": ANYONE,
    "leave": Right.LOOK,
    "start": Right.LOOK,
    "template": Right.LOOK,
    "upload": Right.PREPARE,
    "sheet": Right.LOOK,
    "sheet_problems": Right.LOOK,
    "sheet_reading": Right.PREPARE,
    "sheet_afresh": Right.PREPARE,
    "sheet_remove": Right.PREPARE,
    # The cells of a sheet are in it as they are, and there may be links among them.
    "rows_to_mend": Right.REVEAL,
}
"""By the name of the route."""


def may_pass(session: Session | None, route: str) -> bool:
    """Whether this person may see or do what is behind this route."""
    needed = NEEDS[route]
    return needed is None or (session is not None and session.may(needed))
