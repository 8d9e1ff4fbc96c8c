"""What all pages stand on: settings, the office behind them, and where things are kept. Made once for each server."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pydantic import SecretStr

from batcher.assembly import Office, Session, file_digests
from batcher.assembly.desk import Desk
from batcher.assembly.duties import make_duties
from batcher.assembly.inboxes import Inboxes
from batcher.assembly.notifying import Notified, Notifier
from batcher.assembly.plans import Plans, plans_folder
from batcher.assembly.scheduling import Schedules
from batcher.assembly.telling import Told
from batcher.assembly.watching import Watching
from batcher.model import Environment
from batcher.notices import Notice
from batcher.ports import Clock
from batcher.settings import Settings, ledger_path
from batcher.signing_in import Failures
from batcher.web.links import OneTimeLinks, Tokens, new_token
from batcher.web.serving import Address
from batcher.web.sheets.mappings import Mappings
from batcher.web.sheets.readings import Readings
from batcher.web.sheets.uploads import Uploads
from batcher.web.webhooks import Webhooks


def _nobody(notice: Notice) -> None:
    """Nobody is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """One server's parts."""

    settings: Settings
    office: Office
    """Users, plans, runs and results over the one ledger."""
    address: Address
    """Where people open it, and every name that it answers to."""
    clock: Clock
    links: OneTimeLinks
    failures: Failures
    """Guesses at the one-time link; those at names and passwords are counted by `office.people`."""
    owner: str
    """What the one person is called where there are no users."""
    tell: Callable[[str], None]
    """Says something in the terminal."""
    api_key: Callable[[], SecretStr]
    """The API key, read when it is needed. Raises `UsageError`."""
    uploads: Uploads
    mappings: Mappings
    readings: Readings
    plans: Plans
    desk: Desk
    schedules: Schedules
    """What the desk is asked for by itself."""
    inboxes: Inboxes
    """Where sheets come from by themselves."""
    watching: Watching
    notify: Callable[[Notice], None] = _nobody
    """Tells people who do not look. Never raises."""
    webhooks: Webhooks | None = None
    """Takes Runa's webhooks, where their secret is known."""
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the server is told to end: what goes on by itself, such as a stream of events, ends then."""

    @property
    def environment(self) -> Environment:
        """Where orders are made."""
        return self.office.environment

    @property
    def is_https(self) -> bool:
        """Whether browsers reach it over https: cookies are then for https alone."""
        return self.address.origin.startswith("https://")

    def used_digests(self) -> frozenset[str]:
        """The digests of all files that a batch was planned from, as the ledger knows them."""
        return file_digests(self.settings)

    def new_link(self) -> str:
        """A link that opens the page once."""
        return f"{self.address.origin}/enter?token={self.links.new()}"

    async def session(self, token: str | None) -> Session | None:
        """Whose session this is; `None` for one that is over or never was. Asks the ledger, beside the server."""
        if not token:
            return None
        now = self.clock.instant().at
        return await asyncio.to_thread(self.office.people.session, token, now=now, alone=self.owner)

    async def has_users(self) -> bool:
        """Whether people sign in by name and password, and not by a link."""
        return await asyncio.to_thread(self.office.people.has_users)


def make_house(
    settings: Settings,
    office: Office,
    *,
    address: Address,
    clock: Clock,
    owner: str,
    tell: Callable[[str], None],
    api_key: Callable[[], SecretStr],
    tokens: Tokens = new_token,
    webhook_secret: SecretStr | None = None,
    notifier: Notifier | None = None,
    environ: Mapping[str, str] = MappingProxyType({}),
) -> House:
    """The parts from what is decided outside: settings, time, chance, and the terminal."""
    ledger = ledger_path(settings)
    folder = ledger.with_name(f"{ledger.name}.page")
    plans = Plans(plans_folder(settings))
    notify = notifier.tell if notifier is not None else _nobody
    duties = make_duties(office, settings, environ, api_key=api_key, plans=plans, reports=Notified(Told(tell), notify))
    desk = Desk(
        office,
        api_key=api_key,
        sealed_of=plans.find,
        duty=duties if settings.schedules or settings.inboxes else None,
        tell=notify,
    )
    return House(
        settings=settings,
        office=office,
        address=address,
        clock=clock,
        links=OneTimeLinks(clock, tokens),
        failures=Failures(),
        owner=owner,
        tell=tell,
        api_key=api_key,
        uploads=Uploads(folder / "uploads"),
        mappings=Mappings(folder / "mappings.json"),
        readings=Readings(settings, clock),
        plans=plans,
        desk=desk,
        schedules=duties.schedules,
        inboxes=duties.inboxes,
        watching=Watching(office, desk),
        notify=notify,
        webhooks=None if webhook_secret is None else Webhooks(webhook_secret, hints=office.hints, clock=clock),
    )
