"""Python's collector of cycles, kept out of the way of work that makes millions of values and not one cycle."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

MANY = 1_000_000
"""New values from which on they are taken out of its sight for good."""


@contextmanager
def uncollected() -> Iterator[None]:
    """Work during which the collector does not run; also usable as a decorator.

    It goes through all values that there are, again and again as they grow more: on a sheet of a million rows that
    takes longer than the work, and finds nothing, as rows, plans and records hold no cycles. What was made is freed as
    ever, as soon as nobody holds it.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if gc.get_count()[0] > MANY:
            # Else the next run goes through them once in each of its three generations.
            gc.freeze()
        gc.enable()
