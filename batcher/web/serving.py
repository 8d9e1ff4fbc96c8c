"""A port of this machine, and an orderly end."""

import asyncio
import contextlib
import errno
import ipaddress
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import uvicorn

from batcher.errors import UsageError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

GOODBYE_S = 10
"""How long a request that is being answered may take once the server is told to end."""
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """Where people open the page."""

    origin: str
    """Such as `http://127.0.0.1:8080`."""
    hosts: frozenset[str]
    """Every `Host` that is answered."""

    @property
    def origins(self) -> frozenset[str]:
        """Where our own pages come from."""
        return frozenset(f"{self.origin.partition(':')[0]}://{host}" for host in self.hosts)

    @classmethod
    def of(cls, host: str, port: int, public: str | None = None) -> "Address":
        """For a port that is open at `host`; `public` is how browsers reach it through a proxy with a certificate.

        Raises `UsageError` for one that others could reach without https: the links in it are worth money.
        """
        if public is not None:
            return _public(public)
        if not _is_loopback(host):
            raise UsageError(
                f"At {host} others could reach the page, and read along: nothing there is encrypted.",
                "Leave --host out, or put a proxy with a certificate in front and name its address with "
                "--address https://….",
            )
        names = ["127.0.0.1", "localhost", "[::1]"] if host != "::1" else ["[::1]", "localhost"]
        return cls(f"http://{names[0]}:{port}", frozenset(f"{name}{_port('http', port)}" for name in names))


def _public(public: str) -> Address:
    parts = urlsplit(public.strip().lower())
    wrong = UsageError(f"{public!r} is no address of a page.", "Write it as in --address https://payouts.example.com.")
    try:
        port, host = parts.port, parts.hostname
    except ValueError:
        raise wrong from None
    beyond = parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None
    if parts.scheme != "https" or not host or beyond:
        raise wrong
    named = f"{host}{_port('https', port or 443)}"
    return Address(f"https://{named}", frozenset({named}))


def _port(scheme: str, port: int) -> str:
    return "" if port == _DEFAULT_PORTS[scheme] else f":{port}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def open_port(host: str, port: int) -> socket.socket:
    """The port, open before anything else begins. Raises `UsageError` where it is taken, or not ours to open."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        reason = "another program has it" if error.errno == errno.EADDRINUSE else error.strerror or "no such address"
        raise UsageError(
            f"Port {port} of {host} cannot be opened: {reason}.", "Choose another one with --port, such as --port 8081."
        ) from None


class _Server(uvicorn.Server):
    """Ends by Ctrl-C or SIGTERM as by a word: what is being answered is answered, and nothing is raised again."""

    def __init__(self, config: uvicorn.Config, ending: asyncio.Event) -> None:
        super().__init__(config)
        self._ending, self._loop = ending, asyncio.get_running_loop()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal has come."""
        super().handle_exit(sig, frame)
        # The loop may be in the middle of anything.
        self._loop.call_soon_threadsafe(self._ending.set)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


async def serve(app: "ASGIApp", listener: socket.socket, ending: asyncio.Event) -> None:
    """Answer until Ctrl-C or SIGTERM, at which `ending` is set."""
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=200,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=GOODBYE_S,
        h11_max_incomplete_event_size=32_768,
    )
    await _Server(config, ending).serve(sockets=[listener])
