"""moto's S3 on loopback, in a process of its own: what it patches and logs stays there."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.session import get_session

from batcher.inboxes import BucketPlace, Cloud
from tests.storage.corners import Corner

_SERVE = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
server.stop()
"""
ENVIRON = {"AWS_ACCESS_KEY_ID": "AKIATESTING", "AWS_SECRET_ACCESS_KEY": "hunter2-hunter2"}


@contextmanager
def s3_server() -> Iterator[str]:
    """Its address."""
    command = [sys.executable, "-c", _SERVE]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.communicate()


@contextmanager
def s3_corner(url: str, bucket: str) -> Iterator[Corner]:
    """An empty inbox in a new bucket, looked into with botocore alone."""
    client: Any = get_session().create_client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=ENVIRON["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=ENVIRON["AWS_SECRET_ACCESS_KEY"],
    )
    client.create_bucket(Bucket=bucket)
    # Beside the inbox, where nothing may be touched.
    client.put_object(Bucket=bucket, Key="inbox2/other.csv", Body=b"other")

    def files() -> dict[str, bytes]:
        entries = client.list_objects_v2(Bucket=bucket, Prefix="inbox/").get("Contents", ())
        keys = [entry["Key"] for entry in entries]
        return {key.removeprefix("inbox/"): client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    place = BucketPlace(cloud=Cloud.S3, bucket=bucket, prefix="inbox", endpoint_url=url, region="us-east-1")
    try:
        yield Corner(
            place,
            None,
            ENVIRON,
            plant=lambda path, data: client.put_object(Bucket=bucket, Key=f"inbox/{path}", Body=data),
            files=files,
            cannot_hold=("line\nbreak.csv",),
        )
    finally:
        client.close()
