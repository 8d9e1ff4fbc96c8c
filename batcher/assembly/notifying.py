"""What people are told of runs: written into the ledger first, then delivered, and tried again until it arrives.

Nothing here stops a payment: a notice that cannot be written or delivered is told in the log, and nothing is raised.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from batcher import money
from batcher.assembly.casework import Closing
from batcher.assembly.office import Office
from batcher.engine import Outcome
from batcher.errors import BatcherError, NotApproved
from batcher.model import Environment
from batcher.notices import TEST, Event, KeptNotice, NotDelivered, Notice
from batcher.outlets import Outlet
from batcher.ports import Clock
from batcher.schedules import Report, ReportKind, Reports
from batcher.settings import Settings

AT_ONCE = 3
"""Tries of one turn, with a second or two between them."""
TURN_S = 60.0
"""How long one turn takes at most, whatever the outlets do."""
LOOK_S = 5.0
"""How often a server looks for what is due."""
FIRST_WAIT_S, MOST_WAIT_S = 60.0, 3600.0
MOST_TRIES = 60
"""Turns until a notice is given up: some two days."""

_BAD_SHEET = 5
_SHEET = "The sheet cannot be paid as it is. batcher check FILE says what is wrong, line by line."

_LOG = logging.getLogger("batcher.notifying")


class _Gone:
    """An outlet that was set when the notice was made."""

    name = "gone"

    async def send(self, kept: KeptNotice) -> None:
        raise NotDelivered("It is not set any more.")


_GONE = _Gone()


class Notifier:
    """Tells people through the outlets that are set; without any, it does nothing."""

    def __init__(self, office: Office, outlets: Sequence[Outlet], events: Sequence[Event]) -> None:
        self._office, self._events = office, frozenset(events)
        self._outlets = {outlet.name: outlet for outlet in outlets}

    @property
    def has_outlets(self) -> bool:
        """Whether anybody is told anything."""
        return bool(self._outlets)

    def tell(self, notice: Notice) -> None:
        """Have something told. Never raises."""
        if notice.event not in self._events or not self._outlets:
            return
        try:
            self._office.notices.keep(self._office.environment, notice, self._outlets, self._office.now)
        except Exception as error:  # noqa: BLE001 - a payment does not stop for a notice
            _LOG.error("A notice could not be kept: %s", type(error).__name__)

    async def deliver(self) -> None:
        """Try what is due, once in this turn. Never raises."""
        try:
            async with asyncio.timeout(TURN_S):
                due = await asyncio.to_thread(self._office.notices.due, self._office.environment, self._office.now)
                for kept in due:
                    await self._try(kept)
        except Exception as error:  # noqa: BLE001 - a payment does not stop for a notice
            _LOG.error("Notices could not be delivered: %s", type(error).__name__)

    async def keep_delivering(self) -> None:
        """Deliver what is due until cancelled."""
        while True:
            await self.deliver()
            await self._office.clock.sleep(LOOK_S)

    async def _try(self, kept: KeptNotice) -> None:
        notices = self._office.notices
        try:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type(NotDelivered),
                stop=stop_after_attempt(AT_ONCE),
                wait=wait_exponential(multiplier=1, max=4),
                sleep=self._office.clock.sleep,
                reraise=True,
            ):
                with attempt:
                    await self._outlets.get(kept.outlet, _GONE).send(kept)
        except Exception as error:  # noqa: BLE001 - one outlet's fault keeps nothing from another
            why = _why(error)
            wait_s = min(MOST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(kept.tries, 10))
            due_at = None if kept.tries + 1 >= MOST_TRIES else self._office.now + timedelta(seconds=wait_s)
            await asyncio.to_thread(notices.failed, kept.id, why, due_at)
            _LOG.warning("A notice did not arrive at %s: %s", kept.outlet, why)
        else:
            await asyncio.to_thread(notices.delivered, kept.id, self._office.now)


def make_notifier(office: Office, settings: Settings, environ: Mapping[str, str]) -> Notifier:
    """The notifier of these settings. Raises `UsageError` for an outlet that cannot be used as it is set."""
    return Notifier(office, outlets_of(settings, environ, office.clock), settings.notifications.events)


def outlets_of(settings: Settings, environ: Mapping[str, str], clock: Clock) -> list[Outlet]:
    """Who is told; nothing is sent to them yet. Raises `UsageError` for one that cannot be used as it is set."""
    from batcher.settings.webhook_secret import load_notify_addresses, load_notify_secret  # noqa: PLC0415 - rarely set

    outlets: list[Outlet] = []
    if addresses := load_notify_addresses(settings, environ):
        from batcher.outlets.apprised import AppriseOutlet  # noqa: PLC0415 - heavy, and rarely set

        outlets += [AppriseOutlet(address) for address in addresses]
    if settings.notifications.webhook_url is not None:
        from batcher.outlets.hook import HookOutlet  # noqa: PLC0415 - rarely set

        secret = load_notify_secret(settings, environ)
        outlets.append(HookOutlet(settings.notifications.webhook_url, secret, clock))
    return outlets


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of a test."""

    outlet: str
    why: str
    """Why it was not taken; empty where it was."""


async def send_test(outlets: Sequence[Outlet], environment: Environment, clock: Clock) -> list[Tried]:
    """Send one notification through each outlet, once, and say what became of it. Nothing of it is kept."""
    notice, tried = notice_of_test(environment), list[Tried]()
    for name, outlet in {outlet.name: outlet for outlet in outlets}.items():
        made_at = clock.instant().at
        kept = KeptNotice(id=0, notice=notice, outlet=name, made_at=made_at, tries=0, last_error="", given_up=False)
        why = ""
        try:
            async with asyncio.timeout(TURN_S):
                await outlet.send(kept)
        except TimeoutError:
            why = "It did not answer in time."
        except Exception as error:  # noqa: BLE001 - one outlet's fault keeps no test from another
            why = _why(error)
        tried.append(Tried(outlet=name, why=why))
    return tried


def _why(error: Exception) -> str:
    return str(error) if isinstance(error, NotDelivered) else f"It failed ({type(error).__name__})."


def notice_of_test(environment: Environment) -> Notice:
    """That notifications arrive here."""
    return Notice(
        event=TEST,
        batch="",
        title=f"A test of batcher's notifications ({environment.kind})",
        body="This is a test, and there is nothing to do: batcher's notifications arrive here. Nothing was paid.",
        figures={},
    )


def notice_of_end(closing: Closing) -> Notice:
    """How a run ended: whole, early, or with something that only a person can settle."""
    ended, proof = closing.outcome, closing.proof
    event = Event.FINISHED if ended.exit_code in {0, 3} and not ended.stops else Event.STOPPED
    if ended.needs_person or proof.mismatches:
        event = Event.NEEDS_PERSON
    lines = [
        *_sums(ended),
        *(f"Stopped: {stop.message}" for stop in ended.stops),
        (
            f"Closing proof: {len(proof.agreements)} agree, {len(proof.mismatches)} do not, "
            f"{len(proof.open_questions)} could not be compared."
        ),
    ]
    if ended.needs_person:
        count = len(ended.needs_person)
        rows = f"{count} row{'s' * (count != 1)}"
        lines.append(f"{rows} can only be settled by a person: batcher reconcile {ended.batch}.")
    words = {
        Event.FINISHED: "is finished" if ended.exit_code == 0 else "is finished, and some rows were not paid",
        Event.STOPPED: "stopped early",
        Event.NEEDS_PERSON: "needs a person",
    }[event]
    return _of(ended, event, words, lines)


def notice_of_stop(ended: Outcome) -> Notice:
    """A person has stopped a run on the page: where its batch stands."""
    left = f"What was not sent stays unsent until somebody goes on: batcher resume {ended.batch}."
    began = any(ended.counts.values())
    lines = [*_sums(ended), left] if began else ["Its run had not begun: nothing was sent."]
    return _of(ended, Event.STOPPED, "was stopped by a person", lines)


def _sums(ended: Outcome) -> list[str]:
    counts = ", ".join(f"{count} {word}" for word, count in ended.counts.items() if count)
    paid = money.display_totals(dict(ended.paid)) if ended.paid else "nothing"
    return [f"Rows: {counts or 'none'}.", f"Paid: {paid}."]


def _of(ended: Outcome, event: Event, words: str, lines: Sequence[str]) -> Notice:
    return Notice(
        event=event,
        batch=ended.batch,
        title=f"Batch {ended.batch} {words} ({ended.environment.partition(' ')[0]})",
        body="\n".join(lines),
        figures={"exit_code": str(ended.exit_code), **{f"paid_{code}": f"{sum_}" for code, sum_ in ended.paid.items()}},
    )


def notice_of_refusal(batch: str, error: BatcherError, *, confirmed: bool) -> Notice:
    """Why a run did not begin, or did not go on."""
    if isinstance(error, NotApproved):
        event, words = Event.NEEDS_APPROVAL, "needs an approval"
    elif confirmed:
        event, words = Event.STOPPED, "stopped early"
    else:
        event, words = Event.NOT_STARTED, "did not start"
    return Notice(
        event=event,
        batch=batch,
        title=f"Batch {batch} {words}",
        # What is wrong with a sheet quotes its cells, and these are people's.
        body=_SHEET if error.exit_code == _BAD_SHEET else f"{error.message}\n{error.fix or ''}".strip(),
        figures={"exit_code": str(error.exit_code)},
    )


def notice_of_waiting(batch: str, totals: Mapping[str, object], *, by: str) -> Notice:
    """A plan waits for another person to approve it."""
    sums = ", ".join(f"{code} {amount}" for code, amount in totals.items())
    return Notice(
        event=Event.NEEDS_APPROVAL,
        batch=batch,
        title=f"Batch {batch} needs an approval",
        body=f"{by} prepared a plan that would send {sums}. Another person looks at it, and approves or refuses it.",
        figures={},
    )


def notice_of_report(report: Report) -> Notice | None:
    """What a schedule or an inbox has to say; `None` for what the desk tells of its runs anyway."""
    event = _OF_REPORTS.get(report.kind)
    if event is None:
        return None
    return Notice(
        event=event,
        batch=report.batch,
        title=f"{report.subject}: {report.kind.replace('_', ' ')}",
        body=report.message,
        figures={"exit_code": str(report.exit_code)},
    )


_OF_REPORTS = {
    ReportKind.WAITING: Event.NOT_STARTED,
    ReportKind.DID_NOT_START: Event.NOT_STARTED,
    ReportKind.MISSED: Event.NOT_STARTED,
    ReportKind.NEEDS_APPROVAL: Event.NEEDS_APPROVAL,
    ReportKind.NEEDS_PERSON: Event.NEEDS_PERSON,
    ReportKind.UNREACHABLE: Event.NOT_STARTED,
    ReportKind.FILE_CHANGED: Event.NEEDS_PERSON,
}


class Notified:
    """Implements `batcher.schedules.Reports`: passes each report on, and has people told who do not look."""

    def __init__(self, said: Reports, tell: Callable[[Notice], None]) -> None:
        self._said, self._tell = said, tell

    def tell(self, report: Report) -> None:
        """Say it, and have it told."""
        self._said.tell(report)
        if (notice := notice_of_report(report)) is not None:
            self._tell(notice)
