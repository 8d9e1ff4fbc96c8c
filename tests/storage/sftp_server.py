"""An SFTP server on loopback, asyncssh's own, with real keys; and the ways in which it can go wrong."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

from batcher.inboxes import Login, SftpPlace

USER, PASSWORD = "batcher", "hunter2-hunter2"


@dataclass
class SftpServer:
    """One server; what it does wrong can be changed while it runs."""

    root: Path
    client_key: asyncssh.SSHKey
    known_hosts: Path
    port: int = 0
    cut_after: int | None = None
    """How many bytes of a file it gives, or takes, before the connection breaks."""
    replaces: bool = True
    """Whether it knows the rename that takes the place of another file."""
    stalls: bool = False
    """Whether it never answers a read."""
    released: asyncio.Event = field(default_factory=asyncio.Event)
    connections: list[Any] = field(default_factory=list)

    def place(self, *, login: Login = Login.KEY, path: str = "/inbox", user: str = USER) -> SftpPlace:
        return SftpPlace(
            host="127.0.0.1", port=self.port, user=user, path=path, known_hosts=self.known_hosts, login=login
        )

    @property
    def private_key(self) -> str:
        return self.client_key.export_private_key().decode()


@contextmanager
def sftp_server(folder: Path) -> Iterator[SftpServer]:
    """A server whose root is a folder of this machine; its host key is in `known_hosts` there."""
    host_key, client_key = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    root = folder / "root"
    root.mkdir()
    server = SftpServer(root, client_key, folder / "known_hosts")
    started, loop = threading.Event(), asyncio.new_event_loop()
    stop: asyncio.Event = asyncio.Event()

    async def serve() -> None:
        async with asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[host_key],
            server_factory=lambda: _Door(server),
            sftp_factory=lambda channel: _Files(channel, server),
            allow_scp=False,
        ) as listener:
            server.port = listener.get_port()
            started.set()
            await stop.wait()
            server.released.set()
            for connection in [*server.connections]:
                connection.abort()
        # What still answers, to nobody, comes to its end.
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}), return_exceptions=True)

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    started.wait(10)
    public = host_key.export_public_key().decode().strip()
    server.known_hosts.write_text(f"[127.0.0.1]:{server.port} {public}\n")
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


class _Door(asyncssh.SSHServer):
    def __init__(self, server: SftpServer) -> None:
        self._server = server

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._server.connections.append(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connections.pop()

    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == USER and key == self._server.client_key.convert_to_public()

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)


class _Files(asyncssh.SFTPServer):
    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], server: SftpServer) -> None:
        super().__init__(channel, chroot=str(server.root).encode())
        self._server, self._moved = server, 0

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        if self._server.stalls:
            await self._server.released.wait()
        self._count(size)
        return super().read(file_obj, offset, size)  # type: ignore[return-value]

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        self._count(len(data))
        return super().write(file_obj, offset, data)  # type: ignore[return-value]

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        if not self._server.replaces:
            raise asyncssh.SFTPOpUnsupported("not here")
        super().posix_rename(oldpath, newpath)

    def _count(self, size: int) -> None:
        self._moved += size
        if self._server.cut_after is not None and self._moved > self._server.cut_after:
            self.channel.get_connection().abort()
            raise asyncssh.SFTPConnectionLost("cut")
