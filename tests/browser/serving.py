"""`batcher serve` as somebody starts it, at a sandbox of its own, and a browser that is found on this machine."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from playwright.sync_api import Browser, sync_playwright

from tests.process.house import DEADLINE_S, House, kill
from tests.web.house import API_KEY, PASSWORD

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def settle(folder: Path, roles: Mapping[str, str], *, url: str = "http://127.0.0.1:8765/v2", more: str = "") -> None:
    """A config at this API, with users whose password is `PASSWORD`."""
    key, secret = folder / "api-key", folder / "password"
    for path, text in ((key, API_KEY), (secret, PASSWORD)):
        path.touch(0o600)
        path.write_text(text)
    (folder / "batcher.toml").write_text(
        f'[api]\nbase_url = "{url}"\naccount = "acme"\napi_key_file = {json.dumps(str(key))}\n'
        f"[ledger]\nurl = {json.dumps(f'sqlite:///{folder}/ledger.sqlite3')}\n"
        f"[results]\ndirectory = {json.dumps(f'{folder}/results')}\n{more}"
    )
    for name, role in roles.items():
        command = [sys.executable, "-m", "batcher", "user", "add", name, "--role", role, "--password-file", str(secret)]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)


@contextmanager
def served(folder: Path, *flags: str) -> Iterator[str]:
    """The page until the block ends; gives the link that opens it once."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("BATCHER_", "RUNA_"))}
    command = [sys.executable, "-m", "batcher", "serve", "--port", "0", "--json", *flags]
    with subprocess.Popen(
        command, cwd=folder, env={**clean, "XDG_CONFIG_HOME": str(folder)}, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            link = json.loads(process.stdout.readline())["link"]
            assert isinstance(link, str)
            yield link
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(DEADLINE_S) == 0


class PageServer:
    """`batcher serve` over the ledger of a house; killed, it is started anew at the port that browsers know."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._port = 0
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.communicate(timeout=DEADLINE_S)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = self._house.start("serve", f"--port={self._port}", "--json")
        assert self._process.stdout is not None
        told = json.loads(self._process.stdout.readline())
        self.url: str = told["url"]
        self.link: str | None = told.get("link")
        self._port = int(self.url.rstrip("/").rpartition(":")[2])

    def kill(self) -> None:
        """`kill -9`."""
        kill(self._process)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window."""
    with sync_playwright() as playwright:
        # Chromium's own sandbox needs a user that is not root.
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        try:
            yield browser
        finally:
            browser.close()
