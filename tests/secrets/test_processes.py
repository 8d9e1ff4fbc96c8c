"""The same with whole processes: what others see of them while they run, and what they leave behind when they die."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from batcher.sandbox import Switches
from tests.process.house import DEADLINE_S, payouts, until, write_sheet
from tests.secrets.gossip import GossipThread
from tests.secrets.search import API_KEY, Secrets, open_to_others, texts

pytestmark = pytest.mark.process

ROWS = 20
NOISY = {"PYTHONFAULTHANDLER": "1", "PYTHONDEVMODE": "1", "PYTHONASYNCIODEBUG": "1", "PYTHONWARNINGS": "default"}
SLOW = Switches(rate="none", latency_min_s=0.02, latency_max_s=0.08, complete_min_s=0, complete_max_s=0.05)


@pytest.fixture
def sandbox() -> Iterator[GossipThread]:
    with GossipThread(SLOW) as thread:
        yield thread


def started(folder: Path, url: str, *arguments: str, **environ: str) -> "subprocess.Popen[str]":
    """`batcher`, with a folder for temporary files of its own, and with every right to leave a core file."""
    for name in ("work", "tmp", "home"):
        (folder / name).mkdir(exist_ok=True)
    command = shlex.join([sys.executable, "-m", "batcher", *arguments])
    return subprocess.Popen(
        ["sh", "-c", f"ulimit -c unlimited 2>/dev/null || ulimit -c $(ulimit -H -c); exec {command}"],
        cwd=folder / "work",
        env={
            **os.environ,
            "HOME": str(folder / "home"),
            "XDG_DATA_HOME": str(folder / "home" / "data"),
            "TMPDIR": str(folder / "tmp"),
            "RUNA_API_KEY": API_KEY,
            "BATCHER_API__BASE_URL": url,
            "BATCHER_LEDGER__URL": f"sqlite:///{folder}/ledger/ledger.sqlite3",
            "BATCHER_LIMITS__ORDERS_PER_MINUTE": "6000",
            "BATCHER_POLLING__FIRST_S": "0.05",
            **environ,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def ended(process: "subprocess.Popen[str]") -> str:
    """Everything that it said."""
    out, err = process.communicate(timeout=DEADLINE_S)
    return f"{out}{err}"


def left_behind(folder: Path, secrets: Secrets) -> dict[str, list[str]]:
    """Where a file holds what it must not: the key anywhere, a link but in a ledger and in results."""
    found = {}
    for path, text in texts(folder).items():
        may_have_links = "ledger.sqlite3" in path.name or path.parent.name == "results"
        if places := secrets.of_key(text) if may_have_links else secrets.of_both(text):
            found[str(path.relative_to(folder))] = places
    return found


def private(folder: Path) -> list[str]:
    """What of the ledger and the results others could use."""
    return [
        f"{place}: {one}"
        for place in [folder / "ledger", *folder.rglob("results")]
        for one in [*open_to_others(place), *([place.name] if place.is_dir() and place.stat().st_mode & 0o077 else [])]
    ]


def seen_by_others(secrets: Secrets) -> list[str]:
    """The command lines of this machine that show a secret."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = path.read_bytes().decode("latin-1")
        except OSError:
            continue  # it has ended
        found += secrets.of_both(text)
    return found


STOPS = {
    "kill": (signal.SIGKILL, {}),
    "interrupt": (signal.SIGINT, NOISY),
    "terminate": (signal.SIGTERM, {}),
    "abort": (signal.SIGABRT, NOISY),
    "segfault": (signal.SIGSEGV, NOISY),
}


@pytest.mark.parametrize("posts", [1, 12])
@pytest.mark.parametrize("stop", STOPS)
def test_a_process_that_is_stopped_tells_nothing(tmp_path: Path, sandbox: GossipThread, stop: str, posts: int) -> None:
    number, environ = STOPS[stop]
    sheet = str(write_sheet(tmp_path / "payouts.csv", payouts(ROWS)))
    run = ("run", sheet, "--batch", "march", "--yes", "--no-canary", "-vv")
    secrets = Secrets()

    process = started(tmp_path, sandbox.url, *run, **environ)
    until(lambda: len(sandbox.dump()["posts"]) >= posts or process.poll() is not None, f"{posts} posts")
    seen = seen_by_others(secrets)
    process.send_signal(number)
    said = ended(process)
    secrets.add_orders(sandbox.dump())

    assert process.returncode in (-number, 130, 0), said
    assert seen == []
    assert secrets.of_both(said) == []
    assert left_behind(tmp_path, secrets) == {}
    assert private(tmp_path) == []

    again = started(tmp_path, sandbox.url, *run)
    said = ended(again)
    secrets.add_orders(sandbox.dump())
    assert again.returncode == 0, said
    assert secrets.of_both(said) == []
    assert left_behind(tmp_path, secrets) == {}
    assert private(tmp_path) == []
    assert any(secrets.links & _tokens(text, secrets) for text in texts(tmp_path / "work" / "results").values())


def _tokens(text: str, secrets: Secrets) -> set[str]:
    return {link for link in secrets.links if link in text}


@pytest.mark.parametrize("command", ["demo", "sandbox"])
@pytest.mark.parametrize("flag", ["", "-vv"])
def test_what_needs_no_config_tells_nothing_either(
    tmp_path: Path, sandbox: GossipThread, command: str, flag: str
) -> None:
    port = ["--port", "0"] if command == "sandbox" else []
    process = started(tmp_path, sandbox.url, command, *port, *([flag] if flag else []), **NOISY)
    if command == "sandbox":
        assert process.stdout is not None
        assert "http://127.0.0.1:" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
    said = ended(process)
    secrets = Secrets()
    secrets.add_links(*_links_of(texts(tmp_path / "tmp")))

    assert process.returncode == 0, said
    assert (len(secrets.links) >= 40) == (command == "demo"), "its links must be known, or their absence says nothing"
    assert secrets.of_both(said) == []
    assert left_behind(tmp_path, secrets) == {}
    assert open_to_others(tmp_path / "tmp") == []


def _links_of(files: Mapping[Path, str]) -> list[str]:
    results = [text for path, text in files.items() if path.parent.name == "results"]
    return [word for text in results for word in text.replace("\n", ",").split(",") if "://spend." in word]


def test_others_see_neither_environment_nor_memory(tmp_path: Path, sandbox: GossipThread) -> None:
    sheet = str(write_sheet(tmp_path / "payouts.csv", payouts(ROWS)))
    # It must not have ended before it is looked at.
    sandbox.switch(latency_min_s=3, latency_max_s=3)
    process = started(tmp_path, sandbox.url, "run", sheet, "--batch", "march", "--yes")
    until(lambda: bool(sandbox.dump()["posts"]), "a post")
    proc = Path(f"/proc/{process.pid}")
    modes = {name: (proc / name).stat().st_mode & 0o077 for name in ("environ", "mem")}
    core = next(line for line in (proc / "limits").read_text().splitlines() if line.startswith("Max core file size"))
    sandbox.switch(latency_min_s=0, latency_max_s=0)
    ended(process)

    assert modes == {"environ": 0, "mem": 0}
    assert core.split()[4:6] == ["0", "0"]
