"""An emulator of Google Cloud Storage on loopback, in a process of its own. It knows no conditions and no pages."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import httpx

from batcher.inboxes import BucketPlace, Cloud
from tests.storage.corners import Corner

_SERVE = """
import sys
from gcp_storage_emulator.server import create_server
server = create_server("127.0.0.1", 0, in_memory=True)
server.start()
print(server._api._httpd.socket.getsockname()[1], flush=True)
sys.stdin.read()
server.stop()
"""


@contextmanager
def gcs_server() -> Iterator[str]:
    """Its address."""
    command, pipe = [sys.executable, "-c", _SERVE], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.communicate()


def gcs_corner(url: str, bucket: str) -> Corner:
    """An empty inbox in a new bucket, looked into by plain requests."""
    objects = f"{url}/storage/v1/b/{bucket}/o"

    def plant(path: str, data: bytes) -> None:
        # In two parts, as the emulator knows no empty body.
        about = json.dumps({"name": f"inbox/{path}"}).encode()
        parts = b"--cut\r\nContent-Type: %s\r\n\r\n%s\r\n"
        body = parts % (b"application/json", about) + parts % (b"text/csv", data) + b"--cut--"
        httpx.post(
            f"{url}/upload/storage/v1/b/{bucket}/o",
            params={"uploadType": "multipart"},
            headers={"Content-Type": "multipart/related; boundary=cut"},
            content=body,
        ).raise_for_status()

    def files() -> dict[str, bytes]:
        entries = httpx.get(objects, params={"prefix": "inbox/"}).raise_for_status().json().get("items", ())
        keys = [entry["name"] for entry in entries]
        return {
            key.removeprefix("inbox/"): httpx.get(f"{objects}/{quote(key, safe='')}", params={"alt": "media"}).content
            for key in keys
        }

    httpx.post(f"{url}/storage/v1/b", json={"name": bucket}).raise_for_status()
    place = BucketPlace(cloud=Cloud.GCS, bucket=bucket, prefix="inbox", endpoint_url=url)
    return Corner(place, None, {}, plant, files, cannot_hold=("'; rm -rf $HOME; '",))
