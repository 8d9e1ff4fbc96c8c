"""A desk with a sandbox that gossips, and at the end a search through everything that was said and written."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from batcher.sandbox import Switches
from tests.cli.desk import Desk
from tests.secrets.gossip import HOST, QUOTED, GossipThread
from tests.secrets.search import API_KEY, CELL_LINK, Secrets, open_to_others, texts

QUICK = Switches(rate="none", complete_min_s=0, complete_max_s=0.02, late_s=0)


@pytest.fixture
def secrets() -> Secrets:
    """What must not show; the links of the sandbox come in at the end."""
    known = Secrets()
    known.add_links(CELL_LINK, f"{HOST}/{QUOTED}")
    return known


@pytest.fixture
def desk(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    secrets: Secrets,
) -> Iterator[Desk]:
    """Neither key nor link is in what was printed at it or logged, nor in any file but the ledger and the results."""
    monkeypatch.setenv("RUNA_API_KEY", API_KEY)
    monkeypatch.chdir(tmp_path)
    with GossipThread(QUICK) as sandbox:
        at_desk = Desk(tmp_path, sandbox, capfd)
        with everything_logged() as log:
            yield at_desk
        secrets.add_orders(sandbox.dump())
    out, err = capfd.readouterr()
    said = "\n".join([*at_desk.printed, out, err, log.getvalue()])
    assert secrets.of_both(said) == []
    assert in_files(tmp_path, secrets) == {}
    assert open_to_others(tmp_path / "results") == []
    assert [one for one in open_to_others(tmp_path) if "ledger" in one] == []


@contextmanager
def everything_logged() -> Iterator[io.StringIO]:
    """What any library logs as well, down to the least, unless batcher keeps it quiet."""
    text, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(text), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield text
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


def in_files(folder: Path, secrets: Secrets) -> dict[str, list[str]]:
    """Where a file holds what it must not: the key anywhere, a link but in ledger, results and sheets."""
    found = {}
    for path, text in texts(folder).items():
        name = str(path.relative_to(folder))
        # What is laid beside a refused sheet says what is wrong with it, and is handed on.
        may_have_links = name.startswith(("ledger.sqlite3", "results/", "payouts")) and not name.endswith("why.txt")
        places = secrets.of_key(text) if may_have_links else secrets.of_both(text)
        places += ["what the API quoted"] if QUOTED[:12] in text else []
        if places and name != "key":
            found[name] = places
    return found
