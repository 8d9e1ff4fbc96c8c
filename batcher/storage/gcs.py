"""What differs on Google Cloud Storage: gcsfs, which finds credentials, renews them and tries again."""

import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import gcsfs.core
import gcsfs.retry
import google.auth.exceptions
from pydantic import SecretStr

from batcher.errors import InboxUnreachable, UsageError
from batcher.inboxes import BucketPlace
from batcher.storage import telling
from batcher.storage.buckets import PIECE, Found, Shelf
from batcher.storage.patience import Patience


def connecting(
    place: BucketPlace, secret: SecretStr | None, patience: Patience
) -> Callable[[], AbstractAsyncContextManager[Shelf]]:
    """How to connect to a bucket. Raises `UsageError` for a token that is none."""
    # Its log has tracebacks; what went wrong is told by the call.
    logging.getLogger("gcsfs").setLevel(logging.CRITICAL + 1)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=patience.connect_s, sock_read=patience.read_s)
    # Said in each case: left to itself, gcsfs would end by asking without any credentials.
    token: Any = _token(place, secret) if secret is not None else "anon" if place.endpoint_url else "google_default"

    @asynccontextmanager
    async def connected() -> AsyncIterator[Shelf]:
        with telling.of(place, _why):
            files = gcsfs.core.GCSFileSystem(
                asynchronous=True,
                skip_instance_cache=True,
                use_listings_cache=False,
                token=token,
                access="read_write",
                endpoint_url=place.endpoint_url,
                requests_timeout=timeout,
            )
            session = await files._set_session()  # noqa: SLF001 - the asynchronous side of fsspec
            try:
                yield GcsShelf(files, place.bucket)
            finally:
                await session.close()

    return connected


class GcsShelf:
    """Implements `batcher.storage.buckets.Shelf`."""

    def __init__(self, files: Any, bucket: str) -> None:
        self._files, self._bucket = files, bucket

    async def listed(self, prefix: str) -> list[tuple[str, Found]]:
        """Every key that begins so and has no slash behind that."""
        entries: list[tuple[str, Found]] = []
        more = None
        while True:
            page = await self._call("GET", "b/{}/o", prefix=prefix or None, delimiter="/", pageToken=more)
            entries += [(entry["name"], _found(entry)) for entry in page.get("items", ())]
            more = page.get("nextPageToken")
            if not more:
                return entries

    async def found(self, key: str) -> Found | None:
        """An object of exactly this key."""
        try:
            return _found(await self._call("GET", "b/{}/o/{}", key))
        except FileNotFoundError:
            return None

    async def read(self, key: str, found: Found, start: int, end: int) -> bytes:
        """Some bytes of this version of an object."""
        path = self._path(key)
        data: bytes = await self._files._cat_file_sequential(  # noqa: SLF001 - as above
            path, start=start, end=end, generation=found.tag
        )
        return data

    async def put(self, source: Path, key: str) -> None:
        """Write an object, a large one in pieces that count once all are there."""
        await self._files._put_file(str(source), self._path(key), chunksize=PIECE)  # noqa: SLF001 - as above

    async def copy(self, key: str, to: str) -> None:
        """Copy an object within the bucket."""
        await self._files._cp_file(self._path(key), self._path(to))  # noqa: SLF001 - as above

    async def remove(self, key: str, found: Found) -> None:
        """Remove an object if it still is this one."""
        await self._files._call(  # noqa: SLF001 - as above
            "DELETE", "b/{}/o/{}", self._bucket, key, ifGenerationMatch=found.tag
        )

    def _path(self, key: str) -> str:
        path = f"{self._bucket}/{key}"
        if self._files.split_path(path) != (self._bucket, key, None):
            raise telling.no_name(key)
        return path

    async def _call(self, method: str, path: str, *parts: str, **named: Any) -> Any:
        return await self._files._call(method, path, self._bucket, *parts, json_out=True, **named)  # noqa: SLF001 - as above


def _token(place: BucketPlace, secret: SecretStr) -> dict[str, Any]:
    try:
        token = json.loads(secret.get_secret_value())
    except ValueError:
        token = None
    if not isinstance(token, dict) or not {"client_email", "refresh_token", "audience"} & set(token):
        raise UsageError(
            f"What token_file holds for {place.label} is no key of a service account.",
            "Download it anew from the Google Cloud console, as JSON.",
        )
    return token


def _found(entry: dict[str, Any]) -> Found:
    generation = str(entry["generation"])
    return Found(size=int(entry["size"]), tag=generation, mark=generation)


def _why(error: BaseException, place: BucketPlace) -> InboxUnreachable | None:
    """What to say of an error of gcsfs, aiohttp or Google's libraries; `None` for any other."""
    if isinstance(error, FileExistsError):
        return telling.written_to(place)
    if isinstance(error, FileNotFoundError):
        return telling.no_bucket(place)
    if isinstance(error, google.auth.exceptions.DefaultCredentialsError):
        return telling.credentials(place, "were not found")
    if isinstance(error, google.auth.exceptions.GoogleAuthError):
        return telling.credentials(place, f"are refused ({type(error).__name__})")
    if isinstance(error, gcsfs.retry.HttpError) or (isinstance(error, OSError) and "Forbidden" in str(error)):
        return _by_code(str(getattr(error, "code", None) or 403), place)
    return None


def _by_code(code: str, place: BucketPlace) -> InboxUnreachable:
    if code == "401":
        return telling.credentials(place, "are refused")
    if code == "403":
        return telling.no_right(place)
    return telling.other(place, code)
