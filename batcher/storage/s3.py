"""What differs on Amazon S3, and on what speaks as it does: s3fs.

s3fs finds credentials, signs and tries again; the keys go past its reading of paths, in which `?versionId=` has a
meaning of its own.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import s3fs
from aiobotocore.session import AioSession
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, NoCredentialsError

from batcher.errors import InboxUnreachable
from batcher.inboxes import BucketPlace
from batcher.storage import telling
from batcher.storage.buckets import PIECE, Found, Shelf
from batcher.storage.patience import Patience, timed_out

_REFUSED = {
    "AuthorizationHeaderMalformed",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
}


def connecting(
    place: BucketPlace, environ: Mapping[str, str], patience: Patience
) -> Callable[[], AbstractAsyncContextManager[Shelf]]:
    """How to connect to a bucket."""

    @asynccontextmanager
    async def connected() -> AsyncIterator[Shelf]:
        files = s3fs.S3FileSystem(asynchronous=True, skip_instance_cache=True, use_listings_cache=False, **options)
        files.retries = 2
        with telling.of(place, _why):
            session = await files.set_session()
            try:
                yield S3Shelf(files, place.bucket)
            finally:
                await session.close()

    options = _options(place, environ, patience)
    # It has no connection; it keeps what botocore knows of the service, which takes a second to read.
    options["session"] = AioSession(profile=place.profile)
    return connected


class S3Shelf:
    """Implements `batcher.storage.buckets.Shelf`."""

    def __init__(self, files: Any, bucket: str) -> None:
        self._files, self._bucket = files, bucket

    async def listed(self, prefix: str) -> list[tuple[str, Found]]:
        """Every key that begins so and has no slash behind that."""
        entries: list[tuple[str, Found]] = []
        more: dict[str, str] = {}
        while True:
            page = await self._call("list_objects_v2", Prefix=prefix, Delimiter="/", **more)
            entries += [(entry["Key"], _found(entry, entry["Size"])) for entry in page.get("Contents", ())]
            if not page.get("IsTruncated"):
                return entries
            more = {"ContinuationToken": page["NextContinuationToken"]}

    async def found(self, key: str) -> Found | None:
        """An object of exactly this key."""
        try:
            head = await self._call("head_object", Key=key)
        except FileNotFoundError:
            return None
        return _found(head, head["ContentLength"])

    async def read(self, key: str, found: Found, start: int, end: int) -> bytes:
        """Some bytes of this version of an object."""
        answer = await self._call("get_object", Key=key, Range=f"bytes={start}-{end - 1}", IfMatch=found.tag)
        async with answer["Body"] as body:
            data: bytes = await body.read()
        return data

    async def put(self, source: Path, key: str) -> None:
        """Write an object, a large one in parts that count once all are there."""
        path = f"{self._bucket}/{key}"
        if self._files.split_path(path) != (self._bucket, key, None):
            raise telling.no_name(key)
        await self._files._put_file(  # noqa: SLF001 - the asynchronous side of fsspec
            str(source), path, chunksize=PIECE, max_concurrency=2
        )

    async def copy(self, key: str, to: str) -> None:
        """Copy an object within the bucket."""
        await self._call("copy_object", Key=to, CopySource={"Bucket": self._bucket, "Key": key})

    async def remove(self, key: str, found: Found) -> None:
        """Remove an object if it still is this one."""
        await self._call("delete_object", Key=key, IfMatch=found.tag)

    async def _call(self, method: str, **named: Any) -> Any:
        return await self._files._call_s3(method, Bucket=self._bucket, **named)  # noqa: SLF001 - as above


def _options(place: BucketPlace, environ: Mapping[str, str], patience: Patience) -> dict[str, Any]:
    config: dict[str, Any] = {
        "connect_timeout": patience.connect_s,
        "read_timeout": patience.read_s,
        "retries": {"total_max_attempts": 2, "mode": "standard"},
    }
    options: dict[str, Any] = {}
    if place.endpoint_url:
        # What others have built knows buckets by the path, and not every checksum of Amazon's.
        config |= {
            "s3": {"addressing_style": "path"},
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
        }
        options["endpoint_url"] = place.endpoint_url
    if place.region:
        options["client_kwargs"] = {"region_name": place.region}
    if not place.profile and "AWS_ACCESS_KEY_ID" in environ and "AWS_SECRET_ACCESS_KEY" in environ:
        options |= {
            "key": environ["AWS_ACCESS_KEY_ID"],
            "secret": environ["AWS_SECRET_ACCESS_KEY"],
            "token": environ.get("AWS_SESSION_TOKEN"),
        }
    return options | {"config_kwargs": config}


def _found(entry: Mapping[str, Any], size: int) -> Found:
    return Found(size=size, tag=entry["ETag"], mark=f"{entry['ETag']}-{entry['LastModified'].timestamp()}")


def _why(error: BaseException, place: BucketPlace) -> InboxUnreachable | None:
    """What to say of an error of s3fs or botocore, whose own words may hold a key's name; `None` for any other."""
    cause = error if isinstance(error, ClientError | BotoCoreError) else error.__cause__
    if isinstance(cause, ClientError):
        code = str(cause.response.get("Error", {}).get("Code", ""))
        if code == "NoSuchBucket":
            return telling.no_bucket(place)
        if code in _REFUSED:
            return telling.credentials(place, f"are refused ({code})")
        if code in {"AccessDenied", "403", "AllAccessDisabled"}:
            return telling.no_right(place)
        if code in {"PreconditionFailed", "412"}:
            return telling.written_to(place)
        return telling.other(place, code or type(error).__name__)
    if isinstance(cause, NoCredentialsError):
        return telling.credentials(place, "were not found")
    if isinstance(cause, HTTPClientError) and "Timeout" in type(cause).__name__:
        return timed_out(place.label)
    return None
