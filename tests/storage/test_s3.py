"""What only S3 has: pages, markers of folders, versions in names, profiles."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from batcher.errors import InboxUnreachable
from batcher.inboxes import BucketPlace
from batcher.storage import open_store
from tests.storage.conftest import Servers
from tests.storage.corners import PATIENCE, Corner
from tests.storage.s3_server import ENVIRON, s3_corner


@pytest.fixture
def corner(servers: Servers, request: pytest.FixtureRequest) -> Iterator[Corner]:
    with s3_corner(servers.s3, f"s3-{abs(hash(request.node.name))}") as one:
        yield one


def refused(place: BucketPlace) -> InboxUnreachable:
    with pytest.raises(InboxUnreachable) as caught:
        open_store(place, None, ENVIRON, patience=PATIENCE).listed()
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
    assert "s3://nowhere-at-all/inbox is not there" in str(refused(replace(corner.place, bucket="nowhere-at-all")))


def test_an_unknown_profile_is_told(corner: Corner) -> None:
    assert isinstance(corner.place, BucketPlace)
    assert "ProfileNotFound" in str(refused(replace(corner.place, profile="nobody-has-this-profile")))
