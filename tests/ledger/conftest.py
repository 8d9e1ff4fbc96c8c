"""What every test here starts from."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.payouts import Book


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    with Book(tmp_path) as book:
        yield book
