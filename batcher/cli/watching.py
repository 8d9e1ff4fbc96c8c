"""A run as it goes on: a live view on a terminal, a line now and then elsewhere, nothing for JSON."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from batcher.cli.common import Given
from batcher.cli.words import duration
from batcher.clock import SystemClock
from batcher.engine import Observer, Progress

LINE_EVERY_S = 15.0
"""Where nobody watches a terminal."""


@contextmanager
def observer(given: Given) -> Iterator[Observer]:
    """Whatever fits where stderr goes."""
    if given.as_json:
        yield _Nobody()
    elif sys.stderr.isatty():
        from batcher.cli.live import live

        with live() as watcher:
            yield watcher
    else:
        yield _Lines(given)


class _Nobody:
    def changed(self, progress: Progress) -> None:
        """Nobody looks."""


class _Lines:
    def __init__(self, given: Given) -> None:
        self._given = given
        self._clock = SystemClock()
        self._last_s = self._now_s()

    def changed(self, progress: Progress) -> None:
        """A line, if the last one is some time ago."""
        if self._now_s() - self._last_s >= LINE_EVERY_S:
            self._last_s = self._now_s()
            self._given.say(in_words(progress))

    def _now_s(self) -> float:
        return self._clock.instant().monotonic_s


def in_words(progress: Progress) -> str:
    """How far it is, in one line."""
    counts = progress.counts
    return (
        f"{counts.paid} of {counts.total} paid, {counts.open} open, {counts.failed} failed, "
        f"{counts.unknown} unknown, {counts.waiting} waiting; "
        f"{counts.sends_last_minute} sent in the last minute, about {duration(counts.seconds_left)} left"
    )
