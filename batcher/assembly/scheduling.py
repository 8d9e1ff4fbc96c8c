"""Schedules at work: what is due is planned and asked of the desk, and what became of it is noted and told, once.

Nothing about money is decided here. A plan is made, refused and sealed by the parts that every run has; the desk makes
it again, confirms it and carries it out. The table says where each period stands, so it does not matter which process
looks, and which one is killed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import SecretStr

from batcher import policy
from batcher.asked import AskedRun
from batcher.assembly.desk import Desk
from batcher.assembly.inboxes import Inboxes
from batcher.assembly.office import Office
from batcher.assembly.plans import Plans
from batcher.assembly.sheets import digest_of_file
from batcher.assembly.telling import report_of, started_late, told
from batcher.assembly.unattended import CONTRADICTED, SCHEDULE, Begun, EndedAs, How, Payment, Unattended, stopped_words
from batcher.errors import BatcherError, InputInvalid, StoppedEarly
from batcher.inboxes import STILL_S
from batcher.model import Sheet
from batcher.planning import Choices
from batcher.schedules import (
    ENDED,
    OPEN,
    Act,
    Definition,
    PeriodState,
    ReportKind,
    Reports,
    ScheduledPeriod,
    act_of,
    coming_of,
    deadline,
)

_LOOKS_FOR_FILE = frozenset(
    {
        PeriodState.WAITING_FOR_FILE,
        PeriodState.HELD_FOR_APPROVAL,
        PeriodState.REFUSED,
        PeriodState.UNFINISHED,
    }
)

_BEGUN = frozenset({PeriodState.RUNNING, PeriodState.UNFINISHED})
"""What may not be confirmed yet, and is about to be."""

_DECIDE = f"{ReportKind.NEEDS_PERSON}:decide"

_REFUSALS = {
    How.HELD: PeriodState.HELD_FOR_APPROVAL,
    How.REFUSED: PeriodState.REFUSED,
    How.UNFINISHED: PeriodState.UNFINISHED,
}
_ENDS = {
    EndedAs.DONE: PeriodState.DONE,
    EndedAs.STOPPED: PeriodState.MISSED,
    EndedAs.UNFINISHED: PeriodState.UNFINISHED,
}


def actor_of(schedule: str) -> str:
    """By whom a schedule's runs are asked for and its plans confirmed."""
    return f"{SCHEDULE} {schedule}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standings:
    """A schedule as somebody looks at it."""

    definition: Definition
    next_at: datetime | None
    """When it is due next; `None` where it never is again."""
    next_period: str
    last: ScheduledPeriod | None
    """The period that fell due last; `None` where none has."""
    open: tuple[ScheduledPeriod, ...]
    """Every period that is not at its end."""


class Schedules:
    """The schedules of one environment."""

    def __init__(
        self,
        office: Office,
        *,
        api_key: Callable[[], SecretStr],
        plans: Plans,
        reports: Reports,
        inboxes: Inboxes,
    ) -> None:
        """`inboxes` has the files of schedules that name one."""
        self._office = office
        self._definitions = {one.name: one for one in office.settings.definitions}
        self._unattended = Unattended(office, api_key=api_key, plans=plans)
        self._reports = reports
        self._inboxes = inboxes
        self.looked_at: datetime = office.now
        """When it was last looked, to the end; at first, since when it could have been."""
        self._put_back_at: datetime | None = None
        """Where the ledger is a copy: when a schedule first looked at it."""
        self.codes: set[int] = set()
        """Exit codes of what was tried, refused, or missed since this was made."""

    def standings(self) -> list[Standings]:
        """Each schedule, when it is due next, and how its last period stands. Changes nothing."""
        office, found = self._office, []
        for definition in self._definitions.values():
            rows = office.scheduled.of(office.environment, definition.name)
            fallen = [row for row in rows if row.state is not PeriodState.EXPECTED]
            coming = coming_of(definition, rows, office.now)
            found.append(
                Standings(
                    definition=definition,
                    next_at=None if coming is None else coming.due_at,
                    next_period="" if coming is None else coming.period,
                    last=fallen[-1] if fallen else None,
                    open=tuple(row for row in fallen if row.state in OPEN),
                )
            )
        return found

    async def look(self, desk: Desk) -> None:
        """Note what has become due, settle what ended, and ask the desk for what may begin."""
        office = self._office
        self._put_back_at = office.scheduled.put_back_at(office.now)
        for definition in self._definitions.values():
            office.scheduled.note(office.environment, definition, office.now)
        self.settle()
        for row in office.scheduled.in_state(office.environment, OPEN):
            if row.schedule in self._definitions:
                await self._do(row, self._definitions[row.schedule], desk)
            elif row.state is not PeriodState.RUNNING:
                gone = "Its schedule is no longer in the config, so nothing pays it but a person."
                self._tell(row, f"{ReportKind.DID_NOT_START}:gone", gone, 2)
        self._tell_all()
        for row in office.scheduled.in_state(office.environment, {PeriodState.DONE}):
            if row.schedule in self._definitions:
                self._hold_against_file(row, self._definitions[row.schedule])
        self.looked_at = office.now

    def _hold_against_file(self, row: ScheduledPeriod, definition: Definition) -> None:
        """Tell of a file that came to its end, or was mended, after it was taken: nothing pays what it says now."""
        if definition.inbox or not row.file_digest or self._office.now > deadline(definition, row):
            return
        digest = digest_of_file(Path(row.file))
        if digest in (None, row.file_digest):
            return
        why = f"What {row.file} says now is not paid by itself; a person looks at what is other in it, and runs it."
        if self._tell(row, f"{ReportKind.FILE_CHANGED}:{digest[:12]}", why, 5):
            self.codes.add(5)

    def settle(self) -> None:
        """Note what has become of the runs that the desk was asked for, and tell it."""
        for row in self._office.scheduled.in_state(self._office.environment, {PeriodState.RUNNING}):
            ended = self._unattended.ended(row.run_id)
            if ended is not None:
                self._to(row, _ENDS[ended.how], ended.why, ended.exit_code)
        self._tell_all()

    async def _do(self, row: ScheduledPeriod, definition: Definition, desk: Desk) -> None:
        now = self._office.now
        in_time = now <= deadline(definition, row)
        path = await self._sheet(row, definition) if in_time and row.state in _LOOKS_FOR_FILE else None
        # Of what was tried before, the file is looked at when it is tried again.
        digest = None if path is None or row.state is PeriodState.UNFINISHED else digest_of_file(path)
        confirmed, decided = self._confirmed(row), self._decided(row)
        match act_of(definition, row, now, file_digest=digest, confirmed=confirmed, decided=decided):
            case Act.WAIT if not definition.inbox or self._may_be_there(row, definition) is False:
                words = f"Its file {_where(row, definition)} is not there; it may come until"
                self._report(row, ReportKind.WAITING, words, definition)
            case Act.MISS:
                self._miss(row, definition)
            case Act.GIVE_UP:
                self._report(row, ReportKind.NEEDS_PERSON, "It is not tried any more, and was to end by", definition)
            case Act.START if self._unattended.contradicted(row.batch):
                self._tell(row, _DECIDE, CONTRADICTED, row.exit_code or 0)
            case Act.START if definition.inbox and (path is not None or confirmed):
                await self._start(row, path, desk)
            case Act.START if not definition.inbox and await self._is_whole(Path(row.file)):
                await self._start(row, Path(row.file), desk)

    async def _sheet(self, row: ScheduledPeriod, definition: Definition) -> Path | None:
        """Where the sheet of a period is; of an inbox, it is taken from there. `None` where it has not come."""
        if not definition.inbox:
            return Path(row.file)
        return await self._inboxes.sheet_of(definition.inbox, row.file, schedule=row.schedule, batch=row.batch)

    def _may_be_there(self, row: ScheduledPeriod, definition: Definition) -> bool | None:
        """Whether something lies where the file is looked for; `None` where nobody can tell."""
        if definition.inbox:
            return self._inboxes.lies_in(definition.inbox, row.file)
        return Path(row.file).is_file()

    def _confirmed(self, row: ScheduledPeriod) -> bool:
        at = self._office.batch(row.batch).last_confirmed_at
        return at is not None and (row.state is not PeriodState.HELD_FOR_APPROVAL or at >= row.changed_at)

    def _decided(self, row: ScheduledPeriod) -> bool:
        if row.state is PeriodState.HELD_FOR_APPROVAL:
            return not self._unattended.holding.waits(row.batch, by=actor_of(row.schedule))
        at = self._office.batch(row.batch).last_confirmed_at if row.state is PeriodState.REFUSED else None
        return at is not None and at >= row.changed_at

    async def _is_whole(self, path: Path) -> bool:
        """Whether nobody is writing the file any more: half of a sheet may be a good sheet, of half the people."""
        before, done = _mark(path), _mark(path.with_name(f"{path.name}.done"))
        # A `.done` that is older than the file speaks of another one, which was mended since.
        if before is None or (done is not None and done[1] >= before[1]):
            # Where there is no file, what was begun goes on from the ledger alone, and all else is told.
            return True
        await self._office.clock.sleep(STILL_S)
        return before == _mark(path)

    def _miss(self, row: ScheduledPeriod, definition: Definition) -> None:
        self._unattended.holding.let_go(row.batch, by=actor_of(row.schedule), why="The time of its period is over.")
        if self._confirmed(row):
            ended = self._office.outcome(row.batch)
            self._to(row, PeriodState.DONE, "A person ran this batch.", ended.exit_code)
            return
        until = f"{deadline(definition, row):%Y-%m-%d %H:%M} UTC"
        if row.why:
            why = f"{row.why} It was tried until {until}."
        elif (there := self._may_be_there(row, definition)) is None:
            why = f"Inbox {definition.inbox} could not be looked into until {until}."
        elif there:
            why = f"Its file {_where(row, definition)} is there, but nothing took it before {until}."
        else:
            why = f"Its file {_where(row, definition)} had not come by {until}."
        self._to(row, PeriodState.MISSED, why, 5)

    async def _start(self, row: ScheduledPeriod, path: Path | None, desk: Desk) -> None:
        """Plan the period and ask the desk for it, or note why not. Without a sheet, what was confirmed goes on."""
        # Before it is read: what is put there meanwhile is then another file, and looked at as such.
        digest = "" if path is None else digest_of_file(path) or ""
        begun = await self._unattended.begin(row.batch, SCHEDULE, desk, lambda: self._payment(row, path))
        match begun:
            case Begun(how=How.RUNNING, run=AskedRun() as run):
                # What a person had approved may be of another file than the one that was held.
                known = "" if row.state is PeriodState.HELD_FOR_APPROVAL else row.file_digest
                self._running(row, run, begun.file_digest or known or digest)
            case Begun(how=How.NOTHING_LEFT):
                code = self._office.outcome(row.batch).exit_code
                self._to(row, PeriodState.DONE, "There was nothing left to send.", code)
            case Begun(how=How.STOPPED, run=AskedRun() as run):
                self._to(row, PeriodState.MISSED, stopped_words(run), StoppedEarly.exit_code)
            case Begun(how=How.LEFT_ALONE, error=error):
                self.codes.update([] if error is None else [error.exit_code])
            case Begun(error=BatcherError() as error):
                self._to(row, _REFUSALS[begun.how], str(error), error.exit_code, file_digest=digest)

    def _payment(self, row: ScheduledPeriod, path: Path | None) -> Payment | None:
        """What the period pays; `None` where another process has taken it on since it was read."""
        office = self._office
        now_there = office.scheduled.one(row.id)
        if now_there is None or (now_there.state, now_there.changed_at) != (row.state, row.changed_at):
            return None
        definition = self._definitions[row.schedule]
        rows = office.scheduled.of(office.environment, row.schedule)
        before = [one for one in rows if one.id != row.id and one.due_at < row.due_at]
        earlier = [one.batch for one in before]
        fresh = office.batch(row.batch).last_confirmed_at is None
        another_life = self._put_back_at is not None and row.due_at <= self._put_back_at
        # Older than Runa remembers a key, only its list tells whether a ledger that is lost has paid the period.
        never_sent = fresh and not another_life and not policy.key_is_old(row.due_at, office.now)

        def judge(sheet: Sheet) -> None:
            if fresh and not definition.same_again:
                # What was asked of the desk a moment ago is not confirmed yet, and known by its file alone.
                begun = (one.batch for one in before if one.state in _BEGUN and one.file_digest == sheet.digest)
                _refuse_same_again(row, next(begun, None) or office.asked_before(sheet, reversed(earlier)))

        return Payment(
            batch=row.batch,
            path=path,
            name=row.file if definition.inbox else None,
            actor=actor_of(row.schedule),
            ceilings=definition.ceilings,
            choices=Choices(never_sent=never_sent, own_periods=frozenset(earlier)),
            judge=judge,
            approved=row.state is PeriodState.HELD_FOR_APPROVAL and self._confirmed(row),
        )

    # Notes

    def _running(self, row: ScheduledPeriod, run: AskedRun, digest: str) -> None:
        now, late = self._office.now, started_late(row, self._office.now)
        if self._office.scheduled.step(row, PeriodState.RUNNING, now, run_id=run.id, file_digest=digest) and late:
            self._tell(row, ReportKind.STARTED_LATE, late, 0)

    def _to(self, row: ScheduledPeriod, state: PeriodState, why: str, exit_code: int | None, **values: str) -> None:
        now = self._office.now
        if self._office.scheduled.step(row, state, now, why=why, exit_code=exit_code, **values):
            self.codes.add(exit_code or 0)

    def _tell_all(self) -> None:
        """Tell what has not been told of where the periods stand: also what a killed process left untold."""
        office = self._office
        for row in office.scheduled.in_state(office.environment, OPEN | ENDED):
            if (report := report_of(row)) is None:
                continue
            if row.state is PeriodState.UNFINISHED and self._unattended.contradicted(row.batch):
                report = _DECIDE, f"{CONTRADICTED} {row.why}", row.exit_code or 0
            self._tell(row, *report)

    def _report(self, row: ScheduledPeriod, kind: str, words: str, definition: Definition) -> None:
        self._tell(row, kind, f"{words} {deadline(definition, row):%Y-%m-%d %H:%M} UTC.", row.exit_code or 0)

    def _tell(self, row: ScheduledPeriod, kind: str, words: str, exit_code: int) -> bool:
        """Whether it is news."""
        if kind in (row.reported or {}):
            return False
        report = told(row, kind, words, exit_code, self._office.now)
        if not self._office.scheduled.report(row.id, kind, report.message, report.at):
            return False
        self._reports.tell(report)
        return True


def _refuse_same_again(row: ScheduledPeriod, other: str | None) -> None:
    """Raise `InputInvalid` for the sheet of an earlier period: own periods are no twins, so nothing else stops it."""
    if other is not None:
        raise InputInvalid(
            f"The sheet for {row.period} asks for exactly what batch {other} asked for, row by row: it may be that "
            "sheet under another name; nothing was sent.",
            f"Put the right sheet there. If it is right, a person runs it: batcher run FILE --batch {row.batch}. "
            f"Where each period pays the same, set same_again = true in [schedules.{row.schedule}].",
        )


def _where(row: ScheduledPeriod, definition: Definition) -> str:
    return f"{row.file} of inbox {definition.inbox}" if definition.inbox else row.file


def _mark(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
