"""Every fault of the matrix, and what is expected of it: tests and page come from here.

The expectations are written down by hand from what `docs/architecture.md` and the interface promise; nothing computes
them.
"""

from tests.matrix.at_runa import AT_RUNA
from tests.matrix.on_the_machine import ON_THE_MACHINE
from tests.matrix.on_the_wire import ON_THE_WIRE
from tests.matrix.terms import Impossible, Moment, Place, Real, Recovery, Row, Section

SECTIONS: tuple[Section, ...] = (*ON_THE_WIRE, *AT_RUNA, *ON_THE_MACHINE)
ROWS: tuple[Row, ...] = tuple(row for section in SECTIONS for row in section.rows)
BY_NAME = {row.name: row for row in ROWS}


def cells() -> list[tuple[Row, Moment, Real, Recovery]]:
    """Every cell that can be."""
    return [(row, moment, real, recovery) for row, moment, real in places() for recovery in Recovery]


def places() -> list[tuple[Row, Moment, Real]]:
    """Every fault at every moment at which it can strike."""
    return [(row, moment, place) for row in ROWS for moment, place in row.at.items() if isinstance(place, Real)]


def impossible() -> list[tuple[Row, Moment, Impossible]]:
    """Every fault at every moment at which it cannot strike."""
    return [(row, moment, place) for row in ROWS for moment, place in row.at.items() if isinstance(place, Impossible)]


def cell_id(row: Row, moment: Moment, recovery: Recovery) -> str:
    """How the test of a cell is called, within the brackets."""
    return f"{row.name}-{moment.value}-{recovery.value}"


def forms(row: Row, moment: Moment, recovery: Recovery) -> tuple[str, ...]:
    """The forms of a fault by which a cell is tested. Eight forms share the cells: one half of them each moment."""
    count = len(row.strikes)
    if count < len(Recovery):
        return row.strikes
    at = list(Recovery).index(recovery)
    half = count // 2 if moment is Moment.RESEND else 0
    return (row.strikes[(at + half) % count],)


__all__ = ["BY_NAME", "ROWS", "SECTIONS", "Place", "cell_id", "cells", "forms", "impossible", "places"]
