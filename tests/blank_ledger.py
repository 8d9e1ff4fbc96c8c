"""A ledger in which nothing has happened yet: its migrations take longer than most tests, so they are run once."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from batcher.ledger import Ledger


def lay_blank_ledger(path: Path) -> Path:
    """A new ledger at this place, unless there is one already."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(0o600)
        path.write_bytes(_blank())
    return path


@cache
def _blank() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite3"
        with Ledger(f"sqlite:///{path}"):
            pass
        return path.read_bytes()
