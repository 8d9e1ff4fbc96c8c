"""What every test here starts from."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from batcher.sandbox import SandboxThread
from tests.cli.conftest import QUICK
from tests.cli.desk import API_KEY
from tests.people.desk import Bench
from tests.people.hall import Hall


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    """A ledger with four users."""
    with Hall(tmp_path) as hall:
        yield hall.fill()


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A desk with a sandbox."""
    monkeypatch.setenv("RUNA_API_KEY", API_KEY)
    monkeypatch.chdir(tmp_path)
    with SandboxThread(QUICK) as sandbox:
        yield Bench(tmp_path, sandbox, capsys)
