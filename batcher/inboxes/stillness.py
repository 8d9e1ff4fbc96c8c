"""When a file is whole: half of a sheet may be a good sheet, of half the people."""

from collections.abc import Mapping

from batcher.inboxes.names import DONE
from batcher.inboxes.store import Listed

STILL_S = 10
"""How long size and mark of a file must stand still before it counts as whole; a `.done` says so at once."""


class Stillness:
    """What one inbox looked like, from look to look of one process."""

    def __init__(self) -> None:
        self._since: dict[str, tuple[Listed, float]] = {}

    def whole(self, listing: Mapping[str, Listed], now_s: float) -> set[str]:
        """Which of the files that lie there are whole; `now_s` counts seconds and never jumps."""
        seen = {name: self._since.get(name, (file, now_s)) for name, file in listing.items()}
        self._since = {name: seen[name] if seen[name][0] == file else (file, now_s) for name, file in listing.items()}
        return {
            name
            for name, (file, since_s) in self._since.items()
            if _is_said(file, listing.get(f"{name}{DONE}")) or (file.size > 0 and now_s - since_s >= STILL_S)
        }


def _is_said(file: Listed, done: Listed | None) -> bool:
    """Whether its `.done` speaks of it: one that is older speaks of another file, which was mended since."""
    return done is not None and done.written_ns >= file.written_ns
