"""A page at a sandbox that really answers, on the machine's clock; the desk works when the test says so."""

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import httpx
from pydantic import SecretStr

from batcher.assembly import Office, Surroundings
from batcher.clock import SystemClock
from batcher.passwords import Passwords
from batcher.ports import Clock
from batcher.roles import Role
from batcher.sandbox import SandboxThread
from batcher.settings import load_settings
from batcher.web import Address, make_app, make_house
from tests.blank_ledger import lay_blank_ledger
from tests.web.house import API_KEY, HOSTS, ORIGIN, PASSWORD, Browser
from tests.web.sheets import sheet_of


def row(reference: str, amount: str = "10.00", **cells: str) -> dict[str, str]:
    """A good row, but for what the test says."""
    good = {
        "Reference": reference,
        "Amount": amount,
        "Currency": "GBP",
        "Product": "AMZ-GB",
        "Distribution": "EMAIL",
        "Email": f"{reference.lower()}@example.com",
    }
    return good | cells


class Till:
    """One ledger, one sandbox, one browser of the owner's."""

    def __init__(
        self,
        folder: Path,
        sandbox: SandboxThread,
        webhook_secret: str | None = None,
        config: Path | None = None,
        clock: Clock | None = None,
        /,
        **given: str,
    ) -> None:
        self.folder, self.sandbox = folder, sandbox
        variables = {
            "API__BASE_URL": sandbox.url,
            "API__ACCOUNT": "acme",
            "LIMITS__ORDERS_PER_MINUTE": "6000",
            "POLLING__FIRST_S": "0.01",
            "POLLING__MAX_S": "0.05",
            "RETRY__MIN_WAIT_S": "0.01",
            "RETRY__MAX_WAIT_S": "0.02",
            "LEDGER__URL": f"sqlite:///{folder}/ledger.sqlite3",
            "RESULTS__DIRECTORY": f"{folder}/results",
            **given,
        }
        settings = load_settings(config, {f"BATCHER_{name}": value for name, value in variables.items()}, places=())
        # As cheap as argon2 can be.
        clock = SystemClock() if clock is None else clock
        cheap = Surroundings(clock=clock, passwords=lambda: Passwords(time_cost=1, memory_cost=8, parallelism=1))
        lay_blank_ledger(folder / "ledger.sqlite3")
        self.office = Office(settings, cheap)
        self.house = make_house(
            settings,
            self.office,
            address=Address(ORIGIN, HOSTS),
            clock=clock,
            owner="zoe",
            tell=lambda text: None,
            api_key=lambda: SecretStr(API_KEY),
            webhook_secret=None if webhook_secret is None else SecretStr(webhook_secret),
        )
        self.browser = self.nobody()
        self.browser.get(self.house.new_link())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.office.__exit__(None, None, None)

    def nobody(self) -> Browser:
        """A browser that is not signed in."""
        return Browser(make_app(self.house), base_url=ORIGIN)

    def user(self, name: str, role: Role) -> Browser:
        """A user's browser, signed in. Once there are users, the owner's link opens no more."""
        self.office.people.add(name, role, PASSWORD, by="root", now=self.office.now)
        browser = self.nobody()
        data = {"name": name, "password": PASSWORD}
        assert browser.request("POST", "/sign-in", data=data, headers={"Origin": ORIGIN}).status_code == 303
        return browser

    def upload(self, rows: Sequence[dict[str, str]]) -> str:
        """Send a sheet; gives the path of its page."""
        return self.browser.upload("payouts.csv", sheet_of(rows)).headers["Location"]

    def review(self, rows: Sequence[dict[str, str]], batch: str = "march", **said: str | list[str]) -> httpx.Response:
        """Send a sheet and look at what would happen."""
        return self.browser.send(f"{self.upload(rows)}/pay", {"batch": batch, **said})

    def confirm(self, review: httpx.Response, **typed: str) -> httpx.Response:
        """Say yes to what a review shows."""
        (path,) = re.findall(r'action="(/plans/[0-9a-f]{64}/confirm)"', review.text)
        return self.browser.send(path, typed)

    def work(self) -> None:
        """What the desk does meanwhile."""
        asyncio.run(self.house.desk.work_off())

    def pay(self, rows: Sequence[dict[str, str]], batch: str = "march", **said: str) -> None:
        """All of it."""
        answer = self.confirm(self.review(rows, batch, **said))
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/batches/{batch}")
        self.work()

    def page(self, path: str, **query: str) -> str:
        """A page's text."""
        answer = self.browser.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.text

    def row_page(self, name: str, batch: str = "march") -> str:
        """The path of a row's page."""
        found: list[str] = re.findall(rf'href="(/batches/{batch}/rows/\d+)">{name}<', self.page(f"/batches/{batch}"))
        return found[0]

    def orders(self) -> list[dict[str, Any]]:
        """What was really made."""
        orders = self.sandbox.dump()["orders"]
        assert isinstance(orders, list)
        return orders
