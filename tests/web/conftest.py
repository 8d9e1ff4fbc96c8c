from pathlib import Path

import pytest

from tests.web.house import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A page at a sandbox, without users."""
    return Desk(tmp_path)
