"""A real mail server and a real HTTP sink on loopback."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class Post:
    """One request that arrived."""

    headers: dict[str, str]
    body: bytes


@dataclass
class Sink:
    """Takes what is posted; answers what it is told to."""

    url: str = ""
    status: int = 204
    posts: list[Post] = field(default_factory=list)


@contextmanager
def http_sink() -> Iterator[Sink]:
    """An HTTP server, in a thread."""
    sink = Sink()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sink.posts.append(Post({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(sink.status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        sink.url = f"http://127.0.0.1:{server.server_port}/batcher"
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield sink
        finally:
            server.shutdown()
            thread.join()


class MailBox:
    """Implements aiosmtpd's handler: keeps what it is sent."""

    def __init__(self) -> None:
        self.mails: list[str] = []
        self.port = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.mails.append(envelope.content.decode())
        return "250 OK"


@contextmanager
def mail_server() -> Iterator[MailBox]:
    """An SMTP server, in a thread."""
    box = MailBox()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        box.port = probe.getsockname()[1]
    # aiosmtpd looks whether the port that it was given is open, so none can be left to it.
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
