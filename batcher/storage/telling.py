"""What is wrong with a file or its inbox, where several stores say the same. No sentence repeats a service's own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from batcher.errors import BatcherError, InboxUnreachable
from batcher.inboxes import BucketPlace, Cloud
from batcher.storage.patience import timed_out

_CREDENTIALS = {
    Cloud.S3: "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile, or give this machine a role.",
    Cloud.GCS: "Name token_file, or give this machine Google's default credentials.",
    Cloud.AZURE: "Name connection_string_file, or give this machine an identity that Azure knows.",
}
_RIGHTS = {
    Cloud.S3: "It takes s3:ListBucket of the bucket, and s3:GetObject, PutObject and DeleteObject of its objects.",
    Cloud.GCS: "It takes the role Storage Object User.",
    Cloud.AZURE: "It takes the role Storage Blob Data Contributor.",
}


def changed(name: str, place: object) -> InboxUnreachable:
    """It is being written."""
    return InboxUnreachable(
        f"{name} in {place} was written to while it was read.", "Nothing is to be done: it is taken once it is whole."
    )


def gone(name: str, place: object) -> InboxUnreachable:
    """It is in neither place."""
    return InboxUnreachable(f"{name} is no longer in {place}.", "Ask who took it away, or put it there again.")


def another(path: str, place: object) -> InboxUnreachable:
    """Where it belongs, another file lies."""
    return InboxUnreachable(
        f"{path} in {place} is there already, and holds something else; neither was touched.",
        "Look at both, and rename or remove one.",
    )


def no_name(key: str) -> InboxUnreachable:
    """A service would read something else in it."""
    return InboxUnreachable(f"{key!r} is no name that this service keeps as it is.", "Give the file another name.")


def no_bucket(place: BucketPlace) -> InboxUnreachable:
    """It is not there."""
    return InboxUnreachable(f"{place.label} is not there.", "Make the bucket, or correct the url of the inbox.")


def no_right(place: BucketPlace) -> InboxUnreachable:
    """It is, and not for us."""
    return InboxUnreachable(f"{place.label} may not be read or written with these credentials.", _RIGHTS[place.cloud])


def credentials(place: BucketPlace, how: str) -> InboxUnreachable:
    """Nobody knows us, or we know not who we are."""
    return InboxUnreachable(f"The credentials for {place.label} {how}.", _CREDENTIALS[place.cloud])


def written_to(place: BucketPlace) -> InboxUnreachable:
    """A condition of ours was not met."""
    return InboxUnreachable(
        f"A file in {place.label} was written to meanwhile.", "Nothing is to be done: it is taken once it is whole."
    )


def other(place: BucketPlace, code: str) -> InboxUnreachable:
    """Whatever else, by the name that the service gives it."""
    return InboxUnreachable(f"{place.label} cannot be used ({code}).", "Check the url, the network and the service.")


@contextmanager
def of(place: BucketPlace, why: Callable[[BaseException, BucketPlace], InboxUnreachable | None]) -> Iterator[None]:
    """Every error of a service as `InboxUnreachable`, in words of ours."""
    try:
        yield
    except BatcherError:
        raise
    except TimeoutError:
        raise timed_out(place.label) from None
    except Exception as error:  # noqa: BLE001 - what these libraries raise is no closed list
        raise why(error, place) or other(place, type(error).__name__) from None
