"""Folders that nobody else may look into, however deep they are made."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from batcher import folders


@pytest.fixture
def open_to_all() -> Iterator[None]:
    """A machine on which new folders are open to others."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode)


@pytest.mark.usefixtures("open_to_all")
def test_every_folder_on_the_way_is_for_its_owner_only(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir(mode=0o755)
    deep = there / "ledger.page" / "plans"
    for _ in range(2):
        folders.private(deep)
    assert (mode(deep), mode(deep.parent), mode(there)) == (0o700, 0o700, 0o755)


def test_a_file_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(NotADirectoryError):
            folders.private(place)
