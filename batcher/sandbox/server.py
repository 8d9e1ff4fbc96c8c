"""HTTP/1.1 over a real port: reads requests, asks what should happen, and does that to the connection."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from http.client import responses

import h11

from batcher.sandbox.clock import wait_s
from batcher.sandbox.message import Answer, Request, Wire

CHUNK = 65_536
LARGEST_BODY = 4 * 1024 * 1024


class _Gone(Exception):
    """The caller has left, or sends what nobody would."""


@asynccontextmanager
async def listen(handle: Callable[[Request], Answer], host: str, port: int) -> AsyncIterator[int]:
    """Serve until the block ends; gives the port. Every connection is closed, and its task done, afterwards."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=512) as listener:
        listener.setblocking(False)
        open_now: set[asyncio.Task[None]] = set()
        accepting = asyncio.create_task(_accept(listener, handle, open_now))
        try:
            yield listener.getsockname()[1]
        finally:
            await wait_s(0)  # cancelled halfway, an accept would forget its connection: two turns of the loop end it
            await wait_s(0)
            accepting.cancel()
            await asyncio.gather(accepting, return_exceptions=True)
            for task in open_now:
                task.cancel()
            await asyncio.gather(*open_now, return_exceptions=True)


async def _accept(
    listener: socket.socket, handle: Callable[[Request], Answer], open_now: set[asyncio.Task[None]]
) -> None:
    """One task for each connection, known from the moment it is accepted: `asyncio.start_server` forgets early ones."""
    loop = asyncio.get_running_loop()
    while True:
        connection, _ = await loop.sock_accept(listener)
        task = asyncio.create_task(_serve(connection, handle))
        open_now.add(task)
        task.add_done_callback(open_now.discard)
        task.add_done_callback(partial(_close, connection))


def _close(connection: socket.socket, _: asyncio.Task[None]) -> None:
    connection.close()


async def _serve(connection: socket.socket, handle: Callable[[Request], Answer]) -> None:
    reader, writer = await asyncio.open_connection(sock=connection)
    await _Connection(handle, reader, writer).serve()


class _Connection:
    """One connection, for as long as both sides keep it."""

    def __init__(
        self, handle: Callable[[Request], Answer], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._handle, self._reader, self._writer = handle, reader, writer
        self._http = h11.Connection(h11.SERVER)

    async def serve(self) -> None:
        """Answer requests until one of the two sides ends it."""
        try:
            while (request := await self._request()) is not None:
                if not await self._act(self._handle(request)):
                    break
                self._http.start_next_cycle()
        except (_Gone, ConnectionError, h11.ProtocolError):
            pass
        except asyncio.CancelledError:
            self._writer.transport.abort()
            raise
        finally:
            self._writer.close()
            with suppress(ConnectionError):
                await self._writer.wait_closed()

    async def _request(self) -> Request | None:
        head = await self._event()
        if not isinstance(head, h11.Request):
            return None
        body = bytearray()
        while isinstance(event := await self._event(), h11.Data):
            body += event.data
            if len(body) > LARGEST_BODY:
                raise _Gone
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers]
        return Request.of(head.method.decode("ascii"), head.target.decode("latin-1"), headers, bytes(body))

    async def _event(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if self._http.they_are_waiting_for_100_continue:
                await self._send(h11.InformationalResponse(status_code=100, headers=[]))
            self._http.receive_data(await self._reader.read(CHUNK))
        return event

    async def _send(self, event: h11.Event) -> None:
        data = self._http.send(event)
        if data:
            self._writer.write(data)
            await self._writer.drain()

    async def _act(self, answer: Answer) -> bool:
        """Do what the answer says; whether the connection lives on."""
        if answer.delay_s > 0:
            await wait_s(answer.delay_s)
        match answer.wire:
            case Wire.REPLY:
                await self._reply(answer, len(answer.body))
                return self._http.our_state is h11.DONE
            case Wire.TRUNCATE:
                await self._reply(answer, len(answer.body) // 2)
            case Wire.RESET:
                self._reset()
            case Wire.CONTINUE_102:
                await self._send(h11.InformationalResponse(status_code=102, headers=[]))
                await self._until_they_leave()
            case Wire.HANG:
                await self._until_they_leave()
            case Wire.CLOSE:
                pass
        return False

    async def _reply(self, answer: Answer, sent: int) -> None:
        status = answer.status or 500
        head = h11.Response(status_code=status, headers=list(answer.headers), reason=responses.get(status, ""))
        data = (self._http.send(head) or b"") + (self._http.send(h11.Data(data=answer.body[:sent])) or b"")
        if sent == len(answer.body):
            data += self._http.send(h11.EndOfMessage()) or b""
        self._writer.write(data)
        await self._writer.drain()

    async def _until_they_leave(self) -> None:
        while await self._reader.read(CHUNK):
            pass

    def _reset(self) -> None:
        """Close with unsent data thrown away, which TCP tells the other side as RST."""
        connection = self._writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()
