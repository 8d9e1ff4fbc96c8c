"""A page without a port: its parts, a clock that is set by hand, and a browser that knows what browsers send."""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Self

import httpx
from pydantic import SecretStr
from starlette.types import ASGIApp

from batcher.assembly import Office, Surroundings
from batcher.model import Instant
from batcher.passwords import Passwords
from batcher.roles import Role
from batcher.settings import Settings, load_settings
from batcher.web import Address, make_app, make_house
from batcher.web.house import House
from batcher.web.pages import ROUTES
from batcher.web.routes import PageRoute
from tests.blank_ledger import lay_blank_ledger

ORIGIN = "http://127.0.0.1:8080"
HOSTS = frozenset({"127.0.0.1:8080", "localhost:8080"})
PASSWORD = "correct horse battery staple"
API_KEY = "xx.s3cret-never-shown"


@dataclass
class HandClock:
    """Stands still until it is moved."""

    now_s: float = 1000.0

    def instant(self) -> Instant:
        """This moment."""
        start = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
        return Instant(at=start + timedelta(seconds=self.now_s), monotonic_s=self.now_s, boot="boot-1")

    async def sleep(self, seconds: float) -> None:
        """Moves on at once."""
        self.now_s += max(0.0, seconds)


def tokens() -> Iterator[str]:
    """Different, and the same in every test."""
    return (f"token-{number:03}" for number in count(1))


@dataclass
class Desk:
    """One house, its clock, what was printed in its terminal, and a browser."""

    folder: Path
    given: dict[str, str] = field(default_factory=dict)
    """Variables above the settings that a test has anyway."""
    origin: str = ORIGIN
    hosts: frozenset[str] = HOSTS
    config: Path | None = None
    clock: HandClock = field(default_factory=HandClock)
    printed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make the house."""
        lay_blank_ledger(self.folder / "ledger.sqlite3")
        numbers = count()
        surroundings = Surroundings(
            clock=self.clock,
            salts=lambda length: hashlib.shake_128(str(next(numbers)).encode()).digest(length),
            # As cheap as argon2 can be.
            passwords=lambda: Passwords(time_cost=1, memory_cost=8, parallelism=1),
        )
        self.office = Office(self.settings, surroundings)
        self.house: House = make_house(
            self.settings,
            self.office,
            address=Address(self.origin, self.hosts),
            clock=self.clock,
            owner="zoe",
            tell=self.printed.append,
            api_key=lambda: SecretStr(API_KEY),
            tokens=tokens().__next__,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.office.__exit__(None, None, None)

    def user(self, name: str, role: Role) -> None:
        """Add a user, whose password is `PASSWORD`."""
        self.office.people.add(name, role, PASSWORD, by="root", now=self.clock.instant().at)

    def browser_of(self, name: str, *others: PageRoute) -> "Browser":
        """A browser of a user's."""
        browser = self.browser(*others)
        answer = browser.request(
            "POST", "/sign-in", data={"name": name, "password": PASSWORD}, headers={"Origin": self.origin}
        )
        assert answer.status_code == 303
        return browser

    @property
    def settings(self) -> Settings:
        """As a config would give them."""
        ours = {
            "BATCHER_API__BASE_URL": "http://127.0.0.1:8765/v2",
            "BATCHER_API__ACCOUNT": "acme",
            "BATCHER_LEDGER__URL": f"sqlite:///{self.folder}/ledger.sqlite3",
            "BATCHER_RESULTS__DIRECTORY": f"{self.folder}/results",
        }
        return load_settings(self.config, {**ours, **self.given}, places=())

    def browser(self, *others: PageRoute) -> "Browser":
        """A browser that is not signed in; `others` take the place of routes of their names."""
        named = {route.name: route for route in (*ROUTES, *others)}
        return Browser(make_app(self.house, tuple(named.values())), base_url=self.origin)

    def signed_in(self, *others: PageRoute) -> "Browser":
        """A browser of the owner's."""
        browser = self.browser(*others)
        assert browser.get(self.house.new_link()).status_code == 303
        return browser


class Browser:
    """Keeps cookies, follows nothing by itself, and sends with each form what a browser does."""

    def __init__(self, app: ASGIApp, base_url: str) -> None:
        self._app, self.base_url = app, base_url
        self.cookies = httpx.Cookies()

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request, as plain as it is written."""
        return asyncio.run(self._request(method, path, options))

    async def _request(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport, base_url=self.base_url, cookies=self.cookies) as client:
            answer = await client.request(method, path, **options)
            self.cookies = client.cookies
            return answer

    def get(self, path: str, **options: Any) -> httpx.Response:
        """Ask for a page."""
        return self.request("GET", path, **options)

    def csrf(self) -> str:
        """The token, as it stands in any page."""
        return self.get("/").text.partition('name="csrf" value="')[2].partition('"')[0]

    def upload(self, name: str, content: bytes) -> httpx.Response:
        """Send a sheet."""
        return self.send("/sheets", files={"sheet": (name, content, "application/octet-stream")})

    def send(self, path: str, data: Mapping[str, str | list[str]] | None = None, **options: Any) -> httpx.Response:
        """Send a form of one of our own pages, with its token."""
        headers = {"Origin": self.base_url, "Sec-Fetch-Site": "same-origin", **options.pop("headers", {})}
        return self.request("POST", path, data={"csrf": self.csrf(), **(data or {})}, headers=headers, **options)
