"""What is paid by itself: each schedule with its next moment, each inbox with its files, and how the last ones stand.

It shows what the ledger knows. No inbox is asked: one that is far away would keep whoever looks waiting.
"""

from datetime import timedelta

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from batcher.assembly.scheduling import Standings
from batcher.assembly.telling import CODES, sentence
from batcher.inboxes import FileState, InboxFile
from batcher.inboxes.names import shown
from batcher.schedules import PeriodState, ReportKind, ScheduledPeriod
from batcher.web.routes import PageRoute
from batcher.web.visit import Visit

SHOWN = 20
"""Files that are at their end, of each inbox."""

UNLOOKED_AFTER = timedelta(minutes=30)
"""So long after it was last seen into, it is said that nobody has."""

_PERIODS = {
    PeriodState.EXPECTED: "Not due yet",
    PeriodState.WAITING_FOR_FILE: "Due, and not begun",
    PeriodState.HELD_FOR_APPROVAL: "Waits for an approval",
    PeriodState.RUNNING: "Is being carried out",
    PeriodState.UNFINISHED: "Tried, and not at its end",
    PeriodState.DONE: "Done",
    PeriodState.REFUSED: "Refused, nothing was sent",
    PeriodState.MISSED: "Missed",
}
_FILES = {
    FileState.TAKEN: "Taken, and not begun",
    FileState.HELD_FOR_APPROVAL: "Waits for an approval",
    FileState.RUNNING: "Is being carried out",
    FileState.UNFINISHED: "Tried, and not at its end",
    FileState.DONE: "Done, not archived yet",
    FileState.REFUSED: "Refused, nothing was sent",
    FileState.ARCHIVED: "Done",
    FileState.PUT_ASIDE: "Put aside, nothing was sent",
    FileState.WITHDRAWN: "Taken away or changed, nothing was sent",
}


async def coming(visit: Visit) -> Response:
    """All schedules, then all inboxes."""
    return await run_in_threadpool(lambda: _page(visit))


def _page(visit: Visit) -> Response:
    house = visit.house
    unlooked = {name: at for name, at in house.inboxes.looked_at.items() if house.office.now - at > UNLOOKED_AFTER}
    return visit.render(
        "coming.html",
        schedules=[(one, _periods(one)) for one in house.schedules.standings()],
        inboxes=house.inboxes.known(most_ended=SHOWN),
        unlooked=unlooked,
        shown=shown,
        word_of=_word_of,
        why_of=_why_of,
    )


def _periods(one: Standings) -> list[ScheduledPeriod]:
    """The last first, whether it is open or over, then what else is open."""
    last = [] if one.last is None else [one.last]
    return [*last, *(row for row in reversed(one.open) if row != one.last)]


def _word_of(one: ScheduledPeriod | InboxFile) -> str:
    if isinstance(one, ScheduledPeriod):
        return _PERIODS[one.state]
    return f"Taken for schedule {one.schedule}" if one.schedule and one.state is FileState.TAKEN else _FILES[one.state]


def _why_of(one: ScheduledPeriod | InboxFile) -> str:
    """Why it stands so, in sentences; empty where there is nothing to say."""
    why = sentence(one.why or CODES.get(one.exit_code if one.exit_code is not None else -1, ""))
    unfinished = one.state in (PeriodState.UNFINISHED, FileState.UNFINISHED)
    is_left = unfinished and ReportKind.NEEDS_PERSON in (one.reported or {})
    return f"It is left to a person. {why}".strip() if is_left else why


ROUTES = (PageRoute(name="coming", path="/coming", answer=coming),)
