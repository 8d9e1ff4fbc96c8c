"""The inbox of each kind that every store is held against."""

import importlib.util
import itertools
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.storage.corners import Corner, folder_corner, on_disk

BUCKETS = ["s3", "gcs", "azure"]
REMOTE = ["sftp", *BUCKETS]
KINDS = ["folder", *REMOTE]

AZURITE = shutil.which("azurite-blob")

_numbers = itertools.count()


class Servers:
    """The emulators of the clouds, each started once it is asked for."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._s3 = self._gcs = self._azure = ""

    @property
    def s3(self) -> str:
        from tests.storage.s3_server import s3_server

        self._s3 = self._s3 or self._stack.enter_context(s3_server())
        return self._s3

    @property
    def gcs(self) -> str:
        from tests.storage.gcs_server import gcs_server

        self._gcs = self._gcs or self._stack.enter_context(gcs_server())
        return self._gcs

    @property
    def azure(self) -> str:
        from tests.storage.azure_server import azure_server

        assert AZURITE is not None
        self._azure = self._azure or self._stack.enter_context(azure_server(AZURITE))
        return self._azure


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """They end with the tests."""
    with ExitStack() as stack:
        yield Servers(stack)


@pytest.fixture(params=KINDS)
def corner(request: pytest.FixtureRequest, tmp_path: Path, servers: Servers) -> Iterator[Corner]:
    """An empty inbox."""
    with ExitStack() as stack:
        yield corner_of(request.param, tmp_path, servers, stack)


def corner_of(kind: str, tmp_path: Path, servers: Servers, stack: ExitStack) -> Corner:
    """An empty inbox of this kind, gone with the stack."""
    if kind == "folder":
        return folder_corner(tmp_path / "inbox")
    if kind == "sftp":
        from tests.storage.sftp_server import sftp_server

        server = stack.enter_context(sftp_server(tmp_path))
        (server.root / "inbox").mkdir()
        return on_disk(server.root / "inbox", server.place(), SecretStr(server.private_key))
    bucket = f"payouts-{next(_numbers)}"
    if kind == "s3":
        from tests.storage.s3_server import s3_corner

        return stack.enter_context(s3_corner(servers.s3, bucket))
    if kind == "gcs":
        if importlib.util.find_spec("gcp_storage_emulator") is None:
            pytest.skip("needs gcp-storage-emulator: pip install gcp-storage-emulator")
        from tests.storage.gcs_server import gcs_corner

        return gcs_corner(servers.gcs, bucket)
    if AZURITE is None:
        pytest.skip("needs Azurite: npm install azurite, and its azurite-blob in the PATH")
    from tests.storage.azure_server import azure_corner

    return stack.enter_context(azure_corner(servers.azure, bucket))
