"""What only a folder of this machine can have: links, pipes, other people's files."""

import os
from pathlib import Path

import pytest

from batcher.errors import InboxUnreachable
from batcher.inboxes import FolderPlace, Store
from batcher.storage import open_store


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "secret.csv").write_text("secret")
    return tmp_path / "inbox"


@pytest.fixture
def store(inbox: Path) -> Store:
    return open_store(FolderPlace(path=inbox), None, {})


def test_links_pipes_and_folders_are_no_files(inbox: Path, store: Store, tmp_path: Path) -> None:
    (inbox / "link.csv").symlink_to(tmp_path / "secret.csv")
    (inbox / "folder.csv").mkdir()
    os.mkfifo(inbox / "pipe.csv")
    assert store.listed() == []
    for name in ("link.csv", "folder.csv", "pipe.csv"):
        with pytest.raises(InboxUnreachable, match="cannot be read"):
            store.fetch(name, tmp_path / "taken")
        with pytest.raises(InboxUnreachable, match="cannot be written"):
            store.move(name, folder="archive", to=name)
    assert not (tmp_path / "taken").exists()


def test_a_folder_that_is_a_link_leads_nowhere(inbox: Path, store: Store, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (inbox / "archive").symlink_to(tmp_path / "elsewhere")
    (inbox / "a.csv").write_text("one")
    with pytest.raises(InboxUnreachable, match="cannot be written"):
        store.put(inbox / "a.csv", folder="archive", name="a.csv")
    with pytest.raises(InboxUnreachable, match="cannot be written"):
        store.move("a.csv", folder="archive", to="a.csv")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_what_is_put_replaces_a_link_and_not_what_it_leads_to(inbox: Path, store: Store, tmp_path: Path) -> None:
    (inbox / "archive").mkdir()
    (inbox / "archive" / "results.csv").symlink_to(tmp_path / "secret.csv")
    (inbox / "a.csv").write_text("one")
    store.put(inbox / "a.csv", folder="archive", name="results.csv")
    assert (tmp_path / "secret.csv").read_text() == "secret"
    assert not (inbox / "archive" / "results.csv").is_symlink()
    assert (inbox / "archive" / "results.csv").read_text() == "one"


def test_a_move_that_was_killed_between_its_two_names_is_ended(inbox: Path, store: Store) -> None:
    (inbox / "archive").mkdir()
    (inbox / "a.csv").write_text("one")
    (inbox / "archive" / "a.csv").hardlink_to(inbox / "a.csv")
    store.move("a.csv", folder="archive", to="a.csv")
    assert [path.name for path in inbox.rglob("*")] == ["archive", "a.csv"]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InboxUnreachable, match=r"The inbox .*nowhere is not there") as caught:
        open_store(FolderPlace(path=tmp_path / "nowhere"), None, {}).listed()
    assert "Make the folder" in caught.value.fix


def test_a_file_that_is_written_again_with_its_old_time_has_another_mark(inbox: Path, store: Store) -> None:
    (inbox / "a.csv").write_text("one")
    os.utime(inbox / "a.csv", (1, 1))
    (before,) = store.listed()
    (inbox / "a.csv").write_text("two")
    os.utime(inbox / "a.csv", (1, 1))
    (after,) = store.listed()
    assert before.mark != after.mark


def test_it_is_told_when_a_file_was_written(inbox: Path, store: Store) -> None:
    for name, moment in [("a.csv", 50), ("a.csv.done", 49)]:
        (inbox / name).write_bytes(b"")
        os.utime(inbox / name, (moment, moment))
    assert [file.written_ns for file in store.listed()] == [50 * 10**9, 49 * 10**9]
