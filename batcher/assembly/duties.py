"""What asks the desk for runs by itself: inboxes and schedules, one after the other."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from pydantic import SecretStr

from batcher.assembly.desk import Desk
from batcher.assembly.inboxes import Inboxes
from batcher.assembly.office import Office
from batcher.assembly.plans import Plans
from batcher.assembly.postbox import Aside
from batcher.assembly.scheduling import Schedules
from batcher.errors import LedgerBusy
from batcher.inboxes import Inbox, Store
from batcher.ports import Clock
from batcher.schedules import Reports
from batcher.settings import Settings

LOOK_EVERY_S = 15
"""How often it is looked what has come and what is due, while the desk works."""


class Duties:
    """Both of them. Implements `batcher.assembly.desk.Duty`."""

    def __init__(self, schedules: Schedules, inboxes: Inboxes, clock: Clock) -> None:
        self.schedules, self.inboxes = schedules, inboxes
        self._clock = clock
        self._looked_at_s: float | None = None
        self._busy = False

    @property
    def codes(self) -> set[int]:
        """Exit codes of what was tried since this was made."""
        return self.schedules.codes | self.inboxes.codes | ({LedgerBusy.exit_code} if self._busy else set())

    async def attend(self, desk: Desk) -> None:
        """Look what is due; now and then. What goes wrong with one keeps nothing from the other."""
        now_s = self._clock.instant().monotonic_s
        if self._looked_at_s is not None and 0 <= now_s - self._looked_at_s < LOOK_EVERY_S:
            return
        self._looked_at_s = now_s
        try:
            await self.inboxes.look(desk)
            await self.inboxes.settle()
        finally:
            await self.schedules.look(desk)

    async def run_due(self, desk: Desk) -> None:
        """Do all that is due now, to its end. Whoever else has the ledger, it is left to them: exit code 11."""
        await self.inboxes.look_until_still(desk)
        await self.schedules.look(desk)
        await desk.work_off()
        self._busy = bool(desk.waits_for)
        self.schedules.settle()
        await self.inboxes.settle()


def make_duties(
    office: Office,
    settings: Settings,
    environ: Mapping[str, str],
    *,
    api_key: Callable[[], SecretStr],
    plans: Plans,
    reports: Reports,
) -> Duties:
    """Both of them, as the settings say."""

    def opened(name: str) -> Store:
        from batcher.assembly.stores import store_of  # noqa: PLC0415 - for those alone who have an inbox

        return store_of(name, settings.inboxes[name], environ)

    inboxes = [inbox.definition(name) for name, inbox in settings.inboxes.items()]
    return duties_over(office, inboxes, store_of=opened, api_key=api_key, plans=plans, reports=reports)


def duties_over(
    office: Office,
    inboxes: Sequence[Inbox],
    *,
    store_of: Callable[[str], Store],
    api_key: Callable[[], SecretStr],
    plans: Plans,
    reports: Reports,
    aside: Aside = asyncio.to_thread,
) -> Duties:
    """Both of them, over one office. `store_of` gives the place of an inbox by its name."""
    at_inboxes = Inboxes(office, inboxes, store_of=store_of, api_key=api_key, plans=plans, reports=reports, aside=aside)
    schedules = Schedules(office, api_key=api_key, plans=plans, reports=reports, inboxes=at_inboxes)
    return Duties(schedules, at_inboxes, office.clock)
