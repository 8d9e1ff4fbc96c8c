"""What is wrong with a file, and the files for which something is: one of each sort is kept."""

import contextlib
import hashlib
import re
import signal
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import batcher
from tests.intake.fragments import FILLED
from tests.intake.promises import broken

_READER = str(Path(batcher.__file__).parent)
PATIENCE_S = 5.0
"""Of computing, for a file of a few thousand bytes: what takes longer is a hang."""


class TookTooLongError(Exception):
    """The reader has not come back."""


def told(data: bytes) -> list[str]:
    """Every promise that is broken for this file; a traceback is one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sheet.csv"
        path.write_bytes(data)
        return told_of(path)


def told_of(path: Path) -> list[str]:
    """The same for a file that is there."""
    try:
        with _patience():
            return broken(path, FILLED)
    except Exception as error:  # noqa: BLE001 - whatever comes out is a finding
        last = next(
            (f for f in reversed(traceback.extract_tb(error.__traceback__)) if f.filename.startswith(_READER)), None
        )
        where = f" in {Path(last.filename).name}, {last.name}" if last else ""
        return [f"{type(error).__name__}{where}: {error}"]


@contextlib.contextmanager
def _patience() -> Iterator[None]:
    def give_up(_signal: int, _frame: FrameType | None) -> None:
        raise TookTooLongError(f"more than {PATIENCE_S:.0f} seconds")

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


class Findings:
    """A folder of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sorts: set[str] = set()

    def keep(self, data: bytes, said: list[str]) -> None:
        """Write the file down, and what is said of it, unless there is one of the sort."""
        sort = re.sub(r"'(?:[^'\\]|\\.)*'|\"[^\"]*\"|\d+|\(.*\)|\{.*\}|\[.*\]", "", said[0])[:80]
        if sort in self._sorts:
            return
        self._sorts.add(sort)
        path = self._folder / hashlib.sha256(data).hexdigest()[:16]
        path.write_bytes(data)
        path.with_suffix(".txt").write_text("\n".join(said), encoding="utf-8", errors="backslashreplace")

    @staticmethod
    def summary(path: Path) -> str:
        """The first sentence said of a finding."""
        beside = path.with_suffix(".txt")
        return beside.read_text(encoding="utf-8")[:300] if beside.exists() else "the engine stopped at this file"
