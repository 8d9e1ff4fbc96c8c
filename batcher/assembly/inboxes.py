"""Inboxes, at work: what lies there is taken once and whole, paid through the desk, and archived or put aside.

Whatever is decided is in the ledger first: a process that is killed anywhere leaves a line, and the next look goes on
from there. Nothing here sends anything, or says that a batch was paid before: that is the plan's.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from batcher.asked import UNFINISHED, AskedRun
from batcher.assembly.desk import Desk
from batcher.assembly.inbox_ends import Ends
from batcher.assembly.inbox_telling import kind_of, told_of_file, told_of_trouble
from batcher.assembly.office import Office
from batcher.assembly.plans import Plans
from batcher.assembly.postbox import Aside, Postbox, inboxes_folder
from batcher.assembly.unattended import CONTRADICTED, INBOX, Begun, EndedAs, How, Payment, Unattended, stopped_words
from batcher.errors import BatcherError, LedgerBusy, StoppedEarly, unforeseen
from batcher.inboxes import OPEN, STILL_S, UNCONFIRMED, UNPAID, FileState, Inbox, InboxFile, Listed, Store
from batcher.inboxes.names import batch_of, is_sheet
from batcher.planning import Choices
from batcher.schedules import PeriodState, Report, ReportKind, Reports
from batcher.schedules.definition import claims
from batcher.schedules.due import TRY_AGAIN_AFTER

LOOK_EVERY_S = 15
"""How often it is looked what has come, while the desk works."""

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


class Inboxes:
    """The inboxes of one environment. Implements `batcher.assembly.duties.Part`."""

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
        self._reports = reports
        self._listings: dict[str, dict[str, Listed]] = {}
        self._whole: dict[str, set[str]] = {}
        self._in_trouble: set[str] = set()
        self._looked_at_s: float | None = None
        self.codes: set[int] = set()
        """Exit codes of what was tried, refused, or could not be reached since this was made."""

    # What others ask

    async def attend(self, desk: Desk) -> None:
        """Take what has come, ask the desk for it, and archive what is at its end; now and then."""
        now_s = self._office.clock.instant().monotonic_s
        if self._looked_at_s is not None and 0 <= now_s - self._looked_at_s < LOOK_EVERY_S:
            return
        self._looked_at_s = now_s
        await self.look(desk)
        await self.settle()

    async def look_until_still(self, desk: Desk) -> None:
        """Look, and look again where something may only be half there yet."""
        await self.look(desk)
        if any(set(filter(is_sheet, listing)) - self._whole[name] for name, listing in self._listings.items()):
            await self._office.clock.sleep(STILL_S)
            await self.look(desk)

    async def look(self, desk: Desk) -> None:
        """Note what has come, whole, and ask the desk for what may begin."""
        self._settle_runs()
        for postbox in self._postboxes.values():
            await self._trying(postbox, self._look_into)
        self._tell_all()
        for line in self._open(UNCONFIRMED):
            if not line.schedule and self._is_to_begin(line) and await self._has_copy(line):
                await self._begin(line, desk)
        self._tell_all()

    async def settle(self) -> None:
        """Note what has become of what the desk was asked for, and take what is at its end out of the inbox."""
        self._settle_runs()
        self._tell_all()
        for line in self._open({FileState.DONE, FileState.REFUSED}):
            if (postbox := self._postboxes.get(line.inbox)) is not None:
                await self._trying(postbox, partial(self._shelve, line))
        for name in self._postboxes.keys() - self._in_trouble:
            self._office.inbox_files.reached(self._office.environment, name)
        self._in_trouble.clear()

    async def sheet_of(self, inbox: str, name: str, *, schedule: str, batch: str) -> Path | None:
        """Where the sheet of a schedule's period is, taken from the inbox if it is there, whole; else `None`."""
        postbox = self._postboxes[inbox]
        mine = next((line for line in self._open(UNCONFIRMED) if (line.inbox, line.name) == (inbox, name)), None)
        if mine is not None:
            return postbox.copy_of(mine) if mine.schedule == schedule else None
        if name not in self._whole.get(inbox, ()):
            return None
        taken: list[InboxFile | None] = []

        async def take(postbox: Postbox) -> None:
            taken.append(await self._take(postbox, self._listings[inbox][name], batch=batch, schedule=schedule))

        await self._trying(postbox, take)
        line = taken[0] if taken else None
        return postbox.copy_of(line) if line is not None and line.state is FileState.TAKEN else None

    def lies_in(self, inbox: str, name: str) -> bool | None:
        """Whether a file of that name lies in the inbox; `None` where nobody can tell."""
        listing = self._listings.get(inbox)
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

    # Looking and taking

    async def _look_into(self, postbox: Postbox) -> None:
        self._listings.pop(postbox.name, None)
        self._whole[postbox.name] = set()
        listing = await postbox.listing()
        whole = postbox.stillness.whole(listing, self._office.clock.instant().monotonic_s)
        self._listings[postbox.name], self._whole[postbox.name] = listing, set(filter(is_sheet, whole))
        for line in self._open(UNCONFIRMED):
            if line.inbox == postbox.name and not line.is_still(listing.get(line.name)):
                self._withdraw(postbox, line)
        ours = {line.name for line in self._open(OPEN) if line.inbox == postbox.name}
        for name in sorted(self._whole[postbox.name] - ours):
            if self._pays(postbox.inbox, name):
                batch = batch_of(postbox.inbox.batch or "", name)
                await self._take(postbox, listing[name], batch=batch, schedule="")

    def _pays(self, inbox: Inbox, name: str) -> bool:
        """Whether the inbox itself does anything about a file: a schedule asks for its own, but for one that was."""
        definitions = self._office.settings.definitions
        if not any(one.inbox == inbox.name and claims(one, name) for one in definitions):
            return inbox.batch is not None
        lines = self._office.inbox_files.of(self._office.environment, inbox.name)
        return any(line.name == name and line.state not in UNPAID for line in lines)

    async def _take(self, postbox: Postbox, listed: Listed, *, batch: str | None, schedule: str) -> InboxFile | None:
        office = self._office
        fetched = await postbox.fetch(listed, office.now.timestamp())
        if fetched is None:
            return None
        line = office.inbox_files.take(
            office.environment,
            postbox.name,
            listed,
            digest=fetched.digest,
            batch=batch,
            schedule=schedule,
            refused=fetched.refused,
            now=office.now,
        )
        if line is None or line.state is not FileState.REFUSED:
            return line
        if not line.is_still((await postbox.listing()).get(line.name)):
            # Another process has paid it, and taken it out, while this one was at it.
            office.inbox_files.step(line, FileState.WITHDRAWN, office.now, reported=_nobody_is_told(line))
            return None
        self.codes.add(line.exit_code or 0)
        return line

    def _withdraw(self, postbox: Postbox, line: InboxFile) -> None:
        """Leave a file that is no longer what was taken, if nothing was confirmed of it."""
        office = self._office
        try:
            with office.lock(f"batcher {INBOX}, batch {line.batch}"):
                now_there = office.inbox_files.one(line.id)
                if now_there is None or now_there.state is not line.state or self._is_begun(line):
                    return
                why = "It was changed or taken away before it was paid, so it is not paid. Nothing was sent."
                # Told before it is at its end, as nobody looks at it after that.
                self._tell(line, ReportKind.DID_NOT_START, why)
                office.inbox_files.step(line, FileState.WITHDRAWN, office.now, why=why, exit_code=5)
                self.codes.add(5)
                postbox.forget(line)
        except LedgerBusy:
            return

    def _is_begun(self, line: InboxFile) -> bool:
        office = self._office
        runs = office.runs.of_batch(office.environment, line.batch)
        confirmed = office.batch(line.batch).last_confirmed_at is not None
        return confirmed or any(run.state in UNFINISHED for run in runs)

    # Beginning

    def _is_to_begin(self, line: InboxFile) -> bool:
        now = self._office.now
        if self._postboxes.get(line.inbox) is None or line.inbox not in self._listings:
            return False
        match line.state:
            case FileState.TAKEN:
                return True
            case FileState.HELD_FOR_APPROVAL:
                waits = self._unattended.holding.waits(line.batch, by=actor_of(line.inbox))
                return self._confirmed_since(line) or not waits
        if self._unattended.contradicted(line.batch):
            self._tell(line, ReportKind.NEEDS_PERSON, CONTRADICTED)
            return False
        if now - line.noted_at > TRIED_FOR:
            if self._confirmed_since(line) and self._office.outcome(line.batch).exit_code in (0, 3):
                return True  # a person has brought it to its end
            self._tell(line, ReportKind.NEEDS_PERSON, "It is not tried any more.")
            return False
        # A clock that was set back makes it wait longer than it is worth.
        return abs(now - line.changed_at) >= TRY_AGAIN_AFTER

    def _confirmed_since(self, line: InboxFile) -> bool:
        at = self._office.batch(line.batch).last_confirmed_at
        return at is not None and at >= line.changed_at

    async def _has_copy(self, line: InboxFile) -> bool:
        """Whether the file is here. It lies in the inbox as it was taken, should our copy have been lost."""
        postbox = self._postboxes[line.inbox]

        async def fetch(postbox: Postbox) -> None:
            if (listed := self._listings[postbox.name].get(line.name)) is not None:
                await postbox.fetch(listed, self._office.now.timestamp())

        if not postbox.copy_of(line).is_file() and not self._is_begun(line):
            await self._trying(postbox, fetch)
            return postbox.copy_of(line).is_file()
        return True

    async def _begin(self, line: InboxFile, desk: Desk) -> None:
        """Plan the file and ask the desk for it, or note why not."""
        begun = await self._unattended.begin(line.batch, INBOX, desk, lambda: self._payment(line))
        match begun:
            case Begun(how=How.RUNNING, run=AskedRun() as run):
                self._step(line, FileState.RUNNING, run_id=run.id)
            case Begun(how=How.NOTHING_LEFT):
                code = self._office.outcome(line.batch).exit_code
                self._step(line, FileState.DONE, why="There was nothing left to send.", exit_code=code)
            case Begun(how=How.STOPPED, run=AskedRun() as run):
                self._step(line, FileState.DONE, why=stopped_words(run), exit_code=StoppedEarly.exit_code)
            case Begun(how=How.LEFT_ALONE, error=error):
                self.codes.update([] if error is None else [error.exit_code])
            case Begun(error=BatcherError() as error):
                if begun.how is How.REFUSED:
                    self._ends.explain(self._postboxes[line.inbox], line, error)
                self._step(line, _REFUSALS[begun.how], why=str(error), exit_code=error.exit_code)

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

    # Ends

    def _settle_runs(self) -> None:
        for line in self._open(UNCONFIRMED | {FileState.RUNNING}):
            if line.schedule:
                self._follow_period(line)
                continue
            ended = self._unattended.ended(line.run_id) if line.state is FileState.RUNNING else None
            if ended is not None:
                state = FileState.UNFINISHED if ended.how is EndedAs.UNFINISHED else FileState.DONE
                self._step(line, state, why=ended.why, exit_code=ended.exit_code)

    def _follow_period(self, line: InboxFile) -> None:
        """The file of a schedule ends as its period does, of which the schedule tells."""
        office = self._office
        rows = office.scheduled.of(office.environment, line.schedule)
        row = next((row for row in rows if row.batch == line.batch), None)
        if row is None:
            return
        told = _nobody_is_told(line)
        values = {"why": row.why, "exit_code": row.exit_code, "reported": told}
        begun = row.state is PeriodState.MISSED and self._is_begun(line)
        if row.state is PeriodState.DONE or begun:
            office.inbox_files.step(line, FileState.DONE, office.now, **values)
        elif row.state is PeriodState.MISSED or (row.state is PeriodState.REFUSED and row.file_digest == line.digest):
            self._ends.explain_words(self._postboxes.get(line.inbox), line, row.why)
            office.inbox_files.step(line, FileState.REFUSED, office.now, **values)

    async def _shelve(self, line: InboxFile, postbox: Postbox) -> None:
        """Take a file that is at its end out of the inbox, with what belongs beside it."""
        folder, end = _FOLDERS[line.state]
        line = await postbox.shelve(line, folder, lambda name: self._renamed(line, name))
        for what, path in self._ends.beside(postbox, line):
            await postbox.put(path, folder, what)
        if self._office.inbox_files.step(line, end, self._office.now):
            postbox.forget(line)

    def _renamed(self, line: InboxFile, name: str) -> InboxFile:
        return self._office.inbox_files.keep_as(line, name)

    # Notes

    def _open(self, states: Iterable[FileState]) -> list[InboxFile]:
        return self._office.inbox_files.in_state(self._office.environment, set(states))

    def _step(self, line: InboxFile, state: FileState, **values: object) -> None:
        if self._office.inbox_files.step(line, state, self._office.now, **values):
            code = values.get("exit_code")
            self.codes.add(code if isinstance(code, int) else 0)

    async def _trying(self, postbox: Postbox, act: Callable[[Postbox], Awaitable[None]]) -> None:
        """Do something with one inbox. Whatever goes wrong there is told once, and stops no other."""
        office = self._office
        try:
            await act(postbox)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is said of this inbox, and the others go on
            told = error if isinstance(error, BatcherError) else unforeseen(error)
            self._in_trouble.add(postbox.name)
            self.codes.add(told.exit_code)
            if office.inbox_files.in_trouble(office.environment, postbox.name, str(told), office.now):
                self._reports.tell(told_of_trouble(postbox.name, str(told), told.exit_code, office.now))

    def _tell_all(self) -> None:
        """Tell what has not been told of where the files stand: also what a killed process left untold."""
        for line in self._open(OPEN):
            if (kind := kind_of(line)) is not None:
                self._tell(line, kind, line.why)

    def _tell(self, line: InboxFile, kind: ReportKind, words: str) -> None:
        report: Report = told_of_file(line, kind, words, self._office.now)
        if self._office.inbox_files.report(line.id, kind, report.message, report.at):
            self._reports.tell(report)


_FOLDERS = {
    FileState.DONE: ("archive", FileState.ARCHIVED),
    FileState.REFUSED: ("rejected", FileState.PUT_ASIDE),
}
"""Where a file goes at its end, and where it then stands."""


def _postbox(inbox: Inbox, store_of: Callable[[str], Store], folder: Path, aside: Aside) -> Postbox:
    return Postbox(inbox, lambda: store_of(inbox.name), folder, aside)


def _nobody_is_told(line: InboxFile) -> dict[str, str]:
    told = {kind.value: "" for kind in (ReportKind.FINISHED, ReportKind.NEEDS_PERSON, ReportKind.DID_NOT_START)}
    return {**told, **(line.reported or {})}
