from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.house import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A page at a sandbox, without users."""
    with Desk(tmp_path) as desk:
        yield desk
