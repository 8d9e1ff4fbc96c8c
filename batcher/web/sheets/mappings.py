"""Columns as a person has matched them once, remembered for sheets with the same header. One file, 0600.

What is taken over is always shown, with who has matched it and when; see `Upload.recalled`.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from batcher.settings.writing import put_file

MOST = 500
"""Headers that are remembered; beyond it the oldest make way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """How the columns of one header were matched."""

    columns: tuple[tuple[str, str], ...]
    """Ours and theirs."""
    unused: frozenset[str]
    """Ours that such sheets do not have."""
    by: str
    at: str
    """ISO 8601, UTC."""


class Mappings:
    """All that are remembered."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()

    def find(self, titles: Sequence[str]) -> Mapping | None:
        """How a header of exactly these titles was matched."""
        noted = self._read().get(_fingerprint(titles))
        if noted is None:
            return None
        return Mapping(
            columns=tuple((ours, theirs) for ours, theirs in noted["columns"]),
            unused=frozenset(noted["unused"]),
            by=noted["by"],
            at=noted["at"],
        )

    def remember(self, titles: Sequence[str], mapping: Mapping) -> None:
        """From now on, for sheets with this header."""
        noted = {
            "columns": [list(pair) for pair in mapping.columns],
            "unused": sorted(mapping.unused),
            "by": mapping.by,
            "at": mapping.at,
        }
        self._change(_fingerprint(titles), noted)

    def forget(self, titles: Sequence[str]) -> None:
        """Read such sheets by evidence again."""
        self._change(_fingerprint(titles), None)

    def _change(self, fingerprint: str, noted: dict[str, Any] | None) -> None:
        with self._lock:
            known = self._read()
            known.pop(fingerprint, None)
            if noted is not None:
                known[fingerprint] = noted
            kept = dict(list(known.items())[-MOST:])
            put_file(self._path, json.dumps(kept, ensure_ascii=False).encode(), replace=True, mode=0o600)

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            found = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            # Nothing about money hangs on it: without it, columns are found by their names.
            return {}
        return found if isinstance(found, dict) else {}


def _fingerprint(titles: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps([title.strip() for title in titles]).encode()).hexdigest()
