"""Azurite, Microsoft's emulator of Azure's blobs, on loopback; and a corner that is looked into with plain requests."""

import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from azure.storage.blob import BlobServiceClient
from pydantic import SecretStr

from batcher.inboxes import BucketPlace, Cloud
from tests.storage.corners import Corner

_ACCOUNT = "devstoreaccount1"
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Azurite's own, the same everywhere."""


def connection_string(url: str, key: str = _KEY) -> str:
    return f"DefaultEndpointsProtocol=http;AccountName={_ACCOUNT};AccountKey={key};BlobEndpoint={url}/{_ACCOUNT};"


@contextmanager
def azure_server(program: str) -> Iterator[str]:
    """Its address."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["--blobHost", "127.0.0.1", "--blobPort", "0", "--location", folder, "--disableTelemetry"]
        command = [program, *options, "--skipApiVersionCheck"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            assert process.stdout is not None
            try:
                for line in process.stdout:
                    if found := re.search(r"successfully listens on (http://127\.0\.0\.1:\d+)", line):
                        yield found[1]
                        break
            finally:
                process.terminate()


@contextmanager
def azure_corner(url: str, bucket: str) -> Iterator[Corner]:
    """An empty inbox in a new container, looked into with the SDK that waits for each answer."""
    string = connection_string(url)
    with BlobServiceClient.from_connection_string(string).create_container(bucket) as container:
        container.upload_blob("inbox2/other.csv", b"other")

        def plant(path: str, data: bytes) -> None:
            container.upload_blob(f"inbox/{path}", data, overwrite=True)

        def files() -> dict[str, bytes]:
            names = container.list_blob_names(name_starts_with="inbox/")
            return {name.removeprefix("inbox/"): container.download_blob(name).readall() for name in names}

        place = BucketPlace(cloud=Cloud.AZURE, bucket=bucket, prefix="inbox")
        yield Corner(place, SecretStr(string), {}, plant, files, cannot_hold=("back\\slash.csv",))
