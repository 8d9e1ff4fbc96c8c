"""A real TLS server on this machine, with whatever certificate a test gives it, that writes down what it is told."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import trustme

PONG = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 18\r\nConnection: close\r\n\r\n"
    b'{"message":"pong"}'
)
PAST = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class Listener:
    """Where it listens, and every byte that it was told, after the handshake where there is one."""

    port: int
    heard: bytes = b""

    def url(self, host: str = "127.0.0.1", scheme: str = "https") -> str:
        """Its base URL."""
        return f"{scheme}://{host}:{self.port}/v2"


def certificate(authority: trustme.CA, *names: str, not_after: datetime | None = None) -> ssl.SSLContext:
    """What a server shows that has a certificate of this authority for these names."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*names, not_after=not_after).configure_cert(context)
    return context


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """What a client checks with that knows this authority and no other."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@contextmanager
def listening(shown: ssl.SSLContext | None) -> Iterator[Listener]:
    """A server that shows this certificate, or speaks plain http; it answers every request with a pong."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        listener = Listener(door.getsockname()[1])
        thread = threading.Thread(target=_serve, args=(door, shown, listener), daemon=True)
        thread.start()
        try:
            yield listener
        finally:
            door.shutdown(socket.SHUT_RDWR)  # which ends the wait for the next connection
            thread.join(10)


def _serve(door: socket.socket, shown: ssl.SSLContext | None, listener: Listener) -> None:
    """One connection after the other, until the door is closed."""
    while True:
        try:
            connection, _ = door.accept()
        except OSError:
            return
        connection.settimeout(5)
        # A caller who does not like the certificate leaves in the middle of the handshake, or just after it.
        with connection, suppress(OSError):
            if shown is None:
                _answer(connection, listener)
            else:
                with shown.wrap_socket(connection, server_side=True) as inside:
                    _answer(inside, listener)


def _answer(connection: socket.socket, listener: Listener) -> None:
    heard = b""
    while b"\r\n\r\n" not in heard:
        piece = connection.recv(65_536)
        listener.heard += piece
        heard += piece
        if not piece:
            return
    connection.sendall(PONG)
