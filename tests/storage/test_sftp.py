"""What only an SFTP server can do: be somebody else, let nobody in, break off, fall silent."""

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest
from pydantic import SecretStr

from batcher.errors import InboxUnreachable, UsageError
from batcher.inboxes import Login, SftpPlace, Store
from batcher.storage import Patience, open_store
from tests.storage.sftp_server import PASSWORD, SftpServer, sftp_server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    with sftp_server(tmp_path) as running:
        (running.root / "inbox").mkdir()
        (running.root / "inbox" / "a.csv").write_bytes(b"x" * 5_000_000)
        yield running


def store_of(server: SftpServer, place: SftpPlace | None = None, patience: Patience | None = None) -> Store:
    patience = patience or Patience(connect_s=10, read_s=10, total_s=60)
    return open_store(place or server.place(), SecretStr(server.private_key), {}, patience=patience)


def refused(store: Store) -> InboxUnreachable:
    with pytest.raises(InboxUnreachable) as caught:
        store.listed()
    return caught.value


def test_a_password_lets_in_and_a_wrong_one_does_not_and_is_not_repeated(server: SftpServer) -> None:
    place = server.place(login=Login.PASSWORD)
    assert len(open_store(place, SecretStr(PASSWORD), {}).listed()) == 1
    error = refused(open_store(place, SecretStr("hunter3-hunter3"), {}))
    assert "does not let batcher in with the password" in str(error)
    assert "hunter" not in str(error)


def test_another_key_is_refused_and_no_part_of_it_shown(server: SftpServer) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    error = refused(open_store(server.place(), SecretStr(key), {}))
    assert "does not let batcher in with the key" in str(error)
    assert key.splitlines()[1] not in str(error)


@pytest.mark.parametrize("text", ["", "hunter2-hunter2", "ssh-ed25519 AAAA hunter2"])
def test_what_is_no_private_key_is_told_at_once(server: SftpServer, text: str) -> None:
    with pytest.raises(UsageError, match="is no private key") as caught:
        open_store(server.place(), SecretStr(text), {})
    assert "hunter2" not in str(caught.value)


def test_a_key_with_a_passphrase_is_told_at_once(server: SftpServer) -> None:
    text = server.client_key.export_private_key("pkcs8-pem", passphrase="hunter2").decode()
    with pytest.raises(UsageError, match="protected by a passphrase"):
        open_store(server.place(), SecretStr(text), {})


@pytest.mark.parametrize("known", ["", "# nobody\n", "other.example.com ssh-ed25519 AAAA\n", None])
def test_an_unknown_server_is_refused_with_how_to_make_it_known(server: SftpServer, known: str | None) -> None:
    if known is None:
        server.known_hosts.unlink()
    else:
        server.known_hosts.write_text(known)
    error = refused(store_of(server))
    assert f"The host key of [127.0.0.1]:{server.port} is not known" in error.message
    assert f"ssh-keyscan -p {server.port} 127.0.0.1" in error.fix
    assert str(server.known_hosts) in error.fix
    assert known is None or server.known_hosts.read_text() == known


def test_a_server_with_another_key_than_the_known_one_is_refused(server: SftpServer) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    server.known_hosts.write_text(f"[127.0.0.1]:{server.port} {other}")
    error = refused(store_of(server))
    assert "is not the one that" in error.message
    assert f"ssh-keygen -R '[127.0.0.1]:{server.port}'" in error.fix


def test_a_connection_that_is_cut_leaves_nothing_here(server: SftpServer, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    server.cut_after = 2_000_000
    with pytest.raises(InboxUnreachable, match="cannot be used"):
        store_of(server).fetch("a.csv", tmp_path / "taken" / "a.csv")
    assert list((tmp_path / "taken").iterdir()) == []
    server.cut_after = None
    store_of(server).fetch("a.csv", tmp_path / "taken" / "a.csv")
    assert (tmp_path / "taken" / "a.csv").read_bytes() == b"x" * 5_000_000


def test_a_connection_that_is_cut_leaves_no_half_of_what_was_put(server: SftpServer) -> None:
    inbox = server.root / "inbox"
    (inbox / "archive").mkdir()
    (inbox / "archive" / "results.csv").write_bytes(b"old")
    server.cut_after = 2_000_000
    with pytest.raises(InboxUnreachable, match="cannot be used"):
        store_of(server).put(inbox / "a.csv", folder="archive", name="results.csv")
    assert (inbox / "archive" / "results.csv").read_bytes() == b"old"


def test_a_server_that_falls_silent_is_given_up(server: SftpServer, tmp_path: Path) -> None:
    server.stalls = True
    store = store_of(server, patience=Patience(connect_s=10, read_s=10, total_s=1))
    with pytest.raises(InboxUnreachable, match="did not answer in time"):
        store.fetch("a.csv", tmp_path / "taken")
    assert not (tmp_path / "taken").exists()


def test_a_server_that_never_says_a_word_is_given_up(server: SftpServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = replace(server.place(), port=silent.getsockname()[1])
        patience = Patience(connect_s=0.2, read_s=10, total_s=60)
        assert "did not answer in time" in str(refused(store_of(server, place, patience)))


def test_a_port_where_nobody_listens_is_told(server: SftpServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    error = refused(store_of(server, replace(server.place(), port=port)))
    assert error.message.endswith(f":{port}/inbox does not answer (ConnectionRefusedError).")


def test_a_folder_that_is_not_there_or_not_ours_is_told(server: SftpServer) -> None:
    error = refused(store_of(server, server.place(path="/nowhere")))
    assert "the folder, or a file that was just seen in it, is not there" in str(error)


def test_it_is_told_when_a_file_was_written(server: SftpServer) -> None:
    for name, moment in [("a.csv", 50), ("a.csv.done", 49)]:
        (server.root / "inbox" / name).write_bytes(b"")
        os.utime(server.root / "inbox" / name, (moment, moment))
    assert [file.written_ns for file in store_of(server).listed()] == [50 * 10**9, 49 * 10**9]


def test_links_and_pipes_are_no_files(server: SftpServer, tmp_path: Path) -> None:
    inbox = server.root / "inbox"
    (inbox / "link.csv").symlink_to("a.csv")
    (inbox / "archive").symlink_to(tmp_path)
    store = store_of(server)
    assert [file.name for file in store.listed()] == ["a.csv"]
    attempts: list[Callable[[], None]] = [
        lambda: store.fetch("link.csv", tmp_path / "taken"),
        lambda: store.move("link.csv", folder="done", to="a.csv"),
        lambda: store.move("a.csv", folder="archive", to="a.csv"),
        lambda: store.put(inbox / "a.csv", folder="archive", name="a.csv"),
    ]
    for attempt in attempts:
        with pytest.raises(InboxUnreachable, match=r"is no plain file|is no folder"):
            attempt()
    assert (inbox / "a.csv").exists()


def test_a_server_that_cannot_replace_a_file_gets_the_new_one_all_the_same(server: SftpServer, tmp_path: Path) -> None:
    server.replaces = False
    store = store_of(server)
    for text in ("old", "new"):
        (tmp_path / "results.csv").write_text(text)
        store.put(tmp_path / "results.csv", folder="archive", name="results.csv")
    archive = server.root / "inbox" / "archive"
    assert [(path.name, path.read_text()) for path in archive.iterdir()] == [("results.csv", "new")]


def test_nothing_stays_open_between_two_calls(server: SftpServer) -> None:
    store = store_of(server)
    store.listed()
    store.move("a.csv", folder="archive", to="a.csv")
    assert server.connections == []
