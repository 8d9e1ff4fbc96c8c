"""What is told of an inbox's files, in words: each thing once, by where the file stands."""

import re
from datetime import datetime

from batcher.assembly.telling import CODES, WORDS, sentences
from batcher.inboxes import FileState, InboxFile
from batcher.inboxes.names import shown
from batcher.schedules import Report, ReportKind

_ADDRESS = re.compile(r"\b(?:sftp|s3|gs|az)://\S*[^\s.,:;]")
"""Where an inbox is, in the words of its store. Nobody is told an address; the report begins with the inbox's name."""

_KINDS = {
    FileState.HELD_FOR_APPROVAL: ReportKind.NEEDS_APPROVAL,
    FileState.UNFINISHED: ReportKind.UNFINISHED,
    FileState.DONE: ReportKind.FINISHED,
    FileState.REFUSED: ReportKind.DID_NOT_START,
    FileState.WITHDRAWN: ReportKind.DID_NOT_START,
}
"""What is told of a file that stands so. Both ends are told before the file is taken out of the inbox."""


def kind_of(line: InboxFile) -> ReportKind | None:
    """What is to be told of a file as it stands; `None` where that was told, or there is nothing."""
    kind = _KINDS.get(line.state)
    if kind is ReportKind.FINISHED and line.exit_code not in (0, 3):
        kind = ReportKind.NEEDS_PERSON
    return None if kind is None or kind in (line.reported or {}) else kind


def told_of_file(line: InboxFile, kind: ReportKind, words: str, now: datetime) -> Report:
    """The report, with its whole sentence."""
    what = f"batch {line.batch}" if line.batch else "it"
    words = words or CODES.get(line.exit_code or 0, "")
    put_aside = " It goes into the inbox's folder rejected, with what is wrong beside it."
    return Report(
        kind=kind,
        inbox=line.inbox,
        file=shown(line.name),
        batch=line.batch,
        message=sentences(f"Inbox {line.inbox}, {shown(line.name)}: {what} {WORDS[kind]}.", words)
        + put_aside * (line.state is FileState.REFUSED),
        exit_code=line.exit_code or 0,
        at=now,
    )


def told_of_trouble(inbox: str, words: str, exit_code: int, now: datetime) -> Report:
    """That an inbox cannot be reached."""
    return Report(
        kind=ReportKind.UNREACHABLE,
        inbox=inbox,
        batch="",
        message=sentences(f"Inbox {inbox} {WORDS[ReportKind.UNREACHABLE]}.", _ADDRESS.sub("the inbox", words)),
        exit_code=exit_code,
        at=now,
    )
