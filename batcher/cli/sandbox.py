"""`batcher sandbox`: Runa's API on a port of this machine."""

import asyncio
import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from batcher.cli.common import Given, common
from batcher.errors import UsageError

if TYPE_CHECKING:
    from batcher.sandbox import Hook, Sandbox


@click.command(name="sandbox")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", default=8765, show_default=True, help="Which port; 0 takes a free one.")
@click.option("--seed", default=0, show_default=True, help="The same seed draws the same faults and times.")
@click.option("--switch", "switches", multiple=True, metavar="NAME=VALUE", help="Set a switch; may be repeated.")
@click.option("--switches", "list_switches", is_flag=True, help="List all switches with their defaults, and end.")
@click.option("--issued", is_flag=True, help="Print, when it ends, what was really issued, as JSON.")
@click.option("--webhook", "webhook_url", metavar="URL", help="Send a webhook there for each order that is over.")
@click.option("--secret-file", metavar="FILE", type=click.Path(path_type=Path), help="What webhooks are signed with.")
@common
def command(
    given: Given,
    host: str,
    port: int,
    seed: int,
    switches: tuple[str, ...],
    list_switches: bool,
    issued: bool,
    webhook_url: str | None,
    secret_file: Path | None,
) -> int:
    """Serve the API until Ctrl-C. No money moves. Any API key of the form xx.something is taken.

    What it really issued is at /_sandbox/dump while it runs.
    """
    from batcher.sandbox import Sandbox, Switches

    if list_switches:
        for name, sentence in Switches.sentences().items():
            click.echo(f"{name:<22} {sentence}")
        return 0
    hook = _hook(webhook_url, secret_file)
    try:
        sandbox = Sandbox(Switches.from_mapping(dict(_pair(switch) for switch in switches)), seed, hook)
    except ValueError as error:
        raise UsageError(str(error), "`batcher sandbox --switches` lists them all.") from error
    try:
        asyncio.run(_serve(given, sandbox, host, port))
    except OSError as error:
        raise UsageError(
            f"Port {port} of {host} cannot be opened ({error.strerror}).", "Choose another one with --port."
        ) from error
    if issued:
        click.echo(json.dumps(sandbox.dump(), indent=2))
    return 0


def _hook(url: str | None, secret_file: Path | None) -> "Hook | None":
    """Where webhooks go; `None` where nobody has said so."""
    if url is None and secret_file is None:
        return None
    if url is None or secret_file is None:
        raise UsageError("--webhook and --secret-file belong together.", "Give both, or neither.")
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"--webhook {url} is no address.", "Write it as in http://127.0.0.1:8080/webhooks/runa.")
    from batcher.sandbox import Hook
    from batcher.settings.webhook_secret import secret_of_file

    secret = secret_of_file(secret_file, setting="--secret-file", instead="Leave --webhook out.")
    return Hook(url, secret.get_secret_value())


def _pair(switch: str) -> tuple[str, str]:
    name, equals, value = switch.partition("=")
    if not equals:
        raise ValueError(f"--switch {switch} has no value: write NAME=VALUE.")
    return name, value


async def _serve(given: Given, sandbox: "Sandbox", host: str, port: int) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with sandbox.serve(host, port) as url:
        # The address is the one thing that a script waits for: alone on its line, and at once.
        click.echo(json.dumps({"url": url}) if given.as_json else url)
        given.say(f'Sandbox ready. In batcher.toml, under [api]: base_url = "{url}"; RUNA_API_KEY=xx.sandbox')
        await stop.wait()
