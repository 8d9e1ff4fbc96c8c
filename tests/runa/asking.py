"""The client at work: one of its calls, against the sandbox on a real port or a server that plays back bytes."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeVar

from batcher import keys
from batcher.model import Reply, Speaker
from batcher.runa import RunaClient
from batcher.sandbox import Sandbox, Switches

API_KEY = "xx.s3cret-never-shown"
VERSION = "2024-02-05"
TIMEOUT_S = 1.0
KEY = "0e9b9b2a-7a55-8c5e-8f0a-3b1d8a2c4e6f"
BODY = (
    b'{"description":"caf\\u00e9","items":[{"distribution_method":{"email_address":"ann@example.com","type":"EMAIL"},'
    b'"face_value":12.50,"products":{"type":"SINGLE","value":"AMZ-GB"}}],"metadata":{"idempotency_key":"k"},'
    b'"payment_method":{"currency":"GBP","type":"ACCOUNT_BALANCE"}}'
)

T = TypeVar("T")

Ask = Callable[[RunaClient], Awaitable[Reply]]


def client_of(url: str, *, timeout_s: float = TIMEOUT_S, page_size: int = 500) -> RunaClient:
    """A client as `batcher.assembly` makes it."""
    speaker = Speaker(base_url=url, api_version=VERSION, fingerprint=keys.fingerprint(API_KEY))
    return RunaClient(speaker, api_key=API_KEY, timeout_s=timeout_s, page_size=page_size)


async def create(client: RunaClient) -> Reply:
    return await client.create(key=KEY, body=BODY)


def asked(*calls: Ask, **switches: object) -> list[Reply]:
    """What the client makes of a sandbox with these switches, one call after the other."""

    async def story() -> list[Reply]:
        async with Sandbox(Switches.from_mapping(switches)).serve() as url, client_of(url) as client:
            return [await call(client) for call in calls]

    return asyncio.run(story())


def only(*calls: Ask, **switches: object) -> Reply:
    """The last reply of these calls."""
    return asked(*calls, **switches)[-1]


@dataclass
class Recorder:
    """A server that writes down what comes, byte for byte, and gives everybody the same answer."""

    answer: bytes
    heard: list[bytes] = field(default_factory=list)
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: one request, one answer."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            self.heard.append(head + await reader.readexactly(int(length[1]) if length else 0))
            writer.write(self.answer)
            await writer.drain()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def recording(answer: bytes) -> AsyncIterator[Recorder]:
    """A `Recorder` on a port of this machine, for as long as the block lasts."""
    recorder = Recorder(answer)
    server = await asyncio.start_server(recorder.serve, "127.0.0.1", 0)
    async with server:
        recorder.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v2"
        yield recorder


def played(answer: bytes, call: Ask = create) -> tuple[Reply, list[bytes]]:
    """What the client makes of these bytes, and what it said to get them."""
    return answering(answer, call)


def answering(
    answer: bytes, call: Callable[[RunaClient], Awaitable[T]], *, timeout_s: float = TIMEOUT_S
) -> tuple[T, list[bytes]]:
    """The same for any call of the client."""

    async def story() -> tuple[T, list[bytes]]:
        async with recording(answer) as recorder, client_of(recorder.url, timeout_s=timeout_s) as client:
            return await call(client), recorder.heard

    return asyncio.run(story())


def story_of(tell: Callable[[Sandbox, RunaClient], Awaitable[T]], *, page_size: int = 500, **switches: object) -> T:
    """What is told of a client and the sandbox that it speaks to."""

    async def story() -> T:
        sandbox = Sandbox(Switches.from_mapping(switches))
        async with sandbox.serve() as url, client_of(url, page_size=page_size) as client:
            return await tell(sandbox, client)

    return asyncio.run(story())


def response(status: str, body: bytes, *headers: str, content_type: str = "application/json") -> bytes:
    """An HTTP answer, whole."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
