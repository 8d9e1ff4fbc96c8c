"""Blocks looked at side by side, and taken in their order: arrow works on columns without holding Python's lock."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import TypeVar

Item = TypeVar("Item")
Seen = TypeVar("Seen")

MOST = 2
"""Blocks that are worked on at once; each more is held in memory, with all that was worked out of it."""


def in_order(work: Callable[[Item], Seen], items: Iterable[Item], most: int = MOST) -> Iterator[Seen]:
    """`work` of each item in the order of the items, as `map` gives it; what it raises is raised in its place.

    Items are taken, and results used, by the caller's thread. A single item is not worth another thread.
    """
    left = iter(items)
    first = list(islice(left, 2))
    if len(first) < 2 or min(most, os.cpu_count() or 1) < 2:
        yield from map(work, chain(first, left))
        return

    from concurrent.futures import Future, ThreadPoolExecutor

    waiting: deque[Future[Seen]] = deque()
    with ThreadPoolExecutor(most, thread_name_prefix="blocks") as threads:
        for item in chain(first, left):
            waiting.append(threads.submit(work, item))
            if len(waiting) > most:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
