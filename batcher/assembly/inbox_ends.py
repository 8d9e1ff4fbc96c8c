"""What is laid beside a sheet at its end: its results, or what is wrong with it in words and as rows to mend."""

from collections.abc import Sequence
from pathlib import Path

from batcher.assembly.checked import load_checked
from batcher.assembly.office import Office
from batcher.assembly.postbox import Postbox
from batcher.assembly.sheets import load_sheet
from batcher.assembly.unattended import INBOX
from batcher.errors import BatcherError, InputInvalid
from batcher.inboxes import FileState, InboxFile
from batcher.inboxes.names import ERRORS, RESULTS, WHY, beside, shown
from batcher.model import SheetRow
from batcher.results import replacing, write_to_mend
from batcher.results.files import content_of

SEEN = "links_seen"
"""Noted in a file's line beside what was told of it, so that the journal says it once."""

PROBLEMS = 200
"""Told one by one; the rows to mend have all."""

WHOLE_ROWS = 50_000
"""So many rows at the most the workbook has, sound ones and wrong ones; of a larger sheet, the wrong ones alone."""

WHOLE = (
    "Mend what is wrong in the sheet itself, or in the workbook beside this text: it has all rows of the sheet, and "
    "what is wrong is red. Send one of the two once more, as a whole; the name of the sheet may stay."
)
"""What to do with a sheet that has rows to mend."""

WRONG_ROWS = (
    "Mend what is wrong in the sheet itself, and send the whole sheet once more; its name may stay. The workbook "
    "beside this text shows it, and holds the rows to mend alone: sent in place of the sheet, nothing else is paid."
)
"""The same for a large one."""


class Ends:
    """Writes what is laid beside a sheet into the inbox's folder on this machine."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def explain(self, postbox: Postbox, line: InboxFile, error: BatcherError) -> None:
        """Write why a sheet was refused, and its rows to mend where it has any. Before it is noted as refused."""
        problems = error.problems if isinstance(error, InputInvalid) else ()
        # What is wrong with the file as a whole is the error itself, and was said.
        told = [str(one) for one in problems[:PROBLEMS] if f"{one.message} {one.fix}".strip() not in str(error)]
        if len(problems) > PROBLEMS:
            told.append(f"… and {len(problems) - PROBLEMS:,} more.")
        to_mend = self._write_errors(postbox, line) if error.exit_code == InputInvalid.exit_code else ""
        paragraphs = [str(error), "\n".join(told), to_mend]
        self._write_why(postbox, line, "\n\n".join(filter(None, paragraphs)))

    def explain_words(self, postbox: Postbox | None, line: InboxFile, words: str) -> None:
        """The same for a sheet of which only the sentence is known."""
        if postbox is not None:
            to_mend = self._write_errors(postbox, line)
            self._write_why(postbox, line, f"{words}\n\n{to_mend}".strip())

    def beside(self, postbox: Postbox, line: InboxFile) -> list[tuple[str, Path]]:
        """What is laid beside a sheet that is at its end: under which name, and where it is on this machine."""
        if line.state is FileState.DONE:
            return self._results(postbox, line) if postbox.inbox.results else []
        if not postbox.beside(line, WHY).is_file():
            self._write_why(postbox, line, line.why)
        found = [(beside(line.kept_as, what), postbox.beside(line, what)) for what in (WHY, ERRORS)]
        return [(name, path) for name, path in found if path.is_file()]

    def _results(self, postbox: Postbox, line: InboxFile) -> list[tuple[str, Path]]:
        record = self._office.batch(line.batch)
        if not record.rows:
            return []
        if SEEN not in (line.reported or {}):
            # Whoever reads the inbox reads the links: the batch's journal says so before it is true.
            self._office.note_seen(line.batch, None, f"{INBOX} {line.inbox}")
            self._office.inbox_files.report(line.id, SEEN, "Its results are laid into the inbox.", self._office.now)
        path = postbox.beside(line, RESULTS)
        replacing.replace(path, content_of("csv", record))
        return [(beside(line.kept_as, RESULTS), path)]

    def _write_why(self, postbox: Postbox, line: InboxFile, words: str) -> None:
        what = f"{shown(line.name)}: nothing was sent."
        replacing.replace(postbox.beside(line, WHY), f"{what}\n\n{words}\n".encode("utf-8-sig", "replace"))

    def _write_errors(self, postbox: Postbox, line: InboxFile) -> str:
        """Write the rows to mend, and say what to do with them; nothing where a workbook can hold none."""
        path, settings = postbox.copy_of(line), self._office.settings
        try:
            checked = load_checked(path, settings, now=self._office.now).sheet
            if not checked.problems:
                return ""
            rows: Sequence[SheetRow] = checked.faulty
            is_whole = checked.rows <= WHOLE_ROWS
            if is_whole:
                # Mended and sent in place of the sheet, nobody who was right in it is left out.
                wrong = {row.line: row for row in checked.faulty}
                rows = [wrong.get(row.line, row) for row in load_sheet(path, settings).rows]
            write_to_mend(checked.columns, rows, postbox.beside(line, ERRORS))
        except BatcherError:
            return ""  # no row of it can be read, or no workbook can hold it: the words say what is wrong
        return WHOLE if is_whole else WRONG_ROWS
