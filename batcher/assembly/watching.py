"""A batch as it stands, and as it changes: for pages that are looked at while something happens."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from batcher.asked import AskedRun, RunState
from batcher.assembly.desk import Desk
from batcher.assembly.office import Office
from batcher.engine import Counts, counts_of
from batcher.ledger import Holder

LOOK_EVERY_S = 0.5
"""How long a change may wait until it is shown."""

_MINUTE = timedelta(seconds=60)


Aside = Callable[[Callable[[], "Seen"]], Awaitable["Seen"]]
"""Does something in a thread, so that nobody else waits for it."""


async def _in_place(look: Callable[[], "Seen"]) -> "Seen":
    return look()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A batch at one moment."""

    batch: str
    counts: Counts
    run: AskedRun | None
    """The last one that was asked for on the page."""
    ahead: int = 0
    """How many runs are carried out before it, where it waits."""
    waits_for: str = ""
    """Who has the ledger, in words, where that keeps it waiting."""
    fault: str = ""
    """Why nothing can be carried out here at all, such as a disk that is full."""
    elsewhere: Holder | None = None
    """The process that is at this batch now, where no page asked it to: the command line."""

    @property
    def is_live(self) -> bool:
        """Whether it may change without anybody doing something about it."""
        going = self.run is not None and self.run.state in (RunState.QUEUED, RunState.RUNNING)
        return going or self.elsewhere is not None


class Watching:
    """Looks at batches, and asks nobody but the ledger. One for each server; any number of pages may watch."""

    def __init__(self, office: Office, desk: Desk) -> None:
        self._office = office
        self._desk = desk
        self._counted: dict[str, tuple[int, Counts]] = {}
        """What was counted last, and at which event of the batch's journal that was."""

    def seen(self, batch: str) -> Seen:
        """The batch now."""
        office = self._office
        runs = office.runs.of_batch(office.environment, batch)
        run = runs[-1] if runs else None
        holder = office.holder
        is_going = run is not None and run.state is RunState.RUNNING
        return Seen(
            batch=batch,
            counts=self._counts(batch, run),
            run=run,
            ahead=self._ahead(run),
            waits_for=self._desk.waits_for if run is not None and run.state is RunState.QUEUED else "",
            fault=self._desk.fault,
            elsewhere=holder if holder is not None and holder.is_at(batch) and not is_going else None,
        )

    async def changes(
        self, batch: str, *, ended: Callable[[], bool] = lambda: False, aside: Aside = _in_place
    ) -> AsyncIterator[Seen]:
        """The batch now, and again whenever it is another; ends once nothing more is going to happen by itself.

        `ended` says whether whoever watches is about to go. `aside` is where it looks, which takes a moment for a large
        batch that another process carries out; without it, here and now.
        """
        shown = None
        while True:
            seen = await aside(lambda: self.seen(batch))
            if seen != shown:
                shown = seen
                yield seen
            if not seen.is_live or ended():
                return
            await self._office.clock.sleep(LOOK_EVERY_S)

    def _counts(self, batch: str, run: AskedRun | None) -> Counts:
        """From the run itself where this process carries it out, else counted where anything has changed."""
        shown = None if run is None else self._desk.counts(run.id)
        if shown is not None:
            return shown
        history, environment = self._office.history, self._office.environment
        end = history.end(environment, batch)
        counted = self._counted.get(batch)
        if counted is None or counted[0] != end:
            states = history.states(environment, batch)
            counted = (end, counts_of(states, sends_last_minute=0, seconds_for=self._office.seconds_for))
            self._counted[batch] = counted
        return counted[1].at_pace(history.sends_since(self._office.now - _MINUTE))

    def _ahead(self, run: AskedRun | None) -> int:
        if run is None or run.state is not RunState.QUEUED:
            return 0
        others = self._office.runs.unfinished(run.environment)
        running = sum(other.state is RunState.RUNNING for other in others)
        return running + sum(other.state is RunState.QUEUED and other.id < run.id for other in others)
