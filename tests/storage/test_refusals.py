"""What a cloud that refuses, breaks off or falls silent is told as: by codes alone, and never with a secret."""

import base64
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import SecretStr

from batcher.errors import InboxUnreachable, UsageError
from batcher.inboxes import BucketPlace, Cloud, Store
from batcher.storage import Patience, open_store
from tests.storage.azure_server import connection_string
from tests.storage.corners import PATIENCE
from tests.storage.s3_server import ENVIRON

AZURE_KEY = base64.b64encode(b"hunter2-hunter2-hunter2").decode()


def s3_at(url: str, patience: Patience) -> Store:
    place = BucketPlace(cloud=Cloud.S3, bucket="payouts", prefix="inbox", endpoint_url=url, region="us-east-1")
    return open_store(place, None, ENVIRON, patience=patience)


def gcs_at(url: str, patience: Patience) -> Store:
    place = BucketPlace(cloud=Cloud.GCS, bucket="payouts", prefix="inbox", endpoint_url=url)
    return open_store(place, None, {}, patience=patience)


def azure_at(url: str, patience: Patience) -> Store:
    place = BucketPlace(cloud=Cloud.AZURE, bucket="payouts", prefix="inbox")
    return open_store(place, SecretStr(connection_string(url, AZURE_KEY)), {}, patience=patience)


Opening = Callable[[str, Patience], Store]
OPENINGS = {"s3": s3_at, "gcs": gcs_at, "azure": azure_at}
every_cloud = pytest.mark.parametrize("opening", OPENINGS.values(), ids=OPENINGS)


@contextmanager
def answering(status: int, body: str, *, length: int | None = None, code: str = "") -> Iterator[str]:
    """The address of a service that answers whatever it is asked with the same."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in {
                "Content-Length": str(len(body) if length is None else length),
                "Content-Type": "application/json" if body.startswith("{") else "application/xml",
                "ETag": '"tag"',
                "Last-Modified": "Sat, 28 Nov 2026 09:00:00 GMT",
                "x-ms-error-code": code,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body.encode())

        do_HEAD = do_GET  # noqa: N815 - its name is Python's

        def log_message(self, *args: object) -> None:
            """Nothing is to be said."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def refused(store: Store) -> str:
    with pytest.raises(InboxUnreachable) as caught:
        store.listed()
    assert "hunter2" not in str(caught.value)
    assert AZURE_KEY not in str(caught.value)
    return str(caught.value)


def of_s3(code: str) -> str:
    return f"<Error><Code>{code}</Code><Message>AKIATESTING hunter2-hunter2</Message></Error>"


def of_azure(code: str) -> str:
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>hunter2-hunter2</Message></Error>"


GOOGLE = '{"error": {"message": "hunter2-hunter2 is not welcome"}}'


@pytest.mark.parametrize(
    ("opening", "status", "body", "words"),
    [
        (s3_at, 403, of_s3("InvalidAccessKeyId"), "The credentials for s3://payouts/inbox are refused (InvalidAcc"),
        (s3_at, 403, of_s3("SignatureDoesNotMatch"), "are refused (SignatureDoesNotMatch)"),
        (s3_at, 403, of_s3("AccessDenied"), "may not be read or written with these credentials. It takes s3:ListB"),
        (s3_at, 404, of_s3("NoSuchBucket"), "s3://payouts/inbox is not there. Make the bucket"),
        (s3_at, 400, of_s3("InvalidRequest"), "s3://payouts/inbox cannot be used (InvalidRequest)"),
        (s3_at, 200, "no XML", "s3://payouts/inbox cannot be used"),
        (gcs_at, 401, GOOGLE, "The credentials for gs://payouts/inbox are refused"),
        (gcs_at, 403, GOOGLE, "may not be read or written with these credentials. It takes the role Storage Object"),
        (gcs_at, 404, GOOGLE, "gs://payouts/inbox is not there"),
        (gcs_at, 400, GOOGLE, "gs://payouts/inbox cannot be used (400)"),
        (gcs_at, 200, "no JSON", "gs://payouts/inbox cannot be used"),
        (azure_at, 401, of_azure("NoAuthenticationInformation"), "The credentials for az://payouts/inbox are refused"),
        (azure_at, 403, of_azure("AuthenticationFailed"), "az://payouts/inbox are refused (AuthenticationFailed)"),
        (azure_at, 403, of_azure("AuthorizationPermissionMismatch"), "It takes the role Storage Blob Data Contributor"),
        (azure_at, 404, of_azure("ContainerNotFound"), "az://payouts/inbox is not there"),
        (azure_at, 400, of_azure("InvalidHeaderValue"), "az://payouts/inbox cannot be used (InvalidHeaderValue)"),
        (azure_at, 200, "no XML", "az://payouts/inbox cannot be used"),
    ],
)
def test_a_refusal_is_told_by_its_code_alone(opening: Opening, status: int, body: str, words: str) -> None:
    code = body.partition("<Code>")[2].partition("</Code>")[0]
    with answering(status, body, code=code) as url:
        assert words in refused(opening(url, PATIENCE))


@every_cloud
def test_an_answer_that_breaks_off_leaves_nothing(opening: Opening, tmp_path: Path) -> None:
    body = '{"size": "1000", "generation": "1"}'
    # gcsfs would try again for half a minute.
    patience = Patience(connect_s=2, read_s=2, total_s=2)
    with answering(200, body, length=2000) as url, pytest.raises(InboxUnreachable, match=r"cannot be used|in time"):
        opening(url, patience).fetch("a.csv", tmp_path / "taken")
    assert list(tmp_path.iterdir()) == []


@every_cloud
def test_a_service_that_does_not_answer_is_given_up(opening: Opening) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert "did not answer in time" in refused(opening(url, Patience(connect_s=10, read_s=10, total_s=0.5)))


def test_a_read_that_takes_too_long_is_given_up_before_the_whole_does() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert "did not answer in time" in refused(s3_at(url, Patience(connect_s=10, read_s=0.1, total_s=600)))


@every_cloud
def test_a_port_where_nobody_listens_is_told(opening: Opening) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        url = f"http://127.0.0.1:{gone.getsockname()[1]}"
    assert "in time" in (said := refused(opening(url, Patience(total_s=3)))) or "cannot be used" in said


@pytest.mark.parametrize("text", ["", "hunter2", "[]", '{"type": "hunter2"}'])
def test_what_is_no_token_of_google_is_told_at_once(text: str) -> None:
    place = BucketPlace(cloud=Cloud.GCS, bucket="payouts", prefix="")
    with pytest.raises(UsageError, match="is no key of a service account") as caught:
        open_store(place, SecretStr(text), {})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "hunter2", "a=b;hunter2"])
def test_what_is_no_connection_string_is_told_at_once(text: str) -> None:
    place = BucketPlace(cloud=Cloud.AZURE, bucket="payouts", prefix="")
    with pytest.raises(UsageError) as caught:
        open_store(place, SecretStr(text), {})
    assert "hunter2" not in str(caught.value)


def test_a_connection_string_in_the_clear_is_for_this_machine_alone() -> None:
    place = BucketPlace(cloud=Cloud.AZURE, bucket="payouts", prefix="")
    with pytest.raises(UsageError, match="plain http address"):
        open_store(place, SecretStr(connection_string("http://example.com", AZURE_KEY)), {})
