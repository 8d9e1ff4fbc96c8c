"""The inbox of each kind that every store is held against."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.storage.corners import Corner, folder_corner, on_disk

REMOTE = ["sftp"]
KINDS = ["folder", *REMOTE]


@pytest.fixture(params=KINDS)
def corner(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Corner]:
    """An empty inbox."""
    if request.param == "folder":
        yield folder_corner(tmp_path / "inbox")
    else:
        from tests.storage.sftp_server import sftp_server

        with sftp_server(tmp_path) as server:
            (server.root / "inbox").mkdir()
            yield on_disk(server.root / "inbox", server.place(), SecretStr(server.private_key))
