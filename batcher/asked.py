"""Runs that somebody asked for on the page: what was asked, by whom, and what has become of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from batcher.model import Environment


class RunState(StrEnum):
    """Where a run that was asked for stands."""

    QUEUED = "QUEUED"
    """Its turn has not come."""
    RUNNING = "RUNNING"
    """Begun and not ended. Whoever has the ledger's lock and finds it so goes on with it."""
    PAUSED = "PAUSED"
    """Interrupted on purpose; it goes on once somebody says so."""
    STOPPED = "STOPPED"
    """Ended on purpose: what was not sent stays unsent."""
    ENDED = "ENDED"
    """As far as it could be taken; the exit code says how far."""


UNFINISHED = frozenset({RunState.QUEUED, RunState.RUNNING, RunState.PAUSED})
"""A batch has one such run at the most."""


class RunKind(StrEnum):
    """What is asked for."""

    RUN = "run"
    """A new plan is confirmed and carried out; once it is confirmed, what is left of it."""
    RESUME = "resume"
    """What is left of the plan that was the last confirmed one when it was asked for."""
    RECONCILE = "reconcile"
    """Nothing is sent: what is unknown is settled, what is open is followed."""


class Wish(StrEnum):
    """What somebody asks of a run that is going on. It is heeded within a moment, and by the next process as well."""

    PAUSE = "pause"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A run, as it is asked for."""

    batch: str
    kind: RunKind
    by: str
    """Who asks, by the name that the page or the machine has for them."""
    digest: str = ""
    """Of a new plan: the sealed one's, or `planning.digest_of_sends`. What comes out otherwise is not carried out."""
    source: str = ""
    """Of a new plan: by what name it is found again; empty for the last confirmed sheet, from the ledger."""
    ignore_balance: bool = False
    canary: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRun:
    """A run that was asked for, as the ledger has it."""

    id: int
    """Counts up: who asked first is served first."""
    environment: Environment
    asking: Asking
    asked_at: datetime
    state: RunState
    wish: Wish | None = None
    plan_id: int | None = None
    """The confirmed plan that it carries out; `None` until it is confirmed."""
    begun_at: datetime | None = None
    """When it was begun first."""
    ended_at: datetime | None = None
    """When it came to where it stands, where it is not waiting."""
    why: str = ""
    """A sentence on how it ended, or why it does not go on."""
    exit_code: int | None = None
    """The one that the command line would have ended with."""

    @property
    def batch(self) -> str:
        """The batch's name."""
        return self.asking.batch
