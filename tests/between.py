"""Somebody between a command and the sandbox: passes everything on, and lets something happen on the way once."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx

_OF_ONE_CONNECTION = frozenset({"host", "connection", "content-length", "transfer-encoding", "date", "server"})


class Between:
    """A port that answers as the sandbox behind it does, within a `with` block."""

    def __init__(self, sandbox_url: str) -> None:
        self._behind = urlsplit(sandbox_url)
        self._next: Callable[[], None] | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}{self._behind.path}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def once(self, happening: Callable[[], None]) -> None:
        """Let this happen before the next request is passed on."""
        self._next = happening

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        between = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                happening, between._next = between._next, None
                if happening is not None:
                    happening()
                behind = between._behind
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name: text for name, text in self.headers.items() if name.lower() not in _OF_ONE_CONNECTION}
                answer = httpx.request(
                    self.command,
                    f"{behind.scheme}://{behind.netloc}{self.path}",
                    headers=headers,
                    content=body,
                    trust_env=False,
                )
                self.send_response(answer.status_code)
                for name, text in answer.headers.items():
                    if name.lower() not in _OF_ONE_CONNECTION:
                        self.send_header(name, text)
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is that of the library
                """Nobody reads it."""

        return Handler
