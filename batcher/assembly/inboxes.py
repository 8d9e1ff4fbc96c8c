"""Inboxes, at work: what lies there is taken once and whole, paid through the desk, and archived or put aside.

Whatever is decided is in the ledger first: a process that is killed anywhere leaves a line, and the next look goes on
from there. Nothing here sends anything, or says that a batch was paid before: that is the plan's.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from batcher.asked import AskedRun
from batcher.assembly.desk import Desk
from batcher.assembly.inbox_ends import Ends
from batcher.assembly.inbox_notes import Notes, nobody_is_told
from batcher.assembly.inbox_taking import Taking
from batcher.assembly.office import Office
from batcher.assembly.plans import Plans
from batcher.assembly.postbox import Aside, Postbox, inboxes_folder
from batcher.assembly.unattended import CONTRADICTED, INBOX, Begun, EndedAs, How, Payment, Unattended, stopped_words
from batcher.errors import BatcherError, StoppedEarly
from batcher.inboxes import OPEN, STILL_S, UNCONFIRMED, FileState, Inbox, InboxFile, Listed, Store
from batcher.inboxes.names import is_sheet
from batcher.planning import Choices
from batcher.schedules import PeriodState, ReportKind, Reports
from batcher.schedules.due import TRY_AGAIN_AFTER

TRIED_FOR = timedelta(days=3)
"""For how long a file is tried that comes to no end: a balance that runs short on a Friday is topped up on a Monday."""

_REFUSALS = {
    How.HELD: FileState.HELD_FOR_APPROVAL,
    How.REFUSED: FileState.REFUSED,
    How.UNFINISHED: FileState.UNFINISHED,
}


def actor_of(inbox: str) -> str:
    """By whom an inbox's runs are asked for and its plans confirmed."""
    return f"{INBOX} {inbox}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An inbox as somebody looks at it."""

    inbox: Inbox
    lying: tuple[Listed, ...]
    """Sheets that lie there and were not taken."""
    taken: tuple[InboxFile, ...]
    """Oldest first."""
    trouble: str
    """Why it cannot be looked into; empty where it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An inbox as the ledger knows it."""

    name: str
    inbox: Inbox | None
    """`None` for one that is no longer in the config, and has files that are not at their end."""
    open: tuple[InboxFile, ...]
    """Oldest first."""
    ended: tuple[InboxFile, ...]
    """Those that came to their end last, the last first."""
    trouble: str
    """Why it could not be worked with when it was tried last; empty where it could."""


class Inboxes:
    """The inboxes of one environment."""

    def __init__(
        self,
        office: Office,
        inboxes: Sequence[Inbox],
        *,
        store_of: Callable[[str], Store],
        api_key: Callable[[], SecretStr],
        plans: Plans,
        reports: Reports,
        aside: Aside = asyncio.to_thread,
    ) -> None:
        """`store_of` gives the place of an inbox by its name; `aside` runs what waits for it beside the event loop."""
        folder = inboxes_folder(office.settings)
        self._office = office
        self._postboxes = {one.name: _postbox(one, store_of, folder / one.name, aside) for one in inboxes}
        self._unattended = Unattended(office, api_key=api_key, plans=plans)
        self._ends = Ends(office)
        self._notes = Notes(office, reports)
        self._taking = Taking(office, self._postboxes, self._notes)

    @property
    def codes(self) -> set[int]:
        """Exit codes of what was tried, refused, or could not be reached since this was made."""
        return self._notes.codes

    @property
    def looked_at(self) -> dict[str, datetime]:
        """When each was last seen into; at first, since when it could have been."""
        return self._taking.looked_at

    async def look_until_still(self, desk: Desk) -> None:
        """Look, and look again where something may only be half there yet."""
        await self.look(desk)
        if self._taking.waits:
            await self._office.clock.sleep(STILL_S)
            await self.look(desk)

    async def look(self, desk: Desk) -> None:
        """Note what has come, whole, and ask the desk for what may begin."""
        self._settle_runs()
        for postbox in self._postboxes.values():
            await self._notes.trying(postbox, self._taking.look_into)
        self._notes.tell_all()
        for line in self._notes.of(UNCONFIRMED):
            if line.inbox not in self._postboxes:
                self._notes.tell(line, ReportKind.NEEDS_PERSON, "Its inbox is no longer in the config.")
            elif not line.schedule and await self._is_to_begin(line):
                await self._begin(line, desk)
        self._notes.tell_all()

    async def settle(self) -> None:
        """Note what has become of what the desk was asked for, and take what is at its end out of the inbox."""
        self._settle_runs()
        self._notes.tell_all()
        for line in self._notes.of(_FOLDERS):
            if (postbox := self._postboxes.get(line.inbox)) is not None:
                await self._notes.trying(postbox, partial(self._shelve, line))
        self._notes.no_more_trouble(self._postboxes)

    async def sheet_of(self, inbox: str, name: str, *, schedule: str, batch: str) -> Path | None:
        """Where the sheet of a schedule's period is, taken from the inbox if it is there, whole; else `None`."""
        return await self._taking.sheet_of(inbox, name, schedule=schedule, batch=batch)

    def lies_in(self, inbox: str, name: str) -> bool | None:
        """Whether a file of that name lies in the inbox; `None` where nobody can tell."""
        listing = self._taking.listing_of(inbox)
        return None if listing is None else name in listing

    async def found(self) -> list[Found]:
        """What lies in each inbox, and what was taken from it. Changes nothing."""
        office, found = self._office, []
        for name, postbox in self._postboxes.items():
            taken = office.inbox_files.of(office.environment, name)
            listing, trouble = dict[str, Listed](), ""
            try:
                listing = await postbox.listing()
            except BatcherError as error:
                trouble = str(error)
            ours = {line.name for line in taken if line.state in OPEN}
            lying = tuple(file for file in listing.values() if is_sheet(file.name) and file.name not in ours)
            found.append(Found(inbox=postbox.inbox, lying=lying, taken=tuple(taken), trouble=trouble))
        return found

    def known(self, *, most_ended: int) -> list[Known]:
        """What the ledger knows of each inbox. Asks no inbox, however far away, and changes nothing."""
        files, here = self._office.inbox_files, self._office.environment
        lines, found = self._notes.of(OPEN), []
        for name in dict.fromkeys([*self._postboxes, *(line.inbox for line in lines)]):
            postbox = self._postboxes.get(name)
            found.append(
                Known(
                    name=name,
                    inbox=None if postbox is None else postbox.inbox,
                    open=tuple(line for line in lines if line.inbox == name),
                    ended=tuple(files.last_ended(here, name, most=most_ended)),
                    trouble="" if postbox is None else files.trouble(here, name),
                )
            )
        return found

    async def _is_to_begin(self, line: InboxFile) -> bool:
        """Whether it is tried now. What was confirmed goes on without the inbox; all else has to lie there still."""
        now = self._office.now
        if line.state is FileState.HELD_FOR_APPROVAL:
            if self._confirmed_since(line):
                return True
            if self._unattended.holding.waits(line.batch, by=actor_of(line.inbox)):
                return False
        if line.state is FileState.UNFINISHED:
            if self._unattended.contradicted(line.batch):
                self._notes.tell(line, ReportKind.NEEDS_PERSON, CONTRADICTED)
                return False
            if now - line.noted_at > TRIED_FOR:
                if self._confirmed_since(line) and self._office.outcome(line.batch).exit_code in (0, 3):
                    return True  # a person has brought it to its end
                self._notes.tell(line, ReportKind.NEEDS_PERSON, "It is not tried any more.")
                return False
            # A clock that was set back makes it wait longer than it is worth.
            if abs(now - line.changed_at) < TRY_AGAIN_AFTER:
                return False
        if self._notes.is_begun(line):
            return True
        return self._taking.listing_of(line.inbox) is not None and await self._taking.has_copy(line)

    def _confirmed_since(self, line: InboxFile) -> bool:
        at = self._office.batch(line.batch).last_confirmed_at
        return at is not None and at >= line.changed_at

    async def _begin(self, line: InboxFile, desk: Desk) -> None:
        """Plan the file and ask the desk for it, or note why not."""
        begun = await self._unattended.begin(line.batch, INBOX, desk, lambda: self._payment(line))
        match begun:
            case Begun(how=How.RUNNING, run=AskedRun() as run):
                self._notes.step(line, FileState.RUNNING, run_id=run.id)
            case Begun(how=How.NOTHING_LEFT):
                code = self._office.outcome(line.batch).exit_code
                self._notes.step(line, FileState.DONE, why="There was nothing left to send.", exit_code=code)
            case Begun(how=How.STOPPED, run=AskedRun() as run):
                self._notes.step(line, FileState.DONE, why=stopped_words(run), exit_code=StoppedEarly.exit_code)
            case Begun(how=How.LEFT_ALONE, error=error):
                self._notes.codes.update([] if error is None else [error.exit_code])
            case Begun(error=BatcherError() as error):
                if begun.how is How.REFUSED:
                    self._ends.explain(self._postboxes[line.inbox], line, error)
                self._notes.step(line, _REFUSALS[begun.how], why=str(error), exit_code=error.exit_code)

    def _payment(self, line: InboxFile) -> Payment | None:
        """What the file pays; `None` where another process has taken it on since it was read."""
        now_there = self._office.inbox_files.one(line.id)
        if now_there is None or (now_there.state, now_there.changed_at) != (line.state, line.changed_at):
            return None
        postbox = self._postboxes[line.inbox]
        return Payment(
            batch=line.batch,
            path=postbox.copy_of(line),
            name=line.kept_as,
            actor=actor_of(line.inbox),
            ceilings=postbox.inbox.ceilings,
            choices=Choices(),
            approved=line.state is FileState.HELD_FOR_APPROVAL and self._confirmed_since(line),
        )

    def _settle_runs(self) -> None:
        for line in self._notes.of(UNCONFIRMED | {FileState.RUNNING}):
            if line.schedule:
                self._follow_period(line)
                continue
            ended = self._unattended.ended(line.run_id) if line.state is FileState.RUNNING else None
            if ended is not None:
                state = FileState.UNFINISHED if ended.how is EndedAs.UNFINISHED else FileState.DONE
                self._notes.step(line, state, why=ended.why, exit_code=ended.exit_code)

    def _follow_period(self, line: InboxFile) -> None:
        """The file of a schedule ends as its period does, of which the schedule tells."""
        office = self._office
        rows = office.scheduled.of(office.environment, line.schedule)
        row = next((row for row in rows if row.batch == line.batch), None)
        if row is None:
            return
        told = nobody_is_told(line)
        values = {"why": row.why, "exit_code": row.exit_code, "reported": told}
        begun = row.state is PeriodState.MISSED and self._notes.is_begun(line)
        if row.state is PeriodState.DONE or begun:
            office.inbox_files.step(line, FileState.DONE, office.now, **values)
        elif row.state is PeriodState.MISSED or (row.state is PeriodState.REFUSED and row.file_digest == line.digest):
            self._ends.explain_words(self._postboxes.get(line.inbox), line, row.why)
            office.inbox_files.step(line, FileState.REFUSED, office.now, **values)

    async def _shelve(self, line: InboxFile, postbox: Postbox) -> None:
        """Take a file that is at its end out of the inbox, with what belongs beside it."""
        files, (folder, end) = self._office.inbox_files, _FOLDERS[line.state]
        line = await postbox.shelve(line, folder, partial(files.keep_as, line))
        now_there = files.one(line.id)
        if now_there is not None and now_there.state is line.state:
            for what, path in self._ends.beside(postbox, now_there):
                await postbox.put(path, folder, what)
            self._notes.step(line, end)
        # Another process may have been quicker; then it has laid the same there.
        self._taking.forget(postbox, line)


_FOLDERS = {
    FileState.DONE: ("archive", FileState.ARCHIVED),
    FileState.REFUSED: ("rejected", FileState.PUT_ASIDE),
}
"""Where a file goes at its end, and where it then stands."""


def _postbox(inbox: Inbox, store_of: Callable[[str], Store], folder: Path, aside: Aside) -> Postbox:
    return Postbox(inbox, lambda: store_of(inbox.name), folder, aside)
