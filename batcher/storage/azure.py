"""What differs on Azure: its own SDK, as adlfs lists what only begins alike, and cuts names at `?` and `#`."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from azure.core import MatchConditions
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceModifiedError,
    ResourceNotFoundError,
    ServiceRequestTimeoutError,
    ServiceResponseTimeoutError,
)
from azure.identity.aio import DefaultAzureCredential
from azure.storage.blob import BlobProperties
from azure.storage.blob.aio import ContainerClient, ExponentialRetry
from pydantic import SecretStr

from batcher.errors import InboxUnreachable, UsageError
from batcher.inboxes import BucketPlace
from batcher.storage import telling
from batcher.storage.buckets import PIECE, Found, Shelf
from batcher.storage.patience import Patience, timed_out


def connecting(
    place: BucketPlace, secret: SecretStr | None, patience: Patience
) -> Callable[[], AbstractAsyncContextManager[Shelf]]:
    """How to connect to a container. Raises `UsageError` for a connection string that is none."""
    options: dict[str, Any] = {
        "connection_timeout": patience.connect_s,
        "read_timeout": patience.read_s,
        "retry_policy": ExponentialRetry(initial_backoff=1, increment_base=2, retry_total=2),
        "max_single_put_size": PIECE,
        "max_block_size": PIECE,
    }
    if secret is not None:
        _refuse_broken(place, secret)

    @asynccontextmanager
    async def connected() -> AsyncIterator[Shelf]:
        async with AsyncExitStack() as open_until_then:
            if secret is not None:
                container = ContainerClient.from_connection_string(secret.get_secret_value(), place.bucket, **options)
            else:
                credential = await open_until_then.enter_async_context(DefaultAzureCredential())
                url = f"https://{place.account}.blob.core.windows.net"
                container = ContainerClient(url, place.bucket, credential=credential, **options)
            with telling.of(place, _why):
                async with container:
                    yield AzureShelf(container)

    return connected


class AzureShelf:
    """Implements `batcher.storage.buckets.Shelf`."""

    def __init__(self, container: ContainerClient) -> None:
        self._container = container

    async def listed(self, prefix: str) -> list[tuple[str, Found]]:
        """Every key that begins so and has no slash behind that."""
        entries = self._container.walk_blobs(name_starts_with=prefix or None, delimiter="/")
        return [(entry.name, _found(entry)) async for entry in entries if isinstance(entry, BlobProperties)]

    async def found(self, key: str) -> Found | None:
        """An object of exactly this key."""
        try:
            return _found(await self._container.get_blob_client(key).get_blob_properties())
        except ResourceNotFoundError as error:
            if _code(error) == "ContainerNotFound":
                raise
            return None

    async def read(self, key: str, found: Found, start: int, end: int) -> bytes:
        """Some bytes of this version of an object."""
        asked = self._container.get_blob_client(key).download_blob(
            start, end - start, etag=found.tag, match_condition=MatchConditions.IfNotModified
        )
        return await (await asked).readall()

    async def put(self, source: Path, key: str) -> None:
        """Write an object, a large one in blocks that count once all are there."""
        _refuse_backslash(key)
        with source.open("rb") as file:
            await self._container.get_blob_client(key).upload_blob(file, overwrite=True)

    async def copy(self, key: str, to: str) -> None:
        """Copy an object through here: a copy by the service may be pending for as long as it likes."""
        _refuse_backslash(to)
        original = await self._container.get_blob_client(key).download_blob()

        async def pieces() -> AsyncIterator[bytes]:
            async for piece in original.chunks():
                yield piece

        await self._container.get_blob_client(to).upload_blob(pieces(), length=original.size, overwrite=False)

    async def remove(self, key: str, found: Found) -> None:
        """Remove an object if it still is this one."""
        await self._container.get_blob_client(key).delete_blob(
            etag=found.tag, match_condition=MatchConditions.IfNotModified
        )


def _refuse_backslash(key: str) -> None:
    """Azure takes it for a slash."""
    if "\\" in key:
        raise telling.no_name(key)


def _refuse_broken(place: BucketPlace, secret: SecretStr) -> None:
    """Raises `UsageError`. Nothing of the string is repeated, and it is not sent in the clear but to this machine."""
    try:
        url = urlsplit(ContainerClient.from_connection_string(secret.get_secret_value(), place.bucket).url)
    except ValueError:
        raise UsageError(
            f"What connection_string_file holds for {place.label} is no connection string.",
            "Copy it again from the access keys of the storage account, whole.",
        ) from None
    if url.scheme != "https" and url.hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise UsageError(
            f"The connection string for {place.label} leads to a plain http address, which is for this machine only.",
            "Write DefaultEndpointsProtocol=https into it.",
        )


def _found(entry: BlobProperties) -> Found:
    tag = str(entry.etag)
    # Listed, it stands without the quotes that it has everywhere else.
    return Found(size=int(entry.size), tag=tag, mark=tag.strip('"'))


def _code(error: HttpResponseError) -> str:
    """What the service calls it."""
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or error.status_code or type(error).__name__)


def _why(error: BaseException, place: BucketPlace) -> InboxUnreachable | None:
    """What to say of an error of the SDK; `None` for any other."""
    if isinstance(error, ServiceRequestTimeoutError | ServiceResponseTimeoutError):
        return timed_out(place.label)
    if isinstance(error, ResourceModifiedError):
        return telling.written_to(place)
    if isinstance(error, HttpResponseError):
        code = _code(error)
        if code == "ContainerNotFound":
            return telling.no_bucket(place)
        if isinstance(error, ClientAuthenticationError):
            return telling.credentials(place, f"are refused ({code})")
        return telling.no_right(place) if error.status_code == 403 else telling.other(place, code)
    return None
