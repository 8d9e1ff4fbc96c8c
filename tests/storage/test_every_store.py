"""What holds for every store, each against a real server."""

import logging
import threading
import unicodedata
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from batcher.errors import InboxUnreachable, InputInvalid
from batcher.inboxes import Listed
from batcher.storage import Patience
from tests.storage.conftest import REMOTE
from tests.storage.corners import Corner

STRANGE = [
    "with spaces .csv",
    "*.csv",
    "a?b.csv",
    "[ab].csv",
    "{a,b}.csv",
    "%2e%2e",
    "a%2fb.csv",
    "line\nbreak.csv",
    unicodedata.normalize("NFC", "Löhne.csv"),
    unicodedata.normalize("NFD", "Löhne.csv"),
    "給与.csv",
    "a#b.csv",
    "a&b=c+d.csv",
    "back\\slash.csv",
    "-rf",
    "~",
    "'; rm -rf $HOME; '",
]
NO_NAMES = ["", ".", "..", "../secret.csv", "a/b.csv", "/etc/passwd", "nul\0.csv", "x" * 256, "half \udcff.csv"]


def names(listed: list[Listed]) -> list[str]:
    return [file.name for file in listed]


def test_an_empty_inbox_has_no_files(corner: Corner) -> None:
    assert corner.store().listed() == []


def test_only_the_files_of_the_inbox_itself_are_listed(corner: Corner) -> None:
    corner.plant("b.csv", b"22")
    corner.plant("a.csv", b"1")
    corner.plant("archive/c.csv", b"333")
    assert [(file.name, file.size) for file in corner.store().listed()] == [("a.csv", 1), ("b.csv", 2)]


def test_what_changes_is_seen_at_once_and_has_another_mark(corner: Corner) -> None:
    store = corner.store()
    corner.plant("a.csv", b"one")
    (before,) = store.listed()
    assert store.listed() == [before]
    corner.plant("a.csv", b"other")
    corner.plant("b.csv", b"")
    after = {file.name: file for file in store.listed()}
    assert after["a.csv"].mark != before.mark
    assert after["a.csv"].size == 5
    assert after["b.csv"].size == 0


@pytest.mark.parametrize("size", [0, 1, 3_000_001])
def test_what_is_fetched_is_whole_and_for_its_owner_alone(corner: Corner, tmp_path: Path, size: int) -> None:
    data = bytes(index * 7 % 251 for index in range(1000)) * (size // 1000) + b"x" * (size % 1000)
    corner.plant("a.csv", data)
    to = tmp_path / "taken" / "a.csv"
    to.parent.mkdir()
    corner.store().fetch("a.csv", to)
    assert to.read_bytes() == data
    assert to.stat().st_mode & 0o777 == 0o600
    assert list(to.parent.iterdir()) == [to]
    assert corner.files() == {"a.csv": data}


def test_a_file_that_is_too_large_is_refused_and_leaves_nothing(corner: Corner, tmp_path: Path) -> None:
    corner.plant("a.csv", b"x" * 101)
    (tmp_path / "taken").mkdir()
    with pytest.raises(InputInvalid, match=r"a.csv is larger than 100 bytes"):
        corner.store(most_bytes=100).fetch("a.csv", tmp_path / "taken" / "a.csv")
    assert list((tmp_path / "taken").iterdir()) == []


def test_a_file_that_is_not_there_is_told(corner: Corner, tmp_path: Path) -> None:
    with pytest.raises(InboxUnreachable):
        corner.store().fetch("a.csv", tmp_path / "a.csv")
    with pytest.raises(InboxUnreachable, match=r"a.csv is no longer in"):
        corner.store().move("a.csv", folder="archive", to="a.csv")
    assert not (tmp_path / "a.csv").exists()


def test_what_cannot_be_kept_here_is_told(corner: Corner, tmp_path: Path) -> None:
    corner.plant("a.csv", b"one")
    with pytest.raises(InboxUnreachable, match="cannot be written on this machine"):
        corner.store().fetch("a.csv", tmp_path / "no" / "folder" / "a.csv")


@pytest.mark.parametrize("size", [0, 3_000_001, 20_000_001])
def test_what_is_put_is_whole_and_replaces(corner: Corner, tmp_path: Path, size: int) -> None:
    (tmp_path / "results.csv").write_bytes(b"x" * size)
    store = corner.store()
    for _ in range(2):
        store.put(tmp_path / "results.csv", folder="archive/2026-11", name="results.csv")
    assert corner.files() == {"archive/2026-11/results.csv": b"x" * size}
    assert corner.modes("archive/2026-11/results.csv") in {0o600, None}
    assert corner.modes("archive/2026-11") in {0o700, None}
    assert corner.modes("archive") in {0o700, None}
    (tmp_path / "results.csv").write_bytes(b"new")
    store.put(tmp_path / "results.csv", folder="archive/2026-11", name="results.csv")
    assert corner.files() == {"archive/2026-11/results.csv": b"new"}
    assert store.listed() == []


def test_a_move_takes_the_file_and_nothing_else_and_may_be_done_again(corner: Corner) -> None:
    corner.plant("a.csv", b"one")
    corner.plant("b.csv", b"two")
    store = corner.store()
    for _ in range(2):
        store.move("a.csv", folder="archive", to="2026-11 a.csv")
    assert corner.files() == {"archive/2026-11 a.csv": b"one", "b.csv": b"two"}
    assert names(store.listed()) == ["b.csv"]


def test_a_move_overwrites_no_other_file_and_loses_none(corner: Corner) -> None:
    corner.plant("a.csv", b"one")
    corner.plant("archive/a.csv", b"two")
    with pytest.raises(InboxUnreachable, match=r"archive/a.csv in .* is there already, and holds something else"):
        corner.store().move("a.csv", folder="archive", to="a.csv")
    assert corner.files() == {"a.csv": b"one", "archive/a.csv": b"two"}


def test_a_move_that_broke_off_between_its_two_steps_is_ended(corner: Corner) -> None:
    corner.plant("a.csv", b"one")
    corner.plant("archive/a.csv", b"one")
    corner.store().move("a.csv", folder="archive", to="a.csv")
    assert corner.files() == {"archive/a.csv": b"one"}


def test_a_strange_name_means_that_file_and_no_other(corner: Corner, tmp_path: Path) -> None:
    others = {"a.csv": b"a", "aXb.csv": b"b", "b.csv": b"c"}
    strange = {name: f"strange {name}".encode() for name in STRANGE if name not in corner.cannot_hold}
    for path, data in (others | strange).items():
        corner.plant(path, data)
    store = corner.store()
    assert names(store.listed()) == sorted([*others, *strange])
    for number, (name, data) in enumerate(strange.items()):
        taken = tmp_path / f"taken-{number}"
        store.fetch(name, taken)
        assert taken.read_bytes() == data
        store.put(taken, folder="results", name=name)
        store.move(name, folder="archive", to=name)
    moved = {f"archive/{name}": data for name, data in strange.items()}
    laid = {f"results/{name}": data for name, data in strange.items()}
    assert corner.files() == others | moved | laid


def test_what_is_no_name_leads_nowhere(corner: Corner, tmp_path: Path) -> None:
    corner.plant("a.csv", b"one")
    (tmp_path / "mine").write_bytes(b"mine")
    store = corner.store()
    for name in NO_NAMES:
        attempts: list[Callable[[], None]] = [
            partial(store.fetch, name, tmp_path / "taken"),
            partial(store.put, tmp_path / "mine", folder="archive", name=name),
            partial(store.put, tmp_path / "mine", folder=f"archive/{name.replace('/', '')}/..", name="a.csv"),
            partial(store.move, name, folder="archive", to="a.csv"),
            partial(store.move, "a.csv", folder="archive", to=name),
        ]
        for attempt in attempts:
            with pytest.raises(InboxUnreachable, match="is no name"):
                attempt()
    assert corner.files() == {"a.csv": b"one"}


def test_a_store_may_be_used_from_one_thread_after_another(corner: Corner, tmp_path: Path) -> None:
    corner.plant("a.csv", b"one")
    store, seen = corner.store(), []

    def look() -> None:
        seen.append(names(store.listed()))

    for _ in range(3):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    look()
    store.fetch("a.csv", tmp_path / "taken")
    assert seen == [["a.csv"]] * 4


@pytest.mark.parametrize("corner", REMOTE, indirect=True)
def test_nothing_that_lets_us_in_is_logged(
    corner: Corner, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    corner.plant("a.csv", b"one")
    caplog.clear()
    store = corner.store()
    store.listed()
    store.fetch("a.csv", tmp_path / "taken")
    store.put(tmp_path / "taken", folder="archive", name="b.csv")
    store.move("a.csv", folder="archive", to="a.csv")
    secrets = [*corner.environ.values(), *(corner.secret.get_secret_value() if corner.secret else "").splitlines()]
    said = caplog.text + "".join(capfd.readouterr())
    assert [secret for secret in secrets if secret in said] == []
    assert [sign for sign in ("Signature", "AWS4-HMAC", "SharedKey", "Authorization") if sign in said] == []


@pytest.mark.parametrize("corner", REMOTE, indirect=True)
def test_what_takes_too_long_is_told(corner: Corner) -> None:
    with pytest.raises(InboxUnreachable, match="did not answer in time"):
        corner.store(patience=Patience(connect_s=10, read_s=10, total_s=0.0001)).listed()
