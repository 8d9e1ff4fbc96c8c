"""`batcher user`: adding, listing, disabling, new passwords; and that no password is left anywhere."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.people.desk import Bench
from tests.people.hall import PASSWORD


def test_users_are_added_and_listed(bench: Bench) -> None:
    assert bench.add("ann", "approver").code == 0
    assert bench.add("pat", "preparer", "--json").json["user"]["role"] == "preparer"
    done = bench.batcher("user", "list", "--json")
    assert [(user["name"], user["role"], user["disabled_at"]) for user in done.json["users"]] == [
        ("ann", "approver", None),
        ("pat", "preparer", None),
    ]
    listed = bench.batcher("user", "list")
    assert listed.out.startswith("ann                  approver  since 20")


def test_without_users_the_list_says_how_to_add_one(bench: Bench) -> None:
    done = bench.batcher("user", "list")
    assert (done.code, done.out) == (0, "")
    assert "batcher user add NAME --role ROLE" in done.err


def test_a_name_is_given_once_also_where_its_user_is_disabled(bench: Bench) -> None:
    bench.add("ann", "approver")
    assert "ann is a user already." in bench.add("ann", "viewer").err
    assert bench.batcher("user", "disable", "ann").code == 0
    again = bench.add("ann", "viewer")
    assert (again.code, "ann was a user, and is disabled." in again.err) == (2, True)
    assert bench.batcher("user", "disable", "ann").code == 2


@pytest.mark.parametrize("command", ["disable", "password"])
def test_who_is_no_user_cannot_be_changed(bench: Bench, command: str) -> None:
    done = bench.batcher("user", command, "nobody", *([] if command == "disable" else bench.password()))
    assert done.code == 2
    assert "There is no user 'nobody'." in done.err


@pytest.mark.parametrize("name", ["Ann", "1a", "a b", "", "a" * 41])
def test_a_name_that_is_none(bench: Bench, name: str) -> None:
    done = bench.add(name, "viewer")
    assert (done.code, "is no name for a user." in done.err) == (2, True)


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("short", "It has 5 characters; it needs 12 at least."),
        ("x" * 257, "256 at most"),
        ("aaaaaaaaaaaaaaaa", "too easy to guess"),
        ("ann2026123456", "too easy to guess"),
        ("ANNANNANNANN1", "too easy to guess"),
        ("two lines\nof a password", "one line"),
        ("", "one line"),
    ],
)
def test_a_password_that_cannot_be_taken(bench: Bench, password: str, words: str) -> None:
    done = bench.add("ann", "viewer", password=password)
    assert (done.code, words in done.err) == (2, True)
    assert bench.batcher("user", "list", "--json").json["users"] == []


def test_a_password_file_that_others_can_read_is_not_taken(bench: Bench) -> None:
    path = bench.folder / "open"
    path.write_text(PASSWORD)
    path.chmod(0o644)
    done = bench.batcher("user", "add", "ann", "--role", "viewer", "--password-file", path)
    assert (done.code, "Others can read the file" in done.err) == (2, True)


def test_where_nobody_can_be_asked_it_says_how_to_give_the_password(bench: Bench) -> None:
    done = bench.batcher("user", "add", "ann", "--role", "viewer", "--no-input")
    assert (done.code, "--password-file - to read it from stdin" in done.err) == (2, True)


def test_a_new_password_is_the_one_that_counts(bench: Bench) -> None:
    bench.add("ann", "approver")
    done = bench.batcher("user", "password", "ann", *bench.password("quite another password"))
    assert (done.code, "ann has a new password." in done.err) == (0, True)


def test_no_password_is_in_the_ledger_the_folder_or_on_the_screen(bench: Bench) -> None:
    bench.add("ann", "approver")
    bench.password_path.unlink()
    bench.add("bad", "approver", password=PASSWORD[:11])
    bench.password_path.unlink()
    left = b"".join(path.read_bytes() for path in bench.folder.rglob("*") if path.is_file())
    assert b"argon2id" in left
    assert PASSWORD[:11].encode() not in left
    assert PASSWORD[:11] not in "".join(bench.printed)


def test_without_argon2_it_is_a_sentence_and_exit_code_2(bench: Bench) -> None:
    code = "import sys; sys.modules['argon2'] = None; from batcher.cli import main; main(sys.argv[1:])"
    told = subprocess.run(
        [sys.executable, "-c", code, "user", "add", "ann", "--role", "viewer", "--config", bench.config()],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 2
    assert told.stderr == (
        "Stopped: Users and passwords need the package argon2-cffi, which is not installed.\n"
        'Install batcher with it: pip install "batcher[web]".\n'
    )


@pytest.mark.parametrize(
    ("second", "code", "words"), [(PASSWORD, 0, "ann is a user now"), ("other", 2, "were not the same")]
)
def test_on_a_terminal_it_is_asked_for_twice_and_does_not_show(
    bench: Bench, second: str, code: int, words: str
) -> None:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "batcher", "user", "add", "ann", "--role", "approver", "--config", bench.config()],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    shown = answer(master, b"New password of ann", PASSWORD)
    shown += answer(master, b"The same once more", second)
    shown += rest(master)
    os.close(master)
    assert process.wait() == code
    assert words in shown.decode()
    assert PASSWORD not in shown.decode()


def answer(master: int, question: bytes, text: str) -> bytes:
    """Wait for a question and answer it."""
    shown = b""
    # The question ends in a colon and a blank; the echo is off from there on.
    while not (question in shown and shown.endswith(b": ")):
        shown += os.read(master, 1000)
    os.write(master, text.encode() + b"\n")
    return shown


def rest(master: int) -> bytes:
    """Everything until the process has left."""
    shown = b""
    while True:
        try:
            piece = os.read(master, 1000)
        except OSError:
            return shown
        if not piece:
            return shown
        shown += piece


def test_a_password_from_stdin(bench: Bench) -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-m",
            "batcher",
            *["user", "add", "ann", "--role", "viewer", "--password-file", "-", "--config"],
            bench.config(),
        ],
        input=PASSWORD + "\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, told.stderr) == (0, "ann is a user now: viewer.\n")


def test_adding_a_user_imports_argon2_late(tmp_path: Path) -> None:
    code = "import sys, batcher.assembly.office; print('argon2' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert told.stdout == "False\n"
