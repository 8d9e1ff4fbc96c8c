"""Where a run is struck: which call of which thread, and by what."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.process.syscalls.tracing import Call

KILLED_AT = (
    *("write", "writev", "pwrite64", "pwritev", "fsync", "fdatasync", "ftruncate", "fallocate"),
    *("sendto", "sendmsg", "recvfrom", "recvmsg", "connect", "openat", "mkdir", "flock"),
    *("rename", "renameat", "renameat2", "unlink", "unlinkat"),
)
"""Every call by which a run changes the disk or speaks to the network; a plain run uses some of them."""

FAILED_AT = (
    *("write", "writev", "pwrite64", "pwritev", "fsync", "fdatasync", "ftruncate", "fallocate"),
    *("openat", "mkdir", "rename", "renameat", "renameat2", "unlink", "unlinkat"),
)
"""The calls that a full or broken disk refuses."""

ERRORS = ("ENOSPC", "EIO")


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """One strike. As text: `1:pwrite64:37:SIGKILL`, or `0:fdatasync:5:EIO+` for the fifth and all after it."""

    thread: int
    """0 is the main thread, 1 the first that it starts, which is the one that commits."""
    call: str
    number: int
    """From 1, of this call in this thread."""
    what: str
    lasting: bool = False
    second: bool = False
    """Strike a second run, after a first one that was killed halfway: as text, with `@2` behind it."""

    def __str__(self) -> str:
        return f"{self.thread}:{self.call}:{self.number}:{self.what}{'+' * self.lasting}{'@2' * self.second}"

    @classmethod
    def of(cls, text: str) -> "Point":
        """Read it back; raises `ValueError`."""
        found = re.fullmatch(r"(\d+):(\w+):(\d+):([A-Z]+)(\+?)(@2)?", text)
        if found is None:
            raise ValueError(f"{text!r} is no point; one is written 1:pwrite64:37:SIGKILL")
        return cls(int(found[1]), found[2], int(found[3]), found[4], bool(found[5]), bool(found[6]))


def counted(calls: Iterable[Call]) -> Counter[tuple[int, str]]:
    """How many of each call each thread made."""
    return Counter((call.thread, call.name) for call in calls)


def most(runs: Iterable[Iterable[Call]]) -> Counter[tuple[int, str]]:
    """How many of each call each thread made at the most."""
    counts: Counter[tuple[int, str]] = Counter()
    for calls in runs:
        counts |= counted(calls)
    return counts


def kills(runs: Iterable[Iterable[Call]], *, second: bool = False) -> list[Point]:
    """One kill at each call of each thread."""
    return [
        Point(thread, call, number, "SIGKILL", second=second)
        for (thread, call), count in sorted(most(runs).items())
        if call in KILLED_AT
        for number in range(1, count + 1)
    ]


def errors(runs: Iterable[Iterable[Call]], state: Path) -> list[Point]:
    """Each call on ledger and results fails once and from then on, with each error.

    Of the many writes to the ledger, every third one is struck, in one of the four ways in turn.
    """
    ways = [(error, lasting) for error in ERRORS for lasting in (False, True)]
    found = set()
    for calls in runs:
        numbers: Counter[tuple[int, str]] = Counter()
        for call in calls:
            numbers[call.thread, call.name] += 1
            if call.name in FAILED_AT and call.path.startswith(f"{state}/"):
                found.add((call.thread, call.name, numbers[call.thread, call.name]))
    return [
        Point(thread, call, number, error, lasting)
        for thread, call, number in sorted(found)
        if call != "pwrite64" or number % 3 == 0
        for error, lasting in ([ways[number // 3 % 4]] if call == "pwrite64" else ways)
    ]
