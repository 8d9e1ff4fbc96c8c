"""What only S3 has: pages, markers of folders, keys that are refused, and answers that break off."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from batcher.errors import InboxUnreachable
from batcher.inboxes import BucketPlace, Cloud
from batcher.storage import Patience, open_store
from tests.storage.conftest import Servers
from tests.storage.corners import PATIENCE, Corner
from tests.storage.s3_server import ENVIRON, s3_corner


@pytest.fixture
def corner(servers: Servers, request: pytest.FixtureRequest) -> Iterator[Corner]:
    with s3_corner(servers.s3, f"s3-{abs(hash(request.node.name))}") as one:
        yield one


@contextmanager
def answering(status: int, body: bytes, *, length: int | None = None) -> Iterator[BucketPlace]:
    """A bucket of a service that answers whatever it is asked with the same."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.send_header("ETag", '"tag"')
            self.send_header("Last-Modified", "Sat, 28 Nov 2026 09:00:00 GMT")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 - its name is Python's

        def log_message(self, *args: object) -> None:
            """Nothing is to be said."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield BucketPlace(cloud=Cloud.S3, bucket="payouts", prefix="inbox", endpoint_url=url, region="us-east-1")
        finally:
            server.shutdown()
            thread.join()


def refused(place: BucketPlace, patience: Patience = PATIENCE) -> InboxUnreachable:
    with pytest.raises(InboxUnreachable) as caught:
        open_store(place, None, ENVIRON, patience=patience).listed()
    assert "hunter2" not in str(caught.value)
    return caught.value


def test_more_objects_than_a_page_has_are_all_listed(corner: Corner) -> None:
    expected = [f"{number:04}.csv" for number in range(1001)]
    for name in expected:
        corner.plant(name, b"")
    assert [file.name for file in corner.store().listed()] == expected


def test_markers_of_folders_are_no_files(corner: Corner) -> None:
    corner.plant("", b"")
    corner.plant("archive/", b"")
    corner.plant("a.csv", b"one")
    assert [file.name for file in corner.store().listed()] == ["a.csv"]


def test_a_bucket_without_a_folder_is_an_inbox_too(corner: Corner) -> None:
    assert isinstance(corner.place, BucketPlace)
    store = open_store(replace(corner.place, prefix=""), None, ENVIRON)
    assert store.listed() == []


def test_a_name_with_a_version_in_it_means_no_other_file(corner: Corner, tmp_path: Path) -> None:
    corner.plant("a.csv", b"one")
    corner.plant("a.csv?versionId=1", b"two")
    store = corner.store()
    store.fetch("a.csv?versionId=1", tmp_path / "taken")
    assert (tmp_path / "taken").read_bytes() == b"two"
    with pytest.raises(InboxUnreachable, match="is no name that this service keeps"):
        store.put(tmp_path / "taken", folder="archive", name="a.csv?versionId=1")
    store.move("a.csv?versionId=1", folder="archive", to="b.csv")
    assert corner.files() == {"a.csv": b"one", "archive/b.csv": b"two"}


def test_a_bucket_that_is_not_there_is_told(corner: Corner) -> None:
    assert isinstance(corner.place, BucketPlace)
    assert "There is no s3://nowhere-at-all/inbox" in str(refused(replace(corner.place, bucket="nowhere-at-all")))


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (403, "InvalidAccessKeyId", "The credentials for s3://payouts/inbox are refused (InvalidAccessKeyId)"),
        (403, "SignatureDoesNotMatch", "are refused (SignatureDoesNotMatch)"),
        (403, "AccessDenied", "may not be read or written with these credentials. It takes s3:ListBucket"),
        (400, "InvalidRequest", "s3://payouts/inbox cannot be used (InvalidRequest)"),
    ],
)
def test_a_refusal_is_told_by_its_code_alone(status: int, code: str, words: str) -> None:
    body = f"<Error><Code>{code}</Code><Message>AKIATESTING hunter2-hunter2</Message></Error>"
    with answering(status, body.encode()) as place:
        assert words in str(refused(place))


def test_an_answer_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    with answering(200, b"x" * 1000, length=2000) as place, pytest.raises(InboxUnreachable, match="cannot be used"):
        open_store(place, None, ENVIRON, patience=PATIENCE).fetch("a.csv", tmp_path / "taken")
    assert list(tmp_path.iterdir()) == []


def test_a_service_that_does_not_answer_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        place = BucketPlace(cloud=Cloud.S3, bucket="payouts", prefix="", endpoint_url=url, region="us-east-1")
        error = refused(place, Patience(connect_s=10, read_s=0.1, total_s=60))
    assert "s3://payouts did not answer in time" in str(error)


def test_an_unknown_profile_is_told(corner: Corner) -> None:
    assert isinstance(corner.place, BucketPlace)
    assert "ProfileNotFound" in str(refused(replace(corner.place, profile="nobody-has-this-profile")))
