"""What the emulator of Google's storage does not know: pages of a listing, and conditions of a request."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from batcher.errors import InboxUnreachable
from batcher.inboxes import BucketPlace, Cloud
from batcher.storage import open_store
from tests.storage.corners import PATIENCE

GENERATION = "1764320400000001"


class Bucket(ThreadingHTTPServer):
    """A bucket of two pages with one object each; whoever deletes without the right generation is refused."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Requests)
        self.generation = GENERATION
        self.written_before_a_delete = False
        self.copied = False
        self.deleted = False

    def entry(self, name: str) -> dict[str, str]:
        return {"name": name, "size": "3", "generation": self.generation}

    def answer(self, method: str, path: str, asked: dict[str, str]) -> tuple[int, bytes]:
        if path.startswith("/download/"):
            return 200, b"one"
        if path.endswith("/b/payouts/o"):
            return 200, json.dumps(self.page(asked.get("pageToken"))).encode()
        if method == "DELETE":
            if self.written_before_a_delete:
                self.generation = "1764320400000002"
            self.deleted = asked.get("ifGenerationMatch") == self.generation
            return (204, b"") if self.deleted else (412, b"{}")
        if method == "POST":
            self.copied = True
            return 200, json.dumps({"done": True, "resource": self.entry("inbox/archive/a.csv")}).encode()
        if "archive" in path and not self.copied:
            return 404, b"{}"
        return 200, json.dumps(self.entry("inbox/a.csv")).encode()

    def page(self, token: str | None) -> dict[str, object]:
        if token is None:
            return {"items": [self.entry("inbox/a.csv")], "nextPageToken": "more", "prefixes": ["inbox/archive/"]}
        assert token == "more"
        return {"items": [self.entry("inbox/"), self.entry("inbox/b.csv")]}


class Requests(BaseHTTPRequestHandler):
    server: Bucket

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        status, body = self.server.answer(self.command, url.path, asked)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - its name is Python's
    do_DELETE = do_GET  # noqa: N815 - as above

    def log_message(self, *args: object) -> None:
        """Nothing is to be said."""


@contextmanager
def serving() -> Iterator[tuple[Bucket, BucketPlace]]:
    with Bucket() as bucket:
        thread = threading.Thread(target=bucket.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        url = f"http://127.0.0.1:{bucket.server_address[1]}"
        try:
            yield bucket, BucketPlace(cloud=Cloud.GCS, bucket="payouts", prefix="inbox", endpoint_url=url)
        finally:
            bucket.shutdown()
            thread.join()


def test_every_page_of_a_listing_is_read_and_markers_of_folders_are_no_files() -> None:
    with serving() as (_, place):
        assert [file.name for file in open_store(place, None, {}, patience=PATIENCE).listed()] == ["a.csv", "b.csv"]


def test_an_original_is_deleted_if_it_is_the_one_that_was_copied() -> None:
    with serving() as (bucket, place):
        open_store(place, None, {}, patience=PATIENCE).move("a.csv", folder="archive", to="a.csv")
        assert bucket.deleted


def test_an_original_that_was_written_to_meanwhile_stays() -> None:
    with serving() as (bucket, place):
        bucket.written_before_a_delete = True
        with pytest.raises(InboxUnreachable, match="was written to meanwhile"):
            open_store(place, None, {}, patience=PATIENCE).move("a.csv", folder="archive", to="a.csv")
        assert not bucket.deleted
