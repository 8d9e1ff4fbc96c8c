"""Which role each page asks for: the one table. A route that is not in it does not exist; see `batcher.web.app`."""

from collections.abc import Mapping

from batcher.web.people import Person, Role

ANYONE: frozenset[Role] = frozenset()
"""Also who is not signed in."""
SIGNED_IN = frozenset(Role)
"""Every role."""
PREPARES = frozenset({Role.PREPARER})

NEEDS: Mapping[str, frozenset[Role]] = {
    "enter": ANYONE,
    "new_link": ANYONE,
    "leave": SIGNED_IN,
    "start": SIGNED_IN,
    "template": SIGNED_IN,
    "upload": PREPARES,
    "sheet": SIGNED_IN,
    "sheet_problems": SIGNED_IN,
    "rows_to_mend": SIGNED_IN,
    "sheet_reading": PREPARES,
    "sheet_afresh": PREPARES,
    "sheet_remove": PREPARES,
}
"""By the name of the route: whoever has one of these roles may pass."""


def may_pass(person: Person | None, route: str) -> bool:
    """Whether this person may see or do what is behind this route."""
    needed = NEEDS[route]
    return needed == ANYONE or (person is not None and bool(person.roles & needed))
