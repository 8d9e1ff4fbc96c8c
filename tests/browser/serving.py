"""`batcher serve` as somebody starts it, at a sandbox of its own, and a browser that is found on this machine."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_GOODBYE_S = 30.0


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
            assert process.wait(_GOODBYE_S) == 0


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
