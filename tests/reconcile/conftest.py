"""What tests here start from."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.reconcile.case import Case

Opening = Callable[..., Case]


@pytest.fixture
def opening(tmp_path: Path) -> Iterator[Opening]:
    """Opens a case with switches of the sandbox; closes it at the end."""
    with ExitStack() as stack:
        yield lambda **said: stack.enter_context(Case(tmp_path, **said))


@pytest.fixture
def case(opening: Opening) -> Case:
    """A case on a good day."""
    return opening()
