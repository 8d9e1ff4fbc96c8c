from collections.abc import Iterator
from pathlib import Path

import pytest

from batcher.sandbox import SandboxThread, Switches
from tests.cli.desk import API_KEY, Desk

QUICK = Switches(rate="none", complete_min_s=0, complete_max_s=0.02, late_s=0)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk with a sandbox. Whatever was printed at it holds neither the key nor a link."""
    monkeypatch.setenv("RUNA_API_KEY", API_KEY)
    monkeypatch.chdir(tmp_path)
    with SandboxThread(QUICK) as sandbox:
        at_desk = Desk(tmp_path, sandbox, capsys)
        yield at_desk
        orders = at_desk.orders()
    printed = "".join(at_desk.printed)
    assert API_KEY.partition(".")[2] not in printed
    for order in orders:
        for item in order["items"]:
            assert item["redemption_url"].rpartition("/")[2] not in printed
