"""What is noted of an inbox's files, and told: each step in the ledger first, each thing once."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from batcher.asked import UNFINISHED
from batcher.assembly.inbox_telling import kind_of, told_of_file, told_of_trouble
from batcher.assembly.office import Office
from batcher.assembly.postbox import Postbox
from batcher.errors import BatcherError, unforeseen
from batcher.inboxes import OPEN, FileState, InboxFile
from batcher.schedules import ReportKind, Reports


class Notes:
    """The lines of one environment, whoever works with them."""

    def __init__(self, office: Office, reports: Reports) -> None:
        self._office, self._reports = office, reports
        self._in_trouble: set[str] = set()
        self.codes: set[int] = set()
        """Exit codes of what was tried, refused, or could not be reached since this was made."""

    def of(self, states: Iterable[FileState]) -> list[InboxFile]:
        """The files of all inboxes that stand so, oldest first."""
        return self._office.inbox_files.in_state(self._office.environment, set(states))

    def step(self, line: InboxFile, state: FileState, **values: Any) -> bool:
        """Take a file to another state; false where it is no longer as it was read."""
        changed = self._office.inbox_files.step(line, state, self._office.now, **values)
        if changed:
            self.codes.add(values.get("exit_code") or 0)
        return changed

    def is_begun(self, line: InboxFile) -> bool:
        """Whether anything of its batch was confirmed, or is about to be."""
        office = self._office
        if any(run.state in UNFINISHED for run in office.runs.of_batch(office.environment, line.batch)):
            return True
        return office.batch(line.batch).last_confirmed_at is not None

    async def trying(self, postbox: Postbox, act: Callable[[Postbox], Awaitable[None]]) -> None:
        """Do something with one inbox. Whatever goes wrong there is told once, and stops nothing else."""
        office = self._office
        try:
            await act(postbox)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is said of this inbox, and the others go on
            told = error if isinstance(error, BatcherError) else unforeseen(error)
            self._in_trouble.add(postbox.name)
            self.codes.add(told.exit_code)
            if office.inbox_files.in_trouble(office.environment, postbox.name, str(told), office.now):
                self._reports.tell(told_of_trouble(postbox.name, str(told), told.exit_code, office.now))

    def no_more_trouble(self, inboxes: Iterable[str]) -> None:
        """Note that these could be worked with, but for those that could not since this was called last."""
        for name in set(inboxes) - self._in_trouble:
            self._office.inbox_files.reached(self._office.environment, name)
        self._in_trouble.clear()

    def tell_all(self) -> None:
        """Tell what has not been told of where the files stand: also what a killed process left untold."""
        for line in self.of(OPEN):
            if (kind := kind_of(line)) is not None:
                self.tell(line, kind, line.why)

    def tell(self, line: InboxFile, kind: ReportKind, words: str) -> None:
        """Tell something of a file, once."""
        report = told_of_file(line, kind, words, self._office.now)
        if self._office.inbox_files.report(line.id, kind, report.message, report.at):
            self._reports.tell(report)


def nobody_is_told(line: InboxFile) -> dict[str, str]:
    """For a file whose end somebody else tells, or nobody needs to know."""
    told = {kind.value: "" for kind in (ReportKind.FINISHED, ReportKind.NEEDS_PERSON, ReportKind.DID_NOT_START)}
    return {**told, **(line.reported or {})}
