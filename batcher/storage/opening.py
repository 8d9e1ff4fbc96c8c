"""A place to its store. What a kind of place needs is imported only for one of that kind."""

import logging
from collections.abc import Mapping

from pydantic import SecretStr

from batcher.errors import UsageError
from batcher.inboxes import BucketPlace, Cloud, FolderPlace, Place, SftpPlace, Store
from batcher.storage.arriving import MOST_BYTES
from batcher.storage.folder import FolderStore
from batcher.storage.patience import Patience


def open_store(
    place: Place,
    secret: SecretStr | None,
    environ: Mapping[str, str],
    *,
    patience: Patience = Patience(),  # noqa: B008 - frozen
    most_bytes: int = MOST_BYTES,
) -> Store:
    """The store of a place; nothing is asked of it yet.

    `secret` is what the file holds that the inbox names, if it names one: a private key, a password, a token or a
    connection string. Raises `UsageError` where a package is missing, or the secret is of no use.
    """
    if isinstance(place, FolderPlace):
        return FolderStore(place, most_bytes=most_bytes)
    for library in _TALKATIVE:
        logging.getLogger(library).setLevel(logging.WARNING)
    if isinstance(place, SftpPlace):
        try:
            from batcher.storage.sftp import SftpStore
        except ModuleNotFoundError as error:
            raise _missing("SFTP", error, "sftp") from None
        return SftpStore(place, secret, environ, patience=patience, most_bytes=most_bytes)
    return _bucket(place, secret, environ, patience, most_bytes)


_TALKATIVE = ("aiobotocore", "asyncssh", "azure", "botocore", "fsspec", "google", "msal", "s3fs", "urllib3")
"""Below a warning these log headers and signatures, and in them tokens."""


def _bucket(
    place: BucketPlace, secret: SecretStr | None, environ: Mapping[str, str], patience: Patience, most_bytes: int
) -> Store:
    what, extra = _EXTRAS[place.cloud]
    try:
        from batcher.storage.buckets import BucketStore

        if place.cloud == Cloud.S3:
            from batcher.storage import s3

            connecting = s3.connecting(place, environ, patience)
        elif place.cloud == Cloud.GCS:
            from batcher.storage import gcs

            connecting = gcs.connecting(place, secret, patience)
        else:
            from batcher.storage import azure

            connecting = azure.connecting(place, secret, patience)
    except ModuleNotFoundError as error:
        raise _missing(what, error, extra) from None
    return BucketStore(place.label, place.prefix, connecting, patience=patience, most_bytes=most_bytes)


_EXTRAS = {Cloud.S3: ("S3", "s3"), Cloud.GCS: ("Google Cloud Storage", "gcs"), Cloud.AZURE: ("Azure", "azure")}


def _missing(what: str, error: ModuleNotFoundError, extra: str) -> UsageError:
    package = (error.name or extra).partition(".")[0]
    return UsageError(
        f"An inbox on {what} needs a package that is not installed: {package}.",
        f"Install it with: pip install 'batcher[{extra}]'",
    )
