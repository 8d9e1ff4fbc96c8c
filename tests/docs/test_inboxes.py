"""Every example of `docs/inboxes.md` is a config that is read, and each kind of place has one."""

import re
from pathlib import Path

import pytest

from batcher.inboxes import BucketPlace, Place
from batcher.settings import load_settings

DOCUMENT = (Path(__file__).parents[2] / "docs" / "inboxes.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```toml\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)


def place_of(folder: Path, example: str) -> Place:
    (folder / "batcher.toml").write_text(example, encoding="utf-8")
    (inbox,) = load_settings(folder / "batcher.toml", {}).inboxes.values()
    return inbox.place


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_read(tmp_path: Path, example: str) -> None:
    assert place_of(tmp_path, example).label


def test_there_is_one_of_each_kind(tmp_path: Path) -> None:
    places = [place_of(tmp_path, example) for example in EXAMPLES]
    assert {one.cloud if isinstance(one, BucketPlace) else type(one).__name__ for one in places} == {
        "FolderPlace",
        "SftpPlace",
        "s3",
        "gs",
        "az",
    }
