"""A folder of an SFTP server, over asyncssh. One call is one connection, which is closed behind it.

A rename of SFTP never replaces a file, unlike the one of POSIX, which servers offer beside it: `move` takes the first,
`put` the second.
"""

import asyncio
import secrets
import socket
import stat
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

import asyncssh
from pydantic import SecretStr

from batcher.errors import InboxUnreachable, UsageError
from batcher.inboxes import Listed, Login, SftpPlace
from batcher.storage import telling
from batcher.storage.arriving import PIECE, arriving, refuse_too_large
from batcher.storage.hosts import known_hosts_of, not_believed
from batcher.storage.names import is_name, one_part, parts_of
from batcher.storage.patience import Patience, carried_out, timed_out


class SftpStore:
    """Implements `batcher.inboxes.Store`."""

    def __init__(
        self,
        place: SftpPlace,
        secret: SecretStr | None,
        environ: Mapping[str, str],
        *,
        patience: Patience,
        most_bytes: int,
    ) -> None:
        """Raises `UsageError` for a private key that cannot be used."""
        self._place, self._patience, self._most_bytes = place, patience, most_bytes
        self._login = _login(place, secret, environ)

    def listed(self) -> list[Listed]:
        """The plain files of the folder."""
        return carried_out(self._listed(), self._place.label, self._patience)

    def fetch(self, name: str, to: Path) -> None:
        """Copy a file. Raises `InboxUnreachable` for one that is written meanwhile, too."""
        carried_out(self._fetch(one_part(name), to), self._place.label, self._patience)

    def put(self, source: Path, *, folder: str, name: str) -> None:
        """Lay a file into a folder, under a name of its own until it is whole."""
        parts = parts_of(folder=folder, name=name)
        with source.open("rb") as file:
            carried_out(self._put(file, parts), self._place.label, self._patience)

    def move(self, name: str, *, folder: str, to: str) -> None:
        """Take a file into a folder; the server does so in one step."""
        parts = parts_of(folder=folder, name=to)
        carried_out(self._move(one_part(name), parts), self._place.label, self._patience)

    async def _listed(self) -> list[Listed]:
        async with self._connected() as sftp:
            files = [
                _listed(entry.filename, entry.attrs)
                async for entry in sftp.scandir(self._place.path)
                if isinstance(entry.filename, str) and is_name(entry.filename) and _is_regular(entry.attrs)
            ]
        return sorted(files, key=lambda file: file.name)

    async def _fetch(self, name: str, to: Path) -> None:
        async with self._connected() as sftp:
            path = self._path(name)
            before = await self._regular(sftp, path)
            if before is None:
                raise telling.gone(name, self._place.label)
            refuse_too_large(name, before.size or 0, self._most_bytes)
            async with sftp.open(path, "rb") as file:
                with arriving(to, name, self._most_bytes) as taken:
                    while piece := await file.read(PIECE):
                        taken.write(cast("bytes", piece))
                    after = await self._regular(sftp, path)
                    if after is None or _mark(after) != _mark(before) or taken.size != after.size:
                        raise telling.changed(name, self._place.label)

    async def _put(self, file: BinaryIO, parts: list[str]) -> None:
        async with self._connected() as sftp:
            folder = await self._folder(sftp, parts[:-1])
            beside, target = f"{folder}/.{secrets.token_hex(8)}.part", f"{folder}/{parts[-1]}"
            try:
                await _write(sftp, beside, file)
                await _replace(sftp, beside, target)
            except BaseException:
                with suppress(asyncssh.Error, OSError):
                    await sftp.remove(beside)
                raise

    async def _move(self, name: str, parts: list[str]) -> None:
        async with self._connected() as sftp:
            folder = await self._folder(sftp, parts[:-1])
            path, target = self._path(name), f"{folder}/{parts[-1]}"
            here, there = await self._regular(sftp, path), await self._regular(sftp, target)
            if here is None:
                if there is None:
                    raise telling.gone(name, self._place.label)
                return
            if there is None:
                await sftp.rename(path, target)
            elif await _same(sftp, path, target):
                await sftp.remove(path)
            else:
                raise telling.another("/".join(parts), self._place.label)

    def _path(self, *parts: str) -> str:
        return "/".join([self._place.path.rstrip("/"), *parts])

    async def _folder(self, sftp: asyncssh.SFTPClient, folders: list[str]) -> str:
        """A folder of the inbox, made for its owner only if it is not there; a link to elsewhere is none."""
        path = self._path()
        for part in folders:
            path = f"{path}/{part}"
            try:
                status = await sftp.lstat(path)
            except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
                await sftp.mkdir(path, asyncssh.SFTPAttrs(permissions=0o700))
                continue
            if status.type != asyncssh.FILEXFER_TYPE_DIRECTORY:
                raise self._refused(f"{part} in it is no folder")
        return path

    async def _regular(self, sftp: asyncssh.SFTPClient, path: str) -> asyncssh.SFTPAttrs | None:
        try:
            status = await sftp.lstat(path)
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
            return None
        if not _is_regular(status):
            raise self._refused("that is no plain file")
        return status

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[asyncssh.SFTPClient]:
        """Raises `InboxUnreachable` for whatever is wrong with the server, in words that hold no secret."""
        place = self._place
        try:
            connection = await self._connect()
            # What waits for an answer, a file that is closed among it, ends with the connection and not before.
            end = asyncio.get_running_loop().call_later(self._patience.total_s, connection.abort)
            try:
                async with connection.start_sftp_client(path_errors="surrogateescape") as sftp:
                    yield sftp
            except BaseException:
                connection.abort()
                raise
            finally:
                connection.close()
                await connection.wait_closed()
                end.cancel()
        except asyncssh.HostKeyNotVerifiable:
            raise not_believed(place) from None
        except asyncssh.PermissionDenied:
            raise InboxUnreachable(
                f"{place.label} does not let {place.user} in with the {place.login} that it was given.",
                "Ask whoever runs the server which key or password it takes.",
            ) from None
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
            raise self._refused("the folder, or a file that was just seen in it, is not there") from None
        except asyncssh.SFTPPermissionDenied:
            raise self._refused("its server gives this user no right to it") from None
        except TimeoutError:
            raise timed_out(place.label) from None
        except (ConnectionRefusedError, socket.gaierror) as error:
            raise InboxUnreachable(
                f"{place.label} does not answer ({type(error).__name__}).",
                "Check that it is up and that the url of the inbox is right, or ask whoever runs the server.",
            ) from None
        except (asyncssh.Error, OSError) as error:
            if isinstance(error, asyncssh.ConnectionLost) and "keepalive" in error.reason:
                raise timed_out(place.label) from None
            reason = error.reason if isinstance(error, asyncssh.Error) else error.strerror
            raise self._refused(f"{type(error).__name__}: {reason}") from None

    async def _connect(self) -> asyncssh.SSHClientConnection:
        place, patience = self._place, self._patience
        return await asyncssh.connect(
            place.host,
            place.port,
            username=place.user,
            known_hosts=known_hosts_of(place),
            config=None,
            gss_host=None,
            connect_timeout=patience.connect_s,
            # A server that has gone away is noticed in the middle of an answer, too.
            keepalive_interval=patience.read_s / 3,
            keepalive_count_max=2,
            **self._login,
        )

    def _refused(self, why: str) -> InboxUnreachable:
        return InboxUnreachable(
            f"{self._place.label} cannot be used: {why}.",
            "Correct the url of the inbox, or ask whoever runs the server.",
        )


def _login(place: SftpPlace, secret: SecretStr | None, environ: Mapping[str, str]) -> dict[str, Any]:
    """What asyncssh is told of who we are: one way alone, so that no other key of this machine is offered."""
    text = "" if secret is None else secret.get_secret_value()
    if place.login == Login.AGENT:
        return {"agent_path": environ.get("SSH_AUTH_SOCK"), "client_keys": [], "preferred_auth": "publickey"}
    if place.login == Login.PASSWORD:
        # Some servers ask for it as a question of the keyboard.
        return {"password": text, "client_keys": None, "preferred_auth": "password,keyboard-interactive"}
    try:
        key = asyncssh.import_private_key(text)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        if "passphrase" in str(error).lower():
            raise UsageError(
                f"The private key for {place.label} is protected by a passphrase, which nobody is there to type.",
                "Load it into the ssh agent and leave key_file out, or use a key without one for batcher alone.",
            ) from None
        raise UsageError(
            f"What key_file holds for {place.label} is no private key.",
            "Name the file that ssh-keygen made, not its .pub.",
        ) from None
    return {"client_keys": [key], "agent_path": None, "preferred_auth": "publickey"}


def _is_regular(attrs: asyncssh.SFTPAttrs) -> bool:
    return attrs.type == asyncssh.FILEXFER_TYPE_REGULAR


def _listed(name: str, attrs: asyncssh.SFTPAttrs) -> Listed:
    written_ns = (attrs.mtime or 0) * 1_000_000_000 + (attrs.mtime_ns or 0)
    return Listed(name=name, size=attrs.size or 0, mark=_mark(attrs), written_ns=written_ns)


def _mark(attrs: asyncssh.SFTPAttrs) -> str:
    # Most servers tell whole seconds: what is written twice in one, with one size, looks the same.
    return f"{attrs.size}-{attrs.mtime}-{attrs.mtime_ns or 0}"


async def _write(sftp: asyncssh.SFTPClient, path: str, source: BinaryIO) -> None:
    attrs = asyncssh.SFTPAttrs(permissions=0o600)
    async with sftp.open(path, "xb", attrs) as file:
        size = 0
        while piece := source.read(PIECE):
            size += await file.write(piece)
        with suppress(asyncssh.SFTPOpUnsupported):
            await file.fsync()
    written = await sftp.lstat(path)
    if written.size != size:
        raise asyncssh.SFTPFailure("the server has not kept all bytes")
    if written.permissions is not None and stat.S_IMODE(written.permissions) != 0o600:
        await sftp.chmod(path, 0o600)


async def _replace(sftp: asyncssh.SFTPClient, path: str, target: str) -> None:
    try:
        await sftp.posix_rename(path, target)
    except asyncssh.SFTPOpUnsupported:
        # Such a server cannot replace a file in one step.
        with suppress(asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
            await sftp.remove(target)
        await sftp.rename(path, target)


async def _same(sftp: asyncssh.SFTPClient, path: str, target: str) -> bool:
    async with sftp.open(path, "rb") as one, sftp.open(target, "rb") as other:
        while True:
            piece = await one.read(PIECE)
            if piece != await other.read(PIECE):
                return False
            if not piece:
                return True
