"""What a process stands in: time, chance, the network, and a thread for commits. A simulation brings its own."""

import asyncio
import random  # noqa: TID251 - where chance enters: the spread of waits, nothing that money hangs on
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

import httpx

from batcher.clock import SystemClock
from batcher.passwords import Passwords
from batcher.ports import Blocking, Clock


@contextmanager
def commits_in_a_thread() -> Iterator[Blocking]:
    """Run what blocks in a thread of its own, one at a time, so that the event loop stays free."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger") as thread:

        async def blocking(work: Callable[[], None]) -> None:
            await asyncio.get_running_loop().run_in_executor(thread, work)

        yield blocking


def _chance() -> random.Random:
    return random.Random()  # noqa: S311 - it spreads waits, it guards nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Everything that the parts take from outside; the defaults are this machine's."""

    clock: Clock = field(default_factory=SystemClock)
    rng: random.Random = field(default_factory=_chance)
    """Spreads waits."""
    salts: Callable[[int], bytes] = secrets.token_bytes
    """Bytes that nobody can guess: for what the journal tells of personal fields, and for sessions."""
    passwords: Callable[[], Passwords] = Passwords
    """How passwords are kept."""
    transport: httpx.AsyncBaseTransport | None = None
    """How requests travel; `None` for sockets and TLS."""
    commits: Callable[[], AbstractContextManager[Blocking]] = commits_in_a_thread
    """Gives, for the time of one run, the way in which commits are made."""
