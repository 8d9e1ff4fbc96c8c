import os
from pathlib import Path

import pytest

from batcher.errors import UsageError
from batcher.settings import Settings, load_api_key, load_settings

PRODUCTION = {"BATCHER_API__BASE_URL": "https://api.runa.io/v2", "BATCHER_API__ACCOUNT": "acme"}
SANDBOX = {"BATCHER_API__BASE_URL": "http://127.0.0.1:8765/v2"}
KEY = "XX.hunter2-Secret"


def settings(environ: dict[str, str] | None = None, key_file: Path | None = None) -> Settings:
    named = {"BATCHER_API__API_KEY_FILE": str(key_file)} if key_file else {}
    return load_settings(None, {**(environ or {}), **named}, places=())


def nothing_kept(service: str, user: str) -> str | None:
    return None


def key_file(folder: Path, content: bytes = KEY.encode() + b"\n", mode: int = 0o600) -> Path:
    path = folder / "key"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def refused(of: Settings, environ: dict[str, str]) -> UsageError:
    with pytest.raises(UsageError) as caught:
        load_api_key(of, environ, ask_keyring=nothing_kept)
    assert "hunter2" not in f"{caught.value}{caught.value!r}"
    return caught.value


def test_the_variable_wins_over_the_keyring_and_that_over_the_file(tmp_path: Path) -> None:
    of = settings(key_file=key_file(tmp_path, b"xx.file"))
    asked = []

    def keyring(service: str, user: str) -> str | None:
        asked.append((service, user))
        return "xx.keyring"

    assert load_api_key(of, {"RUNA_API_KEY": KEY}, ask_keyring=keyring).get_secret_value() == KEY
    assert asked == []
    assert load_api_key(of, {}, ask_keyring=keyring).get_secret_value() == "xx.keyring"
    assert asked == [("batcher", "playground@playground.runa.io")]
    assert load_api_key(of, {}, ask_keyring=nothing_kept).get_secret_value() == "xx.file"


def test_the_key_does_not_show() -> None:
    key = load_api_key(settings(), {"RUNA_API_KEY": KEY})
    assert "hunter2" not in f"{key} {key!r}"


def test_without_a_key_the_three_ways_are_named() -> None:
    error = refused(settings(PRODUCTION), {})
    assert "PRODUCTION (acme at api.runa.io/v2)" in error.message
    assert "RUNA_API_KEY" in error.fix
    assert "keyring set batcher acme@api.runa.io" in error.fix
    assert "api_key_file" in error.fix


@pytest.mark.parametrize(
    "key",
    ["", " ", "xx.hunter2 ", "xx.hunter2\n", "xx.hun\tter2", "xx.hunter2\x00", "xx.hünter2", "x" * 1025],
)
def test_what_can_be_no_key_is_refused(key: str) -> None:
    assert "RUNA_API_KEY" in refused(settings(), {"RUNA_API_KEY": key}).message


@pytest.mark.parametrize(
    ("environ", "key"),
    [({}, "wg.hunter2"), ({}, "WG.hunter2"), (PRODUCTION, "XX.hunter2"), (PRODUCTION, "xx.hunter2")],
)
def test_a_key_of_another_environment_is_refused(environ: dict[str, str], key: str) -> None:
    error = refused(settings(environ), {"RUNA_API_KEY": key})
    assert "base_url" in error.message
    assert error.fix == ""


@pytest.mark.parametrize(
    ("environ", "key"),
    [({}, "xx.hunter2"), (PRODUCTION, "wg.hunter2"), (SANDBOX, "xx.hunter2"), (SANDBOX, "anything")],
)
def test_a_key_of_this_environment_is_taken(environ: dict[str, str], key: str) -> None:
    assert load_api_key(settings(environ), {"RUNA_API_KEY": key}).get_secret_value() == key


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o777])
def test_a_file_that_others_can_use_is_refused(tmp_path: Path, mode: int) -> None:
    path = key_file(tmp_path, mode=mode)
    assert f"chmod 600 {path}" in refused(settings(key_file=path), {}).fix


def test_a_file_that_is_gone_a_folder_or_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert "cannot be read" in refused(settings(key_file=tmp_path / "gone"), {}).message
    assert "no regular file" in refused(settings(key_file=tmp_path), {}).message
    assert "no regular file" in refused(settings(key_file=tmp_path / "pipe"), {}).message


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"xx.hunter2\nxx.other", b"xx.h\xc3\xbcnter2", b"\xef\xbb\xbfxx.hunter2"]
)
def test_a_file_with_anything_but_one_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = key_file(tmp_path, content)
    assert str(path) in refused(settings(key_file=path), {}).message


def test_the_key_is_taken_from_a_file_of_the_owners_own(tmp_path: Path) -> None:
    path = key_file(tmp_path, b"  " + KEY.encode() + b"\r\n", mode=0o400)
    assert load_api_key(settings(key_file=path), {}, ask_keyring=nothing_kept).get_secret_value() == KEY
