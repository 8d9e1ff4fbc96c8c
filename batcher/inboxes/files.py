"""A file that was taken from an inbox, as the ledger keeps it; and what a file that lies there is to it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from batcher.inboxes.names import shown
from batcher.inboxes.store import Listed


class FileState(StrEnum):
    """Where a file stands."""

    TAKEN = "TAKEN"
    """It is here, whole, and its run has not begun. Of a schedule's file: its period says where it stands."""
    HELD_FOR_APPROVAL = "HELD_FOR_APPROVAL"
    """Above `[approval]`: another person has to approve it."""
    RUNNING = "RUNNING"
    """The desk was asked to carry it out."""
    UNFINISHED = "UNFINISHED"
    """Tried, and not at its end; it is tried again."""
    DONE = "DONE"
    """Carried out to its end, and not archived yet."""
    REFUSED = "REFUSED"
    """Nothing was sent for it, and it is not put aside yet."""
    ARCHIVED = "ARCHIVED"
    """Carried out to its end, and out of the inbox."""
    PUT_ASIDE = "PUT_ASIDE"
    """Nothing was sent for it, and it is out of the inbox."""
    WITHDRAWN = "WITHDRAWN"
    """It was changed or taken away before anything was confirmed; nothing was sent for it."""


ENDED = frozenset({FileState.ARCHIVED, FileState.PUT_ASIDE, FileState.WITHDRAWN})
"""What is never touched again."""

OPEN = frozenset(FileState) - ENDED

UNCONFIRMED = frozenset({FileState.TAKEN, FileState.HELD_FOR_APPROVAL, FileState.UNFINISHED})
"""Where a file may stand of which nothing was confirmed yet."""

UNPAID = frozenset({FileState.REFUSED, FileState.PUT_ASIDE, FileState.WITHDRAWN})
"""Nothing was ever sent for it: the same name, or the same bytes, may be taken again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxFile:
    """One line of the table."""

    id: int
    inbox: str
    name: str
    """As the inbox lists it."""
    size: int
    mark: str
    """See `Listed`: as it was when the file was taken."""
    digest: str
    """Of its bytes: SHA-256, in hex."""
    schedule: str
    """Whose period it is the file of; empty where the inbox pays it by itself."""
    batch: str
    """Empty where its name makes none."""
    kept_as: str
    """Its name in the folder that it is taken to at its end."""
    state: FileState
    noted_at: datetime
    changed_at: datetime
    """When it came into this state."""
    run_id: int | None = None
    """The run that the desk was asked for last."""
    exit_code: int | None = None
    """What the last try came to."""
    why: str = ""
    """A sentence on why it stands as it does."""
    reported: Mapping[str, str] | None = None
    """What somebody was told of it, and when."""

    def is_still(self, listed: Listed | None) -> bool:
        """Whether what lies in the inbox under its name is what was taken."""
        return listed is not None and (listed.size, listed.mark) == (self.size, self.mark)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What is done with a file that was fetched, whole."""

    state: FileState
    """`TAKEN` or `REFUSED`."""
    why: str = ""


def judged(
    *,
    inbox: str,
    name: str,
    digest: str,
    schedule: str,
    batch: str | None,
    earlier: Iterable[InboxFile],
    batch_used_by: str,
    refused: str = "",
) -> Judged | None:
    """Whether a file is taken to be paid, or put aside and why; `None` where it was taken before and goes its way.

    `schedule` is the one whose period it is the file of, or empty: whether periods may share their bytes, the schedule
    decides. `earlier` is all that was ever taken, from any inbox; `batch_used_by` says what its batch was used for
    before, and is empty where it was not; `refused`, why it is put aside whatever else is known of it.
    """
    everything = list(earlier)
    lines = [line for line in everything if line.inbox == inbox]
    if any(line.name == name and line.state in OPEN for line in lines):
        return None
    if refused:
        return _refused(refused)
    for line in everything:
        of_the_schedule = bool(schedule) and line.schedule == schedule
        if line.digest == digest and line.state not in UNPAID and not of_the_schedule:
            where = "" if line.inbox == inbox else f" of inbox {line.inbox}"
            same = f"{shown(line.name)}{where}, taken on {line.noted_at:%Y-%m-%d}"
            return _refused(f"These are the same bytes as {same}.")
    for line in lines:
        if line.name == name and line.state not in UNPAID:
            return _refused(
                f"Another file of this name was taken on {line.noted_at:%Y-%m-%d} and paid as batch {line.batch}; "
                "a new payment needs a new name."
            )
    if batch is None:
        return _refused(
            "Its name makes no batch's name: up to 40 of a-z, 0-9, dot, underscore and hyphen, beginning with a letter "
            "or digit. Give it such a name."
        )
    if batch_used_by:
        return _refused(f"Its batch would be {batch}, and {batch_used_by}; a new payment needs a new name.")
    return Judged(state=FileState.TAKEN)


def _refused(why: str) -> Judged:
    return Judged(state=FileState.REFUSED, why=f"{why} Nothing was sent.")
