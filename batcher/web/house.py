"""What all pages stand on: settings, the people at the doors, and where things are kept. Made once for each server."""

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import SecretStr

from batcher.assembly import file_digests
from batcher.model import Environment
from batcher.ports import Clock
from batcher.settings import Settings, environment, ledger_path
from batcher.web.doors.slowing import Slowing
from batcher.web.sessions import OneTimeLinks, Sessions, Tokens, new_token
from batcher.web.sheets.mappings import Mappings
from batcher.web.sheets.readings import Readings
from batcher.web.sheets.uploads import Uploads


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """One server's parts."""

    settings: Settings
    origin: str
    """Where people open it, such as `http://127.0.0.1:8080`."""
    hosts: frozenset[str]
    """All names that it answers to."""
    clock: Clock
    sessions: Sessions
    links: OneTimeLinks
    slowing: Slowing
    tell: Callable[[str], None]
    """Says something in the terminal."""
    api_key: Callable[[], SecretStr]
    """The API key, read when it is needed. Raises `UsageError`."""
    uploads: Uploads
    mappings: Mappings
    readings: Readings

    @property
    def environment(self) -> Environment:
        """Where orders are made."""
        return environment(self.settings)

    @property
    def is_https(self) -> bool:
        """Whether browsers reach it over https: cookies are then for https alone."""
        return self.origin.startswith("https://")

    def used_digests(self) -> frozenset[str]:
        """The digests of all files that a batch was planned from, as the ledger knows them."""
        return file_digests(self.settings)

    def new_link(self) -> str:
        """A link that opens the page once."""
        return f"{self.origin}/enter?token={self.links.new()}"


def make_house(
    settings: Settings,
    *,
    origin: str,
    hosts: frozenset[str],
    clock: Clock,
    tell: Callable[[str], None],
    api_key: Callable[[], SecretStr],
    tokens: Tokens = new_token,
) -> House:
    """The parts from what is decided outside: settings, time, chance, and the terminal."""
    ledger = ledger_path(settings)
    folder = ledger.with_name(f"{ledger.name}.page")
    return House(
        settings=settings,
        origin=origin,
        hosts=hosts,
        clock=clock,
        sessions=Sessions(clock, tokens),
        links=OneTimeLinks(clock, tokens),
        slowing=Slowing(clock),
        tell=tell,
        api_key=api_key,
        uploads=Uploads(folder / "uploads"),
        mappings=Mappings(folder / "mappings.json"),
        readings=Readings(settings, clock),
    )
