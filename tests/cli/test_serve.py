"""`batcher serve` as it is called: what it refuses at once, and one whole life of it."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.cli.desk import Desk
from tests.web.sheets import GOOD, sheet_of

_PATIENCE_S = 120.0


def test_a_taken_port_is_exit_2_with_a_sentence(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = desk.batcher("serve", "--port", taken.getsockname()[1])
    assert done.code == 2
    assert "another program has it" in done.err
    assert "--port" in done.err


def test_it_is_not_opened_where_others_could_read_along(desk: Desk) -> None:
    done = desk.batcher("serve", "--host", "0.0.0.0", "--port", "0")  # noqa: S104
    assert done.code == 2
    assert "nothing there is encrypted" in done.err


@contextlib.contextmanager
def _served(folder: Path, *flags: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("BATCHER_", "RUNA_"))}
    environ |= {"XDG_CONFIG_HOME": str(folder), "TMPDIR": str(folder)}
    command = [sys.executable, "-m", "batcher", "serve", "--port", "0", "--json", *flags]
    with subprocess.Popen(
        command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            yield json.loads(line)["link"], process
        finally:
            process.kill()


@pytest.mark.process
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_at_a_sandbox_of_its_own_and_ends_in_order(tmp_path: Path, number: signal.Signals) -> None:
    with _served(tmp_path) as (link, process), httpx.Client(follow_redirects=True, timeout=_PATIENCE_S) as browser:
        page = browser.get(link)
        assert page.status_code == 200
        assert "<strong>SANDBOX</strong>" in page.text
        process.send_signal(number)
        _, err = process.communicate(timeout=_PATIENCE_S)
    assert (process.returncode, err) == (0, "")
    assert not list(tmp_path.glob("batcher-serve-*"))


@pytest.mark.process
def test_an_upload_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    with _served(tmp_path) as (link, process), httpx.Client(timeout=_PATIENCE_S) as browser:
        origin = link.partition("/enter")[0]
        browser.get(link)
        csrf = browser.get(f"{origin}/").text.partition('name="csrf" value="')[2].partition('"')[0]
        head = (
            f"POST /sheets HTTP/1.1\r\nHost: {origin.partition('//')[2]}\r\nOrigin: {origin}\r\n"
            f"Cookie: {'; '.join(f'{name}={value}' for name, value in browser.cookies.items())}\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 100000\r\n\r\n"
            f'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{csrf}\r\n'
            '--x\r\nContent-Disposition: form-data; name="sheet"; filename="a.csv"\r\n\r\nReference,Amo'
        )
        host, port = origin.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(head.encode())
        files = {"sheet": ("whole.csv", sheet_of(GOOD))}
        sent = browser.post(f"{origin}/sheets", data={"csrf": csrf}, files=files, headers={"Origin": origin})
        assert sent.status_code == 303
        (folder,) = tmp_path.glob("batcher-serve-*/*.page/uploads")
        assert len(list(folder.iterdir())) == 2
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=_PATIENCE_S)
    assert (process.returncode, err) == (0, "")


@pytest.mark.process
def test_a_config_is_followed_and_a_flag_rehearses_beside_it(tmp_path: Path) -> None:
    (tmp_path / "batcher.toml").write_text(
        '[api]\nbase_url = "https://playground.runa.io/v2"\naccount = "acme"\n'
        f'[ledger]\nurl = "sqlite:///{tmp_path}/own.sqlite3"\n'
    )
    for flags, kind in (((), "PLAYGROUND"), (("--sandbox",), "SANDBOX")):
        with _served(tmp_path, *flags) as (link, process), httpx.Client(timeout=_PATIENCE_S) as browser:
            assert f"<strong>{kind}</strong>" in browser.get(link, follow_redirects=True).text
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=_PATIENCE_S)
        # A rehearsal has a ledger of its own.
        assert (tmp_path / "own.sqlite3").exists() == (kind == "PLAYGROUND")
        (tmp_path / "own.sqlite3").unlink(missing_ok=True)
