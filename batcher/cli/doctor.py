"""`batcher doctor`: what is wrong, and what to do."""

import asyncio
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from batcher.cli.common import Given, common

if TYPE_CHECKING:
    from batcher.assembly import Examination
    from batcher.cli.checkup import Check
    from batcher.settings import Settings
    from batcher.settings.api_key import FoundKey
    from batcher.settings.secret_places import AskKeyring

MARKS = {True: ("ok", "green"), None: ("look", "yellow"), False: ("WRONG", "red")}

TITLES = {
    "config": "Config",
    "key": "API key",
    "network": "Network",
    "access": "Access",
    "clock": "Clock",
    "balance": "Balance",
    "orders": "Order list",
    "ledger": "Ledger",
    "place": "Its place",
    "lock": "Its lock",
    "unsettled": "Unsettled",
    "limit": "Limit",
    "disk": "Disk",
    "results": "Results",
    "inboxes": "Inbox",
    "notifications": "Notices",
}
"""Each kind of check and what the screen calls it, in the order in which they are made.

What there may be several of has a check of its own for each, such as `inboxes.payroll`.
"""


@click.command(name="doctor")
@click.option("--send-test", is_flag=True, help="Send one test notification to each address of [notifications].")
@common
def command(given: Given, send_test: bool) -> int:
    """Look at config, API key, network, clock, balance, orders, ledger, disk, limit, inboxes and notifications.

    Changes and sends nothing, but for the notifications of --send-test. Exit codes: 0 nothing is wrong (warnings
    allowed), 1 ledger, disk or clock, 2 config, API key or another secret, 4 Runa refuses the key or the version, 6
    Runa or an inbox cannot be reached, or a test notification was not taken. Where several hold, the first of these is
    it.
    """
    from batcher.cli.checkup import as_json, exit_code_of

    surroundings = Surroundings(config=given.config, environ=os.environ, send_test=send_test)
    report = Report(surroundings)
    checks = []
    if not given.as_json:
        click.echo(report.heading)
    for check in report.checks():
        checks.append(check)
        if not given.as_json:
            _show(check)
    code = exit_code_of(checks)
    if given.as_json:
        told = {"environment": report.label, "checks": as_json(checks), "exit_code": code}
        click.echo(json.dumps(told, ensure_ascii=False))
        return code
    failed = sum(check.ok is False for check in checks)
    given.say(f"{failed} thing{'s' * (failed != 1)} to mend." if failed else "Nothing is wrong.")
    return code


def _show(check: "Check") -> None:
    word, colour = MARKS[check.ok]
    click.echo(
        click.style(f"{word:<6}", fg=colour, bold=check.ok is False)
        + f"{TITLES[check.name.partition('.')[0]]:<11}{check.finding}"
    )
    if check.fix:
        click.echo(f"{'':<17}→ {check.fix}")


def _free_bytes(path: Path) -> int:
    return shutil.disk_usage(path).free


def _may_write(path: Path) -> bool:
    return os.access(path, os.W_OK | os.X_OK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The machine that is looked at, as arguments."""

    environ: Mapping[str, str]
    config: Path | None = None
    ask_keyring: "AskKeyring | None" = None
    """`None` asks the system's own."""
    send_test: bool = False
    """Whether whoever is told of runs is told now that this is a test."""
    free_bytes: Callable[[Path], int] = _free_bytes
    may_write: Callable[[Path], bool] = _may_write


class Report:
    """One look at everything; what one finding stands in the way of is said to be so."""

    def __init__(self, surroundings: Surroundings) -> None:
        from batcher.errors import UsageError
        from batcher.settings import environment, load_settings

        self._around = surroundings
        self._settings: Settings | None = None
        self._fault: UsageError | None = None
        self.label: str | None = None
        """The environment; `None` where the config does not tell."""
        self._is_real = False
        try:
            self._settings = load_settings(surroundings.config, surroundings.environ)
            place = environment(self._settings)
            self.label, self._is_real = place.label, place.is_real_money
        except UsageError as error:
            self._fault = error

    @property
    def heading(self) -> str:
        """The environment, and real money unmistakably."""
        if self.label is None:
            return click.style("Environment: not known, the config cannot be read", bold=True)
        heading = f"Environment: {self.label}"
        if not self._is_real:
            return click.style(heading, bold=True)
        return click.style(f" {heading} - REAL MONEY ", bg="red", fg="white", bold=True)

    def checks(self) -> "Iterator[Check]":
        """Each check when it is made, in the order of `TITLES`. Outside an event loop: inboxes have their own."""
        from batcher.assembly import Examination
        from batcher.cli.checkup import USAGE, config_check, not_looked_at, wrong

        if self._settings is None:
            message, fix = (self._fault.message, self._fault.fix) if self._fault else ("", "")
            yield wrong("config", message, fix or "Mend it there; config.example.toml shows every setting.", USAGE)
            yield from not_looked_at("the config cannot be read", *list(TITLES)[1:])
            return
        yield config_check(self._config_file(), self._around.environ)
        key_check, found = self._key(self._settings)
        yield key_check
        examination = Examination(self._settings)
        yield from asyncio.run(self._at_runa(examination, self._settings, found))
        yield from self._on_this_machine(examination, self._settings, found)
        yield from self._at_inboxes(self._settings)
        yield from self._who_is_told(examination, self._settings)

    def _config_file(self) -> Path | None:
        from batcher.settings.load import default_places

        places = default_places() if self._around.config is None else (self._around.config,)
        return next((place for place in places if place.exists()), None)

    def _key(self, settings: "Settings") -> "tuple[Check, FoundKey | None]":
        from batcher.cli.checkup import USAGE, failure, key_check
        from batcher.errors import UsageError
        from batcher.settings import environment
        from batcher.settings.api_key import find_api_key

        try:
            found = find_api_key(settings, self._around.environ, ask_keyring=self._around.ask_keyring)
        except UsageError as error:
            otherwise = error.fix or "Put the key of this environment there: it is in Runa's portal."
            return failure("key", error, USAGE, otherwise), None
        return key_check(found, environment(settings)), found

    async def _at_runa(
        self, examination: "Examination", settings: "Settings", found: "FoundKey | None"
    ) -> "list[Check]":
        from batcher.cli.checkup import at_runa

        async with examination.client(found.key if found else None) as client:
            return await at_runa(
                client,
                client,
                client,
                knock=lambda: examination.knock(client),
                clock=examination.clock,
                base_url=settings.api.base_url,
                has_key=found is not None,
                currency=settings.defaults.currency,
                proxied=any(name.upper() == "HTTPS_PROXY" for name in self._around.environ),
            )

    def _on_this_machine(
        self, examination: "Examination", settings: "Settings", found: "FoundKey | None"
    ) -> "Iterator[Check]":
        from batcher.cli.checkup import of_disks, of_ledger

        health = examination.ledger(found.key if found else None)
        yield from of_ledger(
            health,
            now=examination.clock.instant().at,
            account=examination.environment.account,
            per_minute=settings.limits.orders_per_minute,
        )
        yield from of_disks(
            {"ledger": health.path.parent, "results": settings.results.directory},
            free_bytes=self._around.free_bytes,
            writable=self._around.may_write,
        )

    def _at_inboxes(self, settings: "Settings") -> "Iterator[Check]":
        from batcher.assembly.stores import store_of
        from batcher.cli.checkup_outside import of_inboxes

        yield from of_inboxes(
            settings.inboxes, lambda name: store_of(name, settings.inboxes[name], self._around.environ)
        )

    def _who_is_told(self, examination: "Examination", settings: "Settings") -> "Iterator[Check]":
        from batcher.assembly.notifying import outlets_of, send_test
        from batcher.cli.checkup_outside import nobody_to_test, of_notifications, of_tests

        clock = examination.clock
        check, outlets = of_notifications(lambda: outlets_of(settings, self._around.environ, clock))
        if not self._around.send_test or check.ok is False:
            yield check
        elif not outlets:
            yield nobody_to_test()
        else:
            yield check
            yield from of_tests(asyncio.run(send_test(outlets, examination.environment, clock)))
