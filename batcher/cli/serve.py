"""`batcher serve`: the page, on a port of this machine."""

import asyncio
import contextlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from batcher.cli.common import Given, common
from batcher.errors import UsageError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from pydantic import SecretStr

    from batcher.assembly.notifying import Notifier
    from batcher.settings import Settings
    from batcher.web import Address
    from batcher.web.house import House


@click.command(name="serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--port", default=8080, show_default=True, type=click.IntRange(0, 65_535), help="Which port; 0 takes a free one."
)
@click.option("--address", metavar="URL", help="How browsers reach it, where a proxy with a certificate is in front.")
@click.option("--sandbox", is_flag=True, help="Rehearse at a sandbox of its own, which is forgotten when this ends.")
@common
def command(given: Given, host: str, port: int, address: str | None, sandbox: bool) -> int:
    """Open the page that does the whole job in a browser, until Ctrl-C.

    Without any config it starts a sandbox beside it: no network, no key, no money.
    """
    _require_the_extra()
    from batcher.web import Address, open_port

    # The port comes first: whoever has a page open already is told before anything is made.
    Address.of(host, port, address)
    with open_port(host, port) as listener:
        bound = listener.getsockname()[1]
        with _surroundings(given, sandbox=sandbox) as (settings, api_key):
            _serve(given, settings, api_key, Address.of(host, bound, address), listener)
    return 0


def _require_the_extra() -> None:
    from importlib.util import find_spec

    missing = [
        name
        for name in ("jinja2", "prometheus_client", "python_multipart", "standardwebhooks", "starlette", "uvicorn")
        if find_spec(name) is None
    ]
    if missing:
        raise UsageError(
            f"The page needs packages that are not installed: {', '.join(missing)}.",
            "Install them with: pip install 'batcher[web]'",
        )


@contextlib.contextmanager
def _surroundings(given: Given, *, sandbox: bool) -> "Iterator[tuple[Settings, Callable[[], SecretStr]]]":
    """The settings, and where the API key comes from: yours, or those of a sandbox that lasts as long as the block."""
    from batcher.settings import load_api_key, load_settings

    if not sandbox and _is_set_up(given, os.environ):
        settings = given.settings()
        yield settings, lambda: load_api_key(settings, os.environ)
        return

    from pydantic import SecretStr

    from batcher.sandbox import SandboxThread

    with tempfile.TemporaryDirectory(prefix="batcher-serve-") as folder, SandboxThread() as own:
        given.say(
            "A rehearsal at a sandbox on this machine: nothing is paid, and all of it is forgotten when this ends."
            + ("" if sandbox else " No config was found; `batcher init` makes one.")
        )
        settings = load_settings(given.config, {**os.environ, **_of_sandbox(own.url, Path(folder))})
        given.log_by(settings)
        yield settings, lambda: SecretStr("xx.sandbox")


def _is_set_up(given: Given, environ: Mapping[str, str]) -> bool:
    """Whether somebody has said where orders are made: by a config, or by a variable."""
    from batcher.settings.load import default_places

    named = any(variable.upper().startswith("BATCHER_API__") for variable in environ)
    return given.config is not None or named or any(place.exists() for place in default_places())


def _of_sandbox(url: str, folder: Path) -> dict[str, str]:
    return {
        "BATCHER_API__BASE_URL": url,
        "BATCHER_API__ACCOUNT": "sandbox",
        "BATCHER_LEDGER__URL": f"sqlite:///{folder}/ledger.sqlite3",
        "BATCHER_RESULTS__DIRECTORY": f"{folder}/results",
    }


def _serve(
    given: Given,
    settings: "Settings",
    api_key: "Callable[[], SecretStr]",
    address: "Address",
    listener: "socket.socket",
) -> None:
    from batcher.assembly import Office
    from batcher.assembly.background import Background
    from batcher.assembly.notifying import make_notifier
    from batcher.clock import SystemClock
    from batcher.ledger import user_name
    from batcher.settings import load_webhook_secret
    from batcher.web import make_house
    from batcher.web.webhooks import PATH

    webhook_secret = load_webhook_secret(settings, os.environ)
    with Office(settings) as office:
        notifier = make_notifier(office, settings, os.environ)
        house = make_house(
            settings,
            office,
            address=address,
            clock=SystemClock(),
            owner=user_name(),
            tell=lambda text: click.echo(text, err=True),
            api_key=api_key,
            webhook_secret=webhook_secret,
            notifier=notifier,
            environ=os.environ,
        )
        given.say(f"batcher's page for {house.environment.label}. Ctrl-C ends it.")
        has_users = office.people.has_users()
        link = address.origin if has_users else house.new_link()
        # The link is the one thing that a script waits for: alone on its line, and at once.
        click.echo(json.dumps({"url": address.origin, "link": link}) if given.as_json else link)
        given.say(_SIGN_IN if has_users else _OPEN)
        if webhook_secret is not None:
            given.say(f"Runa's webhooks are taken at {address.origin}{PATH}.")
        with Background(house.desk):
            asyncio.run(_answer(house, listener, notifier))
    given.say("The page is closed. What was sent is in the ledger; the same command opens it again.")


async def _answer(house: "House", listener: "socket.socket", notifier: "Notifier") -> None:
    """The page, and beside it what people are told."""
    from batcher.web import make_app, serve

    delivering = asyncio.create_task(notifier.keep_delivering())
    try:
        await serve(make_app(house), listener, house.ending)
    finally:
        delivering.cancel()
        await asyncio.wait({delivering})


_SIGN_IN = "Open it in a browser, and sign in. `batcher user list` tells who may."
_OPEN = "Open the link in a browser. It works once, within 15 minutes; the page can have another one printed here."
