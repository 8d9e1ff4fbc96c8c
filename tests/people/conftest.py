"""What every test here starts from."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.people.hall import Hall


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    """A ledger with four users."""
    with Hall(tmp_path) as hall:
        yield hall.fill()
